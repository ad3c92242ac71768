/// The whole SDK. `eosio/eosio.hpp` includes the same.
#pragma once

#include <snapscale/account.hpp>
#include <snapscale/action.hpp>
#include <snapscale/chain.hpp>
#include <snapscale/console.hpp>
#include <snapscale/contract.hpp>
#include <snapscale/core/const_vector.hpp>
#include <snapscale/crypto.hpp>
#include <snapscale/crypto_ext.hpp>
#include <snapscale/database.hpp>
#include <snapscale/fees.hpp>
#include <snapscale/math.hpp>
#include <snapscale/memory.hpp>
#include <snapscale/privileged.hpp>
#include <snapscale/system.hpp>
#include <snapscale/token.hpp>
#include <snapscale/transaction.hpp>

#include <algorithm>
#include <cassert>
#include <cctype>
#include <functional>
#include <memory>
#include <numeric>
#include <unordered_map>
#include <unordered_set>
