/// Fields added at the end of a struct after rows without them were stored.
#pragma once

#include <snapscale/core/check.hpp>

#include <optional>
#include <utility>

namespace snapscale {

/// A trailing field that old packed data lacks: reading stops without it, writing leaves it out when it is empty.
template <typename T>
class binary_extension {
 public:
  using value_type = T;

  constexpr binary_extension() = default;
  constexpr binary_extension(const T& value) : content(value) {}
  constexpr binary_extension(T&& value) : content(std::move(value)) {}
  template <typename... Args>
  constexpr explicit binary_extension(std::in_place_t, Args&&... args) : content(std::in_place, std::forward<Args>(args)...) {}

  constexpr explicit operator bool() const { return content.has_value(); }
  constexpr bool has_value() const { return content.has_value(); }

  T& value() & {
    check(has_value(), "cannot get value of empty binary_extension");
    return *content;
  }
  const T& value() const& {
    check(has_value(), "cannot get value of empty binary_extension");
    return *content;
  }
  T value_or(T otherwise = T()) const { return content ? *content : std::move(otherwise); }

  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }

  template <typename... Args>
  T& emplace(Args&&... args) {
    return content.emplace(std::forward<Args>(args)...);
  }
  void reset() { content.reset(); }

 private:
  std::optional<T> content;
};

}  // namespace snapscale
