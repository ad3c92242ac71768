/// The packed form of values: operators << and >> on datastreams, pack and unpack.
///
/// Structs with public fields need no description: their fields are written in the order of declaration. A type may
/// define its own operators (EOSLIB_SERIALIZE does), which then take precedence over those here.
#pragma once

#include <snapscale/core/binary_extension.hpp>
#include <snapscale/core/datastream.hpp>
#include <snapscale/core/fixed_bytes.hpp>
#include <snapscale/core/ignore.hpp>
#include <snapscale/core/reflect.hpp>
#include <snapscale/core/varint.hpp>

#include <deque>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <variant>
#include <vector>

namespace snapscale {

/// How T is packed: `write(stream, value)` and `read(stream, value)`. The primary template takes structs.
template <typename T, typename = void>
struct codec {
  static_assert(std::is_class_v<T>, "this type has no packed form");

  template <typename Stream>
  static void write(Stream& stream, const T& value) {
    for_each_field(value, [&](const auto& field) { stream << field; });
  }

  template <typename Stream>
  static void read(Stream& stream, T& value) {
    for_each_field(value, [&](auto& field) { stream >> field; });
  }
};

template <typename Stream, typename T, std::enable_if_t<is_datastream<Stream>, int> = 0>
inline Stream& operator<<(Stream& stream, const T& value) {
  codec<T>::write(stream, value);
  return stream;
}

template <typename Stream, typename T, std::enable_if_t<is_datastream<Stream>, int> = 0>
inline Stream& operator>>(Stream& stream, T& value) {
  codec<T>::read(stream, value);
  return stream;
}

template <typename T>
struct codec<T, std::enable_if_t<packs_bitwise<T>>> {
  template <typename Stream>
  static void write(Stream& stream, const T& value) {
    stream.write(reinterpret_cast<const char*>(&value), sizeof(T));
  }

  template <typename Stream>
  static void read(Stream& stream, T& value) {
    stream.read(reinterpret_cast<char*>(&value), sizeof(T));
  }
};

template <>
struct codec<bool> {
  template <typename Stream>
  static void write(Stream& stream, bool value) {
    stream.put(value ? 1 : 0);
  }

  template <typename Stream>
  static void read(Stream& stream, bool& value) {
    char byte;
    stream.read(&byte, 1);
    value = byte != 0;
  }
};

template <>
struct codec<unsigned_int> {
  template <typename Stream>
  static void write(Stream& stream, unsigned_int value) {
    uint32_t rest = value.value;
    for (; rest >= 0x80; rest >>= 7) stream.put(static_cast<char>(rest | 0x80));
    stream.put(static_cast<char>(rest));
  }

  template <typename Stream>
  static void read(Stream& stream, unsigned_int& value) {
    uint32_t result = 0;
    uint32_t shift = 0;
    unsigned char byte;
    do {
      check(shift < 35, "unsigned_int is longer than five bytes");
      stream.get(byte);
      result |= static_cast<uint32_t>(byte & 0x7f) << shift;
      shift += 7;
    } while (byte & 0x80);
    value.value = result;
  }
};

template <>
struct codec<signed_int> {
  template <typename Stream>
  static void write(Stream& stream, signed_int value) {
    stream << unsigned_int(static_cast<uint32_t>(value.value) << 1 ^ static_cast<uint32_t>(value.value >> 31));
  }

  template <typename Stream>
  static void read(Stream& stream, signed_int& value) {
    unsigned_int folded;
    stream >> folded;
    value.value = static_cast<int32_t>(folded.value >> 1 ^ (~(folded.value & 1) + 1));
  }
};

template <>
struct codec<std::string> {
  template <typename Stream>
  static void write(Stream& stream, const std::string& value) {
    stream << unsigned_int(static_cast<uint32_t>(value.size()));
    stream.write(value.data(), value.size());
  }

  template <typename Stream>
  static void read(Stream& stream, std::string& value) {
    unsigned_int size;
    stream >> size;
    check(size.value <= stream.remaining(), "datastream attempted to read past the end");
    value.assign(stream.pos(), size.value);
    stream.skip(size.value);
  }
};

template <>
struct codec<std::string_view> {
  template <typename Stream>
  static void write(Stream& stream, std::string_view value) {
    stream << unsigned_int(static_cast<uint32_t>(value.size()));
    stream.write(value.data(), value.size());
  }
};

/// A literal, sent as a string; there is nothing that it could be read into.
template <>
struct codec<const char*> {
  template <typename Stream>
  static void write(Stream& stream, const char* value) {
    stream << std::string_view(value);
  }
};

template <size_t Size>
struct codec<fixed_bytes<Size>> {
  template <typename Stream>
  static void write(Stream& stream, const fixed_bytes<Size>& value) {
    const auto bytes = value.extract_as_byte_array();
    stream.write(reinterpret_cast<const char*>(bytes.data()), Size);
  }

