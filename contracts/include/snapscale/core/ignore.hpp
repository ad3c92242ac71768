/// Action parameters that the contract does not unpack itself.
#pragma once

#include <snapscale/core/layout.hpp>

namespace snapscale {

/// Stands for a parameter of type T that appears in the ABI and stays unread in the action data.
template <typename T>
struct ignore {
  constexpr ignore() = default;
  constexpr ignore(const T&) {}
};

/// Carries a T where an `ignore<T>` is sent to another contract.
template <typename T>
struct ignore_wrapper {
  constexpr ignore_wrapper() = default;
  constexpr ignore_wrapper(T value) : value(value) {}
  constexpr ignore_wrapper(ignore<T>) {}

  T value{};
};

}  // namespace snapscale
