/// Tables of rows.
///
/// Gas: `find`, `get` 1,500, bounds and stepping 3,000, and for a row not in memory yet 80 and 0.75 for each byte;
/// `emplace` 10,000 (the first row of a scope 15,000 more), `modify` 3,000, 5 for each byte written, `erase` 5,000. For each
/// secondary index `emplace` 14,000, `modify` 10,000 if its key changes, `erase` 7,000, and a search 4,500.
#pragma once

#include <snapscale/action.hpp>
#include <snapscale/database/secondary_index.hpp>

#include <iterator>
#include <limits>

namespace snapscale {

/// The packed row at a host iterator.
struct row_bytes {
  // Reading into a buffer that usually suffices saves a call for the size.
  [[clang::noinline]] explicit row_bytes(int32_t iterator)
      : bytes(buffer), size(static_cast<uint32_t>(host::db_get_i64(iterator, buffer, sizeof(buffer)))) {
    if (size < sizeof(buffer)) return;
    size = static_cast<uint32_t>(host::db_get_i64(iterator, nullptr, 0));
    bytes = static_cast<char*>(std::malloc(size));
    host::db_get_i64(iterator, bytes, size);
  }
  row_bytes(const row_bytes&) = delete;
  row_bytes& operator=(const row_bytes&) = delete;
  ~row_bytes() {
    if (bytes != buffer) std::free(bytes);
  }

  char buffer[stack_buffer_size_max];
  char* bytes;
  uint32_t size;
};

/// A table of the contract `code` under `scope`: rows of type T, found and ordered by `T::primary_key()`, and by the
/// key of each secondary index. Rows read once stay in memory as long as the object lives; they are constant, and
/// change only through `modify`. Only the contract itself may write its tables.
template <name::raw TableName, typename T, typename... Indices>
class multi_index {
  static_assert(sizeof...(Indices) <= 16, "a table has at most 16 secondary indices");

  /// A row in memory, and the host's iterators to it and to its secondary keys (-1: not asked for yet).
  struct item : T {
    const multi_index* table = nullptr;
    item* next = nullptr;
    uint64_t primary = 0;
    int32_t iterator = -1;
    int32_t secondary[sizeof...(Indices) + 1];
  };

  template <typename Key>
  using family = secondary_family<Key>;

  template <typename Table, typename Index, size_t Number>
  friend class secondary_index;

 public:
  /// Goes through the rows in the order of their primary keys.
  class const_iterator {
   public:
    using iterator_category = std::bidirectional_iterator_tag;
    using value_type = const T;
    using difference_type = std::ptrdiff_t;
    using pointer = const T*;
    using reference = const T&;

    const_iterator() = default;

    const T& operator*() const { return *row; }
    const T* operator->() const { return row; }

    const_iterator& operator++() {
      check(row != nullptr, "cannot increment end iterator");
      uint64_t primary;
      const int32_t next = host::db_next_i64(row->iterator, &primary);
      row = next < 0 ? nullptr : &table->load(next);
      return *this;
    }

    const_iterator& operator--() {
      uint64_t primary;
      int32_t previous;
      if (row == nullptr) {
        const int32_t end = host::db_end_i64(table->code, table->scope, table_name);
        check(end != -1, "cannot decrement end iterator when the table is empty");
        previous = host::db_previous_i64(end, &primary);
        check(previous >= 0, "cannot decrement end iterator when the table is empty");
      } else {
        previous = host::db_previous_i64(row->iterator, &primary);
        check(previous >= 0, "cannot decrement iterator at beginning of table");
      }
      row = &table->load(previous);
      return *this;
    }

    const_iterator operator++(int) {
      const_iterator before = *this;
      ++*this;
      return before;
    }
    const_iterator operator--(int) {
      const_iterator before = *this;
      --*this;
      return before;
    }

    friend bool operator==(const const_iterator& a, const const_iterator& b) { return a.row == b.row; }
    friend bool operator!=(const const_iterator& a, const const_iterator& b) { return a.row != b.row; }

   private:
    friend class multi_index;
    const_iterator(const multi_index* table, const item* row) : table(table), row(row) {}

    const multi_index* table = nullptr;
    const item* row = nullptr;
  };

  using const_reverse_iterator = std::reverse_iterator<const_iterator>;

  multi_index(name code, uint64_t scope) : code(code.value), scope(scope) {}
  multi_index(const multi_index&) = delete;
  multi_index& operator=(const multi_index&) = delete;

  ~multi_index() {
#pragma clang loop unroll(disable)
    for (item* chain : loaded) {
      while (chain != nullptr) {
        item* const next = chain->next;
        delete chain;
        chain = next;
      }
    }
  }

  name get_code() const { return name(code); }
  uint64_t get_scope() const { return scope; }

