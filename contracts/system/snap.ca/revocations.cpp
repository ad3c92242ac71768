#include "snap.ca.hpp"
#include "rules/certificate.hpp"

using namespace snapscale;
using namespace ca_tables;

namespace {

constexpr size_t revoked_at_once_max = 100;
constexpr size_t pruned_at_once_max = 100;
/// Each may have a vote of every organisation.
constexpr size_t pruned_proposals_max = 5;

}  // namespace

void certificate_authority::revoke(name by, name organisation, std::vector<std::vector<char>> serials, uint8_t reason) {
  require_auth(by);
  organisations_table organisations(get_self(), scope());
  const auto row = organisations.find(organisation);
  check(row != organisations.end(), organisation.to_string() + " is no organisation of the consortium");
  // An organisation that is suspended goes on taking certificates back: that opens no door.
  revoke_all(by, is_operator(by, *row) ? name() : by, organisation, serials, reason);
  grow_version();
}

/// Revokes certificates; with a `holder` only its own.
void certificate_authority::revoke_all(name by, name holder, name organisation, const std::vector<std::vector<char>>& serials,
                                       uint8_t reason) {
  check(!serials.empty() && serials.size() <= revoked_at_once_max, "1 to 100 certificates are revoked at a time");
  check(certificate::is_reason(reason), "a reason is 0 to 5 or 9 of RFC 5280: a revocation is for good");
  members_table members(get_self(), organisation.value);
  revocations_table revocations(get_self(), organisation.value);
  usage_row usage = usage_of(organisation);
  for (const std::vector<char>& serial : serials) {
    const auto row = members.find(certificate::key_of_serial(serial));
    check(row != members.end(), organisation.to_string() + " has no certificate with one of these serials");
    check(row->status != member_status::revoked, "one of these certificates is revoked already");
    check(holder == name() || row->account == holder, by.to_string() + " may revoke its own certificates alone");
    if (row->status == member_status::active) --usage.active;
    ++usage.revocations;
    const uint64_t number = ++usage.last_revocation;
    revocations.emplace(get_self(), [&](auto& added) {
      added = {number, row->authority, row->serial, reason, current_time_point(), row->not_after, by};
    });
    members.modify(row, get_self(), [&](auto& changed) {
      changed.status = member_status::revoked;
      changed.revocation = number;
    });
    release(organisation, row->account, row->key);
  }
  save_usage(usage);
}

void certificate_authority::prune(name organisation, prunable rows) {
  const size_t count = rows.serials.size() + rows.applicants.size() + rows.authorities.size() + rows.proposals.size();
  check(count >= 1 && count <= pruned_at_once_max, "1 to 100 rows are removed at a time");
  check(rows.proposals.size() <= pruned_proposals_max, "at most 5 proposals are removed at a time");
  if (!rows.serials.empty()) prune_members(organisation, rows.serials);
  prune_applications(organisation, rows.applicants);
  if (!rows.authorities.empty()) prune_authorities(rows.authorities);
  prune_proposals(rows.proposals);
  prune_organisation(organisation);
}

/// Removes what is over: of active, superseded and revoked rows the one that ended first. Each new row takes up to three with it,
/// so that the table grows with what is valid, though nobody prunes. Where the organisation has used up its quota or its rows, what
/// is on no revocation list need not be kept.
usage_row certificate_authority::make_room(const organisation& organisation) {
  usage_row usage = usage_of(organisation.account);
  const time_point_sec now = current_time_point();
  const time_point_sec keep = now - load_parameters().keep_expired_sec;
  const bool is_tight = usage.active >= organisation.quota || usage.members >= rows_per_quota * organisation.quota;
  members_table members(get_self(), organisation.account.value);
  const auto by_end = members.get_index<"byend"_n>();
  for (const member_status status : {member_status::active, member_status::superseded, member_status::revoked}) {
    const auto row = by_end.lower_bound(ca_tables::member::end_key(status, time_point_sec()));
    if (row == by_end.end() || row->status != status) continue;
    if (row->end() < (is_tight && status != member_status::revoked ? now : keep)) forget(members, *row, usage);
  }
  save_usage(usage);
  return usage;
}

/// Removes a certificate with all that refers to it.
void certificate_authority::forget(members_table& members, const ca_tables::member& row, usage_row& usage) {
  const name organisation = usage.organisation;
  if (row.status == member_status::active) --usage.active;
  --usage.members;
  if (row.status == member_status::revoked) {
    --usage.revocations;
    revocations_table revocations(get_self(), organisation.value);
    revocations.erase(revocations.get(row.revocation));
  }
  subject_keys_table keys(get_self(), organisation.value);
  const auto key = keys.find(certificate::key_of(certificate::digest_of_key(row.subject_key)));
  if (key != keys.end() && key->member == row.key) keys.erase(key);
  release(organisation, row.account, row.key);
  members.erase(row);
}

/// Rows that are gone are passed over, so that two who prune at a time do not hinder one another.
void certificate_authority::prune_members(name organisation, const std::vector<std::vector<char>>& serials) {
  organisations_table organisations(get_self(), scope());
  const auto owner = organisations.find(organisation);
  if (owner == organisations.end()) return;
  const bool is_expelled = owner->status == organisation_status::expelled;
  members_table members(get_self(), organisation.value);
  const time_point_sec keep = time_point_sec(current_time_point()) - load_parameters().keep_expired_sec;
  usage_row usage = usage_of(organisation);
  for (const std::vector<char>& serial : serials) {
    const auto row = members.find(certificate::key_of_serial(serial));
    if (row == members.end()) continue;
    // The certificates of an expelled organisation end with its issuing CA, whatever this table says.
    check(is_expelled || row->end() < keep, "a certificate is not over yet");
    forget(members, *row, usage);
  }
  save_usage(usage);
}

void certificate_authority::prune_applications(name organisation, const std::vector<name>& applicants) {
  applications_table table(get_self(), organisation.value);
  for (const name applicant : applicants) {
    const auto row = table.find(applicant);
    if (row == table.end()) continue;
    check(row->expires <= time_point_sec(current_time_point()), "the application of " + applicant.to_string() + " has not expired");
    table.erase(row);
  }
}

void certificate_authority::prune_proposals(const std::vector<uint64_t>& ids) {
  proposals_table table(get_self(), scope());
  const time_point_sec keep = time_point_sec(current_time_point()) - load_parameters().keep_decided_sec;
  for (const uint64_t id : ids) {
    const auto row = table.find(id);
    if (row == table.end()) continue;
    const bool is_open = row->status == proposal_status::open;
    check((is_open ? row->expires : row->decided) < keep, "proposal " + std::to_string(id) + " must stay in the table for now");
    if (is_open) close(table, *row, proposal_status::cancelled, get_self());
    votes_table votes(get_self(), id);
    for (auto vote = votes.begin(); vote != votes.end();) vote = votes.erase(vote);
    table.erase(row);
  }
}

/// An expelled organisation is forgotten once it has nothing left. Its certificates stay in `authorities` until they expire.
void certificate_authority::prune_organisation(name organisation) {
  organisations_table table(get_self(), scope());
  const auto row = table.find(organisation);
  if (row == table.end() || row->status != organisation_status::expelled) return;
  usage_table usage(get_self(), scope());
  const auto used = usage.find(organisation);
  if (used != usage.end()) {
    if (used->members > 0 || used->open_proposals > 0) return;
    usage.erase(used);
  }
  table.erase(row);
  consortium_state state = load_state();
  --state.organisations;
  save_state(state);
}
