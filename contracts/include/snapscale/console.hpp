/// Console API: text for the developer, kept only where the node was told to. Never part of the chain's state.
///
/// Gas: 150 for each value and 1 for each character, 3,000 for a float or double; charged also where nothing is kept.
#pragma once

#include <snapscale/core/asset.hpp>
#include <snapscale/core/fixed_bytes.hpp>

namespace snapscale {

inline void print(const char* text) { host::prints(text); }
inline void print(const std::string& text) { host::prints_l(text.data(), static_cast<uint32_t>(text.size())); }
inline void print(std::string_view text) { host::prints_l(text.data(), static_cast<uint32_t>(text.size())); }
inline void print(char character) { host::prints_l(&character, 1); }
inline void print(bool value) { host::prints(value ? "true" : "false"); }
inline void print(float value) { host::printsf(value); }
inline void print(double value) { host::printdf(value); }
inline void print(long double value) { host::printqf(&value); }
inline void print(int128_t value) { host::printi128(&value); }
inline void print(uint128_t value) { host::printui128(&value); }

/// Prints a value that knows how to print itself, such as a name or an asset.
template <typename T>
inline auto print(const T& value) -> decltype(value.print()) {
  value.print();
}

template <typename T, std::enable_if_t<std::is_integral_v<T>, int> = 0>
inline void print(T value) {
  if constexpr (std::is_signed_v<T>) {
    host::printi(value);
  } else {
    host::printui(value);
  }
}

/// Prints its arguments one after the other.
template <typename First, typename Second, typename... Rest>
inline void print(const First& first, const Second& second, const Rest&... rest) {
  print(first);
  print(second);
  (print(rest), ...);
}

inline void print_f(const char* format) { print(format); }

/// Prints `format` with each `%` replaced by the next argument.
template <typename First, typename... Rest>
inline void print_f(const char* format, const First& first, const Rest&... rest) {
  for (const char* end = format; *end != '\0'; ++end) {
    if (*end != '%') continue;
    host::prints_l(format, static_cast<uint32_t>(end - format));
    print(first);
    return print_f(end + 1, rest...);
  }
  print(format);
}

/// Prints bytes as hexadecimal digits.
inline void printhex(const void* data, uint32_t size) { host::printhex(data, size); }
inline void printl(const char* text, size_t size) { host::prints_l(text, static_cast<uint32_t>(size)); }

/// A stream in the manner of the standard library: `cout << "owner " << owner`.
class iostream {};

inline iostream cout;

template <typename T>
inline const iostream& operator<<(const iostream& out, const T& value) {
  print(value);
  return out;
}

}  // namespace snapscale
