/// Operations on curves and big numbers, for proofs and for signatures of other chains.
///
/// Numbers and coordinates of alt_bn128 are big-endian, those of BLS12-381 little-endian, in affine form.
#pragma once

#include <snapscale/crypto.hpp>

namespace snapscale {

using bytes = std::vector<char>;

/// What such an operation returns: failure means that an input is no point, or of the wrong size.
enum class return_code : int32_t { failure = -1, success = 0 };

namespace curves {

inline return_code code_of(int32_t result) { return result == 0 ? return_code::success : return_code::failure; }

}  // namespace curves

inline return_code alt_bn128_add(const char* left, uint32_t left_size, const char* right, uint32_t right_size, char* result, uint32_t result_size) {
  return curves::code_of(host::alt_bn128_add(left, left_size, right, right_size, result, result_size));
}

inline return_code alt_bn128_mul(const char* point, uint32_t point_size, const char* scalar, uint32_t scalar_size, char* result, uint32_t result_size) {
  return curves::code_of(host::alt_bn128_mul(point, point_size, scalar, scalar_size, result, result_size));
}

/// 0 if the product of the pairings is one, 1 if it is not, -1 on failure. Each pair takes 192 bytes.
inline int32_t alt_bn128_pair(const char* pairs, uint32_t size) { return host::alt_bn128_pair(pairs, size); }

/// `base` to the power of `exponent` modulo `modulus`; the result has the size of the modulus.
inline return_code mod_exp(const char* base, uint32_t base_size, const char* exponent, uint32_t exponent_size, const char* modulus, uint32_t modulus_size, char* result, uint32_t result_size) {
  return curves::code_of(host::mod_exp(base, base_size, exponent, exponent_size, modulus, modulus_size, result, result_size));
}

inline return_code mod_exp(const bytes& base, const bytes& exponent, const bytes& modulus, bytes& result) {
  result.resize(modulus.size());
  return mod_exp(base.data(), base.size(), exponent.data(), exponent.size(), modulus.data(), modulus.size(), result.data(), result.size());
}

/// The compression function of BLAKE2b.
inline return_code blake2_f(uint32_t rounds, const bytes& state, const bytes& message, const bytes& t0, const bytes& t1, bool final, bytes& result) {
  result.resize(64);
  return curves::code_of(host::blake2_f(rounds, state.data(), state.size(), message.data(), message.size(), t0.data(), t0.size(),
                                        t1.data(), t1.size(), final, result.data(), result.size()));
}

/// The uncompressed K1 key (65 bytes) of a signature in the form v, r, s (65 bytes) over a digest of 32 bytes.
inline return_code k1_recover(const char* signature, uint32_t signature_size, const char* digest, uint32_t digest_size, char* key, uint32_t key_size) {
  return curves::code_of(host::k1_recover(signature, signature_size, digest, digest_size, key, key_size));
}

using bls_scalar = std::array<char, 32>;
using bls_fp = std::array<char, 48>;
using bls_fp2 = std::array<bls_fp, 2>;
using bls_g1 = std::array<char, 96>;
using bls_g2 = std::array<char, 192>;
using bls_gt = std::array<char, 576>;

inline int32_t bls_g1_add(const bls_g1& left, const bls_g1& right, bls_g1& result) {
  return host::bls_g1_add(left.data(), left.size(), right.data(), right.size(), result.data(), result.size());
}

inline int32_t bls_g2_add(const bls_g2& left, const bls_g2& right, bls_g2& result) {
  return host::bls_g2_add(left.data(), left.size(), right.data(), right.size(), result.data(), result.size());
}

inline int32_t bls_g1_weighted_sum(const bls_g1 points[], const bls_scalar scalars[], uint32_t count, bls_g1& result) {
  return host::bls_g1_weighted_sum(points->data(), count * sizeof(bls_g1), scalars->data(), count * sizeof(bls_scalar), count, result.data(), result.size());
}

inline int32_t bls_g2_weighted_sum(const bls_g2 points[], const bls_scalar scalars[], uint32_t count, bls_g2& result) {
  return host::bls_g2_weighted_sum(points->data(), count * sizeof(bls_g2), scalars->data(), count * sizeof(bls_scalar), count, result.data(), result.size());
}

inline int32_t bls_pairing(const bls_g1 g1_points[], const bls_g2 g2_points[], uint32_t count, bls_gt& result) {
  return host::bls_pairing(g1_points->data(), count * sizeof(bls_g1), g2_points->data(), count * sizeof(bls_g2), count, result.data(), result.size());
}

inline int32_t bls_g1_map(const bls_fp& element, bls_g1& result) {
  return host::bls_g1_map(element.data(), element.size(), result.data(), result.size());
}

inline int32_t bls_g2_map(const bls_fp2& element, bls_g2& result) {
  return host::bls_g2_map(element[0].data(), sizeof(bls_fp2), result.data(), result.size());
}

inline int32_t bls_fp_mod(const std::array<char, 64>& scalar, bls_fp& result) {
  return host::bls_fp_mod(scalar.data(), scalar.size(), result.data(), result.size());
}

inline int32_t bls_fp_mul(const bls_fp& left, const bls_fp& right, bls_fp& result) {
  return host::bls_fp_mul(left.data(), left.size(), right.data(), right.size(), result.data(), result.size());
}

inline int32_t bls_fp_exp(const bls_fp& base, const std::array<char, 64>& exponent, bls_fp& result) {
  return host::bls_fp_exp(base.data(), base.size(), exponent.data(), exponent.size(), result.data(), result.size());
}

}  // namespace snapscale
