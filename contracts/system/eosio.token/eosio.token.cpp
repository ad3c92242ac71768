#include "eosio.token.hpp"

using namespace snapscale;

namespace {

constexpr size_t memo_size_max = 256;

void check_memo(const std::string& memo) { check(memo.size() <= memo_size_max, "memo has more than 256 bytes"); }

void check_maximum(const asset& maximum_supply) {
  check(maximum_supply.symbol.is_valid(), "invalid symbol name");
  check(maximum_supply.is_valid(), "invalid supply");
  check(maximum_supply.amount > 0, "max-supply must be positive");
}

}  // namespace

void token::create(name issuer, asset maximum_supply) {
  require_auth(get_self());
  check_maximum(maximum_supply);

  const symbol symbol = maximum_supply.symbol;
  stats tokens(get_self(), symbol.code().raw());
  check(tokens.find(symbol.code().raw()) == tokens.end(), "token with symbol already exists");
  tokens.emplace(get_self(), [&](currency_stats& row) {
    row.supply.symbol = symbol;
    row.max_supply = maximum_supply;
    row.issuer = issuer;
  });
}

void token::issue(name to, asset quantity, std::string memo) {
  const symbol symbol = quantity.symbol;
  check(symbol.is_valid(), "invalid symbol name");
  check_memo(memo);

  stats tokens(get_self(), symbol.code().raw());
  const currency_stats& token =
      tokens.get(symbol.code().raw(), "token with symbol does not exist, create token before issue");
  check(to == token.issuer, "tokens can only be issued to issuer account");
  require_auth(token.issuer);
  check(quantity.is_valid(), "invalid quantity");
  check(quantity.amount > 0, "must issue positive quantity");
  check(symbol == token.supply.symbol, "symbol precision mismatch");
  check(quantity.amount <= token.max_supply.amount - token.supply.amount, "quantity exceeds available supply");

  tokens.modify(token, same_payer, [&](currency_stats& row) { row.supply += quantity; });
  add_balance(token.issuer, quantity, token.issuer);
}

void token::issuefixed(name to, asset supply, std::string memo) {
  const symbol_code code = supply.symbol.code();
  stats tokens(get_self(), code.raw());
  const asset now = tokens.get(code.raw(), "token with symbol does not exist, create token before issue").supply;
  check(now.symbol == supply.symbol, "symbol precision mismatch");
  check(supply.is_valid(), "invalid quantity");
  issue(to, supply - now, std::move(memo));
}

void token::setmaxsupply(name issuer, asset maximum_supply) {
  check_maximum(maximum_supply);

  const symbol_code code = maximum_supply.symbol.code();
  stats tokens(get_self(), code.raw());
  const currency_stats& token = tokens.get(code.raw(), "token supply does not exist");
  check(issuer == token.issuer, "only token issuer can set token maximum supply");
  require_auth(issuer);
  check(maximum_supply.symbol == token.supply.symbol, "symbol precision mismatch");
  check(token.supply.amount <= maximum_supply.amount, "max supply is less than available supply");

  tokens.modify(token, same_payer, [&](currency_stats& row) { row.max_supply = maximum_supply; });
}

void token::retire(asset quantity, std::string memo) {
  const symbol symbol = quantity.symbol;
  check(symbol.is_valid(), "invalid symbol name");
  check_memo(memo);

  stats tokens(get_self(), symbol.code().raw());
  const currency_stats& token = tokens.get(symbol.code().raw(), "token with symbol does not exist");
  require_auth(token.issuer);
  check(quantity.is_valid(), "invalid quantity");
  check(quantity.amount > 0, "must retire positive quantity");
  check(symbol == token.supply.symbol, "symbol precision mismatch");

  tokens.modify(token, same_payer, [&](currency_stats& row) { row.supply -= quantity; });
  subtract_balance(token.issuer, quantity);
}

void token::transfer(name from, name to, asset quantity, std::string memo) {
  check(from != to, "cannot transfer to self");
  require_auth(from);
  check(is_account(to), "to account does not exist");
  const symbol_code code = quantity.symbol.code();
  stats tokens(get_self(), code.raw());
  const currency_stats& token = tokens.get(code.raw());

  require_recipient(from, to);

  check(quantity.is_valid(), "invalid quantity");
  check(quantity.amount > 0, "must transfer positive quantity");
  check(quantity.symbol == token.supply.symbol, "symbol precision mismatch");
  check_memo(memo);

  // Whoever signs and receives pays for a new balance; a recipient who does not sign is not charged for one.
  const name ram_payer = has_auth(to) ? to : from;
  subtract_balance(from, quantity);
  add_balance(to, quantity, ram_payer);
}

void token::open(name owner, symbol symbol, name ram_payer) {
  require_auth(ram_payer);
  check(is_account(owner), "owner account does not exist");
  const uint64_t code = symbol.code().raw();
  stats tokens(get_self(), code);
  const currency_stats& token = tokens.get(code, "symbol does not exist");
  check(token.supply.symbol == symbol, "symbol precision mismatch");

  accounts balances(get_self(), owner.value);
  if (balances.find(code) == balances.end()) {
    balances.emplace(ram_payer, [&](account& row) { row.balance = asset(0, symbol); });
  }
}

void token::close(name owner, symbol symbol) {
  require_auth(owner);
  accounts balances(get_self(), owner.value);
  const auto found = balances.find(symbol.code().raw());
  check(found != balances.end(), "Balance row already deleted or never existed. Action won't have any effect.");
  check(found->balance.amount == 0, "Cannot close because the balance is not zero.");
  balances.erase(found);
}

void token::add_balance(name owner, const asset& quantity, name ram_payer) {
  accounts balances(get_self(), owner.value);
  const auto found = balances.find(quantity.symbol.code().raw());
  if (found == balances.end()) {
    balances.emplace(ram_payer, [&](account& row) { row.balance = quantity; });
  } else {
    balances.modify(found, same_payer, [&](account& row) { row.balance += quantity; });
  }
}

void token::subtract_balance(name owner, const asset& quantity) {
  accounts balances(get_self(), owner.value);
  const account& row = balances.get(quantity.symbol.code().raw(), "no balance object found");
  check(row.balance.amount >= quantity.amount, "overdrawn balance");
  balances.modify(row, owner, [&](account& changed) { changed.balance -= quantity; });
}
