/// Vectors of constant elements. The library that CDT brings has them, the one here does not any more; contracts name the
/// iterator of a vector that they may not change by them: `vector<const uint8_t>::iterator`.
#pragma once

#include <vector>

namespace std {

template <typename T>
class vector<const T, allocator<const T>> : public vector<T> {
 public:
  using value_type = const T;
  using reference = const T&;
  using pointer = const T*;
  using iterator = typename vector<T>::const_iterator;

  using vector<T>::vector;

  iterator begin() const { return vector<T>::cbegin(); }
  iterator end() const { return vector<T>::cend(); }
};

}  // namespace std
