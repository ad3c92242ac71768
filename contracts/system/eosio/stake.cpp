#include "eosio.hpp"

#include <snapscale/token.hpp>

using namespace snapscale;
using namespace system_tables;

namespace {

constexpr name stake_account = "eosio.stake"_n;
constexpr name token_contract = "eosio.token"_n;

/// Votes are counted in whole numbers that a double must hold exactly.
constexpr int64_t total_stake_max = int64_t{1} << 53;

void check_quantities(const asset& net, const asset& cpu, const char* what) {
  check(net.is_valid() && cpu.is_valid() && net.symbol == core_symbol && cpu.symbol == core_symbol, "stake must be in XST");
  check(net.amount >= 0 && cpu.amount >= 0 && (net + cpu).amount > 0, what);
}

}  // namespace

void system_contract::delegatebw(name from, name receiver, asset stake_net_quantity, asset stake_cpu_quantity, bool transfer) {
  require_auth(from);
  check_quantities(stake_net_quantity, stake_cpu_quantity, "must stake a positive amount");
  check(is_account(receiver), "the receiver of the stake does not exist");
  check(!transfer || from != receiver, "cannot use transfer flag if delegating to self");
  const name owner = transfer ? receiver : from;

  const asset total = stake_net_quantity + stake_cpu_quantity;
  global_state global = load_global();
  check(global.total_stake <= total_stake_max - total.amount, "the stake of all accounts together would be more than votes can count");
  global.total_stake += total.amount;
  save_global(global);

  change_delegation(from, owner, receiver, stake_net_quantity, stake_cpu_quantity);
  change_resources(from, receiver, stake_net_quantity, stake_cpu_quantity);
  // Stake on its way back to its owner is used before new tokens.
  const bool is_own = from == receiver;
  const asset restaked = is_own ? take_from_refund(owner, stake_net_quantity, stake_cpu_quantity) : asset(0, core_symbol);
  if (total > restaked) tokens::transfer(token_contract, from, stake_account, total - restaked, "stake");
  change_voting_stake(owner, from, total.amount);
}

void system_contract::undelegatebw(name from, name receiver, asset unstake_net_quantity, asset unstake_cpu_quantity) {
  require_auth(from);
  check_quantities(unstake_net_quantity, unstake_cpu_quantity, "must unstake a positive amount");

  const asset total = unstake_net_quantity + unstake_cpu_quantity;
  change_delegation(from, from, receiver, -unstake_net_quantity, -unstake_cpu_quantity);
  change_resources(from, receiver, -unstake_net_quantity, -unstake_cpu_quantity);
  global_state global = load_global();
  global.total_stake -= total.amount;
  save_global(global);
  add_to_refund(from, unstake_net_quantity, unstake_cpu_quantity);
  change_voting_stake(from, from, -total.amount);
}

void system_contract::refund(name owner) {
  require_auth(owner);
  refunds_table refunds(get_self(), owner.value);
  const auto request = refunds.require_find(owner, "refund request not found");
  const time_point_sec due = request->request_time + load_parameters().refund_delay_sec;
  check(due <= time_point_sec(current_time_point()), "refund is not available yet: it is at " + due.to_string());
  const asset total = request->net_amount + request->cpu_amount;
  refunds.erase(request);
  tokens::transfer(token_contract, stake_account, owner, total, "unstake");
}

/// Adds to, or with negative amounts takes from, the stake that `from` has given `to`.
void system_contract::change_delegation(name payer, name from, name to, const asset& net, const asset& cpu) {
  delegated_bandwidth_table delegations(get_self(), from.value);
  auto row = delegations.find(to);
  if (row == delegations.end()) {
    check(net.amount >= 0 && cpu.amount >= 0, "nothing is delegated to this receiver");
    row = delegations.emplace(payer, [&](auto& added) {
      added.from = from;
      added.to = to;
    });
  }
  delegations.modify(row, same_payer, [&](auto& changed) {
    changed.net_weight += net;
    changed.cpu_weight += cpu;
  });
  check(row->net_weight.amount >= 0, "insufficient staked net bandwidth");
  check(row->cpu_weight.amount >= 0, "insufficient staked cpu bandwidth");
  if (row->net_weight.amount == 0 && row->cpu_weight.amount == 0) delegations.erase(row);
}

void system_contract::change_resources(name payer, name owner, const asset& net, const asset& cpu) {
  user_resources_table resources(get_self(), owner.value);
  auto row = resources.find(owner);
  if (row == resources.end()) row = resources.emplace(payer, [&](auto& added) { added.owner = owner; });
  resources.modify(row, same_payer, [&](auto& changed) {
    changed.net_weight += net;
    changed.cpu_weight += cpu;
  });
  if (row->net_weight.amount == 0 && row->cpu_weight.amount == 0) resources.erase(row);
}

/// Takes what is to be staked out of the owner's refund, each kind as far as there is of it; returns how much it was.
asset system_contract::take_from_refund(name owner, const asset& net, const asset& cpu) {
  refunds_table refunds(get_self(), owner.value);
  const auto request = refunds.find(owner);
  if (request == refunds.end()) return asset(0, core_symbol);
  const asset from_net = std::min(net, request->net_amount);
  const asset from_cpu = std::min(cpu, request->cpu_amount);
  if (from_net == request->net_amount && from_cpu == request->cpu_amount) {
    refunds.erase(request);
  } else {
    refunds.modify(request, same_payer, [&](auto& changed) {
      changed.net_amount -= from_net;
      changed.cpu_amount -= from_cpu;
    });
  }
  return from_net + from_cpu;
}

void system_contract::add_to_refund(name owner, const asset& net, const asset& cpu) {
  refunds_table refunds(get_self(), owner.value);
  auto request = refunds.find(owner);
  if (request == refunds.end()) request = refunds.emplace(owner, [&](auto& added) { added.owner = owner; });
  refunds.modify(request, same_payer, [&](auto& changed) {
    changed.request_time = current_time_point();
    changed.net_amount += net;
    changed.cpu_amount += cpu;
  });
}
