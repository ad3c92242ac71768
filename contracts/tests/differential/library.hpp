/// The parts of the standard library that contracts use, driven by random numbers. Each result is a number or a text.
/// No expression draws two numbers: the order in which a compiler evaluates operands is its own.
#pragma once

#include "cases.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <variant>
#include <vector>

namespace differential {

/// FNV-1a: texts are compared by it.
inline uint64_t hash_of(const std::string& text) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3u;
  return hash;
}

inline uint64_t hash_of(const char* begin, const char* end) { return hash_of(std::string(begin, end)); }

inline std::string word(random_bits& random) {
  std::string text;
  for (uint32_t i = random.below(30); i > 0; --i) text += static_cast<char>('a' + random.below(6));
  return text;
}

/// A position as a number of the same size everywhere; -1 for none.
inline uint64_t position(size_t found) {
  return found == std::string::npos ? ~uint64_t{0} : static_cast<uint64_t>(found);
}

template <typename Sink>
void strings(random_bits& random, Sink& sink) {
  std::string text = word(random);
  text += "-";
  text += word(random);
  sink.exact("find", position(text.find(word(random).substr(0, 2))));
  sink.exact("rfind", position(text.rfind('a')));
  sink.exact("find_first_of", position(text.find_first_of("xyz-")));
  sink.exact("compare", static_cast<uint64_t>(text.compare(word(random)) < 0));
  const std::string inserted = word(random);
  text.insert(random.below(static_cast<uint32_t>(text.size())), inserted);
  text.erase(random.below(static_cast<uint32_t>(text.size())), 3);
  text.replace(0, std::min<size_t>(4, text.size()), std::to_string(random.next()));
  text.append(random.below(40), 'z');
  std::reverse(text.begin() + 1, text.end());
  sink.exact("string", hash_of(text));
}

template <typename Integer, typename Sink>
void integer_texts(random_bits& random, Sink& sink) {
  const Integer number = static_cast<Integer>(random.next() >> random.below(64));
  const int base = 2 + static_cast<int>(random.below(35));
  char text[72];
  const char* const end = std::to_chars(text, text + sizeof(text), number, base).ptr;
  sink.exact("to_chars", hash_of(text, end));
  Integer back = 0;
  const auto parsed = std::from_chars(text, end, back, base);
  sink.exact("from_chars", static_cast<uint64_t>(back) ^ static_cast<uint64_t>(parsed.ptr - text));
  const std::string foreign = std::to_string(random.next()) + "z";
  const auto other = std::from_chars(foreign.data(), foreign.data() + foreign.size(), back, base);
  sink.exact("from_chars of other text", static_cast<uint64_t>(back));
  sink.exact("errors", static_cast<uint64_t>(other.ec == std::errc()) | (other.ec == std::errc::result_out_of_range) << 1);
}

/// Texts of decimal numbers. `to_chars` is not among them: its tables are larger than what the chain lets a contract bring.
template <typename Float, typename Sink>
void decimal_texts(Float number, random_bits& random, Sink& sink) {
  if (number - number != 0) number = 0;
  const std::string text = std::to_string(number);
  sink.exact("to_string", hash_of(text));
  sink.exact("stod", bits_as<uint64_t>(std::stod(text.substr(0, 40))));
  const std::string digits = std::to_string(random.next()) + "." + text.substr(text.size() - 6) + "e" +
                             std::to_string(static_cast<int>(bits_as<uint32_t>(static_cast<float>(number)) % 680) - 345);
  Float back = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), back);
  // Out of range, one library leaves the number alone and the other makes it infinite.
  if (parsed.ec != std::errc()) back = 0;
  sink.exact("from_chars", bits_as<std::conditional_t<sizeof(Float) == 8, uint64_t, uint32_t>>(back));
  sink.exact("errors", static_cast<uint64_t>(parsed.ptr - digits.data()) << 1 | (parsed.ec == std::errc::result_out_of_range));
}

template <typename Sink>
void containers(random_bits& random, Sink& sink) {
  std::vector<uint64_t> numbers;
  for (uint32_t i = random.below(60) + 2; i > 0; --i) numbers.push_back(random.next() >> random.below(64));
  std::map<uint64_t, std::string> ordered;
  std::unordered_map<std::string, uint64_t> hashed;
  std::set<std::string> words;
  for (const uint64_t number : numbers) {
    const std::string key = word(random).substr(0, 3);
    ordered[number % 16] += key;
    hashed[key] += number;
    words.insert(key);
  }
  std::vector<std::pair<uint64_t, uint32_t>> pairs;
  for (uint32_t i = 0; i < numbers.size(); ++i) pairs.emplace_back(numbers[i] % 8, i);
  std::stable_sort(pairs.begin(), pairs.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  std::sort(numbers.begin(), numbers.end());
  std::string all;
  for (const auto& [number, index] : pairs) all += std::to_string(number) + ":" + std::to_string(index) + " ";
  for (const auto& [key, value] : ordered) all += std::to_string(key) + value;
  for (const auto& key : words) all += key + "=" + std::to_string(hashed.at(key)) + ",";
  sink.exact("containers", hash_of(all));
  sink.exact("sizes", uint64_t{words.size()} << 32 | uint64_t{hashed.size()} << 16 | ordered.size());
  sink.exact("bound", static_cast<uint64_t>(std::lower_bound(numbers.begin(), numbers.end(), random.next() >> 32) - numbers.begin()));
  std::nth_element(numbers.begin(), numbers.begin() + 1, numbers.end(), std::greater<>());
  sink.exact("nth", numbers[1] ^ std::accumulate(numbers.begin(), numbers.end(), uint64_t{0}));
}

/// Optional, variant and tuple: values that are or are not there, of one of several types, and several at once.
template <typename Sink>
void values(random_bits& random, Sink& sink) {
  using value = std::variant<uint64_t, std::string, std::optional<int32_t>, std::tuple<bool, int16_t>>;
  std::vector<value> list;
  for (uint32_t i = random.below(12) + 1; i > 0; --i) {
    switch (random.below(5)) {
      case 0:
        list.emplace_back(random.next());
        break;
      case 1:
        list.emplace_back(word(random));
        break;
      case 2:
        list.emplace_back(std::optional<int32_t>(static_cast<int32_t>(random.next())));
        break;
      case 3:
        list.emplace_back(std::optional<int32_t>());
        break;
      default: {
        const bool flag = random.below(2) == 0;
        list.emplace_back(std::make_tuple(flag, static_cast<int16_t>(random.next())));
      }
    }
  }
  std::sort(list.begin(), list.end());
  std::string all;
  for (const value& one : list) {
    all += std::to_string(one.index());
    if (const auto* number = std::get_if<uint64_t>(&one)) all += std::to_string(*number);
    if (const auto* text = std::get_if<std::string>(&one)) all += *text;
    if (const auto* maybe = std::get_if<std::optional<int32_t>>(&one)) all += std::to_string(maybe->value_or(-7));
    if (const auto* both = std::get_if<3>(&one)) all += std::to_string(std::get<0>(*both) ? std::get<1>(*both) : 0);
  }
  sink.exact("values", hash_of(all));
}

}  // namespace differential
