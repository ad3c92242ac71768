#include <eosiolib/eosio.hpp>

#include <eosio/crypto_ext.hpp>
#include <eosio/permission.hpp>
#include <eosio/system.h>

using namespace eosio;
using std::string;

/// A contract as they were written for the first versions of CDT: with an `apply` of its own, C functions among the C++
/// ones, and parameters that are references.
CONTRACT oldstyle : public contract {
 public:
  using contract::contract;

  TABLE entry {
    uint64_t id;
    name owner;
    string text;

    uint64_t primary_key() const { return id; }

    EOSLIB_SERIALIZE(entry, (id)(owner)(text))
    CDT_REFLECT(id, owner, text)
  };
  typedef multi_index<"entries"_n, entry> entries;

  ACTION add(name owner, string & text) {
    require_auth(owner);
    ::require_auth(owner.value);
    eosio_assert(text.size() > 0, "there is no text");
    text += "!";
    entries table(_self, _code.value);
    const auto added = table.insert(owner, [&](auto& row) { row = {table.available_primary_key(), owner, text}; });
    table.update(added, same_payer, [&](auto& row) { row.text += std::to_string(now()); });
  }

  ACTION drop(uint64_t id) {
    entries table(_self, _self.value);
    table.remove(table.require_find(id, "no such entry"));
  }

  ACTION echo(name to) {
    action(permission_level{_self, "active"_n}, to, "noted"_n, std::make_tuple(_self, "a literal")).send();
  }

  ACTION noted(name from, string text) { print(from, " says ", text, " to ", _self); }

  ACTION allowed(name who) {
    transaction trx;
    trx.actions.push_back(action(permission_level{who, "active"_n}, _self, "drop"_n, uint64_t{1}));
    const bool enough = check_transaction_authorization(trx, {permission_level{who, "active"_n}}, {});
    const auto packed = pack(trx);
    const auto without = internal_use_do_not_use::check_transaction_authorization(packed.data(), packed.size(), nullptr, 0, nullptr, 0);
    check(enough && without == 0, "the host disagrees");
  }

  ACTION power(std::vector<char> & base, std::vector<char> & exponent, std::vector<char> & modulus) {
    bigint result(modulus.size());
    check(mod_exp(base, exponent, modulus, result) == return_code::success, "mod_exp failed");
    printhex(result.data(), result.size());
  }

  ACTION sum(const std::vector<char>& x, const std::vector<char>& y) {
    const g1_point point{x, y};
    const g1_point twice = alt_bn128_add(point, point);
    check(twice.serialized() == alt_bn128_add(g1_point_view(point), g1_point_view(point)).serialized(), "views differ");
    printhex(twice.x.data(), twice.x.size());
  }

  ACTION first(const std::vector<uint8_t>& list) {
    auto at = list.begin();
    assert(at != list.end());
    print(next(at), " then ", next(at));
  }

  void incoming(name from, name to, asset quantity, string memo) {
    if (to == _self) print(get_first_receiver(), ": ", quantity, " of ", from, ", ", memo);
  }

 private:
  /// The iterator of a constant vector has the type of one over constant elements.
  static uint32_t next(std::vector<const uint8_t>::iterator& at) { return *at++; }
};

extern "C" void apply(uint64_t receiver, uint64_t code, uint64_t action) {
  if (code == "tokens"_n.value && action == "transfer"_n.value) {
    execute_action(name(receiver), name(code), &oldstyle::incoming);
  } else if (code == receiver) {
    switch (action) { EOSIO_DISPATCH_HELPER(oldstyle, (add)(drop)(echo)(noted)(allowed)(power)(sum)(first)) }
  }
}
