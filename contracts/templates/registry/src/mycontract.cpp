#include <snapscale/snapscale.hpp>

#include <string>

using namespace snapscale;

/// Entries under names. Who takes a name first owns it, until the owner gives it away or drops it.
class [[snapscale::contract("mycontract")]] registry : public contract {
 public:
  using contract::contract;

  /// Stores `value` under `entry`: a new entry of `owner`, or a new value of one that `owner` has.
  [[snapscale::action]] void put(name owner, name entry, std::string value) {
    require_auth(owner);
    check(entry.value != 0, "the name of the entry is empty");
    check(value.size() <= value_size_max, "the value has more than 1024 bytes");

    entries rows(get_self(), get_self().value);
    const auto known = rows.find(entry.value);
    if (known == rows.end()) {
      rows.emplace(owner, [&](entry_row& row) { row = {entry, owner, name(), value}; });
      return;
    }
    check(known->owner == owner, "the entry belongs to another account");
    rows.modify(known, owner, [&](entry_row& row) { row.value = value; });
  }

  /// Offers an entry to another account, which becomes its owner by `accept`. The empty name takes the offer back.
  [[snapscale::action]] void offer(name entry, name to) {
    entries rows(get_self(), get_self().value);
    const auto found = rows.require_find(entry.value, "there is no such entry");
    require_auth(found->owner);
    check(to.value == 0 || is_account(to), "there is no account to offer it to");
    check(to != found->owner, "the account owns the entry already");
    rows.modify(found, same_payer, [&](entry_row& row) { row.offered_to = to; });
  }

  /// Takes an offered entry. Its storage is paid for by the new owner from now on: therefore it takes two steps.
  [[snapscale::action]] void accept(name entry, name by) {
    require_auth(by);
    entries rows(get_self(), get_self().value);
    const auto found = rows.require_find(entry.value, "there is no such entry");
    check(found->offered_to == by, "the entry is not offered to this account");
    rows.modify(found, by, [&](entry_row& row) {
      row.owner = by;
      row.offered_to = name();
    });
  }

  /// Removes an entry.
  [[snapscale::action]] void drop(name entry) {
    entries rows(get_self(), get_self().value);
    const auto found = rows.require_find(entry.value, "there is no such entry");
    require_auth(found->owner);
    rows.erase(found);
  }

  /// The value of an entry.
  [[snapscale::action, snapscale::read_only]] std::string lookup(name entry) {
    entries rows(get_self(), get_self().value);
    return rows.get(entry.value, "there is no such entry").value;
  }

 private:
  static constexpr size_t value_size_max = 1024;

  struct [[snapscale::table("entries")]] entry_row {
    name entry;
    name owner;
    name offered_to;
    std::string value;

    uint64_t primary_key() const { return entry.value; }
    uint64_t by_owner() const { return owner.value; }
  };

  using entries =
      multi_index<"entries"_n, entry_row, indexed_by<"byowner"_n, const_mem_fun<entry_row, uint64_t, &entry_row::by_owner>>>;
};
