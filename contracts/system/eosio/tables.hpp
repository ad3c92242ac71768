/// The rows that the system contract keeps. Names and meanings are those of Antelope's system contract where both have them.
#pragma once

#include <snapscale/snapscale.hpp>
#include <snapscale/privileged.hpp>

#include <string>
#include <vector>

namespace system_tables {

using snapscale::asset;
using snapscale::checksum256;
using snapscale::name;
using snapscale::symbol;

inline constexpr symbol core_symbol("XST", 4);

/// Why a producer is not active.
enum class producer_status : uint8_t {
  active = 0,
  /// By its own `unregprod`, or by `unjail`: it may register again.
  unregistered = 1,
  /// It missed a slot and had produced nothing for the configured time: it may register again.
  inactive = 2,
  /// Evidence against it was accepted: only `unjail` lets it register again.
  jailed = 3,
  /// By `rmvproducer`: it may register again.
  removed = 4,
};

/// A candidate for block production; key: its account.
struct [[snapscale::table]] producer_info {
  name owner;
  /// Stake behind it, in the smallest unit of the system token: a whole number, always below 2^53.
  double total_votes = 0;
  snapscale::public_key producer_key;
  bool is_active = false;
  std::string url;
  /// Blocks since the last claim.
  uint32_t unpaid_blocks = 0;
  snapscale::time_point last_claim_time;
  uint16_t location = 0;
  producer_status status = producer_status::active;
  /// Slot of its newest block; 0 if it never made one.
  uint32_t last_block_slot = 0;
  /// Slot since which it has been expected to produce.
  uint32_t duty_since_slot = 0;
  uint64_t missed_slots = 0;
  /// Block rewards that it has not claimed yet.
  asset unpaid_reward = asset(0, core_symbol);
  /// Evidence about this slot and earlier ones has been judged by the consortium, and is settled.
  uint32_t judged_until_slot = 0;

  uint64_t primary_key() const { return owner.value; }
  /// Active producers first, from the greatest vote down.
  double by_votes() const { return is_active ? -total_votes : total_votes; }
};
using producers_table = snapscale::multi_index<
    "producers"_n, producer_info,
    snapscale::indexed_by<"prototalvote"_n, snapscale::const_mem_fun<producer_info, double, &producer_info::by_votes>>>;

/// Block keys that a producer has used before, the newest last: evidence may be about a block signed with one of them.
struct [[snapscale::table]] former_keys {
  name owner;
  std::vector<snapscale::public_key> keys;

  uint64_t primary_key() const { return owner.value; }
};
using former_keys_table = snapscale::multi_index<"formerkeys"_n, former_keys>;

/// Who votes for whom; key: the voter's account.
struct [[snapscale::table]] voter_info {
  name owner;
  name proxy;
  /// Sorted by name; empty when the voter uses a proxy.
  std::vector<name> producers;
  int64_t staked = 0;
  /// The weight with which it counts where it votes now. Whole numbers, as all votes.
  double last_vote_weight = 0;
  /// What others have delegated to it, whether it is a proxy now or was one.
  double proxied_vote_weight = 0;
  bool is_proxy = false;

  uint64_t primary_key() const { return owner.value; }
};
using voters_table = snapscale::multi_index<"voters"_n, voter_info>;

/// Stake of which an account has the use; the scope is the account.
struct [[snapscale::table]] user_resources {
  name owner;
  asset net_weight = asset(0, core_symbol);
  asset cpu_weight = asset(0, core_symbol);
  int64_t ram_bytes = 0;

  uint64_t primary_key() const { return owner.value; }
};
using user_resources_table = snapscale::multi_index<"userres"_n, user_resources>;

/// Stake from one account to another; the scope is the giver, the key the receiver.
struct [[snapscale::table]] delegated_bandwidth {
  name from;
  name to;
  asset net_weight = asset(0, core_symbol);
  asset cpu_weight = asset(0, core_symbol);

  uint64_t primary_key() const { return to.value; }
};
using delegated_bandwidth_table = snapscale::multi_index<"delband"_n, delegated_bandwidth>;

/// Stake that is on its way back; the scope is its owner.
struct [[snapscale::table]] refund_request {
  name owner;
  /// Of the newest undelegation: all of it waits from there on.
  snapscale::time_point_sec request_time;
  asset net_amount = asset(0, core_symbol);
  asset cpu_amount = asset(0, core_symbol);

  uint64_t primary_key() const { return owner.value; }
};
using refunds_table = snapscale::multi_index<"refunds"_n, refund_request>;

/// A finalizer's key. Rows stay for good: a key that was once registered cannot be registered again, by anyone, and
/// evidence about votes with it stays provable.
struct [[snapscale::table]] finalizer_key_info {
  uint64_t id = 0;
  name finalizer_name;
  std::string finalizer_key;
  std::vector<char> finalizer_key_binary;
  bool retired = false;

