#include "eosio.hpp"
#include "rules/slot_duty.hpp"

#include <algorithm>

using namespace snapscale;
using namespace system_tables;

namespace {

constexpr uint32_t slots_per_second = 2;

bool is_in(const std::vector<name>& producers, name producer) {
  return std::find(producers.begin(), producers.end(), producer) != producers.end();
}

}  // namespace

void system_contract::onblock(ignore<native_types::block_header>) {
  require_auth(get_self());
  global_singleton globals(get_self(), get_self().value);
  if (!globals.exists()) return;
  // Of the header only the first two fields matter; the rest is not even decoded.
  uint32_t parent_slot;
  name parent_producer;
  get_datastream() >> parent_slot >> parent_producer;
  const uint32_t slot = current_block_time().slot;
  const std::vector<name> schedule = get_active_producers();

  global_state global = globals.get();
  const dpos_parameters parameters = load_parameters();
  producers_table producers(get_self(), get_self().value);
  credit_block(producers, parameters, parent_producer, parent_slot);
  const std::vector<name> before = global.schedule.empty() ? schedule : global.schedule;
  bool is_changed = enter_schedule(producers, global, schedule, slot);
  if (slot > parent_slot + 1) {
    // In a gap as long as a round everybody has missed a whole turn: the chain stood still, which is no one's fault.
    if (slot - parent_slot > duty::slots_per_round(before.size())) {
      global.halted_until_slot = slot;
      is_changed = true;
    } else {
      count_missed(producers, parameters, global, before, parent_slot, slot);
    }
  }
  const uint32_t round_length = duty::slots_per_round(schedule.size());
  const certificate_watch certificates = watch_certificates(parameters, global);
  const bool is_urgent = global.is_schedule_due || certificates == certificate_watch::lost;
  if (is_urgent || slot / round_length != parent_slot / round_length) {
    is_changed |= propose_schedule(producers, parameters, global) || global.is_schedule_due;
    global.is_schedule_due = false;
  }
  is_changed |= certificates != certificate_watch::unchanged;
  if (is_changed) globals.set(global, get_self());
}

/// Counts a block for its producer, if that is registered.
void system_contract::credit_block(producers_table& producers, const dpos_parameters& parameters, name producer, uint32_t slot) {
  const auto row = producers.find(producer);
  if (row == producers.end()) return;
  producers.modify(row, same_payer, [&](auto& changed) {
    changed.last_block_slot = slot;
    ++changed.unpaid_blocks;
    changed.unpaid_reward += parameters.block_reward;
  });
}

/// Notes a schedule that has come into force: who is new in it is on duty from now on. Returns whether it is another one.
bool system_contract::enter_schedule(producers_table& producers, global_state& global, const std::vector<name>& schedule,
                                     uint32_t slot) {
  if (schedule == global.schedule) return false;
  for (const name producer : schedule) {
    if (is_in(global.schedule, producer)) continue;
    const auto row = producers.find(producer);
    if (row != producers.end()) producers.modify(row, same_payer, [&](auto& changed) { changed.duty_since_slot = slot; });
  }
  global.schedule = schedule;
  return true;
}

/// Counts each slot between a block and its parent against the producer that was authorised for it. `before` is the
/// schedule of the parent: a new one holds from the first slot of a round of the old one.
void system_contract::count_missed(producers_table& producers, const dpos_parameters& parameters, const global_state& global,
                                   const std::vector<name>& before, uint32_t parent_slot, uint32_t slot) {
  const std::vector<name>& after = global.schedule;
  const uint32_t change = duty::next_round_start(parent_slot, before.size());
  std::vector<uint32_t> missed_before(before.size(), 0);
  std::vector<uint32_t> missed_after(after.size(), 0);
  for (uint32_t skipped = parent_slot + 1; skipped < slot; ++skipped) {
    if (skipped < change) ++missed_before[duty::position(parent_slot, skipped, before.size())];
    else ++missed_after[duty::position(parent_slot, skipped, after.size())];
  }
  for (size_t i = 0; i < before.size(); ++i) miss(producers, parameters, global, before[i], missed_before[i], slot);
  for (size_t i = 0; i < after.size(); ++i) miss(producers, parameters, global, after[i], missed_after[i], slot);
}

/// Counts missed slots of one producer, and removes it if it has been silent for too long, as long as enough producers of
/// the schedule stay for a quorum.
void system_contract::miss(producers_table& producers, const dpos_parameters& parameters, const global_state& global, name producer,
                           uint32_t count, uint32_t slot) {
  if (count == 0) return;
  const auto row = producers.find(producer);
  if (row == producers.end()) return;
  producers.modify(row, same_payer, [&](auto& changed) { changed.missed_slots += count; });
  if (!row->is_active) return;
  const uint32_t heard = std::max({row->last_block_slot, row->duty_since_slot, global.halted_until_slot});
  // Whoever is silent for less than a round and a turn may just be waiting for its turn.
  const uint32_t length = global.schedule.size();
  const uint32_t patience = std::max(parameters.inactive_after_sec * slots_per_second,
                                     duty::slots_per_round(length) + duty::slots_per_turn);
  if (slot - heard <= patience) return;
  uint32_t others = 0;
  for (const name other : global.schedule) {
    if (other == producer) continue;
    const auto found = producers.find(other);
    // A producer that is not registered, as the first one of a chain, cannot be removed.
    if (found == producers.end() || found->is_active) ++others;
  }
  if (others >= duty::quorum(length)) deactivate(producers, *row, producer_status::inactive);
}
