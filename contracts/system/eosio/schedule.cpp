#include "eosio.hpp"
#include "rules/ring_order.hpp"
#include "rules/slot_duty.hpp"

#include <algorithm>

using namespace snapscale;
using namespace system_tables;

namespace {

/// So many candidates are looked at, so that crowds of those who cannot be elected do not make a proposal expensive.
constexpr size_t candidates_max = 500;

struct candidate {
  name owner;
  public_key block_key;
  /// Empty without a finalizer key.
  std::vector<char> finalizer_key;
};

/// One entry of a finalizer policy, as the ledger wants it.
struct finalizer_authority {
  std::string description;
  uint64_t weight = 1;
  std::vector<char> key;
};

struct finalizer_policy {
  uint64_t threshold = 0;
  std::vector<finalizer_authority> finalizers;
};

size_t position_in(const std::vector<name>& sorted, name producer) {
  const auto found = std::lower_bound(sorted.begin(), sorted.end(), producer);
  return found != sorted.end() && *found == producer ? static_cast<size_t>(found - sorted.begin()) : sorted.size();
}

finalizer_policy policy_of(const std::vector<candidate>& producers) {
  finalizer_policy policy{duty::quorum(producers.size()), {}};
  policy.finalizers.reserve(producers.size());
  for (const candidate& producer : producers) {
    if (producer.finalizer_key.empty()) return {};
    policy.finalizers.push_back({producer.owner.to_string(), 1, producer.finalizer_key});
  }
  return policy;
}

/// A number in a row of `snap.ca`, 0 if there is none. Its README says which fields stay where they are; a contract in its place
/// may write what it likes, and `onblock` must not fail for that.
template <typename Number, uint32_t Offset>
Number number_of(name table, name key) {
  constexpr name authority = "snap.ca"_n;
  const int32_t row = host::db_find_i64(authority.value, authority.value, table.value, key.value);
  Number number = 0;
  if (row < 0) return number;
  char bytes[Offset + sizeof(Number)] = {};
  host::db_get_i64(row, bytes, sizeof(bytes));
  memcpy(&number, bytes + Offset, sizeof(number));
  return number;
}

/// When the certificate ends with which an account may produce: `valid_until` of its row in `producers`, which is there as
/// long as account, issuing CA and organisation are in order.
time_point_sec certificate_end(name account) { return time_point_sec(number_of<uint32_t, 8>("producers"_n, account)); }

/// Grows with every change after which some certificate may allow less: the first field of the row `state`.
uint64_t certificates_version() { return number_of<uint64_t, 0>("state"_n, "state"_n); }

}  // namespace

/// Whether the account may produce as far as its certificate goes: always, unless certificates are required.
bool system_contract::holds_certificate(const dpos_parameters& parameters, name account) const {
  return !parameters.certificates_required || certificate_end(account) > time_point_sec(current_time_point());
}

/// Looks whether those who were proposed still have their certificates. While nothing has changed at `snap.ca` and none has
/// ended, as in nearly every block, that is one read. A loss counts once: who could not be replaced then is not before the next
/// round, however often something changes at `snap.ca`.
system_contract::certificate_watch system_contract::watch_certificates(const dpos_parameters& parameters,
                                                                       global_state& global) const {
  if (!parameters.certificates_required) return certificate_watch::unchanged;
  const time_point_sec now = current_time_point();
  const uint64_t version = certificates_version();
  if (version == global.certificates_version && now < global.certificates_until) return certificate_watch::unchanged;
  global.certificates_version = version;
  global.certificates_until = time_point_sec::maximum();
  bool is_newly_lost = false;
  std::vector<name> lost;
  for (const name producer : global.proposed.empty() ? global.schedule : global.proposed) {
    const time_point_sec end = certificate_end(producer);
    if (end <= now) {
      const auto& before = global.certificates_lost;
      is_newly_lost |= std::find(before.begin(), before.end(), producer) == before.end();
      lost.push_back(producer);
    }
    // What has ended is not waited for: it is proposed no more, or is needed for a quorum.
    if (end > now) global.certificates_until = std::min(global.certificates_until, end);
  }
  global.certificates_lost = std::move(lost);
  return is_newly_lost ? certificate_watch::lost : certificate_watch::in_order;
}

