/// The five families of secondary keys, and how a row tells its key.
#pragma once

#include <snapscale/core/fixed_bytes.hpp>
#include <snapscale/core/name.hpp>
#include <snapscale/host/database.hpp>

namespace snapscale {

/// Calls a member function of a row: `const_mem_fun<row, uint64_t, &row::by_owner>`.
template <typename Class, typename Result, Result (Class::*Method)() const>
struct const_mem_fun {
  using result_type = std::remove_const_t<std::remove_reference_t<Result>>;
  Result operator()(const Class& object) const { return (object.*Method)(); }
};

/// Reads a field of a row: `member<row, uint64_t, &row::weight>`.
template <typename Class, typename Type, Type Class::*Field>
struct member {
  using result_type = std::remove_const_t<Type>;
  const Type& operator()(const Class& object) const { return object.*Field; }
};

/// Calls a free function on a row.
template <typename Class, typename Result, Result (*Function)(const Class&)>
struct global_fun {
  using result_type = std::remove_const_t<std::remove_reference_t<Result>>;
  Result operator()(const Class& object) const { return Function(object); }
};

/// One secondary index of a table: its name and where its key is.
template <name::raw IndexName, typename Extractor>
struct indexed_by {
  enum constants : uint64_t { index_name = static_cast<uint64_t>(IndexName) };
  using secondary_extractor_type = Extractor;
};

/// The host functions of the family that Key belongs to.
template <typename Key>
struct secondary_family {
  static_assert(sizeof(Key) == 0, "a secondary key is uint64_t, uint128_t, double, long double or checksum256");
};

// The four families whose key is one number share all but the names of their functions.
#define SNAPSCALE_SECONDARY_FAMILY(KEY, FAMILY)                                                                       \
  template <>                                                                                                         \
  struct secondary_family<KEY> {                                                                                      \
    static int32_t store(uint64_t scope, uint64_t table, uint64_t payer, uint64_t id, const KEY& key) {               \
      return host::db_##FAMILY##_store(scope, table, payer, id, &key);                                                \
    }                                                                                                                 \
    static void update(int32_t it, uint64_t payer, const KEY& key) { host::db_##FAMILY##_update(it, payer, &key); }   \
    static void remove(int32_t it) { host::db_##FAMILY##_remove(it); }                                                \
    static int32_t next(int32_t it, uint64_t& id) { return host::db_##FAMILY##_next(it, &id); }                       \
    static int32_t previous(int32_t it, uint64_t& id) { return host::db_##FAMILY##_previous(it, &id); }               \
    static int32_t end(uint64_t code, uint64_t scope, uint64_t table) {                                               \
      return host::db_##FAMILY##_end(code, scope, table);                                                             \
    }                                                                                                                 \
    static int32_t find_primary(uint64_t code, uint64_t scope, uint64_t table, uint64_t id) {                         \
      KEY key;                                                                                                        \
      return host::db_##FAMILY##_find_primary(code, scope, table, &key, id);                                          \
    }                                                                                                                 \
    static int32_t find(uint64_t code, uint64_t scope, uint64_t table, const KEY& key, uint64_t& id) {                \
      return host::db_##FAMILY##_find_secondary(code, scope, table, &key, &id);                                       \
    }                                                                                                                 \
    static int32_t lower_bound(uint64_t code, uint64_t scope, uint64_t table, KEY key, uint64_t& id) {                \
      return host::db_##FAMILY##_lowerbound(code, scope, table, &key, &id);                                           \
    }                                                                                                                 \
    static int32_t upper_bound(uint64_t code, uint64_t scope, uint64_t table, KEY key, uint64_t& id) {                \
      return host::db_##FAMILY##_upperbound(code, scope, table, &key, &id);                                           \
    }                                                                                                                 \
    static constexpr KEY lowest() {                                                                                   \
      return std::is_unsigned_v<KEY> ? static_cast<KEY>(0) : static_cast<KEY>(-__builtin_inff());                     \
    }                                                                                                                 \
  };

SNAPSCALE_SECONDARY_FAMILY(uint64_t, idx64)
SNAPSCALE_SECONDARY_FAMILY(uint128_t, idx128)
SNAPSCALE_SECONDARY_FAMILY(double, idx_double)
SNAPSCALE_SECONDARY_FAMILY(long double, idx_long_double)
#undef SNAPSCALE_SECONDARY_FAMILY

template <>
struct secondary_family<checksum256> {
  static int32_t store(uint64_t scope, uint64_t table, uint64_t payer, uint64_t id, const checksum256& key) {
    return host::db_idx256_store(scope, table, payer, id, key.data(), 2);
  }
  static void update(int32_t it, uint64_t payer, const checksum256& key) { host::db_idx256_update(it, payer, key.data(), 2); }
  static void remove(int32_t it) { host::db_idx256_remove(it); }
  static int32_t next(int32_t it, uint64_t& id) { return host::db_idx256_next(it, &id); }
  static int32_t previous(int32_t it, uint64_t& id) { return host::db_idx256_previous(it, &id); }
  static int32_t end(uint64_t code, uint64_t scope, uint64_t table) { return host::db_idx256_end(code, scope, table); }
  static int32_t find_primary(uint64_t code, uint64_t scope, uint64_t table, uint64_t id) {
    checksum256 key;
    return host::db_idx256_find_primary(code, scope, table, key.data(), 2, id);
  }
  static int32_t find(uint64_t code, uint64_t scope, uint64_t table, const checksum256& key, uint64_t& id) {
    return host::db_idx256_find_secondary(code, scope, table, key.data(), 2, &id);
  }
  static int32_t lower_bound(uint64_t code, uint64_t scope, uint64_t table, checksum256 key, uint64_t& id) {
    return host::db_idx256_lowerbound(code, scope, table, key.data(), 2, &id);
  }
  static int32_t upper_bound(uint64_t code, uint64_t scope, uint64_t table, checksum256 key, uint64_t& id) {
    return host::db_idx256_upperbound(code, scope, table, key.data(), 2, &id);
  }
  static constexpr checksum256 lowest() { return checksum256(); }
};

}  // namespace snapscale
