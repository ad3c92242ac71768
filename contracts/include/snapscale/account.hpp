/// Account API: who exists, who has signed, who may sign.
///
/// Gas: `require_auth` and `has_auth` 60, `is_account` and the times 1,500, `get_code_hash` 1,500,
/// `check_*_authorization` 20,000 and 60 for each byte of keys and levels, 10 for each byte checked.
#pragma once

#include <snapscale/core/serialize.hpp>
#include <snapscale/core/time.hpp>
#include <snapscale/core/name.hpp>
#include <snapscale/crypto.hpp>
#include <snapscale/host/action.hpp>

namespace snapscale {

/// One of an account's permissions, as it signs an action.
struct permission_level {
  constexpr permission_level() = default;
  constexpr permission_level(name actor, name permission) : actor(actor), permission(permission) {}

  void print() const {
    actor.print();
    host::prints("@");
    permission.print();
  }

  friend constexpr bool operator==(const permission_level& a, const permission_level& b) {
    return a.actor == b.actor && a.permission == b.permission;
  }
  friend constexpr bool operator!=(const permission_level& a, const permission_level& b) { return !(a == b); }
  friend constexpr bool operator<(const permission_level& a, const permission_level& b) {
    return a.actor != b.actor ? a.actor < b.actor : a.permission < b.permission;
  }

  name actor;
  name permission;
};

template <>
inline constexpr bool packs_bitwise<permission_level> = true;

/// Ends the transaction unless `account` authorized the running action, with any of its permissions.
inline void require_auth(name account) { host::require_auth(account.value); }

/// Ends the transaction unless exactly this permission authorized the running action.
inline void require_auth(const permission_level& level) { host::require_auth2(level.actor.value, level.permission.value); }

/// True if `account` authorized the running action.
inline bool has_auth(name account) { return host::has_auth(account.value); }

/// True if the account exists.
inline bool is_account(name account) { return host::is_account(account.value); }

inline time_point get_account_creation_time(name account) {
  return time_point(microseconds(host::get_account_creation_time(account.value)));
}

/// When the permission last authorized an action; its creation time if it never did.
inline time_point get_permission_last_used(name account, name permission) {
  return time_point(microseconds(host::get_permission_last_used(account.value, permission.value)));
}

/// The code that is deployed to an account.
struct code_hash_result {
  unsigned_int struct_version;
  uint64_t code_sequence = 0;
  checksum256 code_hash;
  uint8_t vm_type = 0;
  uint8_t vm_version = 0;
};

/// The hash of an account's code, with the number of changes to it; of zeros for an account without code.
inline checksum256 get_code_hash(name account, code_hash_result* full_result = nullptr) {
  char bytes[64];
  const uint32_t size = host::get_code_hash(account.value, 0, bytes, sizeof(bytes));
  check(size <= sizeof(bytes), "get_code_hash: the result is larger than expected");
  code_hash_result result;
  unpack(result, bytes, size);
  if (full_result != nullptr) *full_result = result;
  return result.code_hash;
}

/// True if the packed keys and permissions satisfy `account`'s `permission` after waiting `delay_us`.
inline bool check_permission_authorization(name account, name permission, const std::set<public_key>& keys,
                                           const std::set<permission_level>& permissions, uint64_t delay_us = INT64_MAX) {
  const std::vector<char> packed_keys = keys.empty() ? std::vector<char>() : pack(keys);
  const std::vector<char> packed_permissions = permissions.empty() ? std::vector<char>() : pack(permissions);
  return host::check_permission_authorization(account.value, permission.value, packed_keys.data(), packed_keys.size(),
                                              packed_permissions.data(), packed_permissions.size(), delay_us) > 0;
}

inline int32_t check_permission_authorization(name account, name permission, const char* keys, uint32_t keys_size,
                                              const char* permissions, uint32_t permissions_size, microseconds delay) {
  return host::check_permission_authorization(account.value, permission.value, keys, keys_size, permissions,
                                              permissions_size, static_cast<uint64_t>(delay.count()));
}

/// True if the given keys and permissions suffice to authorize the packed transaction.
inline int32_t check_transaction_authorization(const char* transaction, uint32_t transaction_size, const char* keys,
                                               uint32_t keys_size, const char* permissions, uint32_t permissions_size) {
  return host::check_transaction_authorization(transaction, transaction_size, keys, keys_size, permissions, permissions_size);
}

}  // namespace snapscale
