#pragma once

#include "tables.hpp"

/// The account `snap.ca`: which organisations form the consortium, which certificates they have issued, which are revoked,
/// and what the consortium decides.
///
/// The account needs no privileges. To act on the chain for the consortium it must be in the authorities that it uses.
class [[snapscale::contract("snap.ca")]] certificate_authority : public snapscale::contract {
  using name = snapscale::name;
  using bytes = std::vector<char>;
  using organisations_table = ca_tables::organisations_table;
  using organisation_row = ca_tables::organisation;

 public:
  using contract::contract;

  /// Founds the consortium, once, with the authority of `snap.ca`, which decides nothing from then on.
  [[snapscale::action]] void init(std::vector<ca_tables::admit_organisation> founders,
                                  std::vector<ca_tables::authority_certificate> roots,
                                  ca_tables::consortium_parameters parameters);

  // Decisions, with the authority of organisations.

  /// Proposes something, and approves it. Returns the proposal's id.
  [[snapscale::action]] uint64_t propose(name organisation, ca_tables::decision content);

  /// Proposes something without approving it: for an organisation's CA, whose key is no vote. Returns the proposal's id.
  [[snapscale::action]] uint64_t nominate(name organisation, ca_tables::decision content);

  /// Approves a proposal; `digest` is that of its content, so that nothing else is approved.
  [[snapscale::action]] void approve(name organisation, uint64_t proposal, snapscale::checksum256 digest);

  /// Takes an approval back.
  [[snapscale::action]] void unapprove(name organisation, uint64_t proposal);

  /// Ends a proposal: who proposed it at any time, any account once it has expired.
  [[snapscale::action]] void cancel(name account, uint64_t proposal);

  /// Carries out a proposal that enough organisations approve now. Any account may.
  [[snapscale::action]] void execute(name account, uint64_t proposal);

  // Members.

  /// Asks an organisation for a certificate; an earlier application there is replaced.
  [[snapscale::action]] void apply(name applicant, name organisation, snapscale::public_key subject_key, std::string node,
                                   std::vector<name> roles, bytes request);

  /// Takes an application back.
  [[snapscale::action]] void withdraw(name applicant, name organisation);

  /// Turns an application down.
  [[snapscale::action]] void reject(name by, name organisation, name applicant, std::string reason);

  /// Enters a certificate. An account must have applied for it with this key, or sign too.
  [[snapscale::action]] void issue(name by, name organisation, ca_tables::new_certificate certificate,
                                   ca_tables::new_member member);

  /// Enters the successor of a certificate, which is superseded.
  [[snapscale::action]] void renew(name by, name organisation, bytes serial, ca_tables::new_certificate successor);

  /// Revokes up to 100 certificates: an operator those of its organisation, an account its own.
  [[snapscale::action]] void revoke(name by, name organisation, std::vector<bytes> serials, uint8_t reason);

  /// Removes up to 100 rows whose time is over. Any account may, and none has to sign.
  [[snapscale::action]] void prune(name organisation, ca_tables::prunable rows);

 private:
  /// Rows of an organisation, revoked and superseded ones included, for each certificate of its quota. Successors have more, so
  /// that revoked ones, which must stay until they expire, do not keep anybody from being renewed.
  static constexpr uint64_t rows_per_quota = 4;
  static constexpr uint64_t rows_per_quota_renewing = 8;

  uint64_t scope() const { return get_self().value; }
  ca_tables::consortium_parameters load_parameters() const;
  ca_tables::consortium_state load_state() const;
  void save_state(const ca_tables::consortium_state& state);
  void grow_version();
  const organisation_row& active_organisation(const organisations_table& table, name organisation) const;

  // governance.cpp
  void set_parameters(const ca_tables::consortium_parameters& parameters);
  void set_role(const ca_tables::role_definition& definition);
  void add_vote(const organisation_row& organisation, uint64_t proposal);
  struct tally {
    uint32_t approving = 0;
    uint32_t total = 0;
    bool is_passed(const ca_tables::consortium_parameters& parameters) const {
      return exceeds(approving, total, parameters);
    }
    /// Whether a weight is more than the part of another one that decides.
    static bool exceeds(uint32_t part, uint32_t all, const ca_tables::consortium_parameters& parameters) {
      return uint64_t{part} * parameters.approval_denominator > uint64_t{all} * parameters.approval_numerator;
    }
  };
  tally count_votes(uint64_t proposal, const ca_tables::consortium_parameters& parameters) const;
  void close(ca_tables::proposals_table& table, const ca_tables::proposal& proposal, ca_tables::proposal_status status, name by);

  // decisions.cpp
  void carry_out(const ca_tables::admit_organisation& decision);
  void carry_out(const ca_tables::expel_organisation& decision);
  void carry_out(const ca_tables::suspend_organisation& decision);
  void carry_out(const ca_tables::resume_organisation& decision);
  void carry_out(const ca_tables::change_terms& decision);
  void carry_out(const ca_tables::rotate_authority& decision);
  void carry_out(const ca_tables::revoke_authority& decision);
  void carry_out(const ca_tables::revoke_members& decision);
  void carry_out(const ca_tables::change_parameters& decision) { set_parameters(decision.parameters); }
  void carry_out(const ca_tables::define_role& decision) { set_role(decision.definition); }
  void carry_out(const ca_tables::act_on_chain& decision);
  void check_terms(const ca_tables::organisation_terms& terms) const;
  void change_status(name organisation, ca_tables::organisation_status from, ca_tables::organisation_status to);

  // authorities.cpp
  uint64_t add_authority(const ca_tables::authority_certificate& certificate, name organisation);
  void replace_authorities(std::vector<uint64_t>& keys, const ca_tables::rotate_authority& decision);
  void end_authority(uint64_t key, uint8_t reason);

  // members.cpp
  void require_operator(name by, const organisation_row& organisation) const;
  bool is_operator(name account, const organisation_row& organisation) const;
  void check_roles(const organisation_row& organisation, const ca_tables::new_certificate& certificate,
                   const std::vector<name>& roles) const;
  ca_tables::usage_row usage_of(name organisation) const;
  void save_usage(const ca_tables::usage_row& usage);
  void take_consent(name organisation, name account, const snapscale::public_key& subject_key);
  void enter(const organisation_row& organisation, const ca_tables::new_certificate& certificate,
             const ca_tables::new_member& member, uint64_t rows_max);
  void enter_key(name organisation, const snapscale::public_key& subject_key, uint64_t member, uint64_t predecessor);

  // holders.cpp
  void hold(name organisation, name account, const ca_tables::held_certificate& held);
  void shorten(name organisation, name account, uint64_t member, snapscale::time_point_sec valid_until);
  void release(name organisation, name account, uint64_t member);
  void list_producer(name organisation, name account);
  void list_producers(const organisation_row& organisation);
  void list(const organisation_row& organisation, name account);
  snapscale::time_point_sec produces_until(name account) const;

  // revocations.cpp
  void revoke_all(name by, name holder, name organisation, const std::vector<bytes>& serials, uint8_t reason);
  ca_tables::usage_row make_room(const organisation_row& organisation);
  void forget(ca_tables::members_table& members, const ca_tables::member& row, ca_tables::usage_row& usage);
  void prune_members(name organisation, const std::vector<bytes>& serials);
  void prune_applications(name organisation, const std::vector<name>& applicants);
  void prune_authorities(const std::vector<snapscale::checksum256>& digests);
  void prune_proposals(const std::vector<uint64_t>& ids);
  void prune_organisation(name organisation);
};
