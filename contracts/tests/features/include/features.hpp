#pragma once

#include "types.hpp"

#include <eosio/dispatcher.hpp>
#include <eosio/print.hpp>
#include <eosio/singleton.hpp>
#include <eosio/transaction.hpp>

using namespace eosio;
using std::string;

CONTRACT features : public contract {
 public:
  using contract::contract;

  // Packs and unpacks a value of every type.
  [[eosio::action]] shapes::everything echo(const shapes::everything& value) { return value; }

  [[eosio::action("echo.circle")]] shapes::circle echo_circle(shapes::circle value) { return value; }

  ACTION put(uint64_t id, name owner, uint128_t big, double ratio, checksum256 hash);
  ACTION change(uint64_t id, name owner, double ratio);
  ACTION drop(uint64_t id);

  // The primary keys in the order of each index, forwards and backwards.
  [[eosio::action, eosio::read_only]] string orders();

  // What each way of looking up finds.
  [[eosio::action]] string lookup(uint64_t id, name owner, double ratio, checksum256 hash);

  [[eosio::action]] uint64_t count() {
    counter last(get_self(), get_self().value);
    const uint64_t next = last.get_or_default({0}).value + 1;
    last.set({next}, get_self());
    return next;
  }

  [[eosio::action]] void forward(name to, asset quantity);

  [[eosio::action]] string standard(std::vector<int32_t> numbers);

  [[eosio::action]] void printing();

  // Checks the SDK's values against known answers; defined in another source.
  [[eosio::action]] void values();

  // Ends with the error that `kind` stands for.
  [[eosio::action]] void failing(uint8_t kind);

  [[eosio::action]] void store(name account, std::vector<char> data) {
    orphans table(get_self(), 0);
    table.emplace(account, [&](auto& o) { o = {account, data}; });
  }
  [[eosio::action]] std::vector<char> load(name account) { return orphans(get_self(), 0).get(account.value).data; }

  // The second parameter stays in the action's data until the contract reads it.
  [[eosio::action]] string lazily(name first, ignore<string> second) {
    string rest;
    get_datastream() >> rest;
    return first.to_string() + ":" + rest;
  }

  [[eosio::on_notify("eosio.token::transfer")]] void on_payment(name from, name to, asset quantity, string memo) {
    if (to == get_self()) print("paid ", quantity, " by ", from, ": ", memo);
  }

  [[eosio::on_notify("*::transfer")]] void on_foreign_payment(name from, name to, asset quantity, string memo) {
    print("foreign ", get_first_receiver());
  }

  using put_action = action_wrapper<"put"_n, &features::put>;

 private:
  TABLE row {
    uint64_t id;
    name owner;
    uint128_t big;
    double ratio;
    checksum256 hash;

    uint64_t primary_key() const { return id; }
    uint64_t by_owner() const { return owner.value; }
    uint128_t by_big() const { return big; }
    double by_ratio() const { return ratio; }
    checksum256 by_hash() const { return hash; }
    long double by_long_ratio() const { return -static_cast<long double>(ratio); }
  };

  using rows = multi_index<"rows"_n, row,
    indexed_by<"byowner"_n, const_mem_fun<row, uint64_t, &row::by_owner>>,
    indexed_by<"bybig"_n, const_mem_fun<row, uint128_t, &row::by_big>>,
    indexed_by<"byratio"_n, const_mem_fun<row, double, &row::by_ratio>>,
    indexed_by<"byhash"_n, const_mem_fun<row, checksum256, &row::by_hash>>,
    indexed_by<"bylong"_n, const_mem_fun<row, long double, &row::by_long_ratio>>>;

  struct [[eosio::table]] state {
    uint64_t value;
  };
  typedef eosio::singleton<"counter"_n, state> counter;

  struct [[eosio::table("orphans")]] orphan {
    name account;
    std::vector<char> data;
    uint64_t primary_key() const { return account.value; }
  };
  using orphans = multi_index<"orphans"_n, orphan>;

  template <typename Index>
  static string order(const Index& index) {
    string text;
    for (const auto& r : index) text += std::to_string(r.id) + " ";
    text += "|";
    for (auto it = index.rbegin(); it != index.rend(); ++it) text += " " + std::to_string(it->id);
    return text;
  }
};
