#include "eosio.hpp"
#include "rules/bls_signature.hpp"

using namespace snapscale;
using namespace system_tables;

void system_contract::regfinkey(name finalizer_name, std::string finalizer_key, std::string proof_of_possession) {
  require_auth(finalizer_name);
  producers_table producers(get_self(), get_self().value);
  check(producers.find(finalizer_name) != producers.end(), "finalizer is not a registered producer");
  const bls_g1 key = bls::parse_public_key(finalizer_key);
  const bls_g2 proof = bls::parse_signature(proof_of_possession);
  finalizer_keys_table keys(get_self(), get_self().value);
  const auto by_key = keys.get_index<"byfinkey"_n>();
  check(by_key.find(sha256(key.data(), key.size())) == by_key.end(), "this finalizer key was registered before, by this or another producer");
  check(bls::proves_possession(key, proof), "the proof of possession is not that of the finalizer key");

  const uint64_t id = keys.available_primary_key();
  const std::vector<char> binary(key.begin(), key.end());
  keys.emplace(finalizer_name, [&](auto& added) {
    added.id = id;
    added.finalizer_name = finalizer_name;
    added.finalizer_key = finalizer_key;
    added.finalizer_key_binary = binary;
  });
  finalizers_table finalizers(get_self(), get_self().value);
  const auto row = finalizers.find(finalizer_name);
  if (row != finalizers.end()) {
    finalizers.modify(row, same_payer, [](auto& changed) { ++changed.finalizer_key_count; });
  } else {
    finalizers.emplace(finalizer_name, [&](auto& added) { added = {finalizer_name, id, binary, 1}; });
  }
}

void system_contract::actfinkey(name finalizer_name, std::string finalizer_key) {
  require_auth(finalizer_name);
  finalizer_keys_table keys(get_self(), get_self().value);
  const finalizer_key_info& key = own_key(keys, finalizer_name, finalizer_key);
  check(!key.retired, "the finalizer key is retired");
  finalizers_table finalizers(get_self(), get_self().value);
  const finalizer_info& row = finalizers.get(finalizer_name);
  check(row.active_key_id != key.id, "the finalizer key is active already");
  finalizers.modify(row, same_payer, [&](auto& changed) {
    changed.active_key_id = key.id;
    changed.active_key_binary = key.finalizer_key_binary;
  });
}

void system_contract::delfinkey(name finalizer_name, std::string finalizer_key) {
  require_auth(finalizer_name);
  finalizer_keys_table keys(get_self(), get_self().value);
  const finalizer_key_info& key = own_key(keys, finalizer_name, finalizer_key);
  check(!key.retired, "the finalizer key is retired");
  finalizers_table finalizers(get_self(), get_self().value);
  const finalizer_info& row = finalizers.get(finalizer_name);
  if (row.active_key_id == key.id) {
    check(row.finalizer_key_count == 1, "cannot delete an active key unless it is the last registered finalizer key");
    finalizers.erase(row);
  } else {
    finalizers.modify(row, same_payer, [](auto& changed) { --changed.finalizer_key_count; });
  }
  keys.modify(key, same_payer, [](auto& changed) { changed.retired = true; });
}

const finalizer_key_info& system_contract::own_key(const finalizer_keys_table& keys, name finalizer_name,
                                                   const std::string& finalizer_key) const {
  const bls_g1 key = bls::parse_public_key(finalizer_key);
  const auto by_key = keys.get_index<"byfinkey"_n>();
  const finalizer_key_info& row = by_key.get(sha256(key.data(), key.size()), "finalizer key was not registered");
  check(row.finalizer_name == finalizer_name, "finalizer key belongs to another producer");
  return row;
}
