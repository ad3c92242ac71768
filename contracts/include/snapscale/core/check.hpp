/// Assertions that end the whole transaction.
#pragma once

#include <snapscale/host/system.hpp>

#include <string>
#include <string_view>

namespace snapscale {

/// Ends the transaction with `message`, which the caller of the transaction gets to read.
[[noreturn]] inline void fail(const char* message) {
  host::eosio_assert(0, message);
  __builtin_trap();
}

/// Ends the transaction with the first `size` bytes of `message` (the node keeps at most 1,024 of them).
[[noreturn]] inline void fail(const char* message, size_t size) {
  host::eosio_assert_message(0, message, static_cast<uint32_t>(size));
  __builtin_trap();
}

/// Ends the transaction with a number in place of a text; codes from 10^19 on are the chain's own.
[[noreturn]] inline void fail(uint64_t code) {
  host::eosio_assert_code(0, code);
  __builtin_trap();
}

/// Goes on if `holds`, otherwise ends the transaction with `message`.
inline void check(bool holds, const char* message) {
  if (__builtin_expect(!holds, 0)) fail(message);
}

inline void check(bool holds, const char* message, size_t size) {
  if (__builtin_expect(!holds, 0)) fail(message, size);
}

inline void check(bool holds, const std::string& message) {
  if (__builtin_expect(!holds, 0)) fail(message.data(), message.size());
}

inline void check(bool holds, std::string_view message) {
  if (__builtin_expect(!holds, 0)) fail(message.data(), message.size());
}

/// Goes on if `holds`, otherwise ends the transaction with the error code `code`.
inline void check(bool holds, uint64_t code) {
  if (__builtin_expect(!holds, 0)) fail(code);
}

}  // namespace snapscale
