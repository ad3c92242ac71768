#pragma once

#include <eosio/asset.hpp>
#include <eosio/crypto.hpp>
#include <eosio/eosio.hpp>
#include <eosio/time.hpp>

#include <map>
#include <optional>
#include <variant>

// Types outside of the contract's class, as contracts for EOSIO have them.
namespace shapes {

enum class colour : uint8_t { red, green, blue };

struct point {
  int32_t x;
  int32_t y;
};

struct circle : point {
  double radius;
  EOSLIB_SERIALIZE_DERIVED(circle, point, (radius))
};

typedef std::variant<uint8_t, std::string, point> shape;

struct everything {
  bool flag;
  int8_t i8;
  uint16_t u16;
  int64_t i64;
  uint128_t u128;
  float f32;
  double f64;
  std::string text;
  std::vector<char> blob;
  eosio::name account;
  eosio::asset money;
  eosio::extended_asset foreign_money;
  eosio::symbol sym;
  eosio::symbol_code code;
  eosio::checksum160 h160;
  eosio::checksum256 h256;
  eosio::checksum512 h512;
  eosio::public_key key;
  eosio::signature sig;
  eosio::time_point when;
  eosio::time_point_sec when_sec;
  eosio::block_timestamp slot;
  eosio::unsigned_int var_u;
  eosio::signed_int var_i;
  colour paint;
  point origin;
  shape form;
  std::vector<point> points;
  std::vector<std::vector<uint16_t>> matrix;
  std::optional<uint64_t> maybe;
  std::map<std::string, shape> attributes;
  std::set<eosio::name> names;
  std::pair<uint32_t, std::string> couple;
  std::tuple<uint8_t, uint16_t, eosio::name> triple;
  std::array<uint32_t, 3> fixed;
  eosio::permission_level level;
  eosio::binary_extension<uint64_t> later;
};

}  // namespace shapes
