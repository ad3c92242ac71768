#pragma once

#include "native_types.hpp"
#include "tables.hpp"

/// The account `eosio`: stake, votes, producers, schedules, penalties and the chain's parameters.
///
/// The ledger itself executes the native actions, before this contract sees them; they are declared here for the ABI, and
/// do nothing more. The account must be privileged.
class [[snapscale::contract("eosio")]] system_contract : public snapscale::contract {
  using asset = snapscale::asset;
  using name = snapscale::name;
  using checksum256 = snapscale::checksum256;
  using bytes = std::vector<char>;
  template <typename T>
  using ignore = snapscale::ignore<T>;

 public:
  using contract::contract;

  // Native actions.

  [[snapscale::action]] void newaccount(ignore<name> creator, ignore<name> name, ignore<native_types::authority> owner,
                                        ignore<native_types::authority> active) {}
  [[snapscale::action]] void setcode(ignore<name> account, ignore<uint8_t> vmtype, ignore<uint8_t> vmversion, ignore<bytes> code) {}
  [[snapscale::action]] void setabi(ignore<name> account, ignore<bytes> abi) {}
  [[snapscale::action]] void updateauth(ignore<name> account, ignore<name> permission, ignore<name> parent,
                                        ignore<native_types::authority> auth) {}
  [[snapscale::action]] void deleteauth(ignore<name> account, ignore<name> permission) {}
  [[snapscale::action]] void linkauth(ignore<name> account, ignore<name> code, ignore<name> type, ignore<name> requirement) {}
  [[snapscale::action]] void unlinkauth(ignore<name> account, ignore<name> code, ignore<name> type) {}
  [[snapscale::action]] void canceldelay(ignore<snapscale::permission_level> canceling_auth, ignore<checksum256> trx_id) {}
  [[snapscale::action]] void onerror(ignore<snapscale::uint128_t> sender_id, ignore<bytes> sent_trx) {}

  /// First action of every block, sent by the ledger with the parent's header: counts blocks and missed slots, and
  /// proposes a schedule once a round, and when a producer was put out.
  [[snapscale::action]] void onblock(ignore<native_types::block_header> header);

  // Governance, with the authority of `eosio`, which the consortium's proposals use.

  /// Begins the elections. `version` is 0, `core` the system token; `chain_id` sets that parameter.
  [[snapscale::action]] void init(snapscale::unsigned_int version, snapscale::symbol core,
                                  snapscale::binary_extension<checksum256> chain_id);

  /// Changes how producers are elected, paid and punished.
  [[snapscale::action]] void setdpos(system_tables::dpos_parameters parameters);

  /// Changes the ledger's limits. Prices and shares of fees are actions of `snap.fees`.
  [[snapscale::action]] void setparams(snapscale::blockchain_parameters params);

  [[snapscale::action]] void setpriv(name account, uint8_t is_priv);
  [[snapscale::action]] void setalimits(name account, int64_t ram_bytes, int64_t net_weight, int64_t cpu_weight);
  [[snapscale::action]] void setacctram(name account, std::optional<int64_t> ram_bytes);
  [[snapscale::action]] void activate(checksum256 feature_digest);

  /// Takes a producer out of the elections until it registers again.
  [[snapscale::action]] void rmvproducer(name producer);

  /// Ends a jailing, with the authority of the consortium's account. The producer must then register again by itself.
  [[snapscale::action]] void unjail(name producer);

  // Stake.

  /// Moves tokens of `from` into voting stake. The vote is its own; with `transfer` the stake is the receiver's instead.
  [[snapscale::action]] void delegatebw(name from, name receiver, asset stake_net_quantity, asset stake_cpu_quantity, bool transfer);

  /// Takes stake back: at once out of the votes, and after the waiting time, by `refund`, as tokens.
  [[snapscale::action]] void undelegatebw(name from, name receiver, asset unstake_net_quantity, asset unstake_cpu_quantity);

  /// Pays out undelegated stake whose waiting time is over.
  [[snapscale::action]] void refund(name owner);

  // Votes.

  /// Votes for at most 30 producers, sorted by name, or through a proxy, or for nobody.
  [[snapscale::action]] void voteproducer(name voter, name proxy, std::vector<name> producers);

  /// Offers to vote for others, or no longer.
  [[snapscale::action]] void regproxy(name proxy, bool isproxy);

  // Producers.

  /// Registers a producer, changes its entry, or brings it back after a removal.
  [[snapscale::action]] void regproducer(name producer, snapscale::public_key producer_key, std::string url, uint16_t location);