  template <typename Stream>
  static void read(Stream& stream, fixed_bytes<Size>& value) {
    std::array<uint8_t, Size> bytes;
    stream.read(reinterpret_cast<char*>(bytes.data()), Size);
    value = fixed_bytes<Size>(bytes);
  }
};

template <typename T>
struct codec<binary_extension<T>> {
  template <typename Stream>
  static void write(Stream& stream, const binary_extension<T>& value) {
    if (value.has_value()) stream << *value;
  }

  template <typename Stream>
  static void read(Stream& stream, binary_extension<T>& value) {
    if (stream.remaining() == 0) return value.reset();
    T content{};
    stream >> content;
    value.emplace(std::move(content));
  }
};

template <typename T>
struct codec<ignore<T>> {
  template <typename Stream>
  static void write(Stream&, const ignore<T>&) {}
  template <typename Stream>
  static void read(Stream&, ignore<T>&) {}
};

template <typename T>
struct codec<ignore_wrapper<T>> {
  template <typename Stream>
  static void write(Stream& stream, const ignore_wrapper<T>& wrapped) {
    stream << wrapped.value;
  }
};

template <typename T>
struct codec<std::optional<T>> {
  template <typename Stream>
  static void write(Stream& stream, const std::optional<T>& value) {
    stream.put(value.has_value() ? 1 : 0);
    if (value) stream << *value;
  }

  template <typename Stream>
  static void read(Stream& stream, std::optional<T>& value) {
    bool present;
    stream >> present;
    if (!present) return value.reset();
    T content{};
    stream >> content;
    value = std::move(content);
  }
};

template <typename... Types>
struct codec<std::variant<Types...>> {
  template <typename Stream>
  static void write(Stream& stream, const std::variant<Types...>& value) {
    stream << unsigned_int(static_cast<uint32_t>(value.index()));
    write_from<0>(stream, value);
  }

  template <typename Stream>
  static void read(Stream& stream, std::variant<Types...>& value) {
    unsigned_int index;
    stream >> index;
    read_from<0>(stream, value, index.value);
  }

 private:
  template <size_t Index, typename Stream>
  static void write_from(Stream& stream, const std::variant<Types...>& value) {
    if constexpr (Index < sizeof...(Types)) {
      if (auto* content = std::get_if<Index>(&value)) {
        stream << *content;
      } else {
        write_from<Index + 1>(stream, value);
      }
    }
  }

  template <size_t Index, typename Stream>
  static void read_from(Stream& stream, std::variant<Types...>& value, uint32_t index) {
    if constexpr (Index < sizeof...(Types)) {
      if (index != Index) return read_from<Index + 1>(stream, value, index);
      std::variant_alternative_t<Index, std::variant<Types...>> content{};
      stream >> content;
      value.template emplace<Index>(std::move(content));
    } else {
      fail("invalid variant index");
    }
  }
};

template <typename First, typename Second>
struct codec<std::pair<First, Second>> {
  template <typename Stream>
  static void write(Stream& stream, const std::pair<First, Second>& value) {
    stream << value.first << value.second;
  }

  template <typename Stream>
  static void read(Stream& stream, std::pair<First, Second>& value) {
    stream >> value.first >> value.second;
  }
};

template <typename... Types>
struct codec<std::tuple<Types...>> {
  template <typename Stream>
  static void write(Stream& stream, const std::tuple<Types...>& value) {
    std::apply([&](const auto&... fields) { (static_cast<void>(stream << fields), ...); }, value);
  }

  template <typename Stream>
  static void read(Stream& stream, std::tuple<Types...>& value) {
    std::apply([&](auto&... fields) { (static_cast<void>(stream >> fields), ...); }, value);
  }
};

/// Fixed arrays of the standard library: the elements alone.
template <typename T, size_t Count>
struct codec<std::array<T, Count>> {
  template <typename Stream>
  static void write(Stream& stream, const std::array<T, Count>& value) {
    if constexpr (packs_bitwise<T>) {
      stream.write(reinterpret_cast<const char*>(value.data()), sizeof(T) * Count);
    } else {
      for (const T& element : value) stream << element;
    }
  }

  template <typename Stream>
  static void read(Stream& stream, std::array<T, Count>& value) {
    if constexpr (packs_bitwise<T>) {
      stream.read(reinterpret_cast<char*>(value.data()), sizeof(T) * Count);
    } else {
      for (T& element : value) stream >> element;
    }
  }
};

/// Arrays of the language: the number of elements, which must be exactly this one, then the elements.
template <typename T, size_t Count>
struct codec<T[Count]> {
  template <typename Stream>
  static void write(Stream& stream, const T (&value)[Count]) {
    stream << unsigned_int(Count);
    for (const T& element : value) stream << element;
  }

  template <typename Stream>
  static void read(Stream& stream, T (&value)[Count]) {
    unsigned_int size;
    stream >> size;
    check(size.value == Count, "T[] size and unpacked size don't match");
    for (T& element : value) stream >> element;
  }
};

/// Sequences: the number of elements, then the elements.
template <typename Container>
struct sequence_codec {
  using element = typename Container::value_type;

  template <typename Stream>
  static void write(Stream& stream, const Container& value) {
    stream << unsigned_int(static_cast<uint32_t>(value.size()));
    for (const element& item : value) stream << item;
  }

