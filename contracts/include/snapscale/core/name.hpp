/// Account, action, table and index names: up to 13 characters in 64 bits.
#pragma once

#include <snapscale/core/check.hpp>
#include <snapscale/core/layout.hpp>

namespace snapscale {

/// A name of up to 12 characters out of `.12345a-z`, and a thirteenth out of `.12345a-j`; trailing dots do not count.
struct name {
  /// The number itself, as a type that can be a template argument.
  enum class raw : uint64_t {};

  constexpr name() = default;
  constexpr explicit name(uint64_t number) : value(number) {}
  constexpr explicit name(raw number) : value(static_cast<uint64_t>(number)) {}

  /// Parses `text`; ends the transaction (or the compilation) if it is no name.
  constexpr explicit name(std::string_view text) {
    if (text.size() > 13) fail("string is too long to be a valid name");
    for (size_t i = 0; i < text.size() && i < 12; ++i) value |= char_to_value(text[i]) << (59 - 5 * i);
    if (text.size() == 13) {
      const uint64_t last = char_to_value(text[12]);
      if (last > 15) fail("thirteenth character in name cannot be a letter that comes after j");
      value |= last;
    }
  }

  /// The five bits of one character.
  static constexpr uint64_t char_to_value(char c) {
    if (c == '.') return 0;
    if (c >= '1' && c <= '5') return static_cast<uint64_t>(c - '1') + 1;
    if (c >= 'a' && c <= 'z') return static_cast<uint64_t>(c - 'a') + 6;
    fail("character is not in allowed character set for names");
  }

  /// Characters up to the last that is no dot.
  constexpr uint8_t length() const {
    if (value == 0) return 0;
    const int zeros = __builtin_ctzll(value);
    return zeros < 4 ? 13 : static_cast<uint8_t>(12 - (zeros - 4) / 5);
  }

  /// What follows the last dot: `com` of `example.com`; the whole name if it has no dot.
  constexpr name suffix() const {
    const uint8_t size = length();
    int start = 0;
    for (int i = 0; i < size && i < 12; ++i) {
      if (((value >> (59 - 5 * i)) & 31) == 0) start = i + 1;
    }
    if (size < 13) return name(value << (5 * start));
    // The thirteenth character has four bits at the bottom; as an earlier character it takes five.
    if (start == 0) return *this;
    return name(((value & ~uint64_t{15}) << (5 * start)) | ((value & 15) << (59 - 5 * (12 - start))));
  }

  /// What precedes the last dot: `example` of `example.com`; the whole name if it has no dot.
  constexpr name prefix() const {
    for (int i = (length() > 12 ? 12 : length()) - 1; i >= 0; --i) {
      if (((value >> (59 - 5 * i)) & 31) == 0) return name(i == 0 ? 0 : value & (~uint64_t{0} << (64 - 5 * i)));
    }
    return *this;
  }

  constexpr operator raw() const { return static_cast<raw>(value); }
  constexpr explicit operator bool() const { return value != 0; }

  /// Writes the text to `begin` if it fits before `end` and returns its end; with `dry_run` only returns that end.
  char* write_as_string(char* begin, char* end, bool dry_run = false) const {
    const uint8_t size = length();
    if (dry_run || begin + size < begin || begin + size > end) return begin + size;
    for (int i = 0; i < size; ++i) {
      begin[i] = ".12345abcdefghijklmnopqrstuvwxyz"[i == 12 ? value & 15 : (value >> (59 - 5 * i)) & 31];
    }
    return begin + size;
  }

  std::string to_string() const {
    char text[13];
    return {text, write_as_string(text, text + sizeof(text))};
  }

  void print() const { host::printn(value); }

  friend constexpr bool operator==(const name& a, const name& b) { return a.value == b.value; }
  friend constexpr bool operator!=(const name& a, const name& b) { return a.value != b.value; }
  friend constexpr bool operator<(const name& a, const name& b) { return a.value < b.value; }
  friend constexpr bool operator>(const name& a, const name& b) { return a.value > b.value; }
  friend constexpr bool operator<=(const name& a, const name& b) { return a.value <= b.value; }
  friend constexpr bool operator>=(const name& a, const name& b) { return a.value >= b.value; }

  uint64_t value = 0;
};

template <>
inline constexpr bool packs_bitwise<name> = true;

/// As payer in `modify`: the account that pays for the row now goes on paying.
inline constexpr name same_payer{};

inline namespace literals {
/// `"alice"_n`, checked when the contract is compiled.
constexpr name operator""_n(const char* text, size_t size) { return name(std::string_view(text, size)); }
}  // namespace literals

}  // namespace snapscale

using snapscale::literals::operator""_n;