  const_iterator begin() const { return lower_bound(uint64_t{0}); }
  const_iterator cbegin() const { return begin(); }
  const_iterator end() const { return {this, nullptr}; }
  const_iterator cend() const { return end(); }
  const_reverse_iterator rbegin() const { return std::make_reverse_iterator(end()); }
  const_reverse_iterator crbegin() const { return rbegin(); }
  const_reverse_iterator rend() const { return std::make_reverse_iterator(begin()); }
  const_reverse_iterator crend() const { return rend(); }

  /// The first row whose primary key is at least `primary`.
  const_iterator lower_bound(uint64_t primary) const { return at(host::db_lowerbound_i64(code, scope, table_name, primary)); }
  const_iterator lower_bound(name primary) const { return lower_bound(primary.value); }

  /// The first row whose primary key is greater than `primary`.
  const_iterator upper_bound(uint64_t primary) const { return at(host::db_upperbound_i64(code, scope, table_name, primary)); }
  const_iterator upper_bound(name primary) const { return upper_bound(primary.value); }

  const_iterator find(uint64_t primary) const { return at(host::db_find_i64(code, scope, table_name, primary)); }
  const_iterator find(name primary) const { return find(primary.value); }

  /// The row; ends the transaction with `message` if it does not exist.
  const_iterator require_find(uint64_t primary, const char* message = "unable to find key") const {
    const int32_t found = host::db_find_i64(code, scope, table_name, primary);
    check(found >= 0, message);
    return at(found);
  }
  const_iterator require_find(name primary, const char* message = "unable to find key") const {
    return require_find(primary.value, message);
  }

  const T& get(uint64_t primary, const char* message = "unable to find key") const { return *require_find(primary, message); }
  const T& get(name primary, const char* message = "unable to find key") const { return get(primary.value, message); }

  const_iterator iterator_to(const T& object) const {
    const item& row = static_cast<const item&>(object);
    check(row.table == this, "object passed to iterator_to is not in multi_index");
    return {this, &row};
  }

  /// One above the greatest primary key so far; 0 for an empty table.
  uint64_t available_primary_key() const {
    if (!next_primary_known) {
      const int32_t end_iterator = host::db_end_i64(code, scope, table_name);
      uint64_t primary = 0;
      next_primary = end_iterator == -1 || host::db_previous_i64(end_iterator, &primary) < 0 ? 0 : after(primary);
      next_primary_known = true;
    }
    check(next_primary < no_primary_key, "next primary key in table is at autoincrement limit");
    return next_primary;
  }

  /// The secondary index of that name.
  template <name::raw IndexName>
  auto get_index() const {
    return index_of<IndexName, 0, Indices...>();
  }

  /// Adds the row that `construct(T&)` fills in; `payer` pays for its storage and must have authorized that.
  template <typename Construct>
  const_iterator emplace(name payer, Construct&& construct) {
    check(code == current_receiver().value, "cannot create objects in table of another contract");
    item* const row = new item();
    construct(static_cast<T&>(*row));
    row->table = this;
    row->primary = primary_of(*row);
    row->iterator = with_packed(static_cast<const T&>(*row), [&](const char* bytes, uint32_t size) {
      return host::db_store_i64(scope, table_name, payer.value, row->primary, bytes, size);
    });
    for_each_index([&](auto number, auto index) {
      using key = typename decltype(index)::secondary_extractor_type;
      row->secondary[number] = family<typename key::result_type>::store(scope, index_table(number), payer.value, row->primary, key()(*row));
    });
    if (row->primary >= next_primary) next_primary = after(row->primary);
    link(row);
    return {this, row};
  }

  template <typename Update>
  void modify(const_iterator position, name payer, Update&& update) {
    check(position != end(), "cannot pass end iterator to modify");
    modify(*position, payer, std::forward<Update>(update));
  }

  /// Changes a row through `update(T&)`, all but its primary key. With `same_payer` who pays stays; otherwise `payer`
  /// pays from now on.
  template <typename Update>
  void modify(const T& object, name payer, Update&& update) {
    item& row = const_cast<item&>(static_cast<const item&>(object));
    check(row.table == this, "object passed to modify is not in multi_index");
    check(code == current_receiver().value, "cannot modify objects in table of another contract");
    const auto old_keys = std::make_tuple(typename Indices::secondary_extractor_type()(row)...);
    update(static_cast<T&>(row));
    check(primary_of(row) == row.primary, "updater cannot change primary key when modifying an object");
    with_packed(static_cast<const T&>(row), [&](const char* bytes, uint32_t size) {
      host::db_update_i64(row.iterator, payer.value, bytes, size);
    });
    for_each_index([&](auto number, auto index) {
      using key = typename decltype(index)::secondary_extractor_type;
      const typename key::result_type new_key = key()(row);
      if (std::get<decltype(number)::value>(old_keys) == new_key) return;
      family<typename key::result_type>::update(secondary_iterator<decltype(number)::value, typename key::result_type>(row), payer.value, new_key);
    });
  }

