#include <snapscale/snapscale.hpp>

#include <string>

using namespace snapscale;

/// Money between a buyer and a seller who need not trust each other, with an arbiter if they want one.
///
/// The buyer opens a deal and pays its amount to this contract. What is held goes to the seller as the buyer releases it,
/// in parts if they like, and back to the buyer as the seller refunds it. When they quarrel, the arbiter divides it. When
/// nobody does anything, it goes back to the buyer after the deadline.
///
/// Each decision only says whose the money is. It is paid out by `collect`, for each party alone: a receiver that refuses
/// money can not stop a decision, nor the other's payment. The contract pays with its own permission `active`, which must
/// include its code.
class [[snapscale::contract("escrow")]] escrow : public contract {
 public:
  using contract::contract;

  /// Opens a deal. The buyer pays for its row. `arbiter` may be empty: then there is nobody to turn to. Returns the deal's
  /// number, which is the memo of the payment.
  [[snapscale::action]] uint64_t open(name buyer, name seller, name arbiter, asset amount, uint32_t seconds_max) {
    require_auth(buyer);
    check(is_account(seller), "the seller does not exist");
    check(arbiter.value == 0 || is_account(arbiter), "the arbiter does not exist");
    check(buyer != seller && buyer != arbiter && seller != arbiter, "the parties must be different accounts");
    check(buyer != get_self() && seller != get_self() && arbiter != get_self(), "the contract can not be a party");
    check(amount.symbol == money && amount.is_valid() && amount.amount > 0, "the amount must be positive, in XST");
    check(seconds_max > 0 && seconds_max <= seconds_max_max, "the deadline must be within a year");
    deal_table deals(get_self(), get_self().value);
    const uint64_t id = next_id();
    const asset none(0, money);
    deals.emplace(buyer, [&](deal& row) {
      row = {id, buyer, seller, arbiter, waiting, amount, none, none, none, current_time_point() + seconds(seconds_max)};
    });
    return id;
  }

  /// Takes the buyer's payment. Whatever else is sent here is refused: it would be lost.
  [[snapscale::on_notify("eosio.token::transfer")]] void paid(name from, name to, asset quantity, std::string memo) {
    if (to != get_self() || from == get_self()) return;
    deal_table deals(get_self(), get_self().value);
    const auto found = deals.require_find(number_in(memo), "the memo must be the number of a deal");
    check(from == found->buyer, "only the buyer pays for a deal");
    check(found->phase == waiting, "the deal is paid already");
    check(current_time_point() < found->ends, "the deadline has passed");
    check(quantity == found->amount, "the payment is not the amount of the deal");
    deals.modify(found, same_payer, [&](deal& row) {
      row.phase = funded;
      row.held = quantity;
    });
  }

  /// The buyer gives the seller what is held, or a part of it. Possible in a dispute too: that is how to give in.
  [[snapscale::action]] void release(uint64_t id, asset quantity) {
    deal_table deals(get_self(), get_self().value);
    const auto found = deals.require_find(id, no_deal);
    require_auth(found->buyer);
    check_part(*found, quantity);
    deals.modify(found, same_payer, [&](deal& row) { divide(row, quantity, asset(0, money)); });
  }

  /// The seller gives the buyer what is held, or a part of it. Possible in a dispute too.
  [[snapscale::action]] void refund(uint64_t id, asset quantity) {
    deal_table deals(get_self(), get_self().value);
    const auto found = deals.require_find(id, no_deal);
    require_auth(found->seller);
    check_part(*found, quantity);
    deals.modify(found, same_payer, [&](deal& row) { divide(row, asset(0, money), quantity); });
  }

  /// Buyer or seller calls the arbiter before the deadline, which moves: the arbiter has 30 days.
  [[snapscale::action]] void dispute(uint64_t id, name by) {
    require_auth(by);
    deal_table deals(get_self(), get_self().value);
    const auto found = deals.require_find(id, no_deal);
    check(by == found->buyer || by == found->seller, "only the buyer and the seller can call the arbiter");
    check(found->arbiter.value != 0, "the deal has no arbiter");
    check(found->phase == funded, "the deal is not paid, disputed already, or decided");
    check(current_time_point() < found->ends, "the deadline has passed");
    deals.modify(found, same_payer, [&](deal& row) {
      row.phase = disputed;
      row.ends = current_time_point() + seconds(arbiter_seconds);
    });
  }

  /// The arbiter of a dispute says how much of what is held is the seller's. The rest is the buyer's.
  [[snapscale::action]] void decide(uint64_t id, asset to_seller) {
    deal_table deals(get_self(), get_self().value);
    const auto found = deals.require_find(id, no_deal);
    check(found->phase == disputed, "nobody has called the arbiter");
    require_auth(found->arbiter);
    check(current_time_point() < found->ends, "the arbiter's time has passed");
    check(to_seller.symbol == money && to_seller.amount >= 0 && to_seller <= found->held,
          "the seller's part must be nothing to all of what is held");
    deals.modify(found, same_payer, [&](deal& row) { divide(row, to_seller, row.held - to_seller); });
  }

