/// Token symbols: a code of one to seven capital letters, and a number of decimals.
#pragma once

#include <snapscale/core/name.hpp>

namespace snapscale {

/// The letters of a symbol, lowest byte first.
class symbol_code {
 public:
  constexpr symbol_code() = default;
  constexpr explicit symbol_code(uint64_t raw) : value(raw) {}

  constexpr explicit symbol_code(std::string_view text) {
    if (text.size() > 7) fail("string is too long to be a valid symbol_code");
    for (size_t i = text.size(); i > 0; --i) {
      if (text[i - 1] < 'A' || text[i - 1] > 'Z') fail("only uppercase letters allowed in symbol_code string");
      value = (value << 8) | static_cast<uint64_t>(text[i - 1]);
    }
  }

  /// True if there is at least one letter, and nothing but letters.
  constexpr bool is_valid() const {
    uint64_t rest = value;
    if (rest == 0 || rest >> 56 != 0) return false;
    for (; rest != 0; rest >>= 8) {
      if ((rest & 0xff) < 'A' || (rest & 0xff) > 'Z') return false;
    }
    return true;
  }

  constexpr uint32_t length() const {
    uint32_t size = 0;
    for (uint64_t rest = value; (rest & 0xff) >= 'A' && (rest & 0xff) <= 'Z'; rest >>= 8) ++size;
    return size;
  }

  constexpr uint64_t raw() const { return value; }
  constexpr explicit operator bool() const { return value != 0; }

  /// Writes the letters to `begin` if they fit before `end` and returns their end; with `dry_run` only returns it.
  char* write_as_string(char* begin, char* end, bool dry_run = false) const {
    const uint32_t size = length();
    if (dry_run || begin + size < begin || begin + size > end) return begin + size;
    for (uint32_t i = 0; i < size; ++i) begin[i] = static_cast<char>(value >> (8 * i));
    return begin + size;
  }

  std::string to_string() const {
    char text[8];
    return {text, write_as_string(text, text + sizeof(text))};
  }

  void print() const {
    char text[8];
    host::prints_l(text, static_cast<uint32_t>(write_as_string(text, text + sizeof(text)) - text));
  }

  friend constexpr bool operator==(const symbol_code& a, const symbol_code& b) { return a.value == b.value; }
  friend constexpr bool operator!=(const symbol_code& a, const symbol_code& b) { return a.value != b.value; }
  friend constexpr bool operator<(const symbol_code& a, const symbol_code& b) { return a.value < b.value; }
  friend constexpr bool operator>(const symbol_code& a, const symbol_code& b) { return a.value > b.value; }

 private:
  uint64_t value = 0;
};

template <>
inline constexpr bool packs_bitwise<symbol_code> = true;

/// A symbol code with the number of decimals of its amounts: `4,XST`.
class symbol {
 public:
  constexpr symbol() = default;
  constexpr explicit symbol(uint64_t raw) : value(raw) {}
  constexpr symbol(symbol_code code, uint8_t precision) : value(code.raw() << 8 | precision) {}
  constexpr symbol(std::string_view code, uint8_t precision) : symbol(symbol_code(code), precision) {}

  constexpr bool is_valid() const { return code().is_valid(); }
  constexpr uint8_t precision() const { return static_cast<uint8_t>(value); }
  constexpr symbol_code code() const { return symbol_code(value >> 8); }
  constexpr uint64_t raw() const { return value; }
  constexpr explicit operator bool() const { return value != 0; }

  std::string to_string() const { return std::to_string(unsigned{precision()}) + "," + code().to_string(); }

  void print(bool show_precision = true) const {
    if (show_precision) {
      host::printui(precision());
      host::prints(",");
    }
    code().print();
  }

  friend constexpr bool operator==(const symbol& a, const symbol& b) { return a.value == b.value; }
  friend constexpr bool operator!=(const symbol& a, const symbol& b) { return a.value != b.value; }
  friend constexpr bool operator<(const symbol& a, const symbol& b) { return a.value < b.value; }
  friend constexpr bool operator>(const symbol& a, const symbol& b) { return a.value > b.value; }

 private:
  uint64_t value = 0;
};

template <>
inline constexpr bool packs_bitwise<symbol> = true;

/// A symbol together with the contract that keeps it.
class extended_symbol {
 public:
  constexpr extended_symbol() = default;
  constexpr extended_symbol(symbol sym, name contract) : sym(sym), contract(contract) {}

  constexpr symbol get_symbol() const { return sym; }
  constexpr name get_contract() const { return contract; }

  std::string to_string() const { return sym.to_string() + "@" + contract.to_string(); }

  void print(bool show_precision = true) const {
    sym.print(show_precision);
    host::prints("@");
    contract.print();
  }

  friend constexpr bool operator==(const extended_symbol& a, const extended_symbol& b) {
    return a.sym == b.sym && a.contract == b.contract;
  }
  friend constexpr bool operator!=(const extended_symbol& a, const extended_symbol& b) { return !(a == b); }
  friend constexpr bool operator<(const extended_symbol& a, const extended_symbol& b) {
    return a.sym != b.sym ? a.sym < b.sym : a.contract < b.contract;
  }

 private:
  symbol sym;
  name contract;
};

template <>
inline constexpr bool packs_bitwise<extended_symbol> = true;

}  // namespace snapscale