  /// Removes a row and returns the one after it.
  const_iterator erase(const_iterator position) {
    check(position != end(), "cannot pass end iterator to erase");
    const T& object = *position;
    ++position;
    erase(object);
    return position;
  }

  /// Other names of `emplace`, `modify` and `erase`.
  template <typename Construct>
  const_iterator insert(name payer, Construct&& construct) {
    return emplace(payer, std::forward<Construct>(construct));
  }
  template <typename Row, typename Update>
  void update(Row&& row, name payer, Update&& change) {
    modify(std::forward<Row>(row), payer, std::forward<Update>(change));
  }
  const_iterator remove(const_iterator position) { return erase(position); }
  void remove(const T& object) { erase(object); }

  void erase(const T& object) {
    item& row = const_cast<item&>(static_cast<const item&>(object));
    check(row.table == this, "object passed to erase is not in multi_index");
    check(code == current_receiver().value, "cannot erase objects in table of another contract");
    for_each_index([&](auto number, auto index) {
      using key = typename decltype(index)::secondary_extractor_type;
      family<typename key::result_type>::remove(secondary_iterator<decltype(number)::value, typename key::result_type>(row));
    });
    host::db_remove_i64(row.iterator);
    unlink(row);
  }

 private:
  static constexpr uint64_t table_name = static_cast<uint64_t>(TableName);
  static constexpr uint64_t no_primary_key = std::numeric_limits<uint64_t>::max() - 1;

  static_assert((table_name & 0xf) == 0 || sizeof...(Indices) == 0, "the name of a table with secondary indices has at most 12 characters");

  /// The host's table of secondary index `number`.
  static constexpr uint64_t index_table(size_t number) { return (table_name & ~uint64_t{0xf}) | number; }

  static uint64_t primary_of(const T& object) {
    if constexpr (std::is_same_v<std::decay_t<decltype(object.primary_key())>, name>) {
      return object.primary_key().value;
    } else {
      return object.primary_key();
    }
  }

  static uint64_t after(uint64_t primary) { return primary >= no_primary_key ? no_primary_key : primary + 1; }

  template <typename Visit>
  static void for_each_index(Visit&& visit) {
    visit_indices(visit, std::index_sequence_for<Indices...>());
  }

  template <typename Visit, size_t... Numbers>
  static void visit_indices(Visit& visit, std::index_sequence<Numbers...>) {
    (visit(std::integral_constant<size_t, Numbers>(), Indices()), ...);
  }

  template <name::raw IndexName, size_t Number, typename Index, typename... Rest>
  auto index_of() const {
    if constexpr (static_cast<uint64_t>(Index::index_name) == static_cast<uint64_t>(IndexName)) {
      return secondary_index<multi_index, Index, Number>(this);
    } else {
      static_assert(sizeof...(Rest) > 0, "the table has no secondary index of this name");
      return index_of<IndexName, Number + 1, Rest...>();
    }
  }

  template <size_t Number, typename Key>
  int32_t secondary_iterator(const item& row) const {
    int32_t& iterator = const_cast<item&>(row).secondary[Number];
    if (iterator < 0) iterator = family<Key>::find_primary(code, scope, index_table(Number), row.primary);
    return iterator;
  }

  const_iterator at(int32_t iterator) const { return {this, iterator < 0 ? nullptr : &load(iterator)}; }

  /// The row at a host iterator: the one in memory, or else read from the chain.
  item& load(int32_t iterator) const {
    for (item* row = loaded[iterator % chains]; row != nullptr; row = row->next) {
      if (row->iterator == iterator) return *row;
    }
    item* const row = new item();
    const row_bytes packed(iterator);
    datastream<const char*> stream(packed.bytes, packed.size);
    stream >> static_cast<T&>(*row);
    row->table = this;
    row->primary = primary_of(*row);
    row->iterator = iterator;
    for (int32_t& secondary : row->secondary) secondary = -1;
    link(row);
    return *row;
  }

  void link(item* row) const {
    item*& chain = loaded[row->iterator % chains];
    row->next = chain;
    chain = row;
  }

  void unlink(item& row) {
    item** link = &loaded[row.iterator % chains];
    while (*link != &row) link = &(*link)->next;
    *link = row.next;
    delete &row;
  }

  /// Rows in memory are found by their host iterator, which is a small number: a few short chains suffice.
  static constexpr int32_t chains = 8;

  uint64_t code;
  uint64_t scope;
  mutable uint64_t next_primary = 0;
  mutable bool next_primary_known = false;
  mutable item* loaded[chains] = {};
};

}  // namespace snapscale
