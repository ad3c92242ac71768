/// What only privileged accounts, such as the system contract's, may do.
#pragma once

#include <snapscale/crypto.hpp>
#include <snapscale/core/name.hpp>
#include <snapscale/host/privileged.hpp>

namespace snapscale {

/// The limits that the chain's governors set; the chain's own description of each is in its genesis reference.
struct blockchain_parameters {
  static constexpr int percent_1 = 100;

  uint64_t max_block_net_usage;
  uint32_t target_block_net_usage_pct;
  uint32_t max_transaction_net_usage;
  uint32_t base_per_transaction_net_usage;
  uint32_t net_usage_leeway;
  uint32_t context_free_discount_net_usage_num;
  uint32_t context_free_discount_net_usage_den;
  uint32_t max_block_cpu_usage;
  uint32_t target_block_cpu_usage_pct;
  uint32_t max_transaction_cpu_usage;
  uint32_t min_transaction_cpu_usage;
  uint32_t max_transaction_lifetime;
  uint32_t deferred_trx_expiration_window;
  uint32_t max_transaction_delay;
  uint32_t max_inline_action_size;
  uint16_t max_inline_action_depth;
  uint16_t max_authority_depth;

  EOSLIB_SERIALIZE(blockchain_parameters,
                   (max_block_net_usage)(target_block_net_usage_pct)(max_transaction_net_usage)(base_per_transaction_net_usage)
                   (net_usage_leeway)(context_free_discount_net_usage_num)(context_free_discount_net_usage_den)
                   (max_block_cpu_usage)(target_block_cpu_usage_pct)(max_transaction_cpu_usage)(min_transaction_cpu_usage)
                   (max_transaction_lifetime)(deferred_trx_expiration_window)(max_transaction_delay)
                   (max_inline_action_size)(max_inline_action_depth)(max_authority_depth))
};

inline void set_blockchain_parameters(const blockchain_parameters& parameters) {
  with_packed(parameters, host::set_blockchain_parameters_packed);
}

inline void get_blockchain_parameters(blockchain_parameters& parameters) {
  char bytes[stack_buffer_size_max];
  const uint32_t size = host::get_blockchain_parameters_packed(bytes, sizeof(bytes));
  check(size <= sizeof(bytes), "buffer is too small");
  unpack(parameters, bytes, size);
}

/// Sets an account's quotas; -1 is without limit.
inline void set_resource_limits(name account, int64_t ram_bytes, int64_t net_weight, int64_t cpu_weight) {
  host::set_resource_limits(account.value, ram_bytes, net_weight, cpu_weight);
}
inline void get_resource_limits(name account, int64_t& ram_bytes, int64_t& net_weight, int64_t& cpu_weight) {
  host::get_resource_limits(account.value, &ram_bytes, &net_weight, &cpu_weight);
}

/// Sets one of an account's quotas: `resource` is `ram`, `net` or `cpu`.
inline void set_resource_limit(name account, name resource, int64_t limit) {
  int64_t ram, net, cpu;
  get_resource_limits(account, ram, net, cpu);
  if (resource == "ram"_n) {
    ram = limit;
  } else if (resource == "net"_n) {
    net = limit;
  } else {
    check(resource == "cpu"_n, "a resource is ram, net or cpu");
    cpu = limit;
  }
  set_resource_limits(account, ram, net, cpu);
}

/// One of an account's quotas: of `ram`, `net` or `cpu`.
inline int64_t get_resource_limit(name account, name resource) {
  int64_t ram, net, cpu;
  get_resource_limits(account, ram, net, cpu);
  if (resource == "ram"_n) return ram;
  if (resource == "net"_n) return net;
  check(resource == "cpu"_n, "a resource is ram, net or cpu");
  return cpu;
}

/// A producer and the key of its block signatures.
struct producer_key {
  name producer_name;
  public_key block_signing_key;

  friend bool operator<(const producer_key& a, const producer_key& b) { return a.producer_name < b.producer_name; }
};

/// The producers of a schedule, as headers of Antelope's first version carry them.
struct producer_schedule {
  uint32_t version = 0;
  std::vector<producer_key> producers;
};

struct key_weight {
  public_key key;
  uint16_t weight = 0;
};

struct block_signing_authority_v0 {
  uint32_t threshold = 0;
  std::vector<key_weight> keys;

  /// True if the threshold can be reached, by keys that differ.
  bool is_valid() const {
    uint64_t sum = 0;
    for (size_t i = 0; i < keys.size(); ++i) {
      for (size_t j = 0; j < i; ++j) {
        if (keys[i].key == keys[j].key) return false;
      }
      sum += keys[i].weight;
    }
    return threshold > 0 && sum >= threshold;
  }
};

using block_signing_authority = std::variant<block_signing_authority_v0>;

/// A producer and the authority of its block signatures.
struct producer_authority {
  name producer_name;
  block_signing_authority authority;

  friend bool operator<(const producer_authority& a, const producer_authority& b) { return a.producer_name < b.producer_name; }
};

/// Proposes a schedule; returns its version, or nothing if it is not accepted.
inline std::optional<uint64_t> set_proposed_producers(const std::vector<producer_key>& producers) {
  const int64_t version = with_packed(producers, [](const char* bytes, uint32_t size) { return host::set_proposed_producers(bytes, size); });
  return version >= 0 ? std::optional<uint64_t>(static_cast<uint64_t>(version)) : std::nullopt;
}

inline std::optional<uint64_t> set_proposed_producers(const std::vector<producer_authority>& producers) {
  const int64_t version = with_packed(producers, [](const char* bytes, uint32_t size) { return host::set_proposed_producers_ex(1, bytes, size); });
  return version >= 0 ? std::optional<uint64_t>(static_cast<uint64_t>(version)) : std::nullopt;
}

inline bool is_privileged(name account) { return host::is_privileged(account.value); }
inline void set_privileged(name account, bool privileged) { host::set_privileged(account.value, privileged); }

/// Lets a protocol feature come into force with the next block.
inline void preactivate_feature(const checksum256& feature_digest) {
  const auto bytes = feature_digest.extract_as_byte_array();
  host::preactivate_feature(bytes.data());
}

inline void set_parameters_packed(const char* parameters, uint32_t size) { host::set_parameters_packed(parameters, size); }
inline uint32_t get_parameters_packed(const char* ids, uint32_t ids_size, char* parameters, uint32_t size) {
  return host::get_parameters_packed(ids, ids_size, parameters, size);
}
inline void set_wasm_parameters_packed(const void* data, size_t size) {
  host::set_wasm_parameters_packed(static_cast<const char*>(data), static_cast<uint32_t>(size));
}
inline uint32_t get_wasm_parameters_packed(void* data, size_t size, uint32_t max_version = 0) {
  return host::get_wasm_parameters_packed(static_cast<char*>(data), static_cast<uint32_t>(size), max_version);
}

/// Sets the finalizers of blocks, in the packed form that the chain defines.
inline void set_finalizers(const char* finalizers, uint32_t size) { host::set_finalizers(0, finalizers, size); }

}  // namespace snapscale
