/// Cursors over packed bytes: for reading, for writing, and for measuring before writing.
#pragma once

#include <snapscale/core/check.hpp>
#include <snapscale/core/layout.hpp>

#include <cstring>

namespace snapscale {

/// A cursor over `[start, start + size)`: `datastream<const char*>` reads, `datastream<char*>` reads and writes.
/// Leaving the range ends the transaction.
template <typename Pointer>
class datastream {
 public:
  datastream(Pointer start, size_t size) : first(start), cursor(start), last(start + size) {}

  void skip(size_t size) { cursor += size; }

  bool read(char* target, size_t size) {
    check(size <= remaining(), "datastream attempted to read past the end");
    std::memcpy(target, cursor, size);
    cursor += size;
    return true;
  }

  bool write(const char* source, size_t size) {
    check(size <= remaining(), "datastream attempted to write past the end");
    std::memcpy(cursor, source, size);
    cursor += size;
    return true;
  }

  bool write(const void* source, size_t size) { return write(static_cast<const char*>(source), size); }
  bool write(char byte) { return put(byte); }

  bool put(char byte) {
    check(cursor < last, "put");
    *cursor++ = byte;
    return true;
  }

  bool get(unsigned char& byte) { return get(reinterpret_cast<char&>(byte)); }

  bool get(char& byte) {
    check(cursor < last, "get");
    byte = *cursor++;
    return true;
  }

  Pointer pos() const { return cursor; }
  bool valid() const { return first <= cursor && cursor <= last; }
  size_t tellp() const { return static_cast<size_t>(cursor - first); }
  size_t remaining() const { return static_cast<size_t>(last - cursor); }

  bool seekp(size_t position) {
    cursor = first + position;
    return cursor <= last;
  }

 private:
  Pointer first;
  Pointer cursor;
  Pointer last;
};

/// Counts the bytes that packing would write.
template <>
class datastream<size_t> {
 public:
  explicit datastream(size_t start = 0) : size(start) {}

  bool skip(size_t count) {
    size += count;
    return true;
  }
  bool write(const void*, size_t count) { return skip(count); }
  bool write(char) { return skip(1); }
  bool put(char) { return skip(1); }
  bool valid() const { return true; }
  size_t tellp() const { return size; }
  size_t remaining() const { return 0; }

  bool seekp(size_t position) {
    size = position;
    return true;
  }

 private:
  size_t size;
};

/// True for `datastream<…>`, false for every other type.
template <typename T>
inline constexpr bool is_datastream = false;

template <typename T>
inline constexpr bool is_datastream<datastream<T>> = true;

}  // namespace snapscale
