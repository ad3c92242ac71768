/// Operations on curves and big numbers, for proofs and for signatures of other chains.
///
/// Numbers and coordinates of alt_bn128 are big-endian, those of BLS12-381 little-endian, in affine form.
#pragma once

#include <snapscale/crypto.hpp>

namespace snapscale {

using bytes = std::vector<char>;

/// What most of these operations return: failure means that an input is no point, or of the wrong size.
struct return_code {
  enum : int32_t { failure = -1, success = 0 };
};

/// A number of any size.
using bigint = bytes;

/// A point on alt_bn128: 32 bytes for each coordinate in the first group, 64 in the second.
template <size_t Size>
struct ec_point {
  ec_point(const bytes& x, const bytes& y) : x(x), y(y) {
    check(x.size() == Size && y.size() == Size, "point size must match");
  }
  explicit ec_point(const bytes& both) {
    check(both.size() == 2 * Size, "point size must match");
    x.assign(both.begin(), both.begin() + Size);
    y.assign(both.begin() + Size, both.end());
  }

  bytes serialized() const {
    bytes both = x;
    both.insert(both.end(), y.begin(), y.end());
    return both;
  }

  bytes x;
  bytes y;
};

/// A point whose coordinates lie elsewhere, and stay there as long as the view is used.
template <size_t Size>
struct ec_point_view {
  ec_point_view(const char* x, uint32_t x_size, const char* y, uint32_t y_size) : x(x), y(y) {
    check(x_size == Size && y_size == Size, "point size must match");
  }
  explicit ec_point_view(const bytes& both) : x(both.data()), y(both.data() + Size) {
    check(both.size() == 2 * Size, "point size must match");
  }
  explicit ec_point_view(const ec_point<Size>& point) : x(point.x.data()), y(point.y.data()) {}

  bytes serialized() const {
    bytes both(x, x + Size);
    both.insert(both.end(), y, y + Size);
    return both;
  }

  const char* x;
  const char* y;
  uint32_t size = Size;
};

using g1_point = ec_point<32>;
using g2_point = ec_point<64>;
using g1_point_view = ec_point_view<32>;
using g2_point_view = ec_point_view<64>;

inline int32_t alt_bn128_add(const char* left, uint32_t left_size, const char* right, uint32_t right_size, char* result, uint32_t result_size) {
  return host::alt_bn128_add(left, left_size, right, right_size, result, result_size);
}

inline int32_t alt_bn128_mul(const char* point, uint32_t point_size, const char* scalar, uint32_t scalar_size, char* result, uint32_t result_size) {
  return host::alt_bn128_mul(point, point_size, scalar, scalar_size, result, result_size);
}

/// 0 if the product of the pairings is one, 1 if it is not, -1 on failure. Each pair takes 192 bytes.
inline int32_t alt_bn128_pair(const char* pairs, uint32_t size) { return host::alt_bn128_pair(pairs, size); }

/// The sum of two points of the first group; ends the transaction if they are not such points.
template <typename Point>
inline g1_point alt_bn128_add(const Point& left, const Point& right) {
  const bytes a = left.serialized();
  const bytes b = right.serialized();
  bytes result(64);
  check(alt_bn128_add(a.data(), a.size(), b.data(), b.size(), result.data(), result.size()) == return_code::success, "alt_bn128_add: invalid point");
  return g1_point(result);
}

/// A point of the first group times a number of 32 bytes; ends the transaction if they are not such.
template <typename Point>
inline g1_point alt_bn128_mul(const Point& point, const bigint& scalar) {
  const bytes a = point.serialized();
  bytes result(64);
  check(alt_bn128_mul(a.data(), a.size(), scalar.data(), scalar.size(), result.data(), result.size()) == return_code::success, "alt_bn128_mul: invalid point or scalar");
  return g1_point(result);
}

/// The same as for packed pairs.
template <typename G1, typename G2>
inline int32_t alt_bn128_pair(const std::vector<std::pair<G1, G2>>& pairs) {
  bytes packed;
  for (const auto& [g1, g2] : pairs) {
    for (const bytes& point : {g1.serialized(), g2.serialized()}) packed.insert(packed.end(), point.begin(), point.end());
  }
  return alt_bn128_pair(packed.data(), packed.size());
}

/// `base` to the power of `exponent` modulo `modulus`; the result has the size of the modulus.
inline int32_t mod_exp(const char* base, uint32_t base_size, const char* exponent, uint32_t exponent_size, const char* modulus, uint32_t modulus_size, char* result, uint32_t result_size) {
  return host::mod_exp(base, base_size, exponent, exponent_size, modulus, modulus_size, result, result_size);
}

inline int32_t mod_exp(const bytes& base, const bytes& exponent, const bytes& modulus, bytes& result) {
  result.resize(modulus.size());
  return mod_exp(base.data(), base.size(), exponent.data(), exponent.size(), modulus.data(), modulus.size(), result.data(), result.size());
}

/// Bytes of a result of `blake2_f`.
inline constexpr size_t blake2f_result_size = 64;

/// The compression function of BLAKE2b.
inline int32_t blake2_f(uint32_t rounds, const bytes& state, const bytes& message, const bytes& t0, const bytes& t1, bool final, bytes& result) {
  result.resize(blake2f_result_size);
  return host::blake2_f(rounds, state.data(), state.size(), message.data(), message.size(), t0.data(), t0.size(),
                                        t1.data(), t1.size(), final, result.data(), result.size());
}

/// The uncompressed K1 key (65 bytes) of a signature in the form v, r, s (65 bytes) over a digest of 32 bytes.
inline int32_t k1_recover(const char* signature, uint32_t signature_size, const char* digest, uint32_t digest_size, char* key, uint32_t key_size) {
  return host::k1_recover(signature, signature_size, digest, digest_size, key, key_size);
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
