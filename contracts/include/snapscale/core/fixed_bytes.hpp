/// Byte strings of fixed length, such as hashes.
#pragma once

#include <snapscale/core/check.hpp>
#include <snapscale/core/layout.hpp>

#include <array>

namespace snapscale {

/// `Size` bytes, kept as 128-bit words in big-endian order: comparing words compares the bytes, which is also how the
/// chain orders a secondary index of 32-byte keys. An incomplete last word is filled with zeros at its low end.
template <size_t Size>
class fixed_bytes {
 public:
  using word_t = uint128_t;

  static constexpr size_t num_words() { return (Size + sizeof(word_t) - 1) / sizeof(word_t); }
  static constexpr size_t padded_bytes() { return num_words() * sizeof(word_t) - Size; }

  constexpr fixed_bytes() : words{} {}
  explicit constexpr fixed_bytes(const std::array<word_t, num_words()>& words) : words(words) {}
  explicit constexpr fixed_bytes(const std::array<uint8_t, Size>& bytes) : words{} { assign(bytes.data()); }
  explicit constexpr fixed_bytes(const uint8_t (&bytes)[Size]) : words{} { assign(bytes); }

  /// Concatenates words of any unsigned type, most significant first: four 64-bit numbers make 32 bytes.
  template <typename Word, typename... Words>
  static constexpr fixed_bytes make_from_word_sequence(Word first, Words... rest) {
    static_assert(sizeof(Word) * (1 + sizeof...(Words)) == Size, "the words do not add up to the size");
    const Word sequence[] = {first, static_cast<Word>(rest)...};
    fixed_bytes result;
    for (size_t i = 0; i < Size; ++i) {
      const size_t shift = 8 * (sizeof(Word) - 1 - i % sizeof(Word));
      result.words[i / 16] |= static_cast<word_t>(static_cast<uint8_t>(sequence[i / sizeof(Word)] >> shift)) << shift_of(i);
    }
    return result;
  }

  constexpr const std::array<word_t, num_words()>& get_array() const { return words; }
  constexpr word_t* data() { return words.data(); }
  constexpr const word_t* data() const { return words.data(); }
  constexpr size_t size() const { return num_words(); }

  /// The bytes in their usual order.
  constexpr std::array<uint8_t, Size> extract_as_byte_array() const {
    std::array<uint8_t, Size> bytes{};
    for (size_t i = 0; i < Size; ++i) bytes[i] = static_cast<uint8_t>(words[i / 16] >> shift_of(i));
    return bytes;
  }

  void print() const {
    const auto bytes = extract_as_byte_array();
    host::printhex(bytes.data(), Size);
  }

  friend constexpr bool operator==(const fixed_bytes& a, const fixed_bytes& b) { return order(a, b) == 0; }
  friend constexpr bool operator!=(const fixed_bytes& a, const fixed_bytes& b) { return order(a, b) != 0; }
  friend constexpr bool operator<(const fixed_bytes& a, const fixed_bytes& b) { return order(a, b) < 0; }
  friend constexpr bool operator>(const fixed_bytes& a, const fixed_bytes& b) { return order(a, b) > 0; }
  friend constexpr bool operator<=(const fixed_bytes& a, const fixed_bytes& b) { return order(a, b) <= 0; }
  friend constexpr bool operator>=(const fixed_bytes& a, const fixed_bytes& b) { return order(a, b) >= 0; }

 private:
  static constexpr unsigned shift_of(size_t index) { return static_cast<unsigned>(8 * (15 - index % 16)); }

  constexpr void assign(const uint8_t* bytes) {
    for (size_t i = 0; i < Size; ++i) words[i / 16] |= static_cast<word_t>(bytes[i]) << shift_of(i);
  }

  static constexpr int order(const fixed_bytes& a, const fixed_bytes& b) {
    for (size_t i = 0; i < num_words(); ++i) {
      if (a.words[i] != b.words[i]) return a.words[i] < b.words[i] ? -1 : 1;
    }
    return 0;
  }

  std::array<word_t, num_words()> words;
};

using checksum160 = fixed_bytes<20>;
using checksum256 = fixed_bytes<32>;
using checksum512 = fixed_bytes<64>;

}  // namespace snapscale
