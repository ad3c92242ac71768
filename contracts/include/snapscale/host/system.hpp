/// Host functions about the chain, time, failure and the console.
#pragma once

#include <stdint.h>

namespace snapscale::host {
extern "C" {
uint64_t current_time();
uint32_t get_block_num();
uint32_t get_active_producers(uint64_t* producers, uint32_t size);
bool is_feature_activated(const void* digest);
void eosio_assert(uint32_t test, const char* message);
void eosio_assert_message(uint32_t test, const char* message, uint32_t size);
void eosio_assert_code(uint32_t test, uint64_t code);
[[noreturn]] void eosio_exit(int32_t code);
void prints(const char* text);
void prints_l(const char* text, uint32_t size);
void printi(int64_t value);
void printui(uint64_t value);
void printi128(const __int128* value);
void printui128(const unsigned __int128* value);
void printsf(float value);
void printdf(double value);
void printqf(const long double* value);
void printn(uint64_t name);
void printhex(const void* data, uint32_t size);
}
}  // namespace snapscale::host
