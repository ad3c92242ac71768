/// The rows that `snap.ca` keeps. Nodes read them directly: README.md says how, and which fields must stay where they are.
#pragma once

#include "decisions.hpp"

namespace ca_tables {

enum class organisation_status : uint8_t { active = 0, suspended = 1, expelled = 2 };

/// A member of the consortium; key: its account, whose authority is its vote.
struct [[snapscale::table]] organisation {
  name account;
  organisation_status status = organisation_status::active;
  /// No certificate of its members is valid after this, and its vote does not count.
  time_point_sec valid_until;
  time_point_sec status_since;
  uint32_t quota = 0;
  uint16_t weight = 1;
  /// Differs each time that an organisation is admitted: votes of an earlier membership do not count.
  uint32_t admission = 0;
  std::string title;
  /// The roles that it may give, sorted.
  std::vector<name> scope;
  /// Keys of its rows in `authorities`, the newest last.
  std::vector<uint64_t> authorities;
  /// Accounts of members with the role `producer`, sorted.
  std::vector<name> producers;

  uint64_t primary_key() const { return account.value; }
};
using organisations_table = snapscale::multi_index<"orgs"_n, organisation>;

enum class authority_status : uint8_t {
  active = 0,
  /// Replaced: what it has issued is valid until `valid_until`, and it issues no more.
  retired = 1,
  /// Nothing that it has issued is valid.
  revoked = 2,
};

/// A certificate of a root, or of an organisation's issuing CA; key: of its digest.
struct [[snapscale::table]] authority {
  uint64_t key = 0;
  /// SHA-256 of the certificate.
  checksum256 digest;
  /// Empty for a root.
  name organisation;
  authority_status status = authority_status::active;
  time_point_sec valid_until;
  /// `notAfter` of the certificate, as the consortium was told: it is on the root's revocation list until then.
  time_point_sec not_after;
  time_point_sec revoked;
  uint8_t reason = 0;
  /// X.509 in DER.
  std::vector<char> certificate;

  uint64_t primary_key() const { return key; }
};
using authorities_table = snapscale::multi_index<"authorities"_n, authority>;

enum class member_status : uint8_t {
  active = 0,
  /// Renewed: valid until `valid_until`, so that the holder can change over.
  superseded = 1,
  revoked = 2,
};

/// A certificate that was issued; the scope is its organisation, the key that of its serial.
struct [[snapscale::table]] member {
  uint64_t key = 0;
  member_status status = member_status::active;
  /// When nodes stop accepting it: `not_after`, or earlier for one that was renewed.
  time_point_sec valid_until;
  uint64_t authority = 0;
  /// SHA-256 of the certificate in DER: no other one with this serial is valid.
  checksum256 certificate;
  public_key subject_key;
  /// Empty for a member without an account.
  name account;
  time_point_sec not_before;
  time_point_sec not_after;
  /// Its row in `revocations`; 0: none.
  uint64_t revocation = 0;
  std::vector<char> serial;
  std::string node;
  std::vector<name> roles;

  /// When it is of no use any more: a revocation list names it until its own end.
  time_point_sec end() const { return status == member_status::revoked ? not_after : valid_until; }
  uint64_t primary_key() const { return key; }
  uint64_t by_end() const { return end_key(status, end()); }

  /// One queue for each status, by time.
  static uint64_t end_key(member_status status, time_point_sec end) {
    return static_cast<uint64_t>(status) << 32 | end.sec_since_epoch();
  }
};
using members_table = snapscale::multi_index<
    "members"_n, member, snapscale::indexed_by<"byend"_n, snapscale::const_mem_fun<member, uint64_t, &member::by_end>>>;

/// Which certificate a subject key has; the scope is the organisation, the key that of the packed key's SHA-256.
struct [[snapscale::table]] subject_key_row {
  uint64_t key = 0;
  checksum256 digest;
  /// Key of the newest certificate in `members`.
  uint64_t member = 0;

  uint64_t primary_key() const { return key; }
};
using subject_keys_table = snapscale::multi_index<"keys"_n, subject_key_row>;

/// A certificate that an account holds and that is not revoked. Those that have expired leave with the next that is entered.
struct held_certificate {
  uint64_t member = 0;
  uint64_t authority = 0;
  time_point_sec valid_until;
  bool is_producer = false;
  bool is_operator = false;
};

/// What an account holds. An account is a member of one organisation at a time.
struct [[snapscale::table]] account_row {
  name account;
  name organisation;
  std::vector<held_certificate> certificates;

