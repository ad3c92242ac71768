/// Host functions for hashes, signatures and pairing-friendly curves.
#pragma once

#include <stdint.h>

namespace snapscale::host {
extern "C" {
void assert_sha256(const char* data, uint32_t size, const void* hash);
void assert_sha1(const char* data, uint32_t size, const void* hash);
void assert_sha512(const char* data, uint32_t size, const void* hash);
void assert_ripemd160(const char* data, uint32_t size, const void* hash);
void sha256(const char* data, uint32_t size, void* hash);
void sha1(const char* data, uint32_t size, void* hash);
void sha512(const char* data, uint32_t size, void* hash);
void ripemd160(const char* data, uint32_t size, void* hash);
void sha3(const char* data, uint32_t size, char* hash, uint32_t hash_size, int32_t keccak);
int32_t recover_key(const void* digest, const char* signature, uint32_t signature_size, char* key, uint32_t key_size);
void assert_recover_key(const void* digest, const char* signature, uint32_t signature_size, const char* key, uint32_t key_size);
int32_t k1_recover(const char* signature, uint32_t signature_size, const char* digest, uint32_t digest_size, char* key, uint32_t key_size);
int32_t alt_bn128_add(const char* left, uint32_t left_size, const char* right, uint32_t right_size, char* result, uint32_t result_size);
int32_t alt_bn128_mul(const char* point, uint32_t point_size, const char* scalar, uint32_t scalar_size, char* result, uint32_t result_size);
int32_t alt_bn128_pair(const char* pairs, uint32_t size);
int32_t mod_exp(const char* base, uint32_t base_size, const char* exponent, uint32_t exponent_size, const char* modulus, uint32_t modulus_size, char* result, uint32_t result_size);
int32_t blake2_f(uint32_t rounds, const char* state, uint32_t state_size, const char* message, uint32_t message_size, const char* t0, uint32_t t0_size, const char* t1, uint32_t t1_size, int32_t final, char* result, uint32_t result_size);
int32_t bls_g1_add(const char* left, uint32_t left_size, const char* right, uint32_t right_size, char* result, uint32_t result_size);
int32_t bls_g2_add(const char* left, uint32_t left_size, const char* right, uint32_t right_size, char* result, uint32_t result_size);
int32_t bls_g1_weighted_sum(const char* points, uint32_t points_size, const char* scalars, uint32_t scalars_size, uint32_t count, char* result, uint32_t result_size);
int32_t bls_g2_weighted_sum(const char* points, uint32_t points_size, const char* scalars, uint32_t scalars_size, uint32_t count, char* result, uint32_t result_size);
int32_t bls_pairing(const char* g1_points, uint32_t g1_size, const char* g2_points, uint32_t g2_size, uint32_t count, char* result, uint32_t result_size);
int32_t bls_g1_map(const char* element, uint32_t element_size, char* result, uint32_t result_size);
int32_t bls_g2_map(const char* element, uint32_t element_size, char* result, uint32_t result_size);
int32_t bls_fp_mod(const char* scalar, uint32_t scalar_size, char* result, uint32_t result_size);
int32_t bls_fp_mul(const char* left, uint32_t left_size, const char* right, uint32_t right_size, char* result, uint32_t result_size);
int32_t bls_fp_exp(const char* base, uint32_t base_size, const char* exponent, uint32_t exponent_size, char* result, uint32_t result_size);
}
}  // namespace snapscale::host
