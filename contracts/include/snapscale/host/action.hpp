/// Host functions about the running action, its authorizations and accounts.
///
/// Every header in this folder only declares functions that the node supplies as WebAssembly imports of module `env`.
/// The linker takes the list of permitted imports from these declarations, one function a line.
#pragma once

#include <stdint.h>

namespace snapscale::host {
extern "C" {
uint32_t read_action_data(void* buffer, uint32_t size);
uint32_t action_data_size();
uint64_t current_receiver();
uint64_t get_sender();
void set_action_return_value(const void* data, uint32_t size);
void require_auth(uint64_t account);
void require_auth2(uint64_t account, uint64_t permission);
bool has_auth(uint64_t account);
void require_recipient(uint64_t account);
bool is_account(uint64_t account);
void send_inline(const char* action, uint32_t size);
void send_context_free_inline(const char* action, uint32_t size);
uint64_t publication_time();
uint32_t get_code_hash(uint64_t account, uint32_t struct_version, char* result, uint32_t size);
int32_t check_transaction_authorization(const char* transaction, uint32_t transaction_size, const char* keys, uint32_t keys_size, const char* permissions, uint32_t permissions_size);
int32_t check_permission_authorization(uint64_t account, uint64_t permission, const char* keys, uint32_t keys_size, const char* permissions, uint32_t permissions_size, uint64_t delay_us);
int64_t get_permission_last_used(uint64_t account, uint64_t permission);
int64_t get_account_creation_time(uint64_t account);
}
}  // namespace snapscale::host
