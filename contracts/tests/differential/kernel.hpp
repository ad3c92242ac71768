/// The differential test's program: compiled for the chain and for this machine, it gives the same results.
#pragma once

#include "arithmetic.hpp"
#include "library.hpp"

namespace differential {

/// Groups of cases: what is computed, over which inputs. The names are those of `families.ts`, in its order.
enum class family : uint8_t { float64, float32, int128, library, maths64, maths32 };

template <typename Sink>
void run_float64(uint32_t number, random_bits& random, Sink& sink) {
  double x = any_double(random);
  double y = any_double(random);
  if (number < double_count * double_count) {
    x = bits_as<double>(special_doubles[number / double_count]);
    y = bits_as<double>(special_doubles[number % double_count]);
  }
  sink.input(bits_of(x));
  sink.input(bits_of(y));
  exact_operations(x, y, sink);
  conversions(x, random.next() >> random.below(64), sink);
}

template <typename Sink>
void run_float32(uint32_t number, random_bits& random, Sink& sink) {
  float x = any_float(random);
  float y = any_float(random);
  if (number < float_count * float_count) {
    x = bits_as<float>(special_floats[number / float_count]);
    y = bits_as<float>(special_floats[number % float_count]);
  }
  sink.input(bits_of(x));
  sink.input(bits_of(y));
  exact_operations(x, y, sink);
}

template <typename Sink>
void run_int128(random_bits& random, Sink& sink) {
  const uint128 a = any_wide(random);
  const uint128 b = any_wide(random);
  for (const uint128 value : {a, b}) {
    sink.input(static_cast<uint64_t>(value >> 64));
    sink.input(static_cast<uint64_t>(value));
  }
  wide_operations(a, b, sink);
}

template <typename Sink>
void run_library(random_bits& random, Sink& sink) {
  strings(random, sink);
  integer_texts<uint64_t>(random, sink);
  integer_texts<int32_t>(random, sink);
  decimal_texts(any_double(random), random, sink);
  decimal_texts(any_float(random), random, sink);
  containers(random, sink);
  values(random, sink);
}

/// Random exponents make most results infinite, zero or no number: half of the cases are of ordinary size.
template <typename Sink>
void run_maths64(uint32_t number, random_bits& random, Sink& sink) {
  const bool plain = number % 2 == 0;
  const double x = plain ? ordinary(random) : any_double(random);
  const double y = plain ? ordinary(random) : any_double(random);
  sink.input(bits_of(x));
  sink.input(bits_of(y));
  approximations(x, y, sink);
}

template <typename Sink>
void run_maths32(random_bits& random, Sink& sink) {
  const float x = any_float(random);
  const float y = any_float(random);
  sink.input(bits_of(x));
  sink.input(bits_of(y));
  approximations(x, y, sink);
}

/// Computes one case. `sink` has `input(bits)`, `exact(name, bits)`, and `near(name, value)` for double and float.
template <typename Sink>
void run_case(family which, uint32_t number, Sink& sink) {
  random_bits random(static_cast<uint64_t>(which) << 32 | number);
  switch (which) {
    case family::float64:
      return run_float64(number, random, sink);
    case family::float32:
      return run_float32(number, random, sink);
    case family::int128:
      return run_int128(random, sink);
    case family::library:
      return run_library(random, sink);
    case family::maths64:
      return run_maths64(number, random, sink);
    case family::maths32:
      return run_maths32(random, sink);
  }
}

}  // namespace differential
