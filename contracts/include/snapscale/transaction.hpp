/// Transaction API: the running transaction, and building others.
#pragma once

#include <snapscale/action.hpp>
#include <snapscale/host/transaction.hpp>

namespace snapscale {

/// When a transaction expires, which chain state it refers to, and its limits.
class transaction_header {
 public:
  /// A header that expires a minute from now.
  transaction_header() : expiration(chain_now() + seconds(60)) {}
  explicit transaction_header(time_point_sec expiration) : expiration(expiration) {}

  time_point_sec expiration;
  uint16_t ref_block_num = 0;
  uint32_t ref_block_prefix = 0;
  unsigned_int max_net_usage_words = 0;
  uint8_t max_cpu_usage_ms = 0;
  unsigned_int delay_sec = 0;

  EOSLIB_SERIALIZE(transaction_header, (expiration)(ref_block_num)(ref_block_prefix)(max_net_usage_words)(max_cpu_usage_ms)(delay_sec))

 private:
  static time_point chain_now();
};

/// Data of a kind that transactions of the first version did not have.
struct extension {
  uint16_t type = 0;
  std::vector<char> data;
};

using extensions_type = std::vector<extension>;

class transaction : public transaction_header {
 public:
  using transaction_header::transaction_header;

  /// Has no effect on this chain: transactions cannot be deferred. Kept for contracts that call it.
  void send(const uint128_t& sender_id, name payer, bool replace_existing = false) const {
    with_packed(*this, [&](const char* bytes, uint32_t size) {
      host::send_deferred(&sender_id, payer.value, bytes, size, replace_existing);
    });
  }

  std::vector<action> context_free_actions;
  std::vector<action> actions;
  extensions_type transaction_extensions;

  EOSLIB_SERIALIZE_DERIVED(transaction, transaction_header, (context_free_actions)(actions)(transaction_extensions))
};

/// True if the given keys and permissions suffice to authorize `trx`.
inline bool check_transaction_authorization(const transaction& trx, const std::set<permission_level>& permissions,
                                            const std::set<public_key>& keys) {
  const std::vector<char> packed_permissions = permissions.empty() ? std::vector<char>() : pack(permissions);
  const std::vector<char> packed_keys = keys.empty() ? std::vector<char>() : pack(keys);
  return with_packed(trx, [&](const char* bytes, uint32_t size) {
    return check_transaction_authorization(bytes, size, packed_keys.data(), packed_keys.size(), packed_permissions.data(),
                                           packed_permissions.size()) > 0;
  });
}

/// What the chain would tell the sender of a failed deferred transaction.
struct onerror {
  uint128_t sender_id = 0;
  std::vector<char> sent_trx;

  static onerror from_current_action() { return unpack_action_data<onerror>(); }

  transaction unpack_sent_trx() const { return unpack<transaction>(sent_trx); }
};

inline void send_deferred(const uint128_t& sender_id, name payer, const char* transaction, size_t size, bool replace = false) {
  host::send_deferred(&sender_id, payer.value, transaction, static_cast<uint32_t>(size), replace);
}
inline int cancel_deferred(const uint128_t& sender_id) { return host::cancel_deferred(&sender_id); }

/// Copies at most `size` bytes of the packed running transaction; returns their number.
inline size_t read_transaction(char* buffer, size_t size) { return host::read_transaction(buffer, static_cast<uint32_t>(size)); }
inline size_t transaction_size() { return host::transaction_size(); }
inline int tapos_block_num() { return host::tapos_block_num(); }
inline int tapos_block_prefix() { return host::tapos_block_prefix(); }

/// When the running transaction expires, in seconds since 1970.
inline uint32_t expiration() { return host::expiration(); }

/// Action `index` of the running transaction; `type` is 0 for context free actions and 1 for others.
inline action get_action(uint32_t type, uint32_t index) {
  const int32_t size = host::get_action(type, index, nullptr, 0);
  check(size > 0, "get_action size failed");
  std::vector<char> bytes(static_cast<size_t>(size));
  check(host::get_action(type, index, bytes.data(), bytes.size()) == size, "get_action failed");
  return unpack<action>(bytes);
}

/// Copies context free data `index`; returns its size, or -1 if there is none. For context free actions only.
inline int get_context_free_data(uint32_t index, char* buffer, size_t size) {
  return host::get_context_free_data(index, buffer, static_cast<uint32_t>(size));
}

}  // namespace snapscale

#include <snapscale/chain.hpp>

inline snapscale::time_point snapscale::transaction_header::chain_now() { return current_time_point(); }
