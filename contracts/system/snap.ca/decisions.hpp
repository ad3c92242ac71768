/// What the consortium can decide: the contents of proposals.
#pragma once

#include <snapscale/snapscale.hpp>

#include <string>
#include <variant>
#include <vector>

namespace ca_tables {

using snapscale::checksum256;
using snapscale::name;
using snapscale::public_key;
using snapscale::time_point_sec;

/// Who may read through a node's HTTP door. Nodes follow it; writing always needs a member, a sponsor or a private transfer.
enum class read_policy : uint8_t { open = 0, members = 1, by_role = 2 };

/// The rules of the consortium.
struct [[snapscale::table]] consortium_parameters {
  read_policy reads = read_policy::open;
  /// A proposal passes when more than this part of the active weight approves: at least 2/3, and less than all.
  uint16_t approval_numerator = 2;
  uint16_t approval_denominator = 3;
  uint32_t proposal_life_sec = 7 * 24 * 3600;
  uint32_t application_life_sec = 30 * 24 * 3600;
  /// So long a renewed certificate stays valid beside its successor.
  uint32_t overlap_sec = 7 * 24 * 3600;
  /// So long after its end an entry stays on the revocation list.
  uint32_t keep_expired_sec = 24 * 3600;
  /// So long a decided proposal stays in the table.
  uint32_t keep_decided_sec = 365 * 24 * 3600;
};

/// A role: `urn:snap:role:LABEL` in certificates.
struct [[snapscale::table]] role_definition {
  name role;
  std::string label;
  /// Out of: audit, issue, peer, produce, read, serve, write; sorted.
  std::vector<name> permissions;
  /// The longest life of a certificate with this role.
  uint32_t life_sec = 0;
  /// False: no new certificate gets it.
  bool is_given = true;

  uint64_t primary_key() const { return role.value; }
};

/// A certificate of a root or of an issuing CA.
struct authority_certificate {
  /// X.509 in DER.
  std::vector<char> certificate;
  /// Its `notAfter`.
  time_point_sec not_after;
};

/// What an organisation may do.
struct organisation_terms {
  /// Active certificates at a time.
  uint32_t quota = 0;
  /// Of its vote.
  uint16_t weight = 1;
  time_point_sec valid_until;
  /// The roles that it may give, sorted.
  std::vector<name> scope;
};

/// Lets an organisation in, or in again after it was expelled.
struct admit_organisation {
  name organisation;
  std::string title;
  organisation_terms terms;
  authority_certificate issuer;
};

/// Ends an organisation's membership, its vote, and all its certificates.
struct expel_organisation {
  name organisation;
};

/// Takes vote and certificates from an organisation until it is resumed.
struct suspend_organisation {
  name organisation;
};

struct resume_organisation {
  name organisation;
};

/// Changes quota, weight, validity and scope of an organisation.
struct change_terms {
  name organisation;
  organisation_terms terms;
};

/// Gives an organisation a new issuing CA, or with an empty name the consortium a new root. What the earlier ones have
/// issued stays valid until `previous_until` at most.
struct rotate_authority {
  name organisation;
  authority_certificate next;
  time_point_sec previous_until;
};

/// Ends all that an issuing CA or a root has issued, at once.
struct revoke_authority {
  checksum256 digest;
  uint8_t reason = 0;
};

/// Revokes certificates of an organisation's members over its head.
struct revoke_members {
  name organisation;
  std::vector<std::vector<char>> serials;
  uint8_t reason = 0;
};

struct change_parameters {
  consortium_parameters parameters;
};

/// Adds a role or changes it.
struct define_role {
  role_definition definition;
};

/// An action of `eosio` or `snap.fees` that the consortium sends with the authority of `actor`.
struct chain_action {
  name account;
  name action;
  name actor;
  std::vector<char> data;
};

/// Changes the chain: limits, prices, producers, what `eosio` and `snap.ca` may sign.
struct act_on_chain {
  std::vector<chain_action> actions;
};

using decision = std::variant<admit_organisation, expel_organisation, suspend_organisation, resume_organisation, change_terms,
                              rotate_authority, revoke_authority, revoke_members, change_parameters, define_role, act_on_chain>;

/// A certificate that an organisation has issued, as it enters it.
struct new_certificate {
  /// Digest of the issuing CA's certificate.
  checksum256 issuer;
  /// Big-endian, without leading zeros.
  std::vector<char> serial;
  /// SHA-256 of the certificate in DER.
  checksum256 certificate;
  public_key subject_key;
  time_point_sec not_before;
  time_point_sec not_after;
};

/// Whom it is for.
struct new_member {
  /// Empty for a member without an account.
  name account;
  std::string node;
  /// Sorted.
  std::vector<name> roles;
};

/// Rows whose time is over.
struct prunable {
  std::vector<std::vector<char>> serials;
  std::vector<name> applicants;
  std::vector<checksum256> authorities;
  std::vector<uint64_t> proposals;
};

}  // namespace ca_tables
