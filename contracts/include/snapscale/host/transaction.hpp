/// Host functions about the running transaction.
#pragma once

#include <stdint.h>

namespace snapscale::host {
extern "C" {
void send_deferred(const unsigned __int128* sender_id, uint64_t payer, const char* transaction, uint32_t size, uint32_t replace);
int32_t cancel_deferred(const unsigned __int128* sender_id);
uint32_t read_transaction(char* buffer, uint32_t size);
uint32_t transaction_size();
uint32_t expiration();
int32_t tapos_block_num();
int32_t tapos_block_prefix();
int32_t get_action(uint32_t type, uint32_t index, char* buffer, uint32_t size);
int32_t get_context_free_data(uint32_t index, char* buffer, uint32_t size);
}
}  // namespace snapscale::host
