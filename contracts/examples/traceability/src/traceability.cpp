#include <snapscale/snapscale.hpp>

#include <string>
#include <vector>

using namespace snapscale;

/// Where goods come from and through whose hands they went: lots, their holders, what was measured on the way, recalls.
///
/// Documents and readings stay with those who made them; the chain keeps hashes and who signed when. Every event of a lot
/// carries the hash of the event before it, so that a history that is shown elsewhere can be checked against the lot's
/// last hash alone, and old rows can be removed without breaking the proof.
class [[snapscale::contract("traceability")]] traceability : public contract {
 public:
  using contract::contract;

  /// What `trace` returns.
  struct standing {
    name maker;
    name holder;
    uint64_t quantity;
    std::string unit;
    uint32_t events;
    checksum256 last;
    bool recalled;
  };

  /// Makes a lot. The maker pays for its row. `document` is the hash of what describes it.
  [[snapscale::action]] uint64_t create(name maker, std::string product, uint64_t quantity, std::string unit,
                                        checksum256 document) {
    require_auth(maker);
    check_text(product, "the product");
    check_text(unit, "the unit");
    check(quantity > 0, "the quantity is zero");
    return add_lot(maker, maker, product, quantity, unit, {}, document);
  }

  /// Offers a lot to another account, which becomes its holder when it accepts.
  [[snapscale::action]] void offer(uint64_t lot, name to) {
    lot_table lots(get_self(), get_self().value);
    const auto found = held(lots, lot);
    check(is_account(to), "the account does not exist");
    check(to != found->holder, "the holder has the lot already");
    lots.modify(found, same_payer, [&](lot_row& row) { row.offered_to = to; });
  }

  /// Takes an offer back.
  [[snapscale::action]] void keep(uint64_t lot) {
    lot_table lots(get_self(), get_self().value);
    const auto found = held(lots, lot);
    check(found->offered_to.value != 0, "the lot is not offered to anybody");
    lots.modify(found, same_payer, [](lot_row& row) { row.offered_to = name(); });
  }

  /// Accepts a lot that was offered. The new holder pays for its row from here on. `document`: a delivery note, say.
  [[snapscale::action]] void accept(uint64_t lot, name by, checksum256 document) {
    require_auth(by);
    lot_table lots(get_self(), get_self().value);
    const auto found = lots.require_find(lot, no_lot);
    check(found->offered_to == by, "the lot is not offered to this account");
    lots.modify(found, by, [&](lot_row& row) {
      row.holder = by;
      row.offered_to = name();
    });
    record(lot, by, "accepted"_n, document);
  }

  /// Splits a part off as a lot of its own. Returns the new lot's number.
  [[snapscale::action]] uint64_t split(uint64_t lot, uint64_t quantity, checksum256 document) {
    lot_table lots(get_self(), get_self().value);
    const auto found = free_lot(lots, lot);
    check(quantity > 0 && quantity < found->quantity, "the part must be more than nothing and less than the lot");
    const name holder = found->holder;
    const lot_row whole = *found;
    lots.modify(found, same_payer, [&](lot_row& row) { row.quantity -= quantity; });
    record(lot, holder, "split"_n, document);
    return add_lot(whole.maker, holder, whole.product, quantity, whole.unit, {lot}, document);
  }

  /// Makes one lot out of several, all of one holder and one unit, as in a mixture or a package. They are used up by it.
  [[snapscale::action]] uint64_t merge(name holder, std::vector<uint64_t> parts, std::string product,
                                       checksum256 document) {
    require_auth(holder);
    check_text(product, "the product");
    check(parts.size() >= 2 && parts.size() <= parts_max, "2 to 32 lots can be merged");
    lot_table lots(get_self(), get_self().value);
    uint64_t quantity = 0;
    std::string unit;
    for (size_t i = 0; i < parts.size(); ++i) {
      check(i == 0 || parts[i - 1] < parts[i], "the lots must be in ascending order, each once");
      const auto found = free_lot(lots, parts[i]);
      check(found->holder == holder, "the holder does not have all of the lots");
      check(i == 0 || found->unit == unit, "the lots have different units");
      unit = found->unit;
      check(quantity + found->quantity > quantity, "the quantity is out of range");
      quantity += found->quantity;
      lots.modify(found, same_payer, [](lot_row& row) { row.quantity = 0; });
      record(parts[i], holder, "merged"_n, document);
    }
    return add_lot(holder, holder, product, quantity, unit, parts, document);
  }

