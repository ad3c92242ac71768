/// Visiting the fields of a struct in the order of their declaration.
#pragma once

#include <snapscale/core/layout.hpp>

namespace snapscale {

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wc++26-extensions"

/// Calls `visit(field)` for each field of `object`, a struct whose fields are public and all in one class. The
/// compiler's message for any other type names the field or base in the way: describe it with EOSLIB_SERIALIZE.
template <typename T, typename Visitor>
constexpr void for_each_field(T& object, Visitor&& visit) {
  auto& [... fields] = object;
  (static_cast<void>(visit(fields)), ...);
}

#pragma clang diagnostic pop

}  // namespace snapscale

// Two macros that call each other walk a sequence (a)(b)(c) of any length.
#define SNAPSCALE_JOIN_(a, b) a##b
#define SNAPSCALE_JOIN(a, b) SNAPSCALE_JOIN_(a, b)
#define SNAPSCALE_WRITE_A(field) <<value.field SNAPSCALE_WRITE_B
#define SNAPSCALE_WRITE_B(field) <<value.field SNAPSCALE_WRITE_A
#define SNAPSCALE_WRITE_A_END
#define SNAPSCALE_WRITE_B_END
#define SNAPSCALE_READ_A(field) >>value.field SNAPSCALE_READ_B
#define SNAPSCALE_READ_B(field) >>value.field SNAPSCALE_READ_A
#define SNAPSCALE_READ_A_END
#define SNAPSCALE_READ_B_END

/// What CDT needs to know about a struct, the compiler tells here.
#define CDT_REFLECT(...)
#define EOSIO_REFLECT(...)

/// Inside a class: packs and unpacks the fields of the sequence, `EOSLIB_SERIALIZE(row, (id)(owner))`.
#define EOSLIB_SERIALIZE(TYPE, MEMBERS)                                          \
  template <typename DataStream>                                                 \
  friend DataStream& operator<<(DataStream& stream, const TYPE& value) {         \
    return stream SNAPSCALE_JOIN(SNAPSCALE_WRITE_A MEMBERS, _END);               \
  }                                                                              \
  template <typename DataStream>                                                 \
  friend DataStream& operator>>(DataStream& stream, TYPE& value) {               \
    return stream SNAPSCALE_JOIN(SNAPSCALE_READ_A MEMBERS, _END);                \
  }

/// The same for a class with a base, whose fields come first.
#define EOSLIB_SERIALIZE_DERIVED(TYPE, BASE, MEMBERS)                            \
  template <typename DataStream>                                                 \
  friend DataStream& operator<<(DataStream& stream, const TYPE& value) {         \
    stream << static_cast<const BASE&>(value);                                   \
    return stream SNAPSCALE_JOIN(SNAPSCALE_WRITE_A MEMBERS, _END);               \
  }                                                                              \
  template <typename DataStream>                                                 \
  friend DataStream& operator>>(DataStream& stream, TYPE& value) {               \
    stream >> static_cast<BASE&>(value);                                         \
    return stream SNAPSCALE_JOIN(SNAPSCALE_READ_A MEMBERS, _END);                \
  }
