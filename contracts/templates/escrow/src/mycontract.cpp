#include <snapscale/snapscale.hpp>

#include <string>

using namespace snapscale;

/// Money between a buyer and a seller, who need not trust each other; an arbiter decides if they quarrel.
///
/// The buyer opens a deal and pays its amount to this contract. Then it goes to the seller when the buyer (or the arbiter)
/// releases it, back to the buyer when the seller (or the arbiter) refunds it, and back to the buyer after the time-out.
/// The contract pays out with its own permission `active`, which must include its code:
/// `snapscale set account permission mycontract active --add-code`.
class [[snapscale::contract("mycontract")]] escrow : public contract {
 public:
  using contract::contract;

  /// Opens a deal. It is funded by a transfer of exactly `amount` from the buyer with the deal's number as memo.
  [[snapscale::action]] uint64_t open(name buyer, name seller, name arbiter, asset amount, uint32_t seconds_max) {
    require_auth(buyer);
    check(is_account(seller), "the seller does not exist");
    check(is_account(arbiter), "the arbiter does not exist");
    check(buyer != seller && buyer != arbiter && seller != arbiter, "the three parties must be three accounts");
    check(buyer != get_self() && seller != get_self() && arbiter != get_self(), "the contract can not be a party");
    check(amount.is_valid() && amount.amount > 0, "the amount must be positive");
    check(seconds_max > 0 && seconds_max <= seconds_max_max, "the time-out must be within a year");

    deal_table deals(get_self(), get_self().value);
    const uint64_t id = next_id();
    deals.emplace(buyer, [&](deal& row) {
      row = {id, buyer, seller, arbiter, amount, current_time_point() + seconds(seconds_max), false};
    });
    return id;
  }

  /// Takes the buyer's payment. Anything else that is sent here is refused: it would be lost.
  [[snapscale::on_notify("eosio.token::transfer")]] void paid(name from, name to, asset quantity, std::string memo) {
    if (to != get_self() || from == get_self()) return;
    deal_table deals(get_self(), get_self().value);
    const auto found = deals.require_find(number_in(memo), "the memo must be the number of a deal");
    check(from == found->buyer, "only the buyer funds a deal");
    check(!found->funded, "the deal is funded already");
    check(quantity == found->amount, "the payment is not the amount of the deal");
    check(current_time_point() < found->ends, "the deal has timed out");
    deals.modify(found, same_payer, [](deal& row) { row.funded = true; });
  }

  /// The buyer, or the arbiter, gives the money to the seller.
  [[snapscale::action]] void release(uint64_t id, name by) {
    require_auth(by);
    const deal found = funded_deal(id);
    check(by == found.buyer || by == found.arbiter, "only the buyer or the arbiter releases the money");
    finish(found, found.seller, "released");
  }

  /// The seller, or the arbiter, gives the money back to the buyer.
  [[snapscale::action]] void refund(uint64_t id, name by) {
    require_auth(by);
    const deal found = funded_deal(id);
    check(by == found.seller || by == found.arbiter, "only the seller or the arbiter refunds the money");
    finish(found, found.buyer, "refunded");
  }

  /// After the time-out anybody may end a deal: money that lies here goes back to the buyer.
  [[snapscale::action]] void expire(uint64_t id) {
    const deal found = deal_of(id);
    check(current_time_point() >= found.ends, "the deal has not timed out yet");
    finish(found, found.buyer, "timed out");
  }

  /// The buyer ends a deal that was not funded.
  [[snapscale::action]] void cancel(uint64_t id) {
    const deal found = deal_of(id);
    require_auth(found.buyer);
    check(!found.funded, "the deal is funded: it can be released, refunded, or time out");
    finish(found, found.buyer, "cancelled");
  }

 private:
  static constexpr uint32_t seconds_max_max = 365 * 24 * 3600;

  struct [[snapscale::table("deals")]] deal {
    uint64_t id;
    name buyer;
    name seller;
    name arbiter;
    asset amount;
    time_point ends;
    bool funded;

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

  uint64_t next_id() {
    state_table counter(get_self(), get_self().value);
    const uint64_t id = counter.get_or_default({0}).last_id + 1;
    counter.set({id}, get_self());
    return id;
  }

  deal deal_of(uint64_t id) const {
    deal_table deals(get_self(), get_self().value);
    return deals.get(id, "there is no such deal");
  }

  deal funded_deal(uint64_t id) const {
    const deal found = deal_of(id);
    check(found.funded, "the deal is not funded");
    return found;
  }

  /// The row goes before the money does: nothing that a notified contract does can find the deal again.
  void finish(const deal& ended, name to, const std::string& why) {
    deal_table deals(get_self(), get_self().value);
    deals.erase(deals.require_find(ended.id));
    if (!ended.funded) return;
    tokens::transfer("eosio.token"_n, get_self(), to, ended.amount, "deal " + std::to_string(ended.id) + " " + why);
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
