/// System API: failure, time and early ends.
#pragma once

#include <snapscale/action.hpp>
#include <snapscale/chain.hpp>
#include <snapscale/core/check.hpp>

namespace snapscale {

/// Ends the running action successfully, at once; `code` is not kept.
[[noreturn]] inline void eosio_exit(int32_t code) { host::eosio_exit(code); }

}  // namespace snapscale
