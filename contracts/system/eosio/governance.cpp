#include "eosio.hpp"

#include <snapscale/token.hpp>

using namespace snapscale;
using namespace system_tables;

namespace {

constexpr uint16_t producers_max = 125;
constexpr uint32_t year_sec = 366 * 24 * 3600;

}  // namespace

global_state system_contract::load_global() const {
  global_singleton row(get_self(), get_self().value);
  check(row.exists(), "the system contract is not initialised: eosio must send init first");
  return row.get();
}

void system_contract::save_global(const global_state& global) {
  global_singleton(get_self(), get_self().value).set(global, get_self());
}

dpos_parameters system_contract::load_parameters() const {
  return dpos_singleton(get_self(), get_self().value).get_or_default();
}

void system_contract::init(unsigned_int version, symbol core, binary_extension<checksum256> chain_id) {
  require_auth(get_self());
  check(version.value == 0, "cannot initialise: the version must be 0");
  check(core == core_symbol, "cannot initialise: the system token must be 4,XST");
  check(!global_singleton(get_self(), get_self().value).exists(), "the system contract is initialised already");
  check(is_account("eosio.token"_n), "cannot initialise: create account eosio.token and its token XST first");
  check(tokens::supply_of("eosio.token"_n, core.code()).symbol == core, "cannot initialise: the token XST must have 4 decimals");
  check(is_account("eosio.stake"_n), "cannot initialise: create account eosio.stake first");
  save_global({});
  dpos_parameters parameters;
  parameters.chain_id = chain_id.value_or(checksum256());
  dpos_singleton(get_self(), get_self().value).set(parameters, get_self());
}

void system_contract::setdpos(dpos_parameters parameters) {
  require_auth(get_self());
  load_global();
  const auto is_amount = [](const asset& quantity) {
    return quantity.is_valid() && quantity.symbol == core_symbol && quantity.amount >= 0;
  };
  check(parameters.max_producers >= 1 && parameters.max_producers <= producers_max, "max_producers must be 1 to 125");
  check(is_amount(parameters.activation_stake), "activation_stake must be an amount of XST, not below zero");
  check(parameters.refund_delay_sec <= year_sec, "refund_delay_sec must not be above a year");
  check(parameters.inactive_after_sec >= 1 && parameters.inactive_after_sec <= year_sec,
        "inactive_after_sec must be 1 second to a year");
  check(is_amount(parameters.block_reward), "block_reward must be an amount of XST, not below zero");
  check(is_account(parameters.consortium), "the account in consortium does not exist");
  check(!parameters.certificates_required || is_account("snap.ca"_n),
        "certificates cannot be required: this chain has no account snap.ca that keeps them");
  dpos_singleton(get_self(), get_self().value).set(parameters, get_self());
}

void system_contract::setparams(blockchain_parameters params) {
  require_auth(get_self());
  set_blockchain_parameters(params);
}

void system_contract::setpriv(name account, uint8_t is_priv) {
  require_auth(get_self());
  check(account != get_self() || is_priv != 0, "eosio cannot give up its privileges: nobody could give them back");
  set_privileged(account, is_priv != 0);
}

void system_contract::setalimits(name account, int64_t ram_bytes, int64_t net_weight, int64_t cpu_weight) {
  require_auth(get_self());
  set_resource_limits(account, ram_bytes, net_weight, cpu_weight);
}

void system_contract::setacctram(name account, std::optional<int64_t> ram_bytes) {
  require_auth(get_self());
  int64_t ram, net, cpu;
  get_resource_limits(account, ram, net, cpu);
  set_resource_limits(account, ram_bytes.value_or(-1), net, cpu);
}

void system_contract::activate(checksum256 feature_digest) {
  require_auth(get_self());
  preactivate_feature(feature_digest);
}
