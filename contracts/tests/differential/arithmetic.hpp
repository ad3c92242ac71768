/// The operations under test on numbers. What C++ leaves undefined (overflow of signed integers, conversions out of
/// range) is kept out: there compilers may differ.
#pragma once

#include "cases.hpp"

#include <cmath>
#include <type_traits>

namespace differential {

/// A double's bits, with one pattern for all NaN: the sign of a NaN is the processor's choice.
inline uint64_t bits_of(double value) { return std::isnan(value) ? 0x7ff8000000000000 : bits_as<uint64_t>(value); }
inline uint64_t bits_of(float value) { return std::isnan(value) ? 0x7fc00000 : bits_as<uint32_t>(value); }

template <typename Integer, typename Float>
inline uint64_t whole(Float value, Float below) {
  if (!(value > -below - 1 && value < below)) return 0;
  if (std::is_unsigned_v<Integer> && value <= -1) return 0;
  return static_cast<uint64_t>(static_cast<Integer>(value));
}

template <typename Float>
inline uint64_t comparisons(Float x, Float y) {
  return (x < y) | (x <= y) << 1 | (x == y) << 2 | (x > y) << 3 | (x >= y) << 4 | (x != y) << 5 | std::isnan(x) << 6 |
         std::isinf(x) << 7 | std::isfinite(x) << 8 | std::isnormal(x) << 9 | std::signbit(x) << 10;
}

/// What IEEE 754 defines to the last bit.
template <typename Float, typename Sink>
void exact_operations(Float x, Float y, Sink& sink) {
  sink.exact("add", bits_of(x + y));
  sink.exact("subtract", bits_of(x - y));
  sink.exact("multiply", bits_of(x * y));
  sink.exact("divide", bits_of(x / y));
  sink.exact("x*y+x", bits_of(x * y + x));
  sink.exact("sqrt", bits_of(std::sqrt(x)));
  sink.exact("fmod", bits_of(std::fmod(x, y)));
  // A remainder of zero has the sign of x. glibc 2.36 gets that wrong for some y next to the denormal numbers.
  sink.exact("remainder", bits_of(std::remainder(x, y) + Float(0)));
  sink.exact("fma", bits_of(std::fma(x, y, x)));
  sink.exact("floor", bits_of(std::floor(x)));
  sink.exact("ceil", bits_of(std::ceil(x)));
  sink.exact("trunc", bits_of(std::trunc(x)));
  sink.exact("round", bits_of(std::round(x)));
  sink.exact("rint", bits_of(std::rint(x)));
  sink.exact("nearbyint", bits_of(std::nearbyint(x)));
  sink.exact("fabs", bits_of(std::fabs(x)));
  sink.exact("copysign", bits_of(std::copysign(x, std::isnan(y) ? Float(1) : y)));
  sink.exact("fmin", bits_of(std::fmin(x, y) + Float(0)));
  sink.exact("fmax", bits_of(std::fmax(x, y) + Float(0)));
  sink.exact("nextafter", bits_of(std::nextafter(x, y)));
  int exponent = 0;
  sink.exact("frexp", bits_of(std::isfinite(x) ? std::frexp(x, &exponent) : x));
  sink.exact("exponent", static_cast<uint64_t>(static_cast<int64_t>(exponent)));
  sink.exact("scalbn", bits_of(std::scalbn(x, static_cast<int>(bits_of(y) % 4200) - 2100)));
  Float integral = 0;
  sink.exact("modf", bits_of(std::modf(x, &integral)));
  sink.exact("integral", bits_of(integral));
  sink.exact("compare", comparisons(x, y));
  sink.exact("to int32", whole<int32_t>(x, Float(2147483648.0)));
  sink.exact("to uint32", whole<uint32_t>(x, Float(4294967296.0)));
  sink.exact("to int64", whole<int64_t>(x, Float(9223372036854775808.0)));
  sink.exact("to uint64", whole<uint64_t>(x, Float(18446744073709551616.0)));
}

template <typename Sink>
void conversions(double x, uint64_t number, Sink& sink) {
  sink.exact("double to float", bits_of(static_cast<float>(x)));
  sink.exact("float to double", bits_of(static_cast<double>(static_cast<float>(x))));
  sink.exact("int64 to double", bits_of(static_cast<double>(static_cast<int64_t>(number))));
  sink.exact("uint64 to double", bits_of(static_cast<double>(number)));
  sink.exact("int64 to float", bits_of(static_cast<float>(static_cast<int64_t>(number))));
  sink.exact("uint64 to float", bits_of(static_cast<float>(number)));
  sink.exact("int32 to float", bits_of(static_cast<float>(static_cast<int32_t>(number))));
}

/// What the C library computes by approximation: results of two libraries may differ in their last bits.
template <typename Float, typename Sink>
void approximations(Float x, Float y, Sink& sink) {
  sink.near("pow", std::pow(x, y));
  sink.near("exp", std::exp(x));
  sink.near("exp2", std::exp2(x));
  sink.near("expm1", std::expm1(x));
  sink.near("log", std::log(x));
  sink.near("log2", std::log2(x));
  sink.near("log10", std::log10(x));
  sink.near("log1p", std::log1p(x));
  sink.near("sin", std::sin(x));
  sink.near("cos", std::cos(x));
  sink.near("tan", std::tan(x));
  sink.near("asin", std::asin(x));
  sink.near("acos", std::acos(x));
  sink.near("atan", std::atan(x));
  sink.near("atan2", std::atan2(x, y));
  sink.near("sinh", std::sinh(x));
  sink.near("cosh", std::cosh(x));
  sink.near("tanh", std::tanh(x));
  sink.near("cbrt", std::cbrt(x));
  sink.near("hypot", std::hypot(x, y));
}

template <typename Sink>
void wide(Sink& sink, const char* name, uint128 value) {
  sink.exact(name, static_cast<uint64_t>(value));
  sink.exact(name, static_cast<uint64_t>(value >> 64));
}

/// Whole numbers of 128 bits, with and without sign.
template <typename Sink>
void wide_operations(uint128 a, uint128 b, Sink& sink) {
  const int128 x = static_cast<int128>(a);
  const int128 y = static_cast<int128>(b);
  const unsigned shift = static_cast<unsigned>(b & 127);
  const bool overflows = y == -1 && a == uint128{1} << 127;
  wide(sink, "add", a + b);
  wide(sink, "subtract", a - b);
  wide(sink, "multiply", a * b);
  wide(sink, "unsigned divide", b == 0 ? 0 : a / b);
  wide(sink, "unsigned remainder", b == 0 ? 0 : a % b);
  wide(sink, "signed divide", static_cast<uint128>(b == 0 || overflows ? 0 : x / y));
  wide(sink, "signed remainder", static_cast<uint128>(b == 0 || overflows ? 0 : x % y));
  wide(sink, "shift left", a << shift);
  wide(sink, "unsigned shift right", a >> shift);
  wide(sink, "signed shift right", static_cast<uint128>(x >> shift));
  sink.exact("compare", (a < b) | (x < y) << 1 | (a == b) << 2 | (x <= y) << 3);
  sink.exact("int128 to double", bits_of(static_cast<double>(x)));
  sink.exact("uint128 to double", bits_of(static_cast<double>(a)));
  sink.exact("int128 to float", bits_of(static_cast<float>(x)));
  // Of numbers below 2^126: of greater ones some conversions are undefined.
  wide(sink, "double to int128", static_cast<uint128>(static_cast<int128>(static_cast<double>(x / 4))));
}

}  // namespace differential
