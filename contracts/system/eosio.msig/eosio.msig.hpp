#pragma once

#include <snapscale/snapscale.hpp>

#include <optional>
#include <vector>

/// Transactions that several accounts approve one by one, and that then run on their behalf.
///
/// The account of this contract must be privileged: `exec` sends actions with the authorizations of those who approved.
class [[snapscale::contract("eosio.msig")]] multisig : public snapscale::contract {
 public:
  using contract::contract;

  /// Stores a transaction under a name, and whose approvals it asks for. They must suffice to authorize it.
  [[snapscale::action]] void propose(snapscale::name proposer, snapscale::name proposal_name,
                                     std::vector<snapscale::permission_level> requested,
                                     snapscale::ignore<snapscale::transaction> trx);

  /// Approves a proposal. With `proposal_hash` only if that is the SHA-256 of the packed transaction.
  [[snapscale::action]] void approve(snapscale::name proposer, snapscale::name proposal_name, snapscale::permission_level level,
                                     snapscale::binary_extension<snapscale::checksum256> proposal_hash);

  /// Takes an approval back.
  [[snapscale::action]] void unapprove(snapscale::name proposer, snapscale::name proposal_name, snapscale::permission_level level);

  /// Removes a proposal: its proposer at any time, anyone else once it has expired.
  [[snapscale::action]] void cancel(snapscale::name proposer, snapscale::name proposal_name, snapscale::name canceler);

  /// Runs a proposal that has the approvals it needs, and whose delay has passed since it had them.
  [[snapscale::action]] void exec(snapscale::name proposer, snapscale::name proposal_name, snapscale::name executer);

  /// Voids all approvals that `account` has given so far.
  [[snapscale::action]] void invalidate(snapscale::name account);

 private:
  /// A proposed transaction; the scope is its proposer.
  struct [[snapscale::table]] proposal {
    snapscale::name proposal_name;
    std::vector<char> packed_transaction;
    /// From when on it may run; empty as long as approvals are missing.
    snapscale::binary_extension<std::optional<snapscale::time_point>> earliest_exec_time;

    uint64_t primary_key() const { return proposal_name.value; }
  };

  /// An approval, and when it was given (for a requested one: the beginning of time).
  struct approval {
    snapscale::permission_level level;
    snapscale::time_point time;
  };

  /// Approvals of a proposal; the scope is its proposer.
  struct [[snapscale::table]] approvals_info {
    uint8_t version = 1;
    snapscale::name proposal_name;
    std::vector<approval> requested_approvals;
    std::vector<approval> provided_approvals;

    uint64_t primary_key() const { return proposal_name.value; }
  };

  /// An account that voided its approvals.
  struct [[snapscale::table]] invalidation {
    snapscale::name account;
    snapscale::time_point last_invalidation_time;

    uint64_t primary_key() const { return account.value; }
  };

  using proposals = snapscale::multi_index<"proposal"_n, proposal>;
  using approvals = snapscale::multi_index<"approvals2"_n, approvals_info>;
  using invalidations = snapscale::multi_index<"invals"_n, invalidation>;

  std::vector<snapscale::permission_level> valid_approvals(const approvals_info& info) const;
  void update_earliest_exec_time(proposals& table, const proposal& proposal, const approvals_info& info);
};
