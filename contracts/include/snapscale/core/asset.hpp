/// Amounts of tokens.
#pragma once

#include <snapscale/core/symbol.hpp>

namespace snapscale {

/// A whole number of the smallest units of a token, with the token's symbol. Arithmetic ends the transaction when
/// symbols differ or the result leaves -(2^62-1) … 2^62-1.
struct asset {
  static constexpr int64_t max_amount = (int64_t{1} << 62) - 1;

  constexpr asset() = default;

  constexpr asset(int64_t amount, class symbol symbol) : amount(amount), symbol(symbol) {
    if (!is_amount_within_range()) fail("magnitude of asset amount must be less than 2^62");
    if (!symbol.is_valid()) fail("invalid symbol name");
  }

  constexpr bool is_amount_within_range() const { return -max_amount <= amount && amount <= max_amount; }
  constexpr bool is_valid() const { return is_amount_within_range() && symbol.is_valid(); }

  void set_amount(int64_t to) {
    amount = to;
    check(is_amount_within_range(), "magnitude of asset amount must be less than 2^62");
  }

  asset operator-() const {
    asset result = *this;
    result.amount = -result.amount;
    return result;
  }

  asset& operator+=(const asset& other) {
    check(other.symbol == symbol, "attempt to add asset with different symbol");
    amount += other.amount;
    check(-max_amount <= amount, "addition underflow");
    check(amount <= max_amount, "addition overflow");
    return *this;
  }

  asset& operator-=(const asset& other) {
    check(other.symbol == symbol, "attempt to subtract asset with different symbol");
    amount -= other.amount;
    check(-max_amount <= amount, "subtraction underflow");
    check(amount <= max_amount, "subtraction overflow");
    return *this;
  }

  asset& operator*=(int64_t factor) {
    const int128_t product = static_cast<int128_t>(amount) * factor;
    check(product <= max_amount, "multiplication overflow");
    check(product >= -max_amount, "multiplication underflow");
    amount = static_cast<int64_t>(product);
    return *this;
  }

  asset& operator/=(int64_t divisor) {
    check(divisor != 0, "divide by zero");
    check(!(amount == INT64_MIN && divisor == -1), "signed division overflow");
    amount /= divisor;
    return *this;
  }

  friend asset operator+(const asset& a, const asset& b) { return asset(a) += b; }
  friend asset operator-(const asset& a, const asset& b) { return asset(a) -= b; }
  friend asset operator*(const asset& a, int64_t b) { return asset(a) *= b; }
  friend asset operator*(int64_t a, const asset& b) { return asset(b) *= a; }
  friend asset operator/(const asset& a, int64_t b) { return asset(a) /= b; }

  /// The ratio of two amounts of one token, rounded towards zero.
  friend int64_t operator/(const asset& a, const asset& b) {
    check(b.amount != 0, "divide by zero");
    check(a.symbol == b.symbol, "comparison of assets with different symbols is not allowed");
    return a.amount / b.amount;
  }

  friend bool operator==(const asset& a, const asset& b) { return compared(a, b) && a.amount == b.amount; }
  friend bool operator!=(const asset& a, const asset& b) { return compared(a, b) && a.amount != b.amount; }
  friend bool operator<(const asset& a, const asset& b) { return compared(a, b) && a.amount < b.amount; }
  friend bool operator<=(const asset& a, const asset& b) { return compared(a, b) && a.amount <= b.amount; }
  friend bool operator>(const asset& a, const asset& b) { return compared(a, b) && a.amount > b.amount; }
  friend bool operator>=(const asset& a, const asset& b) { return compared(a, b) && a.amount >= b.amount; }

  /// Writes e.g. `-1.0000 XST` to `begin` if it fits before `end` and returns its end; with `dry_run` only returns it.
  char* write_as_string(char* begin, char* end, bool dry_run = false) const {
    // Digits come out last first: fill a scratch array from its end.
    char text[280];
    char* first = text + 272;
    uint64_t rest = amount < 0 ? -static_cast<uint64_t>(amount) : static_cast<uint64_t>(amount);
    const int decimals = symbol.precision();
    for (int i = 0; i < decimals || rest != 0 || i == decimals; ++i) {
      if (i == decimals && decimals != 0) *--first = '.';
      *--first = static_cast<char>('0' + rest % 10);
      rest /= 10;
    }
    if (amount < 0) *--first = '-';
    text[272] = ' ';
    char* const last = symbol.code().write_as_string(text + 273, text + sizeof(text));
    const size_t size = static_cast<size_t>(last - first);
    if (dry_run || begin + size < begin || begin + size > end) return begin + size;
    std::char_traits<char>::copy(begin, first, size);
    return begin + size;
  }

  std::string to_string() const {
    char text[280];
    return {text, write_as_string(text, text + sizeof(text))};
  }

  void print() const {
    char text[280];
    host::prints_l(text, static_cast<uint32_t>(write_as_string(text, text + sizeof(text)) - text));
  }

  int64_t amount = 0;
  class symbol symbol;

 private:
  static bool compared(const asset& a, const asset& b) {
    check(a.symbol == b.symbol, "comparison of assets with different symbols is not allowed");
    return true;
  }
};

template <>
inline constexpr bool packs_bitwise<asset> = true;

/// An asset together with the contract that keeps it.
struct extended_asset {
  constexpr extended_asset() = default;
  constexpr extended_asset(int64_t amount, extended_symbol symbol)
      : quantity(amount, symbol.get_symbol()), contract(symbol.get_contract()) {}
  constexpr extended_asset(asset quantity, name contract) : quantity(quantity), contract(contract) {}

  extended_symbol get_extended_symbol() const { return {quantity.symbol, contract}; }

  std::string to_string() const { return quantity.to_string() + "@" + contract.to_string(); }

  void print() const {
    quantity.print();
    host::prints("@");
    contract.print();
  }

  extended_asset operator-() const { return {-quantity, contract}; }

  extended_asset& operator+=(const extended_asset& other) {
    check(contract == other.contract, "type mismatch");
    quantity += other.quantity;
    return *this;
  }

  extended_asset& operator-=(const extended_asset& other) {
    check(contract == other.contract, "type mismatch");
    quantity -= other.quantity;
    return *this;
  }

  friend extended_asset operator+(const extended_asset& a, const extended_asset& b) { return extended_asset(a) += b; }
  friend extended_asset operator-(const extended_asset& a, const extended_asset& b) { return extended_asset(a) -= b; }

  friend bool operator==(const extended_asset& a, const extended_asset& b) {
    return a.contract == b.contract && a.quantity.symbol == b.quantity.symbol && a.quantity == b.quantity;
  }
  friend bool operator!=(const extended_asset& a, const extended_asset& b) { return !(a == b); }
  friend bool operator<(const extended_asset& a, const extended_asset& b) {
    check(a.contract == b.contract, "type mismatch");
    return a.quantity < b.quantity;
  }
  friend bool operator<=(const extended_asset& a, const extended_asset& b) { return !(b < a); }
  friend bool operator>(const extended_asset& a, const extended_asset& b) { return b < a; }
  friend bool operator>=(const extended_asset& a, const extended_asset& b) { return !(a < b); }

  asset quantity;
  name contract;
};

template <>
inline constexpr bool packs_bitwise<extended_asset> = true;

}  // namespace snapscale