  /// Admits a device that measures in the name of its owner, with the signatures of both.
  [[snapscale::action]] void admit(name device, name owner, std::string quantity, int64_t low, int64_t high) {
    require_auth(owner);
    require_auth(device);
    check_text(quantity, "the quantity");
    check(low <= high, "the lower limit is above the upper one");
    device_table devices(get_self(), get_self().value);
    check(devices.find(device.value) == devices.end(), "the device is admitted already");
    devices.emplace(owner, [&](device_row& row) { row = {device, owner, quantity, low, high}; });
  }

  /// Dismisses a device: its owner, as when it is stolen, or the device itself. What it measured stays.
  [[snapscale::action]] void dismiss(name device) {
    device_table devices(get_self(), get_self().value);
    const auto found = devices.require_find(device.value, "the device is not admitted");
    check(has_auth(device) || has_auth(found->owner), "only the device or its owner dismisses it");
    devices.erase(found);
  }

  /// A device that belongs to the lot's holder tells what it measured. Values outside of its limits mark the lot.
  [[snapscale::action]] void measure(uint64_t lot, name device, int64_t value) {
    require_auth(device);
    device_table devices(get_self(), get_self().value);
    const device_row& known = devices.get(device.value, "the device is not admitted");
    lot_table lots(get_self(), get_self().value);
    const auto found = lots.require_find(lot, no_lot);
    check(found->holder == known.owner, "the device does not belong to the lot's holder");
    check(found->quantity > 0, "the lot is used up");
    const bool exceeded = value < known.low || value > known.high;
    if (exceeded) {
      lots.modify(found, same_payer, [](lot_row& row) { row.excursions += 1; });
    }
    const auto bytes = pack(std::make_tuple(known.quantity, value));
    record(lot, device, exceeded ? "exceeded"_n : "measured"_n, sha256(bytes.data(), bytes.size()));
  }

  /// The holder states something about a lot, with the hash of a document: a laboratory's result, a customs paper.
  [[snapscale::action]] void attest(uint64_t lot, checksum256 document) {
    lot_table lots(get_self(), get_self().value);
    const auto found = held(lots, lot);
    record(lot, found->holder, "attested"_n, document);
  }

  /// The maker recalls a lot, wherever it is. What was made out of it is found by `descends`.
  [[snapscale::action]] void recall(uint64_t lot, checksum256 document) {
    lot_table lots(get_self(), get_self().value);
    const auto found = lots.require_find(lot, no_lot);
    require_auth(found->maker);
    check(!found->recalled, "the lot is recalled already");
    const name maker = found->maker;
    lots.modify(found, same_payer, [](lot_row& row) { row.recalled = true; });
    record(lot, maker, "recalled"_n, document);
  }

  /// Removes the oldest events of a lot, at most `count` of them. The lot's last hash still covers them. For whoever pays.
  [[snapscale::action]] void prune(uint64_t lot, name actor, uint32_t count) {
    require_auth(actor);
    event_table events(get_self(), lot);
    auto event = events.begin();
    for (uint32_t i = 0; i < count && event != events.end(); ++i) {
      check(event->actor == actor, "the next event was recorded by another account");
      event = events.erase(event);
    }
  }

  /// Where a lot stands.
  [[snapscale::action, snapscale::read_only]] standing trace(uint64_t lot) {
    lot_table lots(get_self(), get_self().value);
    const lot_row& row = lots.get(lot, no_lot);
    return {row.maker, row.holder, row.quantity, row.unit, row.event_count, row.last_event, row.recalled};
  }

  /// Whether a lot was made out of another one, over any number of steps.
  [[snapscale::action, snapscale::read_only]] bool descends(uint64_t lot, uint64_t from) {
    lot_table lots(get_self(), get_self().value);
    lots.require_find(lot, no_lot);
    return is_made_of(lots, lot, from);
  }

 private:
  static constexpr size_t text_size_max = 64;
  static constexpr size_t parts_max = 32;
  static constexpr const char* no_lot = "there is no such lot";