  /// After the deadline, or the arbiter's time, anybody may say so: what is held is the buyer's.
  [[snapscale::action]] void expire(uint64_t id) {
    deal_table deals(get_self(), get_self().value);
    const auto found = deals.require_find(id, no_deal);
    check(found->phase == funded || found->phase == disputed, "nothing is held for this deal");
    check(current_time_point() >= found->ends, "the deadline has not passed yet");
    deals.modify(found, same_payer, [&](deal& row) { divide(row, asset(0, money), row.held); });
  }

  /// The buyer ends a deal that was not paid.
  [[snapscale::action]] void cancel(uint64_t id) {
    deal_table deals(get_self(), get_self().value);
    const auto found = deals.require_find(id, no_deal);
    require_auth(found->buyer);
    check(found->phase == waiting, "the deal is paid: it can be released, refunded, or time out");
    deals.erase(found);
  }

  /// Pays a party what is theirs. Anybody may ask for it. The row ends with the last payment.
  [[snapscale::action]] void collect(uint64_t id, name owner) {
    deal_table deals(get_self(), get_self().value);
    const auto found = deals.require_find(id, no_deal);
    const bool is_buyer = owner == found->buyer;
    check(is_buyer || owner == found->seller, "only the buyer and the seller are paid");
    const asset amount = is_buyer ? found->for_buyer : found->for_seller;
    check(amount.amount > 0, "there is nothing to collect");
    // Else this contract would pay for the row of the receiver's balance.
    check(has_balance(owner), "the receiver must open a balance of XST first");
    // The books are changed before the money goes: nothing that a notified contract does can collect twice.
    deals.modify(found, same_payer, [&](deal& row) { (is_buyer ? row.for_buyer : row.for_seller).amount = 0; });
    if (found->phase == closed && found->for_buyer.amount == 0 && found->for_seller.amount == 0) deals.erase(found);
    tokens::transfer(token_contract, get_self(), owner, amount, "deal " + std::to_string(id));
  }

 private:
  static constexpr symbol money{"XST", 4};
  static constexpr name token_contract = "eosio.token"_n;
  static constexpr uint32_t seconds_max_max = 365 * 24 * 3600;
  static constexpr int64_t arbiter_seconds = 30 * 24 * 3600;
  static constexpr const char* no_deal = "there is no such deal";

  enum phase : uint8_t { waiting = 0, funded = 1, disputed = 2, closed = 3 };

  /// While it is paid: amount = held + for_seller + for_buyer + what was collected.
  struct [[snapscale::table("deals")]] deal {
    uint64_t id;
    name buyer;
    name seller;
    name arbiter;
    uint8_t phase;
    asset amount;
    asset held;
    asset for_seller;
    asset for_buyer;
    time_point ends;
    uint64_t primary_key() const { return id; }
    uint64_t by_buyer() const { return buyer.value; }
    uint64_t by_seller() const { return seller.value; }
  };

  /// Numbers are never used twice, so that a late payment can not meet another deal.
  struct [[snapscale::table("state")]] state {
    uint64_t last_id;
  };

  using deal_table = multi_index<"deals"_n, deal, indexed_by<"bybuyer"_n, const_mem_fun<deal, uint64_t, &deal::by_buyer>>,
                                 indexed_by<"byseller"_n, const_mem_fun<deal, uint64_t, &deal::by_seller>>>;
  using state_table = singleton<"state"_n, state>;

  static void check_part(const deal& of, const asset& quantity) {
    check(of.phase == funded || of.phase == disputed, "nothing is held for this deal");
    check(quantity.symbol == money && quantity.amount > 0 && quantity <= of.held,
          "the part must be more than nothing and at most what is held");
  }

  /// By value: what is given may be a part of the row itself.
  static void divide(deal& row, asset to_seller, asset to_buyer) {
    row.held -= to_seller + to_buyer;
    row.for_seller += to_seller;
    row.for_buyer += to_buyer;
    if (row.held.amount == 0) row.phase = closed;
  }

  static bool has_balance(name owner) {
    multi_index<"accounts"_n, tokens::account> balances(token_contract, owner.value);
    return balances.find(money.code().raw()) != balances.end();
  }

  uint64_t next_id() {
    state_table counter(get_self(), get_self().value);
    const uint64_t id = counter.get_or_default({0}).last_id + 1;
    counter.set({id}, get_self());
    return id;
  }

  static uint64_t number_in(const std::string& memo) {
    uint64_t number = 0;
    check(!memo.empty() && memo.size() <= 18, "the memo must be the number of a deal");
    for (const char digit : memo) {
      check(digit >= '0' && digit <= '9', "the memo must be the number of a deal");
      number = 10 * number + static_cast<uint64_t>(digit - '0');
    }
    return number;
  }
};