  uint64_t primary_key() const { return id; }
  uint64_t by_fin_name() const { return finalizer_name.value; }
  checksum256 by_fin_key() const { return snapscale::sha256(finalizer_key_binary.data(), finalizer_key_binary.size()); }
};
using finalizer_keys_table = snapscale::multi_index<
    "finkeys"_n, finalizer_key_info,
    snapscale::indexed_by<"byfinname"_n, snapscale::const_mem_fun<finalizer_key_info, uint64_t, &finalizer_key_info::by_fin_name>>,
    snapscale::indexed_by<"byfinkey"_n, snapscale::const_mem_fun<finalizer_key_info, checksum256, &finalizer_key_info::by_fin_key>>>;

/// The key with which a producer votes now.
struct [[snapscale::table]] finalizer_info {
  name finalizer_name;
  uint64_t active_key_id = 0;
  std::vector<char> active_key_binary;
  /// Keys that are not retired.
  uint32_t finalizer_key_count = 0;

  uint64_t primary_key() const { return finalizer_name.value; }
};
using finalizers_table = snapscale::multi_index<"finalizers"_n, finalizer_info>;

/// A round-trip time that a producer has measured.
struct round_trip {
  name producer;
  uint32_t round_trip_us = 0;
};

/// What a producer has measured; key: its account.
struct [[snapscale::table]] latency_info {
  name producer;
  snapscale::time_point_sec reported;
  /// Sorted by name.
  std::vector<round_trip> round_trips;

  uint64_t primary_key() const { return producer.value; }
};
using latencies_table = snapscale::multi_index<"latencies"_n, latency_info>;

enum class evidence_kind : uint8_t { double_production = 1, double_vote = 2 };

/// Proof that a producer broke the rules of consensus.
struct [[snapscale::table]] evidence_record {
  uint64_t id = 0;
  name producer;
  evidence_kind kind = evidence_kind::double_production;
  uint32_t slot = 0;
  /// Digests of the two headers, or ids of the two blocks.
  checksum256 first;
  checksum256 second;
  name reporter;
  snapscale::time_point_sec reported;

  uint64_t primary_key() const { return id; }
  uint64_t by_producer() const { return producer.value; }
};
using evidence_table = snapscale::multi_index<
    "evidence"_n, evidence_record,
    snapscale::indexed_by<"byproducer"_n, snapscale::const_mem_fun<evidence_record, uint64_t, &evidence_record::by_producer>>>;

/// What the consortium decides about elections; `setdpos` changes it.
struct [[snapscale::table]] dpos_parameters {
  /// Producers of a schedule, 1 … 125.
  uint16_t max_producers = 21;
  /// Stake that must vote before the first schedule is proposed.
  asset activation_stake = asset(150'000'000'0000, core_symbol);
  uint32_t refund_delay_sec = 3 * 24 * 3600;
  /// A producer that has made no block for so long is removed when it misses a slot.
  uint32_t inactive_after_sec = 24 * 3600;
  /// Paid for each block, out of `snap.fund`.
  asset block_reward = asset(0, core_symbol);
  /// Issues what `snap.fund` lacks for block rewards; needs `eosio` to be the token's issuer.
  bool issue_rewards = false;
  /// Its authority ends a jailing.
  name consortium = "eosio.prods"_n;
  /// Leaves producers without a finalizer key out of schedules; off only on chains without finality.
  bool finalizer_keys_required = true;
  /// Leaves producers without a certificate of `snap.ca` out of schedules.
  bool certificates_required = false;
  /// Part of what finalizers sign; evidence about votes is refused while it is zero, since contracts cannot read it.
  checksum256 chain_id;
};
using dpos_singleton = snapscale::singleton<"dpos"_n, dpos_parameters>;

/// How the elections stand.
struct [[snapscale::table]] global_state {
  /// Stake behind all producers, once for each vote.
  double total_producer_vote_weight = 0;
  /// Stake whose owners vote for at least one producer.
  int64_t total_activated_stake = 0;
  /// When `activation_stake` was reached; the beginning of time while it was not.
  snapscale::time_point thresh_activated_stake_time;
  /// All stake.
  int64_t total_stake = 0;
  snapscale::block_timestamp last_producer_schedule_update;
  uint16_t last_producer_schedule_size = 0;
  /// Slot of the block that ended the last halt of the chain.
  uint32_t halted_until_slot = 0;
  /// Hash of the schedule and finalizers proposed last.
  checksum256 last_proposal;
  /// The schedule of the newest block, in its order.
  std::vector<name> schedule;
  /// Producers of the newest proposal, sorted.
  std::vector<name> proposed;
  /// A producer was put out: the next block proposes a schedule without it, and does not wait for the next round.
  bool is_schedule_due = false;
  /// The version of `snap.ca` at which the certificates of those who were proposed were looked at last.
  uint64_t certificates_version = 0;
  /// When the first of these certificates ends.
  snapscale::time_point_sec certificates_until;
  /// Those who had lost their certificates then, in the order of `proposed`, and could not be replaced.
  std::vector<name> certificates_lost;
};
using global_singleton = snapscale::singleton<"global"_n, global_state>;

}  // namespace system_tables
