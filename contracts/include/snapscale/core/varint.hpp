/// Integers of variable length: seven bits a byte, lowest first.
#pragma once

#include <snapscale/core/layout.hpp>

namespace snapscale {

/// An unsigned number that takes one byte below 128 and at most five; the form of all lengths on the chain.
struct unsigned_int {
  constexpr unsigned_int(uint32_t value = 0) : value(value) {}
  constexpr operator uint32_t() const { return value; }

  uint32_t value;
};

/// A signed number, folded (0, -1, 1, -2, …) so that small magnitudes are short.
struct signed_int {
  constexpr signed_int(int32_t value = 0) : value(value) {}
  constexpr operator int32_t() const { return value; }

  int32_t value;
};

}  // namespace snapscale
