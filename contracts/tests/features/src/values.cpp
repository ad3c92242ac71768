#include "../include/features.hpp"

static_assert("alice"_n.value == 3773036822876127232);
static_assert("eosio.token"_n.length() == 11 && "zzzzzzzzzzzzj"_n.length() == 13 && name().length() == 0);
static_assert("eosio.token"_n.suffix() == "token"_n && "alice"_n.suffix() == "alice"_n && "a.b.c"_n.suffix() == "c"_n);
static_assert("eosio.token"_n.prefix() == "eosio"_n && "alice"_n.prefix() == "alice"_n && "a.b.c"_n.prefix() == "a.b"_n);
static_assert("abcdefghijk.j"_n.suffix() == "j"_n && "abcdef.ghijkj"_n.suffix() == "ghijkj"_n && "abcdefghijk.j"_n.prefix() == "abcdefghijk"_n);
static_assert(symbol("XST", 4).raw() == 0x54535804 && symbol("XST", 4).precision() == 4 && symbol("XST", 4).is_valid());
static_assert(!symbol_code(0).is_valid() && !symbol_code(uint64_t{'a'}).is_valid() && symbol_code("ABCDEFG").length() == 7);
static_assert(snapscale::math::square_root(15) == 3 && snapscale::math::square_root(UINT64_MAX) == 4294967295);
static_assert(snapscale::math::multiply_divide(INT64_MAX, 3, 4) == 6917529027641081855 && snapscale::math::power_of_ten(18) == 1000000000000000000);
static_assert(block_timestamp(time_point(microseconds(946684800500000))).slot == 1);

namespace {

void same(const string& actual, const string& expected) { check(actual == expected, "expected " + expected + ", got " + actual); }

}  // namespace

void features::values() {
  same(name("eosio.token").to_string(), "eosio.token");
  same(name(std::string_view("zzzzzzzzzzzzj")).to_string(), "zzzzzzzzzzzzj");
  same(asset(0, symbol("XST", 4)).to_string(), "0.0000 XST");
  same(asset(-5, symbol("XST", 4)).to_string(), "-0.0005 XST");
  same(asset(asset::max_amount, symbol("ABCDEFG", 0)).to_string(), "4611686018427387903 ABCDEFG");
  same(asset(1, symbol("X", 20)).to_string(), "0.00000000000000000001 X");
  same((asset(7, symbol("XST", 4)) * 3 / 2 + asset(1, symbol("XST", 4)) - asset(20, symbol("XST", 4))).to_string(), "-0.0009 XST");
  same(extended_asset(asset(150, symbol("ABC", 2)), "tokens"_n).to_string(), "1.50 ABC@tokens");
  same(time_point_sec(951782400).to_string(), "2000-02-29T00:00:00");
  same(time_point_sec::from_iso_string("2096-02-29T23:59:59").to_string(), "2096-02-29T23:59:59");
  same(time_point::from_iso_string("2024-08-13T16:01:33.500").to_string(), "2024-08-13T16:01:33.500");
  same(time_point(microseconds(-1000)).to_string(), "1969-12-31T23:59:59.999");
  same(block_timestamp(0).to_string(), "2000-01-01T00:00:00.000");
  check(time_point(seconds(10)) - time_point(seconds(4)) == seconds(6) && days(2) == hours(48), "time spans");

  const auto words = checksum256::make_from_word_sequence<uint64_t>(1ull, 2ull, 3ull, 4ull);
  const auto bytes = words.extract_as_byte_array();
  check(bytes[7] == 1 && bytes[15] == 2 && bytes[31] == 4 && bytes[0] == 0, "byte order");
  check(checksum256(bytes) == words && words.data()[0] == (uint128_t{1} << 64 | 2), "word order");
  check(checksum160(std::array<uint8_t, 20>{0, 1}) > checksum160(std::array<uint8_t, 20>{0, 0, 255}), "order of checksums");

  check(unpack<signed_int>(pack(signed_int(INT32_MIN))).value == INT32_MIN, "signed_int");
  check(unpack<unsigned_int>(pack(unsigned_int(UINT32_MAX))).value == UINT32_MAX, "unsigned_int");
  check(pack_size(unsigned_int(127)) == 1 && pack_size(unsigned_int(128)) == 2, "sizes of unsigned_int");
  uint16_t array[3] = {1, 2, 3};
  const std::vector<char> packed = pack(array);
  check(packed.size() == 7 && packed[0] == 3, "arrays carry their length");

  std::vector<string> many;
  for (int i = 0; i < 1000; ++i) many.push_back(string(static_cast<size_t>(i % 50), 'x'));
  many.erase(many.begin(), many.begin() + 990);
  for (int i = 0; i < 100000; ++i) check(string(40, 'y').size() == 40, "memory is used again");
  check(many.size() == 10 && snapscale::memory_size() <= 4 * 65536, "memory is bounded");
}

void features::failing(uint8_t kind) {
  const asset one(1, symbol("XST", 4));
  const asset most(asset::max_amount, symbol("XST", 4));
  switch (kind) {
    case 0: (void)(most + one); break;
    case 1: (void)(-most - one); break;
    case 2: (void)(one + asset(1, symbol("XST", 2))); break;
    case 3: (void)(most * 2); break;
    case 4: (void)(one / 0); break;
    case 5: (void)(one == asset(1, symbol("ABC", 4))); break;
    case 6: name(std::string_view("toolongforaname")); break;
    case 7: name(std::string_view("Upper")); break;
    case 8: name(std::string_view("aaaaaaaaaaaaz")); break;
    case 9: symbol_code(std::string_view("abc")); break;
    case 10: check(false, string("a text ") + "made up"); break;
    case 11: check(false, uint64_t{77}); break;
    case 12: snapscale::math::add<int64_t>(INT64_MAX, kind); break;
    case 13: (void)std::vector<int>().at(kind); break;
    case 14: std::abort(); break;
    case 15: time_point_sec::from_iso_string("2024-13-01T00:00:00"); break;
    default: { volatile char stack[4096]; stack[0] = 1; failing(kind); stack[1] = stack[0]; }
  }
}
