/// Which types are written to the chain exactly as they lie in memory.
#pragma once

#include <stdint.h>

#include <type_traits>

namespace snapscale {

using int128_t = __int128;
using uint128_t = unsigned __int128;

/// True for types whose packed form is their memory image: numbers, enumerations and the small value types of this
/// SDK. A contract may specialise it for a padding-free, trivially copyable struct of its own to pack it faster.
template <typename T>
inline constexpr bool packs_bitwise = (std::is_arithmetic_v<T> && !std::is_same_v<T, bool>) || std::is_enum_v<T>;

template <>
inline constexpr bool packs_bitwise<int128_t> = true;

template <>
inline constexpr bool packs_bitwise<uint128_t> = true;

namespace host {}

/// The name under which contracts for EOSIO and Antelope call host functions without the SDK between.
namespace internal_use_do_not_use = host;

}  // namespace snapscale

/// The names that contracts written for EOSIO and Antelope use.
namespace eosio {
using namespace snapscale;
}

using snapscale::int128_t;
using snapscale::uint128_t;
