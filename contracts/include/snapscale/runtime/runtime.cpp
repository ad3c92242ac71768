/// What a contract needs of C and C++ without an operating system: memory, byte operations and ends.
///
/// Linked into every contract. It stands in for the parts of the C library that would import WASI functions, which
/// the chain does not have: the allocator, abort, and the doors of stdio. Nothing here is called unless a contract uses
/// it, and the linker drops what is not.
#include <__verbose_abort>
#include <snapscale/host/system.hpp>

#include <cerrno>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

extern "C" unsigned char __heap_base;

namespace {

constexpr size_t page_size = 65536;
constexpr size_t header_size = 16;
constexpr size_t class_count = 28;

/// Precedes each block handed out; all blocks are aligned to 16 bytes.
struct block {
  uint32_t capacity;
  uint32_t size_class;
  block* next_free;
  uint32_t unused;
};
static_assert(sizeof(block) == header_size);

unsigned char* heap_end = nullptr;
block* free_blocks[class_count];

block* block_of(void* data) { return reinterpret_cast<block*>(static_cast<unsigned char*>(data) - header_size); }

/// Blocks of a class have capacities from its power of two up to the next; requests are rounded up to four steps
/// between powers of two, which wastes at most a quarter.
size_t rounded(size_t size) {
  if (size <= 16) return 16;
  const int top = 31 - __builtin_clz(static_cast<uint32_t>(size));
  const size_t step = (size_t{1} << top) / 4 < 16 ? 16 : (size_t{1} << top) / 4;
  return (size + step - 1) & ~(step - 1);
}

uint32_t class_of(size_t capacity) { return static_cast<uint32_t>(31 - __builtin_clz(static_cast<uint32_t>(capacity))) - 4; }

/// Takes fresh memory, growing the instance if the pages at hand do not suffice.
block* extend(size_t capacity) {
  if (heap_end == nullptr) heap_end = reinterpret_cast<unsigned char*>((reinterpret_cast<uintptr_t>(&__heap_base) + 15) & ~uintptr_t{15});
  block* const result = reinterpret_cast<block*>(heap_end);
  const size_t available = __builtin_wasm_memory_size(0) * page_size - reinterpret_cast<uintptr_t>(heap_end);
  if (capacity + header_size > available) {
    const size_t pages = (capacity + header_size - available + page_size - 1) / page_size;
    if (__builtin_wasm_memory_grow(0, pages) == static_cast<size_t>(-1)) return nullptr;
  }
  heap_end += capacity + header_size;
  result->capacity = static_cast<uint32_t>(capacity);
  result->size_class = class_of(capacity);
  return result;
}

/// Right also for ranges that overlap, if the target is the lower one.
inline void copy_forward(unsigned char* to, const unsigned char* from, size_t size) {
  for (; size >= 8; size -= 8, to += 8, from += 8) {
    uint64_t word;
    __builtin_memcpy_inline(&word, from, 8);
    __builtin_memcpy_inline(to, &word, 8);
  }
  for (; size != 0; --size) *to++ = *from++;
}

/// Ends the transaction with what the C++ library has to say: of `thrown … with message "%s"` only that message.
[[noreturn]] void fail_formatted(const char* format, va_list arguments) {
  const char* message = format;
  for (const char* at = format; *at != '\0'; ++at) {
    if (at[0] != '%') continue;
    if (at[1] == 's') message = va_arg(arguments, const char*);
    break;
  }
  snapscale::host::eosio_assert(0, message);
  __builtin_trap();
}

}  // namespace

