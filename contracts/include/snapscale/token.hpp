/// Token API: balances, supplies and payments of any contract with the standard token's tables and actions.
#pragma once

#include <snapscale/action.hpp>
#include <snapscale/core/asset.hpp>
#include <snapscale/database.hpp>

namespace snapscale::tokens {

/// A row of the table `accounts`, in the scope of the owner.
struct account {
  asset balance;
  uint64_t primary_key() const { return balance.symbol.code().raw(); }
};

/// A row of the table `stat`, in the scope of the symbol code.
struct currency {
  asset supply;
  asset max_supply;
  name issuer;
  uint64_t primary_key() const { return supply.symbol.code().raw(); }
};

/// What `owner` holds; ends the transaction if it never held that token.
inline asset balance_of(name contract, name owner, symbol_code code) {
  return multi_index<"accounts"_n, account>(contract, owner.value).get(code.raw(), "no balance with specified symbol").balance;
}

/// The row of the table `stat` of one token.
inline currency currency_of(name contract, symbol_code code) {
  return multi_index<"stat"_n, currency>(contract, code.raw()).get(code.raw(), "invalid supply symbol code");
}

inline asset supply_of(name contract, symbol_code code) { return currency_of(contract, code).supply; }

/// Pays `quantity` from `from` with its permission `active`, which must include this contract's `eosio.code`.
inline void transfer(name contract, name from, name to, const asset& quantity, const std::string& memo) {
  action(permission_level(from, "active"_n), contract, "transfer"_n, std::make_tuple(from, to, quantity, memo)).send();
}

}  // namespace snapscale::tokens
