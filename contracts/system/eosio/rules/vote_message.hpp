/// What finalizers sign (consensus.md 4.1).
#pragma once

#include <snapscale/crypto.hpp>

#include <cstring>

namespace vote_message {

inline constexpr uint8_t prepare = 0;
inline constexpr uint8_t commit = 1;

/// SHA-256 of the domain, the chain's id, the phase (one byte), the slot (little-endian) and the block's id.
inline snapscale::checksum256 digest(const snapscale::checksum256& chain_id, uint8_t phase, uint32_t slot,
                                     const snapscale::checksum256& block_id) {
  constexpr char domain[] = "SNAP/VOTE/1";
  constexpr size_t domain_size = sizeof(domain) - 1;
  char message[domain_size + 32 + 1 + 4 + 32];
  char* at = message;
  const auto append = [&at](const void* bytes, size_t size) {
    std::memcpy(at, bytes, size);
    at += size;
  };
  append(domain, domain_size);
  const auto chain = chain_id.extract_as_byte_array();
  append(chain.data(), chain.size());
  append(&phase, sizeof(phase));
  append(&slot, sizeof(slot));
  const auto block = block_id.extract_as_byte_array();
  append(block.data(), block.size());
  return snapscale::sha256(message, sizeof(message));
}

}  // namespace vote_message
