/// Memory API: allocation and byte operations, all inside the contract's own memory.
///
/// A contract starts with 64 KiB (8 KiB of them stack) and may grow to 33 MiB. Memory does not outlive the action.
///
/// Gas: that of the instructions; nothing here calls the host.
#pragma once

#include <cstdlib>
#include <cstring>

namespace snapscale {

using std::calloc;
using std::free;
using std::malloc;
using std::memcmp;
using std::memcpy;
using std::memmove;
using std::memset;
using std::realloc;

/// Bytes of linear memory now.
inline size_t memory_size() { return __builtin_wasm_memory_size(0) * size_t{65536}; }

}  // namespace snapscale
