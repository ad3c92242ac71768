/// Math API: integer arithmetic that ends the transaction in place of wrapping around, and exact helpers.
///
/// The operators of float, double and 128-bit integers need no API. Floating point is IEEE 754 on every node.
///
/// Gas: that of the instructions; nothing here calls the host.
#pragma once

#include <snapscale/core/check.hpp>
#include <snapscale/core/layout.hpp>

namespace snapscale::math {

template <typename T>
constexpr T add(T a, T b) {
  T result{};
  if (__builtin_add_overflow(a, b, &result)) fail("addition overflow");
  return result;
}

template <typename T>
constexpr T subtract(T a, T b) {
  T result{};
  if (__builtin_sub_overflow(a, b, &result)) fail("subtraction overflow");
  return result;
}

template <typename T>
constexpr T multiply(T a, T b) {
  T result{};
  if (__builtin_mul_overflow(a, b, &result)) fail("multiplication overflow");
  return result;
}

template <typename T>
constexpr T divide(T a, T b) {
  if (b == 0) fail("divide by zero");
  if constexpr (T(-1) < T(0)) {
    if (b == -1) return subtract(T(0), a);
  }
  return a / b;
}

/// `a * b / c` rounded towards zero, with a product of 128 bits.
constexpr int64_t multiply_divide(int64_t a, int64_t b, int64_t c) {
  if (c == 0) fail("divide by zero");
  const int128_t result = static_cast<int128_t>(a) * b / c;
  if (result < INT64_MIN || result > INT64_MAX) fail("multiplication overflow");
  return static_cast<int64_t>(result);
}

/// Ten to the power of `exponent`, 0 … 18.
constexpr int64_t power_of_ten(uint32_t exponent) {
  if (exponent > 18) fail("power of ten overflow");
  int64_t result = 1;
  while (exponent-- > 0) result *= 10;
  return result;
}

/// The greatest integer whose square is at most `value`.
constexpr uint64_t square_root(uint64_t value) {
  uint64_t root = 0;
  for (uint64_t bit = uint64_t{1} << 31; bit != 0; bit >>= 1) {
    const uint64_t next = root | bit;
    if (next * next <= value) root = next;
  }
  return root;
}

}  // namespace snapscale::math
