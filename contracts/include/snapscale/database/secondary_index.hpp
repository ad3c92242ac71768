/// A table seen through one of its secondary indices.
#pragma once

#include <snapscale/core/check.hpp>
#include <snapscale/database/secondary_key.hpp>

#include <iterator>

namespace snapscale {

/// What `multi_index::get_index` returns: the same rows, found and ordered by the index's key.
template <typename Table, typename Index, size_t Number>
class secondary_index {
  using item = typename Table::item;
  using extractor = typename Index::secondary_extractor_type;
  using family = secondary_family<typename extractor::result_type>;
  using row_type = std::remove_const_t<typename Table::const_iterator::value_type>;

 public:
  using secondary_key_type = typename extractor::result_type;

  /// Goes through the rows in the order of their secondary keys.
  class const_iterator {
   public:
    using iterator_category = std::bidirectional_iterator_tag;
    using value_type = const row_type;
    using difference_type = std::ptrdiff_t;
    using pointer = const row_type*;
    using reference = const row_type&;

    const_iterator() = default;

    const row_type& operator*() const { return *row; }
    const row_type* operator->() const { return row; }

    const_iterator& operator++() {
      check(row != nullptr, "cannot increment end iterator");
      uint64_t primary;
      const int32_t next = family::next(iterator_of(table, *row), primary);
      row = next < 0 ? nullptr : load(table, next, primary);
      return *this;
    }

    const_iterator& operator--() {
      uint64_t primary;
      int32_t previous;
      if (row == nullptr) {
        const int32_t end = family::end(table->code, table->scope, index_table);
        check(end != -1, "cannot decrement end iterator when the index is empty");
        previous = family::previous(end, primary);
        check(previous >= 0, "cannot decrement end iterator when the index is empty");
      } else {
        previous = family::previous(iterator_of(table, *row), primary);
        check(previous >= 0, "cannot decrement iterator at beginning of index");
      }
      row = load(table, previous, primary);
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
    friend class secondary_index;
    const_iterator(const Table* table, const item* row) : table(table), row(row) {}

    const Table* table = nullptr;
    const item* row = nullptr;
  };

  using const_reverse_iterator = std::reverse_iterator<const_iterator>;

  explicit secondary_index(const Table* table) : table(table) {}

  static constexpr uint64_t name() { return index_table; }
  static constexpr uint64_t number() { return Number; }
  uint64_t get_scope() const { return table->scope; }
  struct name get_code() const { return table->get_code(); }

  static secondary_key_type extract_secondary_key(const row_type& object) { return extractor()(object); }

  const_iterator begin() const { return lower_bound(family::lowest()); }
  const_iterator cbegin() const { return begin(); }
  const_iterator end() const { return {table, nullptr}; }
  const_iterator cend() const { return end(); }
  const_reverse_iterator rbegin() const { return std::make_reverse_iterator(end()); }
  const_reverse_iterator crbegin() const { return rbegin(); }
  const_reverse_iterator rend() const { return std::make_reverse_iterator(begin()); }
  const_reverse_iterator crend() const { return rend(); }

  /// The first row whose key is at least `key`.
  const_iterator lower_bound(const secondary_key_type& key) const {
    uint64_t primary = 0;
    const int32_t found = family::lower_bound(table->code, table->scope, index_table, key, primary);
    return at(found, primary);
  }

  /// The first row whose key is greater than `key`.
  const_iterator upper_bound(const secondary_key_type& key) const {
    uint64_t primary = 0;
    const int32_t found = family::upper_bound(table->code, table->scope, index_table, key, primary);
    return at(found, primary);
  }

  /// The first row with exactly this key.
  const_iterator find(const secondary_key_type& key) const {
    uint64_t primary = 0;
    const int32_t found = family::find(table->code, table->scope, index_table, key, primary);
    return at(found, primary);
  }

  const_iterator require_find(const secondary_key_type& key, const char* message = "unable to find secondary key") const {
    const const_iterator found = find(key);
    check(found != end(), message);
    return found;
  }

  const row_type& get(const secondary_key_type& key, const char* message = "unable to find secondary key") const {
    return *require_find(key, message);
  }

  const_iterator iterator_to(const row_type& object) const {
    const item& row = static_cast<const item&>(object);
    check(row.table == table, "object passed to iterator_to is not in multi_index");
    return {table, &row};
  }

  template <typename Update>
  void modify(const_iterator position, struct name payer, Update&& update) {
    check(position != end(), "cannot pass end iterator to modify");
    const_cast<Table*>(table)->modify(*position, payer, std::forward<Update>(update));
  }

  /// Removes a row and returns the one after it in this index.
  const_iterator erase(const_iterator position) {
    check(position != end(), "cannot pass end iterator to erase");
    const row_type& object = *position;
    ++position;
    const_cast<Table*>(table)->erase(object);
    return position;
  }

 private:
  static constexpr uint64_t index_table = Table::index_table(Number);

  static int32_t iterator_of(const Table* table, const item& row) {
    return table->template secondary_iterator<Number, secondary_key_type>(row);
  }

  static const item* load(const Table* table, int32_t iterator, uint64_t primary) {
    item& row = table->load(host::db_find_i64(table->code, table->scope, Table::table_name, primary));
    row.secondary[Number] = iterator;
    return &row;
  }

  const_iterator at(int32_t iterator, uint64_t primary) const {
    return {table, iterator < 0 ? nullptr : load(table, iterator, primary)};
  }

  const Table* table;
};

}  // namespace snapscale
