/// Parameters of the native actions of `eosio`, for its ABI: the ledger reads them, this contract does not.
#pragma once

#include <snapscale/snapscale.hpp>
#include <snapscale/privileged.hpp>

#include <optional>
#include <string>
#include <vector>

namespace native_types {

struct permission_level_weight {
  snapscale::permission_level permission;
  uint16_t weight = 0;
};

struct wait_weight {
  uint32_t wait_sec = 0;
  uint16_t weight = 0;
};

struct authority {
  uint32_t threshold = 0;
  std::vector<snapscale::key_weight> keys;
  std::vector<permission_level_weight> accounts;
  std::vector<wait_weight> waits;
};

struct producer_schedule {
  uint32_t version = 0;
  std::vector<snapscale::producer_key> producers;
};

struct extension {
  uint16_t type = 0;
  std::vector<char> data;
};

/// A block's header; its SHA-256 is what its producer signs.
struct block_header {
  uint32_t timestamp = 0;
  snapscale::name producer;
  uint16_t confirmed = 0;
  snapscale::checksum256 previous;
  snapscale::checksum256 transaction_mroot;
  snapscale::checksum256 action_mroot;
  uint32_t schedule_version = 0;
  std::optional<producer_schedule> new_producers;
  std::vector<extension> header_extensions;
};

}  // namespace native_types