extern "C" {

void* malloc(size_t size) {
  if (size > size_t{1} << 30) return nullptr;
  const size_t capacity = rounded(size);
  for (block** link = &free_blocks[class_of(capacity)]; *link != nullptr; link = &(*link)->next_free) {
    block* const candidate = *link;
    if (candidate->capacity < capacity) continue;
    *link = candidate->next_free;
    return candidate + 1;
  }
  block* const fresh = extend(capacity);
  return fresh == nullptr ? nullptr : fresh + 1;
}

void free(void* data) {
  if (data == nullptr) return;
  block* const freed = block_of(data);
  freed->next_free = free_blocks[freed->size_class];
  free_blocks[freed->size_class] = freed;
}

void* memcpy(void* __restrict target, const void* __restrict source, size_t size) {
  copy_forward(static_cast<unsigned char*>(target), static_cast<const unsigned char*>(source), size);
  return target;
}

void* memmove(void* target, const void* source, size_t size) {
  auto* to = static_cast<unsigned char*>(target);
  auto* from = static_cast<const unsigned char*>(source);
  if (to <= from || to >= from + size) {
    copy_forward(to, from, size);
    return target;
  }
  for (; size >= 8; size -= 8) {
    uint64_t word;
    __builtin_memcpy_inline(&word, from + size - 8, 8);
    __builtin_memcpy_inline(to + size - 8, &word, 8);
  }
  while (size != 0) {
    --size;
    to[size] = from[size];
  }
  return target;
}

void* memset(void* target, int value, size_t size) {
  auto* to = static_cast<unsigned char*>(target);
  const uint64_t word = static_cast<unsigned char>(value) * uint64_t{0x0101010101010101};
  for (; size >= 8; size -= 8, to += 8) __builtin_memcpy_inline(to, &word, 8);
  for (; size != 0; --size) *to++ = static_cast<unsigned char>(value);
  return target;
}

int memcmp(const void* left, const void* right, size_t size) {
  auto* a = static_cast<const unsigned char*>(left);
  auto* b = static_cast<const unsigned char*>(right);
  for (; size != 0; --size, ++a, ++b) {
    if (*a != *b) return *a < *b ? -1 : 1;
  }
  return 0;
}

void* memchr(const void* data, int value, size_t size) {
  auto* at = static_cast<const unsigned char*>(data);
  for (; size != 0; --size, ++at) {
    if (*at == static_cast<unsigned char>(value)) return const_cast<unsigned char*>(at);
  }
  return nullptr;
}

size_t strlen(const char* text) {
  size_t size = 0;
  while (text[size] != '\0') ++size;
  return size;
}

void* calloc(size_t count, size_t size) {
  size_t total;
  if (__builtin_mul_overflow(count, size, &total)) return nullptr;
  void* const data = malloc(total);
  return data == nullptr ? nullptr : memset(data, 0, total);
}

void* realloc(void* data, size_t size) {
  if (data == nullptr) return malloc(size);
  const size_t capacity = block_of(data)->capacity;
  if (size <= capacity) return data;
  void* const larger = malloc(size);
  if (larger == nullptr) return nullptr;
  memcpy(larger, data, capacity);
  free(data);
  return larger;
}

size_t malloc_usable_size(void* data) { return data == nullptr ? 0 : block_of(data)->capacity; }

/// A copy of the header in front of the aligned address makes the block freeable; it then only loses its front part.
void* aligned_alloc(size_t alignment, size_t size) {
  if (alignment <= 16) return malloc(size);
  void* const data = malloc(size + alignment + header_size);
  if (data == nullptr) return nullptr;
  const uintptr_t aligned = (reinterpret_cast<uintptr_t>(data) + alignment - 1) & ~(static_cast<uintptr_t>(alignment) - 1);
  if (aligned == reinterpret_cast<uintptr_t>(data)) return data;
  block* const moved = reinterpret_cast<block*>(aligned) - 1;
  const size_t capacity = block_of(data)->capacity - (aligned - reinterpret_cast<uintptr_t>(data));
  moved->capacity = static_cast<uint32_t>(capacity);
  moved->size_class = class_of(capacity);
  return moved + 1;
}

// Under these names other parts of the C library allocate; without them they bring their own allocator along.
void* __libc_malloc(size_t size) { return malloc(size); }
void* __libc_calloc(size_t count, size_t size) { return calloc(count, size); }
void __libc_free(void* data) { free(data); }

void* memalign(size_t alignment, size_t size) { return aligned_alloc(alignment, size); }

int posix_memalign(void** result, size_t alignment, size_t size) {
  *result = aligned_alloc(alignment, size);
  return *result == nullptr ? ENOMEM : 0;
}

void abort() {
  snapscale::host::eosio_assert(0, "abort() called");
  __builtin_trap();
}

// Destructors of static objects never run: the memory ends with the action.
int __cxa_atexit(void (*)(void*), void*, void*) { return 0; }
int __cxa_thread_atexit(void (*)(void*), void*, void*) { return 0; }
void __wasm_call_dtors() {}
void* __dso_handle = nullptr;

[[noreturn]] void __cxa_pure_virtual() {
  snapscale::host::eosio_assert(0, "pure virtual function called");
  __builtin_trap();
}

[[noreturn]] void __abort_message(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fail_formatted(format, arguments);
}

// The C library reaches the outside world through these. Defined here they can never become imports: output goes to
// the console, there is no environment, and there are no files. The compiler refuses what would need more, such as clocks.
constexpr int wasi_bad_descriptor = 8;

struct io_vector {
  const char* data;
  size_t size;
};

int __imported_wasi_snapshot_preview1_fd_write(int, const io_vector* vectors, size_t count, size_t* written) {
  *written = 0;
  for (size_t i = 0; i < count; ++i) {
    snapscale::host::prints_l(vectors[i].data, static_cast<uint32_t>(vectors[i].size));
    *written += vectors[i].size;
  }
  return 0;
}
int __imported_wasi_snapshot_preview1_fd_read(int, const io_vector*, size_t, size_t*) { return wasi_bad_descriptor; }
int __imported_wasi_snapshot_preview1_fd_close(int) { return wasi_bad_descriptor; }
int __imported_wasi_snapshot_preview1_fd_seek(int, int64_t, int, int64_t*) { return wasi_bad_descriptor; }
int __imported_wasi_snapshot_preview1_fd_fdstat_get(int, void*) { return wasi_bad_descriptor; }
int __imported_wasi_snapshot_preview1_fd_prestat_get(int, void*) { return wasi_bad_descriptor; }
int __imported_wasi_snapshot_preview1_fd_prestat_dir_name(int, char*, size_t) { return wasi_bad_descriptor; }
int __imported_wasi_snapshot_preview1_environ_get(char**, char*) { return 0; }
int __imported_wasi_snapshot_preview1_environ_sizes_get(size_t* count, size_t* size) {
  *count = 0;
  *size = 0;
  return 0;
}
[[noreturn]] void __imported_wasi_snapshot_preview1_proc_exit(int) { abort(); }

}  // extern "C"

