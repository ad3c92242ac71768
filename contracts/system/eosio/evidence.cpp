#include "eosio.hpp"
#include "rules/bls_signature.hpp"
#include "rules/vote_message.hpp"

#include <algorithm>

using namespace snapscale;
using namespace system_tables;

namespace {

native_types::block_header header_of(const std::vector<char>& packed) {
  datastream<const char*> stream(packed.data(), packed.size());
  native_types::block_header header;
  stream >> header;
  check(stream.remaining() == 0, "a header is followed by other bytes");
  return header;
}

bls_g2 vote_point(const checksum256& chain_id, uint8_t phase, uint32_t slot, const checksum256& block) {
  check(phase == vote_message::prepare || phase == vote_message::commit, "the phase of a vote is 0 (prepare) or 1 (commit)");
  const auto digest = vote_message::digest(chain_id, phase, slot, block).extract_as_byte_array();
  return bls::hash_to_g2(reinterpret_cast<const char*>(digest.data()), digest.size(), bls::message_domain);
}

bls_g2 sum(const bls_g2& a, const bls_g2& b) {
  bls_g2 result;
  check(bls_g2_add(a, b, result) == 0, "a signature is not a point of its curve");
  return result;
}

}  // namespace

void system_contract::evidblock(name reporter, bytes first_header, signature first_signature, bytes second_header,
                                signature second_signature) {
  require_auth(reporter);
  const native_types::block_header first = header_of(first_header);
  const native_types::block_header second = header_of(second_header);
  check(first.producer == second.producer, "the headers are of two producers");
  check(first.timestamp == second.timestamp, "the headers are of two slots");
  const checksum256 first_digest = sha256(first_header.data(), first_header.size());
  const checksum256 second_digest = sha256(second_header.data(), second_header.size());
  check(first_digest != second_digest, "the headers are one and the same");

  producers_table producers(get_self(), get_self().value);
  const producer_info& row = producers.get(first.producer, "the producer of the headers is not registered");
  std::vector<public_key> keys;
  former_keys_table former(get_self(), get_self().value);
  const auto earlier = former.find(row.owner);
  if (earlier != former.end()) keys = earlier->keys;
  keys.push_back(row.producer_key);
  const auto is_key = [&](const public_key& key) { return std::find(keys.begin(), keys.end(), key) != keys.end(); };
  check(is_key(recover_key(first_digest, first_signature)), "the first header is not signed by its producer");
  check(is_key(recover_key(second_digest, second_signature)), "the second header is not signed by its producer");
  accept_evidence(reporter, row.owner, evidence_kind::double_production, first.timestamp, first_digest, second_digest);
}

void system_contract::evidvote(name reporter, name finalizer_name, std::string finalizer_key, uint32_t slot, uint8_t first_phase,
                               checksum256 first_block, std::string first_signature, uint8_t second_phase,
                               checksum256 second_block, std::string second_signature) {
  require_auth(reporter);
  const checksum256 chain_id = load_parameters().chain_id;
  check(chain_id != checksum256(), "evidence about votes needs the chain's id: eosio must set it with setdpos");
  // An honest finalizer prepares one block of a slot at most, and commits only what it prepared: two votes in one slot for
  // two blocks break rule P or C, whatever their phases.
  check(first_block != second_block, "the votes are for one and the same block");
  finalizer_keys_table keys(get_self(), get_self().value);
  const finalizer_key_info& key = own_key(keys, finalizer_name, finalizer_key);
  bls_g1 point;
  std::copy(key.finalizer_key_binary.begin(), key.finalizer_key_binary.end(), point.begin());

  // Both at once: the sum of the signatures is one on the sum of the messages, and cannot be made without both.
  const bls_g2 signatures = sum(bls::parse_signature(first_signature), bls::parse_signature(second_signature));
  const bls_g2 messages = sum(vote_point(chain_id, first_phase, slot, first_block), vote_point(chain_id, second_phase, slot, second_block));
  check(bls::verify(point, messages, signatures), "the votes are not signed with the finalizer key");
  accept_evidence(reporter, finalizer_name, evidence_kind::double_vote, slot, first_block, second_block);
}

/// Jails a producer, and records why. What was recorded once, or was judged by the consortium, jails nobody again.
void system_contract::accept_evidence(name reporter, name producer, evidence_kind kind, uint32_t slot, const checksum256& first,
                                      const checksum256& second) {
  producers_table producers(get_self(), get_self().value);
  const producer_info& row = producers.get(producer);
  check(row.status != producer_status::jailed, "the producer is jailed already");
  check(slot <= current_block_time().slot, "the evidence is about a slot of the future");
  check(slot > row.judged_until_slot, "the consortium has judged the producer since that slot: the evidence is settled");
  deactivate(producers, row, producer_status::jailed);
  hasten_schedule();
  evidence_table evidence(get_self(), get_self().value);
  evidence.emplace(get_self(), [&](auto& added) {
    added = {evidence.available_primary_key(), producer, kind, slot, first, second, reporter, current_time_point()};
  });
}
