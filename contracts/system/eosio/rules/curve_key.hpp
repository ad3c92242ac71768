/// Whether a producer's key is one: the chain refuses a whole schedule for one key that is not a point of its curve, so
/// that such a key must be refused when it is registered.
#pragma once

#include <snapscale/crypto_ext.hpp>

namespace curve_key {

using snapscale::ecc_public_key;

/// A number of at most 320 bits, limbs from the lowest up.
struct wide {
  uint64_t limbs[5] = {};

  static wide from_big_endian(const uint8_t* bytes) {
    wide result;
    for (int i = 0; i < 32; ++i) result.limbs[i / 8] |= uint64_t{bytes[31 - i]} << (8 * (i % 8));
    return result;
  }

  void add(const wide& other) {
    snapscale::uint128_t carry = 0;
    for (int i = 0; i < 5; ++i) {
      carry += static_cast<snapscale::uint128_t>(limbs[i]) + other.limbs[i];
      limbs[i] = static_cast<uint64_t>(carry);
      carry >>= 64;
    }
  }

  /// Subtracts a number that is not greater.
  void subtract(const wide& other) {
    uint64_t borrow = 0;
    for (int i = 0; i < 5; ++i) {
      const snapscale::uint128_t taken = static_cast<snapscale::uint128_t>(other.limbs[i]) + borrow;
      borrow = limbs[i] < taken;
      limbs[i] -= static_cast<uint64_t>(taken);
    }
  }

  friend bool operator<(const wide& a, const wide& b) {
    for (int i = 4; i >= 0; --i) {
      if (a.limbs[i] != b.limbs[i]) return a.limbs[i] < b.limbs[i];
    }
    return false;
  }

  void to_big_endian(uint8_t (&bytes)[40]) const {
    for (int i = 0; i < 40; ++i) bytes[39 - i] = static_cast<uint8_t>(limbs[i / 8] >> (8 * (i % 8)));
  }
};

/// y² = x³ + ax + b modulo a prime: the prime, half of the prime less one, and b; a is 0 or -3.
struct curve {
  uint8_t prime[32];
  uint8_t half[32];
  uint8_t b[32];
  bool minus_three;
};

inline constexpr curve secp256k1 = {
    {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xfc, 0x2f},
    {0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xfe, 0x17},
    {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7},
    false};

inline constexpr curve secp256r1 = {
    {0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
     0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
    {0x7f, 0xff, 0xff, 0xff, 0x80, 0x00, 0x00, 0x00, 0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
     0x00, 0x00, 0x00, 0x00, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
    {0x5a, 0xc6, 0x35, 0xd8, 0xaa, 0x3a, 0x93, 0xe7, 0xb3, 0xeb, 0xbd, 0x55, 0x76, 0x98, 0x86, 0xbc,
     0x65, 0x1d, 0x06, 0xb0, 0xcc, 0x53, 0xb0, 0xf6, 0x3b, 0xce, 0x3c, 0x3e, 0x27, 0xd2, 0x60, 0x4b},
    true};

inline bool power(const uint8_t* base, uint32_t base_size, const uint8_t* exponent, uint32_t exponent_size,
                  const curve& of, uint8_t (&result)[32]) {
  const auto chars = [](const uint8_t* bytes) { return reinterpret_cast<const char*>(bytes); };
  return snapscale::mod_exp(chars(base), base_size, chars(exponent), exponent_size, chars(of.prime), 32,
                            reinterpret_cast<char*>(result), 32) == snapscale::return_code::success;
}

/// True if x³ + ax + b is a square, by Euler's criterion: a point with that x exists. Costs about 300,000 gas.
inline bool has_point(const uint8_t* x_bytes, const curve& of) {
  const wide prime = wide::from_big_endian(of.prime);
  const wide x = wide::from_big_endian(x_bytes);
  if (!(x < prime)) return false;
  const uint8_t three = 3;
  uint8_t cube[32];
  if (!power(x_bytes, 32, &three, 1, of, cube)) return false;
  wide square = wide::from_big_endian(cube);
  square.add(wide::from_big_endian(of.b));
  if (of.minus_three) {
    wide negative = prime;
    negative.subtract(x);
    for (int i = 0; i < 3; ++i) square.add(negative);
  }
  uint8_t square_bytes[40];
  square.to_big_endian(square_bytes);
  uint8_t symbol[32];
  if (!power(square_bytes, 40, of.half, 32, of, symbol)) return false;
  for (int i = 0; i < 31; ++i) {
    if (symbol[i] != 0) return false;
  }
  return symbol[31] == 1;
}

inline bool is_point(const ecc_public_key& key, const curve& of) {
  if (key[0] != 2 && key[0] != 3) return false;
  return has_point(reinterpret_cast<const uint8_t*>(key.data()) + 1, of);
}

/// True for K1 and R1 keys that are points of their curves; WebAuthn keys cannot sign blocks.
inline bool can_sign_blocks(const snapscale::public_key& key) {
  if (key.index() == 0) return is_point(std::get<0>(key), secp256k1);
  if (key.index() == 1) return is_point(std::get<1>(key), secp256r1);
  return false;
}

}  // namespace curve_key
