/// Tables of one row.
#pragma once

#include <snapscale/database/multi_index.hpp>

namespace snapscale {

/// One value of type T for each scope, kept in a table whose only row has the table's name as its key.
template <name::raw SingletonName, typename T>
class singleton {
  static constexpr uint64_t key = static_cast<uint64_t>(SingletonName);

  struct row {
    T value;
    uint64_t primary_key() const { return key; }
  };

  using table = multi_index<SingletonName, row>;

 public:
  singleton(name code, uint64_t scope) : rows(code, scope) {}

  bool exists() const { return rows.find(key) != rows.end(); }

  T get() const {
    const auto found = rows.find(key);
    check(found != rows.end(), "singleton does not exist");
    return found->value;
  }

  T get_or_default(const T& otherwise = T()) const {
    const auto found = rows.find(key);
    return found != rows.end() ? found->value : otherwise;
  }

  T get_or_create(name payer, const T& otherwise = T()) {
    const auto found = rows.find(key);
    if (found != rows.end()) return found->value;
    set(otherwise, payer);
    return otherwise;
  }

  void set(const T& value, name payer) {
    const auto found = rows.find(key);
    if (found != rows.end()) {
      rows.modify(found, payer, [&](row& r) { r.value = value; });
    } else {
      rows.emplace(payer, [&](row& r) { r.value = value; });
    }
  }

  void remove() {
    const auto found = rows.find(key);
    if (found != rows.end()) rows.erase(found);
  }

 private:
  table rows;
};

}  // namespace snapscale
