/// Host functions that only privileged accounts may call; for others they fail at the call, not at deployment.
#pragma once

#include <stdint.h>

namespace snapscale::host {
extern "C" {
void set_resource_limits(uint64_t account, int64_t ram_bytes, int64_t net_weight, int64_t cpu_weight);
void get_resource_limits(uint64_t account, int64_t* ram_bytes, int64_t* net_weight, int64_t* cpu_weight);
int64_t set_proposed_producers(const char* producers, uint32_t size);
int64_t set_proposed_producers_ex(uint64_t format, const char* producers, uint32_t size);
uint32_t get_blockchain_parameters_packed(char* data, uint32_t size);
void set_blockchain_parameters_packed(const char* data, uint32_t size);
uint32_t get_parameters_packed(const char* ids, uint32_t ids_size, char* parameters, uint32_t size);
void set_parameters_packed(const char* parameters, uint32_t size);
uint32_t get_wasm_parameters_packed(char* data, uint32_t size, uint32_t max_version);
void set_wasm_parameters_packed(const char* data, uint32_t size);
bool is_privileged(uint64_t account);
void set_privileged(uint64_t account, bool privileged);
void preactivate_feature(const void* digest);
void set_finalizers(uint64_t format, const char* finalizers, uint32_t size);
}
}  // namespace snapscale::host
