#pragma once

#include <snapscale/snapscale.hpp>

/// Runs a transaction without the authorizations that its actions name, for those who govern the chain.
///
/// The account of this contract must be privileged, and is to be controlled by the producers.
class [[snapscale::contract("eosio.wrap")]] wrap : public snapscale::contract {
 public:
  using contract::contract;

  /// Sends the actions of `trx` as inline actions. Needs the authority of this contract and of `executer`.
  [[snapscale::action]] void exec(snapscale::name executer, snapscale::transaction trx);
};
