/// Whose duty a slot is: the early yield of consensus.md 1, a pure function of schedule, parent and slot.
#pragma once

#include <stdint.h>

namespace duty {

/// Successive slots of one producer.
inline constexpr uint32_t slots_per_turn = 12;

/// So many empty slots of a turn pass the duty to the next producer of the schedule.
inline constexpr uint32_t yield_after = 3;

/// Slots in which every producer has its turn once.
constexpr uint32_t slots_per_round(uint32_t producers) { return slots_per_turn * producers; }

/// Position, in a schedule of so many producers, of the one that is authorised for `slot` on a parent at `parent_slot`,
/// which must be earlier.
constexpr uint32_t position(uint32_t parent_slot, uint32_t slot, uint32_t producers) {
  const uint32_t turn = slot / slots_per_turn;
  const uint32_t turn_start = turn * slots_per_turn;
  const uint32_t first_empty = parent_slot >= turn_start ? parent_slot + 1 : turn_start;
  return (turn + (slot - first_empty) / yield_after) % producers;
}

/// First slot of the round after the one that contains `slot`.
constexpr uint32_t next_round_start(uint32_t slot, uint32_t producers) {
  const uint32_t length = slots_per_round(producers);
  return (slot / length + 1) * length;
}

/// Finalizers, or producers, that decide together: more than two thirds.
constexpr uint32_t quorum(uint32_t producers) { return producers * 2 / 3 + 1; }

}  // namespace duty
