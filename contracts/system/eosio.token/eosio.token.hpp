#pragma once

#include <snapscale/snapscale.hpp>

#include <string>

/// Any number of tokens, each with its issuer and maximum supply; balances are rows paid for by those who open them.
class [[snapscale::contract("eosio.token")]] token : public snapscale::contract {
 public:
  using contract::contract;

  /// Defines a token of at most `maximum_supply`, which only `issuer` will be able to issue.
  [[snapscale::action]] void create(snapscale::name issuer, snapscale::asset maximum_supply);

  /// Adds `quantity` to the supply and to the issuer's balance; `to` must be the issuer.
  [[snapscale::action]] void issue(snapscale::name to, snapscale::asset quantity, std::string memo);

  /// Issues what is missing to a supply of `supply`; `to` must be the issuer.
  [[snapscale::action]] void issuefixed(snapscale::name to, snapscale::asset supply, std::string memo);

  /// Sets the maximum supply, to no less than what there is already. Only the issuer may.
  [[snapscale::action]] void setmaxsupply(snapscale::name issuer, snapscale::asset maximum_supply);

  /// Takes `quantity` out of the issuer's balance and out of the supply.
  [[snapscale::action]] void retire(snapscale::asset quantity, std::string memo);

  /// Moves `quantity` from one account to another; both are notified.
  [[snapscale::action]] void transfer(snapscale::name from, snapscale::name to, snapscale::asset quantity, std::string memo);

  /// Creates an empty balance of `owner`, paid for by `ram_payer`.
  [[snapscale::action]] void open(snapscale::name owner, snapscale::symbol symbol, snapscale::name ram_payer);

  /// Removes an empty balance of `owner` and frees its storage.
  [[snapscale::action]] void close(snapscale::name owner, snapscale::symbol symbol);

  using create_action = snapscale::action_wrapper<"create"_n, &token::create>;
  using issue_action = snapscale::action_wrapper<"issue"_n, &token::issue>;
  using issuefixed_action = snapscale::action_wrapper<"issuefixed"_n, &token::issuefixed>;
  using setmaxsupply_action = snapscale::action_wrapper<"setmaxsupply"_n, &token::setmaxsupply>;
  using retire_action = snapscale::action_wrapper<"retire"_n, &token::retire>;
  using transfer_action = snapscale::action_wrapper<"transfer"_n, &token::transfer>;
  using open_action = snapscale::action_wrapper<"open"_n, &token::open>;
  using close_action = snapscale::action_wrapper<"close"_n, &token::close>;

 private:
  /// A balance; the scope is its owner.
  struct [[snapscale::table]] account {
    snapscale::asset balance;

    uint64_t primary_key() const { return balance.symbol.code().raw(); }
  };

  /// A token; the scope is its symbol code.
  struct [[snapscale::table]] currency_stats {
    snapscale::asset supply;
    snapscale::asset max_supply;
    snapscale::name issuer;

    uint64_t primary_key() const { return supply.symbol.code().raw(); }
  };

  using accounts = snapscale::multi_index<"accounts"_n, account>;
  using stats = snapscale::multi_index<"stat"_n, currency_stats>;

  void add_balance(snapscale::name owner, const snapscale::asset& quantity, snapscale::name ram_payer);
  void subtract_balance(snapscale::name owner, const snapscale::asset& quantity);
};