/// Has the next block propose a schedule.
void system_contract::hasten_schedule() {
  global_state global = load_global();
  global.is_schedule_due = true;
  save_global(global);
}

/// Proposes the eligible producers with the most votes, once enough stake votes. Returns whether `global` has changed.
bool system_contract::propose_schedule(producers_table& producers, const dpos_parameters& parameters, global_state& global) {
  if (global.thresh_activated_stake_time.time_since_epoch().count() == 0) {
    if (global.total_activated_stake == 0 || global.total_activated_stake < parameters.activation_stake.amount) return false;
    global.thresh_activated_stake_time = current_time_point();
  }
  finalizers_table finalizers(get_self(), get_self().value);
  std::vector<candidate> elected;
  elected.reserve(parameters.max_producers);
  const auto by_votes = producers.get_index<"prototalvote"_n>();
  size_t looked_at = 0;
  for (auto row = by_votes.begin(); row != by_votes.end() && row->by_votes() < 0; ++row) {
    if (elected.size() == parameters.max_producers || ++looked_at > candidates_max) break;
    if (!holds_certificate(parameters, row->owner)) continue;
    const auto finalizer = finalizers.find(row->owner);
    if (finalizer == finalizers.end() && parameters.finalizer_keys_required) continue;
    elected.push_back({row->owner, row->producer_key,
                       finalizer == finalizers.end() ? std::vector<char>() : finalizer->active_key_binary});
  }
  // Fewer than a quorum of the last schedule could not carry on what that has begun.
  if (elected.size() < duty::quorum(global.schedule.size())) return true;

  std::sort(elected.begin(), elected.end(), [](const candidate& a, const candidate& b) { return a.owner < b.owner; });
  std::vector<name> names;
  names.reserve(elected.size());
  for (const candidate& producer : elected) names.push_back(producer.owner);
  std::vector<candidate> ordered;
  ordered.reserve(elected.size());
  for (const name producer : order_of_turns(names, global.schedule)) {
    ordered.push_back(std::move(elected[position_in(names, producer)]));
  }
  std::vector<producer_key> schedule;
  schedule.reserve(ordered.size());
  for (const candidate& producer : ordered) schedule.push_back({producer.owner, producer.block_key});
  const finalizer_policy policy = policy_of(ordered);

  // The host checks every key of a proposal, which is the greater part of its cost: an unchanged one is not sent again.
  const std::vector<char> packed = pack(std::make_tuple(schedule, policy));
  const checksum256 proposal = sha256(packed.data(), packed.size());
  if (proposal == global.last_proposal) return true;
  global.last_proposal = proposal;
  global.last_producer_schedule_update = current_block_time();
  global.last_producer_schedule_size = static_cast<uint16_t>(schedule.size());
  global.proposed = std::move(names);
  global.certificates_until = time_point_sec();
  global.certificates_lost.clear();
  set_proposed_producers(schedule);
  if (!policy.finalizers.empty()) {
    with_packed(policy, [](const char* bytes, uint32_t size) { set_finalizers(bytes, size); });
  }
  return true;
}

/// The producers, given by name, in the order of their turns.
std::vector<name> system_contract::order_of_turns(const std::vector<name>& producers, const std::vector<name>& current) const {
  ring::latency_matrix matrix(producers.size());
  latencies_table latencies(get_self(), get_self().value);
  for (size_t i = 0; i < producers.size(); ++i) {
    const auto row = latencies.find(producers[i]);
    if (row == latencies.end()) continue;
    for (const round_trip& measured : row->round_trips) {
      const size_t j = position_in(producers, measured.producer);
      if (j < producers.size()) matrix.measured(i, j, measured.round_trip_us);
    }
  }
  matrix.fill_missing();
  ring::order current_order;
  if (current.size() == producers.size()) {
    for (const name producer : current) {
      const size_t position = position_in(producers, producer);
      if (position < producers.size()) current_order.push_back(static_cast<uint8_t>(position));
    }
  }
  std::vector<name> ordered;
  ordered.reserve(producers.size());
  for (const uint8_t position : ring::shortest(matrix, current_order)) ordered.push_back(producers[position]);
  return ordered;
}