namespace {

void* assert_allocated(void* data) {
  if (__builtin_expect(data == nullptr, 0)) {
    snapscale::host::eosio_assert(0, "failed to allocate pages");
    __builtin_trap();
  }
  return data;
}

}  // namespace

void* operator new(size_t size) { return assert_allocated(malloc(size)); }
void* operator new[](size_t size) { return assert_allocated(malloc(size)); }
void* operator new(size_t size, std::align_val_t alignment) {
  return assert_allocated(aligned_alloc(static_cast<size_t>(alignment), size));
}
void* operator new[](size_t size, std::align_val_t alignment) {
  return assert_allocated(aligned_alloc(static_cast<size_t>(alignment), size));
}
void* operator new(size_t size, const std::nothrow_t&) noexcept { return malloc(size); }
void* operator new[](size_t size, const std::nothrow_t&) noexcept { return malloc(size); }
void operator delete(void* data) noexcept { free(data); }
void operator delete[](void* data) noexcept { free(data); }
void operator delete(void* data, size_t) noexcept { free(data); }
void operator delete[](void* data, size_t) noexcept { free(data); }
void operator delete(void* data, std::align_val_t) noexcept { free(data); }
void operator delete[](void* data, std::align_val_t) noexcept { free(data); }
void operator delete(void* data, size_t, std::align_val_t) noexcept { free(data); }
void operator delete[](void* data, size_t, std::align_val_t) noexcept { free(data); }
void operator delete(void* data, const std::nothrow_t&) noexcept { free(data); }
void operator delete[](void* data, const std::nothrow_t&) noexcept { free(data); }

_LIBCPP_BEGIN_NAMESPACE_STD
[[noreturn]] void __libcpp_verbose_abort(const char* format, ...) noexcept {
  va_list arguments;
  va_start(arguments, format);
  fail_formatted(format, arguments);
}
_LIBCPP_END_NAMESPACE_STD
