#include <snapscale/snapscale.hpp>

#include <string>

using namespace snapscale;

/// Tokens with the actions and tables that wallets and exchanges know from `eosio.token`.
///
/// One contract holds any number of tokens. Balances are rows of the table `accounts`, in the scope of their owner.
class [[snapscale::contract("mycontract")]] token : public contract {
 public:
  using contract::contract;

  /// Defines a token of at most `maximum_supply`, which only `issuer` will be able to issue.
  [[snapscale::action]] void create(name issuer, asset maximum_supply) {
    require_auth(get_self());
    const symbol unit = maximum_supply.symbol;
    check(unit.is_valid(), "invalid symbol name");
    check(maximum_supply.is_valid(), "invalid supply");
    check(maximum_supply.amount > 0, "max-supply must be positive");
    check(is_account(issuer), "issuer account does not exist");

    stats tokens(get_self(), unit.code().raw());
    check(tokens.find(unit.code().raw()) == tokens.end(), "token with symbol already exists");
    tokens.emplace(get_self(), [&](currency_stats& row) { row = {asset(0, unit), maximum_supply, issuer}; });
  }

  /// Adds `quantity` to the supply and to the issuer's balance; `to` must be the issuer.
  [[snapscale::action]] void issue(name to, asset quantity, std::string memo) {
    check_memo(memo);
    stats tokens(get_self(), quantity.symbol.code().raw());
    const currency_stats& found = token_of(tokens, quantity);
    check(to == found.issuer, "tokens can only be issued to issuer account");
    require_auth(found.issuer);
    check(quantity.amount <= found.max_supply.amount - found.supply.amount, "quantity exceeds available supply");
    tokens.modify(found, same_payer, [&](currency_stats& row) { row.supply += quantity; });
    add_balance(found.issuer, quantity, found.issuer);
  }

  /// Takes `quantity` out of the issuer's balance and out of the supply.
  [[snapscale::action]] void retire(asset quantity, std::string memo) {
    check_memo(memo);
    stats tokens(get_self(), quantity.symbol.code().raw());
    const currency_stats& found = token_of(tokens, quantity);
    require_auth(found.issuer);
    tokens.modify(found, same_payer, [&](currency_stats& row) { row.supply -= quantity; });
    subtract_balance(found.issuer, quantity);
  }

  /// Moves `quantity` from one account to another; both are notified.
  [[snapscale::action]] void transfer(name from, name to, asset quantity, std::string memo) {
    check(from != to, "cannot transfer to self");
    require_auth(from);
    check(is_account(to), "to account does not exist");
    check_memo(memo);
    stats tokens(get_self(), quantity.symbol.code().raw());
    token_of(tokens, quantity);

    require_recipient(from, to);

    // Whoever signs and receives pays for a new balance; a recipient who does not sign is not charged for one.
    const name ram_payer = has_auth(to) ? to : from;
    subtract_balance(from, quantity);
    add_balance(to, quantity, ram_payer);
  }

  /// Creates an empty balance of `owner`, paid for by `ram_payer`.
  [[snapscale::action]] void open(name owner, symbol symbol, name ram_payer) {
    require_auth(ram_payer);
    check(is_account(owner), "owner account does not exist");
    const uint64_t code = symbol.code().raw();
    stats tokens(get_self(), code);
    check(tokens.get(code, "symbol does not exist").supply.symbol == symbol, "symbol precision mismatch");
    accounts balances(get_self(), owner.value);
    if (balances.find(code) != balances.end()) return;
    balances.emplace(ram_payer, [&](account& row) { row.balance = asset(0, symbol); });
  }

  /// Removes an empty balance of `owner` and frees its storage.
  [[snapscale::action]] void close(name owner, symbol symbol) {
    require_auth(owner);
    accounts balances(get_self(), owner.value);
    const auto found = balances.require_find(symbol.code().raw(), "there is no such balance");
    check(found->balance.amount == 0, "Cannot close because the balance is not zero.");
    balances.erase(found);
  }

 private:
  static constexpr size_t memo_size_max = 256;

  struct [[snapscale::table]] account {
    asset balance;

    uint64_t primary_key() const { return balance.symbol.code().raw(); }
  };

  /// The scope is the symbol code.
  struct [[snapscale::table]] currency_stats {
    asset supply;
    asset max_supply;
    name issuer;

    uint64_t primary_key() const { return supply.symbol.code().raw(); }
  };

  using accounts = multi_index<"accounts"_n, account>;
  using stats = multi_index<"stat"_n, currency_stats>;

  static void check_memo(const std::string& memo) { check(memo.size() <= memo_size_max, "memo has more than 256 bytes"); }

  /// The token of a quantity that can be moved: of the right precision, valid, and positive.
  static const currency_stats& token_of(stats& tokens, const asset& quantity) {
    check(quantity.symbol.is_valid(), "invalid symbol name");
    const currency_stats& found = tokens.get(quantity.symbol.code().raw(), "token with symbol does not exist");
    check(quantity.symbol == found.supply.symbol, "symbol precision mismatch");
    check(quantity.is_valid(), "invalid quantity");
    check(quantity.amount > 0, "quantity must be positive");
    return found;
  }

  void add_balance(name owner, const asset& quantity, name ram_payer) {
    accounts balances(get_self(), owner.value);
    const auto found = balances.find(quantity.symbol.code().raw());
    if (found == balances.end()) {
      balances.emplace(ram_payer, [&](account& row) { row.balance = quantity; });
    } else {
      balances.modify(found, same_payer, [&](account& row) { row.balance += quantity; });
    }
  }

  void subtract_balance(name owner, const asset& quantity) {
    accounts balances(get_self(), owner.value);
    const account& row = balances.get(quantity.symbol.code().raw(), "no balance object found");
    check(row.balance.amount >= quantity.amount, "overdrawn balance");
    balances.modify(row, owner, [&](account& changed) { changed.balance -= quantity; });
  }
};