  struct [[snapscale::table("lots")]] lot_row {
    uint64_t lot;
    name maker;
    name holder;
    name offered_to;
    std::string product;
    uint64_t quantity;
    std::string unit;
    /// The lots that it was made of; each has a smaller number.
    std::vector<uint64_t> parts;
    uint32_t event_count;
    uint32_t excursions;
    bool recalled;
    checksum256 last_event;
    uint64_t primary_key() const { return lot; }
    uint64_t by_holder() const { return holder.value; }
    uint64_t by_maker() const { return maker.value; }
  };

  /// The scope is the lot. `hash` is that of (previous hash, lot, position, actor, kind, document, time).
  struct [[snapscale::table("events")]] event_row {
    uint32_t position;
    name actor;
    name kind;
    checksum256 document;
    time_point_sec time;
    checksum256 hash;
    uint64_t primary_key() const { return position; }
  };

  struct [[snapscale::table("devices")]] device_row {
    name device;
    name owner;
    std::string quantity;
    int64_t low;
    int64_t high;
    uint64_t primary_key() const { return device.value; }
  };

  struct [[snapscale::table("state")]] state {
    uint64_t last_lot;
  };

  using lot_table =
      multi_index<"lots"_n, lot_row, indexed_by<"byholder"_n, const_mem_fun<lot_row, uint64_t, &lot_row::by_holder>>,
                  indexed_by<"bymaker"_n, const_mem_fun<lot_row, uint64_t, &lot_row::by_maker>>>;
  using event_table = multi_index<"events"_n, event_row>;
  using device_table = multi_index<"devices"_n, device_row>;
  using state_table = singleton<"state"_n, state>;

  static void check_text(const std::string& text, const std::string& what) {
    check(!text.empty() && text.size() <= text_size_max, what + " must have 1 to 64 bytes");
  }

  /// A lot that its holder acts on.
  lot_table::const_iterator held(lot_table& lots, uint64_t lot) const {
    const auto found = lots.require_find(lot, no_lot);
    require_auth(found->holder);
    check(found->quantity > 0, "the lot is used up");
    return found;
  }

  /// As `held`; it is not offered to anybody, and not recalled.
  lot_table::const_iterator free_lot(lot_table& lots, uint64_t lot) const {
    const auto found = held(lots, lot);
    check(found->offered_to.value == 0, "the lot is offered to somebody");
    check(!found->recalled, "the lot is recalled");
    return found;
  }

  uint64_t add_lot(name maker, name holder, const std::string& product, uint64_t quantity, const std::string& unit,
                   const std::vector<uint64_t>& parts, const checksum256& document) {
    state_table counter(get_self(), get_self().value);
    const uint64_t lot = counter.get_or_default({0}).last_lot + 1;
    counter.set({lot}, get_self());
    lot_table lots(get_self(), get_self().value);
    lots.emplace(holder, [&](lot_row& row) {
      row = {lot, maker, holder, name(), product, quantity, unit, parts, 0, 0, false, checksum256()};
    });
    record(lot, holder, "created"_n, document);
    return lot;
  }

  /// Appends an event, which `actor` pays for and has signed.
  void record(uint64_t lot, name actor, name kind, const checksum256& document) {
    lot_table lots(get_self(), get_self().value);
    const auto found = lots.require_find(lot);
    const uint32_t position = found->event_count + 1;
    const time_point_sec now(current_time_point());
    const auto bytes = pack(std::make_tuple(found->last_event, lot, position, actor, kind, document, now));
    const checksum256 hash = sha256(bytes.data(), bytes.size());
    event_table events(get_self(), lot);
    events.emplace(actor, [&](event_row& row) { row = {position, actor, kind, document, now, hash}; });
    lots.modify(found, same_payer, [&](lot_row& row) {
      row.event_count = position;
      row.last_event = hash;
    });
  }

  /// Parts have smaller numbers than what they are part of, so that each number is looked at once, downwards.
  static bool is_made_of(const lot_table& lots, uint64_t lot, uint64_t from) {
    std::vector<uint64_t> open{lot};
    while (!open.empty()) {
      const auto largest = std::max_element(open.begin(), open.end());
      const uint64_t next = *largest;
      open.erase(std::remove(open.begin(), open.end(), next), open.end());
      if (next == from) return next != lot;
      if (next < from) return false;
      const auto& parts = lots.get(next).parts;
      open.insert(open.end(), parts.begin(), parts.end());
    }
    return false;
  }
};
