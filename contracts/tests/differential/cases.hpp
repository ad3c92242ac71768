/// Inputs of the differential test: the case with a number is the same on every machine. Only integer arithmetic and
/// bit patterns make them, so that nothing under test decides what is tested.
#pragma once

#include <cstdint>
#include <cstring>

namespace differential {

using int128 = __int128;
using uint128 = unsigned __int128;

template <typename To, typename From>
inline To bits_as(const From& value) {
  static_assert(sizeof(To) == sizeof(From), "both have the same size");
  To result;
  std::memcpy(&result, &value, sizeof(To));
  return result;
}

/// SplitMix64: every number of one sequence for each seed.
class random_bits {
 public:
  explicit random_bits(uint64_t seed) : state(seed * 0x9e3779b97f4a7c15u + 0x2545f4914f6cdd1du) {}

  uint64_t next() {
    uint64_t z = (state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }

  uint32_t below(uint32_t bound) { return static_cast<uint32_t>(next() % bound); }

 private:
  uint64_t state;
};

/// Zeros, the smallest and greatest of each kind, infinities, NaN, halves, and the edges of the integers.
constexpr uint64_t special_doubles[] = {
    0x0000000000000000, 0x8000000000000000, 0x0000000000000001, 0x8000000000000001, 0x000fffffffffffff,
    0x800fffffffffffff, 0x0010000000000000, 0x8010000000000000, 0x7fefffffffffffff, 0xffefffffffffffff,
    0x7ff0000000000000, 0xfff0000000000000, 0x7ff8000000000000, 0x3ff0000000000000, 0xbff0000000000000,
    0x3ff0000000000001, 0x3fefffffffffffff, 0x3fe0000000000000, 0xbfe0000000000000, 0x3ff8000000000000,
    0x4004000000000000, 0xc004000000000000, 0x4340000000000000, 0x4330000000000001, 0x432fffffffffffff,
    0x43e0000000000000, 0xc3e0000000000000, 0x43f0000000000000, 0x41dfffffffc00000, 0x400921fb54442d18,
};
constexpr uint32_t special_floats[] = {
    0x00000000, 0x80000000, 0x00000001, 0x80000001, 0x007fffff, 0x807fffff, 0x00800000, 0x80800000,
    0x7f7fffff, 0xff7fffff, 0x7f800000, 0xff800000, 0x7fc00000, 0x3f800000, 0xbf800000, 0x3f800001,
    0x3f7fffff, 0x3f000000, 0x3fc00000, 0x40200000, 0xc0200000, 0x4b800000, 0x4b000001, 0x5f000000,
};
constexpr uint32_t double_count = sizeof(special_doubles) / sizeof(uint64_t);
constexpr uint32_t float_count = sizeof(special_floats) / sizeof(uint32_t);

/// A whole number of halves below 2^40: what rounding has to decide.
inline double halves(random_bits& random) {
  const int64_t count = static_cast<int64_t>(random.next() >> (24 + random.below(36)));
  return static_cast<double>(random.below(2) == 0 ? count : -count) / 2;
}

/// A number whose exponent is among those that occur in practice.
inline double ordinary(random_bits& random) {
  const uint64_t exponent = 1023 - 20 + random.below(40);
  return bits_as<double>((random.next() & 0x800fffffffffffff) | exponent << 52);
}

inline uint64_t double_bits(random_bits& random) {
  const uint64_t bits = random.next();
  const uint64_t beside = bits % 3 - 1;
  switch (random.below(8)) {
    case 0:
      return special_doubles[random.below(double_count)];
    case 1:
      return bits & 0x800fffffffffffff;
    case 2:
      return bits_as<uint64_t>(halves(random));
    // Half way between two floats, or beside it.
    case 3:
      return ((bits & 0xc7ffffffe0000000) | 0x10000000) + beside;
    case 4:
      return (bits & ~uint64_t{0} << 45) + beside;
    case 5:
      return bits;
    default:
      return bits_as<uint64_t>(ordinary(random));
  }
}

/// Any number, and the quiet NaN: the signaling ones are the processor's affair.
inline double any_double(random_bits& random) {
  const uint64_t bits = double_bits(random);
  return bits_as<double>((bits << 1) > 0xffe0000000000000 ? 0x7ff8000000000000 : bits);
}

inline uint32_t float_bits(random_bits& random) {
  const uint32_t bits = static_cast<uint32_t>(random.next());
  switch (random.below(6)) {
    case 0:
      return special_floats[random.below(float_count)];
    case 1:
      return bits & 0x807fffff;
    case 2:
      return (bits & 0x803ff000) | (127 + random.below(12)) << 23;
    case 3:
      return bits;
    default:
      return (bits & 0x807fffff) | (127 - 10 + random.below(20)) << 23;
  }
}

inline float any_float(random_bits& random) {
  const uint32_t bits = float_bits(random);
  return bits_as<float>((bits << 1) > 0xff000000 ? 0x7fc00000 : bits);
}

/// Numbers of every length, near powers of two, and the extremes.
inline uint128 any_wide(random_bits& random) {
  const uint64_t high = random.next();
  const uint128 bits = static_cast<uint128>(high) << 64 | random.next();
  switch (random.below(5)) {
    case 0:
      return bits;
    case 1:
      return (uint128{1} << random.below(128)) + high % 3 - 1;
    case 2:
      return ~(bits >> random.below(128));
    case 3:
      return random.below(16) - uint128{8};
    default:
      return bits >> random.below(128);
  }
}

}  // namespace differential