  template <typename Stream>
  static void read(Stream& stream, Container& value) {
    unsigned_int size;
    stream >> size;
    value.clear();
    for (uint32_t i = 0; i < size.value; ++i) stream >> value.emplace_back();
  }
};

template <typename T, typename Allocator>
struct codec<std::vector<T, Allocator>> : sequence_codec<std::vector<T, Allocator>> {
  template <typename Stream>
  static void write(Stream& stream, const std::vector<T, Allocator>& value) {
    if constexpr (packs_bitwise<T>) {
      stream << unsigned_int(static_cast<uint32_t>(value.size()));
      stream.write(reinterpret_cast<const char*>(value.data()), sizeof(T) * value.size());
    } else {
      sequence_codec<std::vector<T, Allocator>>::write(stream, value);
    }
  }

  template <typename Stream>
  static void read(Stream& stream, std::vector<T, Allocator>& value) {
    unsigned_int size;
    stream >> size;
    // A length may be a lie: nothing is allocated beyond what the remaining bytes can hold.
    if constexpr (packs_bitwise<T>) {
      check(size.value <= stream.remaining() / sizeof(T), "datastream attempted to read past the end");
      value.resize(size.value);
      stream.read(reinterpret_cast<char*>(value.data()), sizeof(T) * size.value);
    } else {
      value.clear();
      if (size.value <= stream.remaining()) value.reserve(size.value);
      for (uint32_t i = 0; i < size.value; ++i) {
        T element{};
        stream >> element;
        value.push_back(std::move(element));
      }
    }
  }
};

template <typename T, typename Allocator>
struct codec<std::deque<T, Allocator>> : sequence_codec<std::deque<T, Allocator>> {};

template <typename T, typename Allocator>
struct codec<std::list<T, Allocator>> : sequence_codec<std::list<T, Allocator>> {};

/// Sets and maps: the number of elements, then the elements in their order; read in any order.
template <typename Container, typename Element>
struct associative_codec {
  template <typename Stream>
  static void write(Stream& stream, const Container& value) {
    stream << unsigned_int(static_cast<uint32_t>(value.size()));
    for (const auto& item : value) stream << item;
  }

  template <typename Stream>
  static void read(Stream& stream, Container& value) {
    unsigned_int size;
    stream >> size;
    value.clear();
    for (uint32_t i = 0; i < size.value; ++i) {
      Element item{};
      stream >> item;
      value.emplace(std::move(item));
    }
  }
};

template <typename T, typename Compare, typename Allocator>
struct codec<std::set<T, Compare, Allocator>> : associative_codec<std::set<T, Compare, Allocator>, T> {};

template <typename T, typename Compare, typename Allocator>
struct codec<std::multiset<T, Compare, Allocator>> : associative_codec<std::multiset<T, Compare, Allocator>, T> {};

template <typename Key, typename T, typename Compare, typename Allocator>
struct codec<std::map<Key, T, Compare, Allocator>> : associative_codec<std::map<Key, T, Compare, Allocator>, std::pair<Key, T>> {};

template <typename Key, typename T, typename Compare, typename Allocator>
struct codec<std::multimap<Key, T, Compare, Allocator>>
    : associative_codec<std::multimap<Key, T, Compare, Allocator>, std::pair<Key, T>> {};

/// The number of bytes that `value` packs into.
template <typename T>
size_t pack_size(const T& value) {
  datastream<size_t> stream;
  stream << value;
  return stream.tellp();
}

template <typename T>
std::vector<char> pack(const T& value) {
  std::vector<char> result(pack_size(value));
  datastream<char*> stream(result.data(), result.size());
  stream << value;
  return result;
}

/// Unpacks a T from the start of `size` bytes; bytes that follow it are left alone.
template <typename T>
T unpack(const char* bytes, size_t size) {
  T result{};
  datastream<const char*> stream(bytes, size);
  stream >> result;
  return result;
}

template <typename T>
void unpack(T& result, const char* bytes, size_t size) {
  datastream<const char*> stream(bytes, size);
  stream >> result;
}

template <typename T>
T unpack(const std::vector<char>& bytes) {
  return unpack<T>(bytes.data(), bytes.size());
}

/// Buffers up to this size live on the stack, longer ones on the heap.
inline constexpr size_t stack_buffer_size_max = 512;

/// Calls `use(bytes, size)` with the packed form of `value`, which lives as long as the call.
template <typename T, typename Use>
auto with_packed(const T& value, Use&& use) {
  const size_t size = pack_size(value);
  struct heap_buffer {
    char* bytes;
    ~heap_buffer() { std::free(bytes); }
  } heap{size > stack_buffer_size_max ? static_cast<char*>(std::malloc(size)) : nullptr};
  char* bytes = heap.bytes != nullptr ? heap.bytes : static_cast<char*>(__builtin_alloca(size));
  datastream<char*> stream(bytes, size);
  stream << value;
  return use(static_cast<const char*>(bytes), static_cast<uint32_t>(size));
}

}  // namespace snapscale
