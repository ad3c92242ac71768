/// Chain API: the block being made and who makes blocks.
///
/// Gas: the time 60, the number of the block 50, `get_active_producers` 250 for each of its two calls.
#pragma once

#include <snapscale/core/fixed_bytes.hpp>
#include <snapscale/core/time.hpp>
#include <snapscale/core/name.hpp>
#include <snapscale/host/system.hpp>

#include <vector>

namespace snapscale {

/// The time of the block that this transaction goes into.
inline time_point current_time_point() { return time_point(microseconds(static_cast<int64_t>(host::current_time()))); }

inline block_timestamp current_block_time() { return block_timestamp(current_time_point()); }

inline uint32_t current_block_number() { return host::get_block_num(); }

/// The producers of the current schedule.
inline std::vector<name> get_active_producers() {
  std::vector<name> producers(host::get_active_producers(nullptr, 0) / sizeof(name));
  host::get_active_producers(reinterpret_cast<uint64_t*>(producers.data()), static_cast<uint32_t>(producers.size() * sizeof(name)));
  return producers;
}

/// True if the protocol feature is in force.
inline bool is_feature_activated(const checksum256& feature_digest) {
  const auto bytes = feature_digest.extract_as_byte_array();
  return host::is_feature_activated(bytes.data());
}

}  // namespace snapscale
