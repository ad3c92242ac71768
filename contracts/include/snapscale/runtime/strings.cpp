/// The members of std::string and std::to_string for integers, compiled here.
///
/// Those in the C++ library's archive come in one object that brings stdio and its WASI imports along.
#include <charconv>
#include <string>

_LIBCPP_BEGIN_NAMESPACE_STD

template class basic_string<char>;
// Declared as extern templates of their own, so the instantiation above does not include them.
template basic_string<char>& basic_string<char>::__assign_no_alias<true>(const char*, size_t);
template basic_string<char>& basic_string<char>::__assign_no_alias<false>(const char*, size_t);
template string operator+<char, char_traits<char>, allocator<char>>(const char*, const string&);

namespace {

template <typename Integer>
string integer_to_string(Integer value) {
  char text[24];
  return string(text, to_chars(text, text + sizeof(text), value).ptr);
}

}  // namespace

// Weak, for contracts that need another function of the archive's object and so get its definitions too.
#pragma clang attribute push(__attribute__((weak)), apply_to = function)
string to_string(int value) { return integer_to_string(value); }
string to_string(unsigned value) { return integer_to_string(value); }
string to_string(long value) { return integer_to_string(value); }
string to_string(unsigned long value) { return integer_to_string(value); }
string to_string(long long value) { return integer_to_string(value); }
string to_string(unsigned long long value) { return integer_to_string(value); }
#pragma clang attribute pop

_LIBCPP_END_NAMESPACE_STD