  /// The same with an authority, which must be a single key.
  [[snapscale::action]] void regproducer2(name producer, snapscale::block_signing_authority producer_authority, std::string url,
                                          uint16_t location);

  [[snapscale::action]] void unregprod(name producer);

  /// Pays out block rewards and, through `snap.fees`, shares of fees, each from one whole token on.
  [[snapscale::action]] void claimrewards(name owner);

  /// Publishes the round-trip times that a producer measures to others, sorted by name.
  [[snapscale::action]] void setlatency(name producer, std::vector<system_tables::round_trip> round_trips);

  // Finalizer keys.

  /// Registers a key with the proof that its owner has the private key. The first one becomes active at once.
  [[snapscale::action]] void regfinkey(name finalizer_name, std::string finalizer_key, std::string proof_of_possession);

  /// Makes another registered key the one to vote with, from the next schedule on.
  [[snapscale::action]] void actfinkey(name finalizer_name, std::string finalizer_key);

  /// Retires a key; the active one only as the last.
  [[snapscale::action]] void delfinkey(name finalizer_name, std::string finalizer_key);

  // Evidence, by anyone.

  /// Two headers for one slot that one producer has signed: it is jailed.
  [[snapscale::action]] void evidblock(name reporter, bytes first_header, snapscale::signature first_signature,
                                       bytes second_header, snapscale::signature second_signature);

  /// Two votes in one slot for two blocks that one finalizer has signed: its producer is jailed.
  [[snapscale::action]] void evidvote(name reporter, name finalizer_name, std::string finalizer_key, uint32_t slot,
                                      uint8_t first_phase, checksum256 first_block, std::string first_signature,
                                      uint8_t second_phase, checksum256 second_block, std::string second_signature);

 private:
  /// What a look at the certificates of proposed producers has found: nothing new, that all are valid, or that one is not.
  enum class certificate_watch : uint8_t { unchanged, in_order, lost };

  system_tables::global_state load_global() const;
  void save_global(const system_tables::global_state& global);
  system_tables::dpos_parameters load_parameters() const;

  // stake.cpp
  void change_stake(name giver, name owner, name receiver, const asset& net, const asset& cpu, bool is_giving);
  void change_delegation(name payer, name from, name to, const asset& net, const asset& cpu);
  void change_resources(name payer, name owner, const asset& net, const asset& cpu);
  asset take_from_refund(name owner, const asset& net, const asset& cpu);
  void add_to_refund(name owner, const asset& net, const asset& cpu);

  // voting.cpp
  void change_voting_stake(name owner, name payer, int64_t delta);
  void reweigh(system_tables::voters_table& voters, const system_tables::voter_info& voter);
  void move_proxied_weight(system_tables::voters_table& voters, name proxy, double delta);
  void move_votes(const std::vector<name>& from, double from_weight, const std::vector<name>& to, double to_weight);

  // producers.cpp
  void remember_key(name producer, const snapscale::public_key& key);
  void deactivate(system_tables::producers_table& producers, const system_tables::producer_info& producer,
                  system_tables::producer_status status);
  asset pay_block_rewards(name owner, const asset& owed);

  // duties.cpp
  void credit_block(system_tables::producers_table& producers, const system_tables::dpos_parameters& parameters, name producer,
                    uint32_t slot);
  bool enter_schedule(system_tables::producers_table& producers, system_tables::global_state& global,
                      const std::vector<name>& schedule, uint32_t slot);
  void count_missed(system_tables::producers_table& producers, const system_tables::dpos_parameters& parameters,
                    const system_tables::global_state& global, const std::vector<name>& before, uint32_t parent_slot, uint32_t slot);
  void miss(system_tables::producers_table& producers, const system_tables::dpos_parameters& parameters,
            const system_tables::global_state& global, name producer, uint32_t count, uint32_t slot);

  // schedule.cpp
  bool propose_schedule(system_tables::producers_table& producers, const system_tables::dpos_parameters& parameters,
                        system_tables::global_state& global);
  bool holds_certificate(const system_tables::dpos_parameters& parameters, name account) const;
  certificate_watch watch_certificates(const system_tables::dpos_parameters& parameters, system_tables::global_state& global) const;
  void hasten_schedule();
  std::vector<name> order_of_turns(const std::vector<name>& producers, const std::vector<name>& current) const;

  // finalizers.cpp
  const system_tables::finalizer_key_info& own_key(const system_tables::finalizer_keys_table& keys, name finalizer_name,
                                                   const std::string& finalizer_key) const;

  // evidence.cpp
  void accept_evidence(name reporter, name producer, system_tables::evidence_kind kind, uint32_t slot, const checksum256& first,
                       const checksum256& second);
};