  uint64_t primary_key() const { return account.value; }
};
using accounts_table = snapscale::multi_index<"accounts"_n, account_row>;

/// Accounts that may be elected. `eosio` looks here: a row is there as long as account, authority and organisation are in
/// order, and counts until `valid_until`.
struct [[snapscale::table]] certified_producer {
  name account;
  time_point_sec valid_until;
  name organisation;

  uint64_t primary_key() const { return account.value; }
};
using producers_table = snapscale::multi_index<"producers"_n, certified_producer>;

/// An entry of a revocation list; the scope is the organisation, the key a number that grows by one each time.
struct [[snapscale::table]] revocation {
  uint64_t number = 0;
  uint64_t authority = 0;
  std::vector<char> serial;
  /// RFC 5280 section 5.3.1.
  uint8_t reason = 0;
  time_point_sec revoked;
  time_point_sec not_after;
  /// Whose authority it was: an operator's, the holder's, or `snap.ca` for the consortium.
  name by;

  uint64_t primary_key() const { return number; }
};
using revocations_table = snapscale::multi_index<"revocations"_n, revocation>;

/// What an organisation has, as numbers of rows.
struct [[snapscale::table]] usage_row {
  name organisation;
  /// Active certificates, expired ones too while they have a row: what the quota limits.
  uint32_t active = 0;
  /// All rows in `members`.
  uint32_t members = 0;
  /// Rows in `revocations`.
  uint32_t revocations = 0;
  uint64_t last_revocation = 0;
  uint16_t open_proposals = 0;

  uint64_t primary_key() const { return organisation.value; }
};
using usage_table = snapscale::multi_index<"usage"_n, usage_row>;

/// Somebody who asks for a certificate; the scope is the organisation, the key the applicant.
struct [[snapscale::table]] application {
  name applicant;
  public_key subject_key;
  std::string node;
  std::vector<name> roles;
  /// PKCS#10 in DER; may be empty.
  std::vector<char> request;
  time_point_sec expires;

  uint64_t primary_key() const { return applicant.value; }
};
using applications_table = snapscale::multi_index<"requests"_n, application>;

using roles_table = snapscale::multi_index<"roles"_n, role_definition>;

enum class proposal_status : uint8_t { open = 0, executed = 1, cancelled = 2 };

/// Something that the consortium is asked to decide. Rows stay when it is decided, for all to see.
struct [[snapscale::table]] proposal {
  uint64_t id = 0;
  /// Who proposed it.
  name organisation;
  proposal_status status = proposal_status::open;
  time_point_sec created;
  time_point_sec expires;
  /// SHA-256 of the packed content: what an approval names.
  checksum256 digest;
  /// When it was executed or cancelled, and by whom.
  time_point_sec decided;
  name decided_by;
  /// Weights at execution: of those that approve, and of all that count.
  uint32_t approving_weight = 0;
  uint32_t total_weight = 0;
  decision content;

  uint64_t primary_key() const { return id; }
};
using proposals_table = snapscale::multi_index<"proposals"_n, proposal>;

/// An approval; the scope is the proposal's id, the key the organisation.
struct [[snapscale::table]] vote {
  name organisation;
  uint32_t admission = 0;
  time_point_sec voted;

  uint64_t primary_key() const { return organisation.value; }
};
using votes_table = snapscale::multi_index<"votes"_n, vote>;

using parameters_singleton = snapscale::singleton<"params"_n, consortium_parameters>;

struct [[snapscale::table]] consortium_state {
  /// Grows with everything that can end or narrow what a certificate allows: nodes then check open sessions anew.
  uint64_t version = 1;
  uint64_t next_proposal = 1;
  uint32_t next_admission = 1;
  /// Rows in `orgs`.
  uint16_t organisations = 0;
  /// Weights of all active organisations together.
  uint32_t active_weight = 0;
  /// Keys of the roots in `authorities`, the newest last.
  std::vector<uint64_t> roots;
};
using state_singleton = snapscale::singleton<"state"_n, consortium_state>;

}  // namespace ca_tables
