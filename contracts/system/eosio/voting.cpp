#include "eosio.hpp"

using namespace snapscale;
using namespace system_tables;

// A vote weighs the voter's stake, and does not decay: on a consortium's chain holders are known, and a vote that fades
// would hand the chain to whoever votes oftenest. Without decay all weights are whole numbers below 2^53, so that sums of
// doubles are exact, and a producer's total is always the sum of its voters' weights.

namespace {

constexpr size_t votes_max = 30;

double weight_of(const voter_info& voter) {
  return static_cast<double>(voter.staked) + (voter.is_proxy ? voter.proxied_vote_weight : 0);
}

}  // namespace

void system_contract::voteproducer(name voter, name proxy, std::vector<name> producers) {
  require_auth(voter);
  voters_table voters(get_self(), get_self().value);
  const auto row = voters.require_find(voter, "user must stake before they can vote");
  if (proxy) {
    check(producers.empty(), "cannot vote for producers and proxy at same time");
    check(voter != proxy, "cannot proxy to self");
    check(!row->is_proxy, "account registered as a proxy is not allowed to use a proxy");
    const auto chosen = voters.require_find(proxy, "invalid proxy specified");
    check(chosen->is_proxy, "proxy not found");
  } else {
    check(producers.size() <= votes_max, "attempt to vote for too many producers");
    for (size_t i = 1; i < producers.size(); ++i) {
      check(producers[i - 1] < producers[i], "producer votes must be unique and sorted");
    }
  }

  const double before = row->last_vote_weight;
  const double weight = weight_of(*row);
  const name old_proxy = row->proxy;
  const std::vector<name> old_producers = row->producers;
  voters.modify(row, same_payer, [&](auto& changed) {
    changed.proxy = proxy;
    changed.producers = producers;
    changed.last_vote_weight = weight;
  });
  if (old_proxy) move_proxied_weight(voters, old_proxy, -before);
  move_votes(old_producers, before, producers, weight);
  if (proxy) move_proxied_weight(voters, proxy, weight);
}

void system_contract::regproxy(name proxy, bool isproxy) {
  require_auth(proxy);
  voters_table voters(get_self(), get_self().value);
  auto row = voters.find(proxy);
  if (row == voters.end()) row = voters.emplace(proxy, [&](auto& added) { added.owner = proxy; });
  check(row->is_proxy != isproxy, "action has no effect");
  check(!isproxy || !row->proxy, "account that uses a proxy is not allowed to become a proxy");
  voters.modify(row, same_payer, [&](auto& changed) { changed.is_proxy = isproxy; });
  reweigh(voters, *row);
}

/// Adds to a voter's own stake, and so to whatever it votes for.
void system_contract::change_voting_stake(name owner, name payer, int64_t delta) {
  voters_table voters(get_self(), get_self().value);
  auto row = voters.find(owner);
  if (row == voters.end()) row = voters.emplace(payer, [&](auto& added) { added.owner = owner; });
  voters.modify(row, same_payer, [&](auto& changed) { changed.staked += delta; });
  check(row->staked >= 0, "stake for voting cannot be negative");
  reweigh(voters, *row);
}

/// Brings what a voter votes for up to its present weight.
void system_contract::reweigh(voters_table& voters, const voter_info& voter) {
  const double before = voter.last_vote_weight;
  const double weight = weight_of(voter);
  if (weight == before) return;
  voters.modify(voter, same_payer, [&](auto& changed) { changed.last_vote_weight = weight; });
  if (voter.proxy) {
    move_proxied_weight(voters, voter.proxy, weight - before);
  } else {
    move_votes(voter.producers, before, voter.producers, weight);
  }
}

/// A proxy never uses a proxy itself, so that this goes no deeper than one step.
void system_contract::move_proxied_weight(voters_table& voters, name proxy, double delta) {
  const voter_info& row = voters.get(proxy);
  voters.modify(row, same_payer, [&](auto& changed) { changed.proxied_vote_weight += delta; });
  if (row.is_proxy) reweigh(voters, row);
}

/// Takes a weight from some producers and gives one to others. Both lists are sorted; those in both change by the
/// difference. Whoever is voted for anew must be active.
void system_contract::move_votes(const std::vector<name>& from, double from_weight, const std::vector<name>& to, double to_weight) {
  if (from.empty() && to.empty()) return;
  const bool is_new_vote = &from != &to;
  global_state global = load_global();
  producers_table producers(get_self(), get_self().value);
  const auto add = [&](name producer, double delta, bool is_chosen) {
    const producer_info& row = producers.get(producer, "a producer in the vote is not registered");
    check(!is_chosen || row.is_active, "a producer in the vote is not active");
    if (delta == 0) return;
    producers.modify(row, same_payer, [&](auto& changed) { changed.total_votes += delta; });
    global.total_producer_vote_weight += delta;
  };
  size_t i = 0;
  size_t j = 0;
  while (i < from.size() || j < to.size()) {
    if (j == to.size() || (i < from.size() && from[i] < to[j])) {
      add(from[i++], -from_weight, false);
    } else if (i == from.size() || to[j] < from[i]) {
      add(to[j++], to_weight, is_new_vote);
    } else {
      add(to[j++], to_weight - from_weight, is_new_vote);
      ++i;
    }
  }
  global.total_activated_stake += static_cast<int64_t>(to.empty() ? 0 : to_weight) - static_cast<int64_t>(from.empty() ? 0 : from_weight);
  save_global(global);
}
