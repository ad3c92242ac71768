#include "eosio.hpp"
#include "rules/curve_key.hpp"

#include <snapscale/token.hpp>

#include <algorithm>

using namespace snapscale;
using namespace system_tables;

namespace {

constexpr name token_contract = "eosio.token"_n;
constexpr name fees_account = "snap.fees"_n;
constexpr name fund_account = "snap.fund"_n;
constexpr size_t url_size_max = 512;
constexpr size_t former_keys_max = 8;
constexpr size_t round_trips_max = 125;
constexpr uint32_t round_trip_us_max = 10'000'000;

/// The least that is paid out: one whole token.
constexpr asset claim_min(1'0000, core_symbol);

/// A row of the native table `rewards` of `snap.fees`.
struct fee_reward {
  name owner;
  asset balance;
  uint32_t last_served = 0;

  uint64_t primary_key() const { return owner.value; }
};

asset fee_reward_of(name owner) {
  multi_index<"rewards"_n, fee_reward> rewards(fees_account, fees_account.value);
  const auto row = rewards.find(owner);
  return row == rewards.end() ? asset(0, core_symbol) : row->balance;
}

asset fund_balance() {
  multi_index<"accounts"_n, tokens::account> balances(token_contract, fund_account.value);
  const auto row = balances.find(core_symbol.code().raw());
  return row == balances.end() ? asset(0, core_symbol) : row->balance;
}

}  // namespace

void system_contract::regproducer(name producer, public_key producer_key, std::string url, uint16_t location) {
  require_auth(producer);
  load_global();
  check(url.size() < url_size_max, "url too long");
  check(curve_key::can_sign_blocks(producer_key), "the producer key must be a K1 or R1 key that is a point of its curve");
  const block_timestamp now = current_block_time();
  producers_table producers(get_self(), get_self().value);
  const auto row = producers.find(producer);
  if (row == producers.end()) {
    producers.emplace(producer, [&](auto& added) {
      added.owner = producer;
      added.producer_key = producer_key;
      added.is_active = true;
      added.url = url;
      added.location = location;
      added.last_claim_time = now;
      added.duty_since_slot = now.slot;
    });
    return;
  }
  check(row->status != producer_status::jailed, "the producer is jailed: the consortium must send unjail first");
  if (row->producer_key != producer_key) remember_key(producer, row->producer_key);
  producers.modify(row, producer, [&](auto& changed) {
    changed.producer_key = producer_key;
    changed.url = url;
    changed.location = location;
    if (changed.is_active) return;
    changed.is_active = true;
    changed.status = producer_status::active;
    changed.duty_since_slot = now.slot;
  });
}

void system_contract::regproducer2(name producer, block_signing_authority producer_authority, std::string url, uint16_t location) {
  const auto& authority = std::get<block_signing_authority_v0>(producer_authority);
  check(authority.keys.size() == 1, "the authority must be one key: this chain's blocks have one signature");
  check(authority.is_valid(), "invalid producer authority");
  regproducer(producer, authority.keys[0].key, std::move(url), location);
}

void system_contract::unregprod(name producer) {
  require_auth(producer);
  producers_table producers(get_self(), get_self().value);
  const producer_info& row = producers.get(producer, "producer not found");
  check(row.is_active, "the producer is not active");
  deactivate(producers, row, producer_status::unregistered);
}

void system_contract::rmvproducer(name producer) {
  require_auth(get_self());
  producers_table producers(get_self(), get_self().value);
  const producer_info& row = producers.get(producer, "producer not found");
  check(row.is_active, "the producer is not active");
  deactivate(producers, row, producer_status::removed);
  hasten_schedule();
}

void system_contract::unjail(name producer) {
  require_auth(load_parameters().consortium);
  producers_table producers(get_self(), get_self().value);
  const producer_info& row = producers.get(producer, "producer not found");
  check(row.status == producer_status::jailed, "the producer is not jailed");
  producers.modify(row, same_payer, [&](auto& changed) {
    changed.status = producer_status::unregistered;
    changed.judged_until_slot = current_block_time().slot;
  });
}

void system_contract::deactivate(producers_table& producers, const producer_info& producer, producer_status status) {
  producers.modify(producer, same_payer, [&](auto& changed) {
    changed.is_active = false;
    changed.status = status;
  });
}

void system_contract::remember_key(name producer, const public_key& key) {
  former_keys_table former(get_self(), get_self().value);
  auto row = former.find(producer);
  if (row == former.end()) row = former.emplace(producer, [&](auto& added) { added.owner = producer; });
  former.modify(row, same_payer, [&](auto& changed) {
    auto& keys = changed.keys;
    keys.erase(std::remove(keys.begin(), keys.end(), key), keys.end());
    if (keys.size() == former_keys_max) keys.erase(keys.begin());
    keys.push_back(key);
  });
}

void system_contract::claimrewards(name owner) {
  require_auth(owner);
  asset paid(0, core_symbol);
  asset owed(0, core_symbol);
  producers_table producers(get_self(), get_self().value);
  const auto row = producers.find(owner);
  if (row != producers.end()) {
    owed = row->unpaid_reward;
    if (owed >= claim_min) paid = pay_block_rewards(owner, owed);
    producers.modify(row, same_payer, [&](auto& changed) {
      changed.unpaid_reward -= paid;
      changed.unpaid_blocks = 0;
      changed.last_claim_time = current_time_point();
    });
  }
  const asset shares = fee_reward_of(owner);
  const bool has_shares = shares >= claim_min;
  check(has_shares || paid.amount > 0,
        "nothing can be claimed: rewards are paid out from " + claim_min.to_string() + " on; " + owner.to_string() + " has " +
            shares.to_string() + " from fees and " + owed.to_string() + " for blocks, for which snap.fund holds " +
            fund_balance().to_string());
  if (has_shares) action(permission_level(owner, "active"_n), fees_account, "claimrewards"_n, std::make_tuple(owner)).send();
}

/// Pays block rewards, at least one whole token, out of the fund and, where that is allowed, by issuing the rest. Returns
/// what was paid.
asset system_contract::pay_block_rewards(name owner, const asset& owed) {
  const asset from_fund = std::min(owed, fund_balance());
  const asset issued = load_parameters().issue_rewards ? owed - from_fund : asset(0, core_symbol);
  const asset paid = from_fund + issued;
  if (paid < claim_min) return asset(0, core_symbol);
  if (from_fund.amount > 0) tokens::transfer(token_contract, fund_account, owner, from_fund, "block rewards");
  if (issued.amount > 0) {
    const permission_level self(get_self(), "active"_n);
    action(self, token_contract, "issue"_n, std::make_tuple(get_self(), issued, std::string("block rewards"))).send();
    tokens::transfer(token_contract, get_self(), owner, issued, "block rewards");
  }
  return paid;
}

void system_contract::setlatency(name producer, std::vector<round_trip> round_trips) {
  require_auth(producer);
  producers_table producers(get_self(), get_self().value);
  check(producers.find(producer) != producers.end(), "only registered producers publish round-trip times");
  check(round_trips.size() <= round_trips_max, "more than 125 round-trip times");
  for (size_t i = 0; i < round_trips.size(); ++i) {
    check(round_trips[i].producer != producer, "a round-trip time to oneself");
    check(i == 0 || round_trips[i - 1].producer < round_trips[i].producer, "round-trip times must be unique and sorted by name");
    check(round_trips[i].round_trip_us >= 1 && round_trips[i].round_trip_us <= round_trip_us_max,
          "round-trip times must be 1 to 10,000,000 microseconds");
  }
  latencies_table latencies(get_self(), get_self().value);
  auto row = latencies.find(producer);
  if (row == latencies.end()) row = latencies.emplace(producer, [&](auto& added) { added.producer = producer; });
  latencies.modify(row, producer, [&](auto& changed) {
    changed.reported = current_time_point();
    changed.round_trips = std::move(round_trips);
  });
}
