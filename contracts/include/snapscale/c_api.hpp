/// The host functions and types under the names that C has for them, as contracts of the first years call them.
///
/// `eosio_assert(balance > 0, "…")`, `::require_auth(account)`: numbers in place of names. What C++ and C share with the
/// same parameters is the C++ function.
#pragma once

#include <snapscale/snapscale.hpp>

using capi_name = uint64_t;

struct capi_checksum160 {
  uint8_t hash[20];
};
struct capi_checksum256 {
  uint8_t hash[32];
};
struct capi_checksum512 {
  uint8_t hash[64];
};
struct capi_public_key {
  char data[34];
};
struct capi_signature {
  uint8_t data[66];
};

using snapscale::action_data_size;
using snapscale::cancel_deferred;
using snapscale::check_transaction_authorization;
using snapscale::eosio_exit;
using snapscale::expiration;
using snapscale::get_action;
using snapscale::get_context_free_data;
using snapscale::get_sender;
using snapscale::printhex;
using snapscale::publication_time;
using snapscale::read_action_data;
using snapscale::read_transaction;
using snapscale::set_action_return_value;
using snapscale::tapos_block_num;
using snapscale::tapos_block_prefix;
using snapscale::transaction_size;

using snapscale::host::assert_recover_key;
using snapscale::host::assert_ripemd160;
using snapscale::host::assert_sha1;
using snapscale::host::assert_sha256;
using snapscale::host::assert_sha512;
using snapscale::host::check_permission_authorization;
using snapscale::host::current_time;
using snapscale::host::eosio_assert;
using snapscale::host::eosio_assert_code;
using snapscale::host::eosio_assert_message;
using snapscale::host::get_account_creation_time;
using snapscale::host::get_active_producers;
using snapscale::host::get_permission_last_used;
using snapscale::host::has_auth;
using snapscale::host::is_account;
using snapscale::host::printdf;
using snapscale::host::printi;
using snapscale::host::printi128;
using snapscale::host::printn;
using snapscale::host::printqf;
using snapscale::host::prints;
using snapscale::host::prints_l;
using snapscale::host::printsf;
using snapscale::host::printui;
using snapscale::host::printui128;
using snapscale::host::recover_key;
using snapscale::host::require_auth;
using snapscale::host::require_auth2;
using snapscale::host::require_recipient;
using snapscale::host::ripemd160;
using snapscale::host::send_deferred;
using snapscale::host::sha1;
using snapscale::host::sha256;
using snapscale::host::sha512;

using snapscale::host::db_end_i64;
using snapscale::host::db_find_i64;
using snapscale::host::db_get_i64;
using snapscale::host::db_lowerbound_i64;
using snapscale::host::db_next_i64;
using snapscale::host::db_previous_i64;
using snapscale::host::db_remove_i64;
using snapscale::host::db_store_i64;
using snapscale::host::db_update_i64;
using snapscale::host::db_upperbound_i64;

using snapscale::host::get_blockchain_parameters_packed;
using snapscale::host::get_resource_limits;
using snapscale::host::is_privileged;
using snapscale::host::set_blockchain_parameters_packed;
using snapscale::host::set_privileged;
using snapscale::host::set_proposed_producers;
using snapscale::host::set_resource_limits;

/// Seconds since 1970 of the block that this transaction goes into.
inline uint32_t now() { return static_cast<uint32_t>(current_time() / 1000000); }
