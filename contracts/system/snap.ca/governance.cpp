#include "snap.ca.hpp"
#include "rules/certificate.hpp"

#include <algorithm>

using namespace snapscale;
using namespace ca_tables;

namespace {

constexpr size_t founders_max = 32;
constexpr size_t content_size_max = 8192;
constexpr uint16_t open_proposals_max = 10;
constexpr size_t roles_max = 64;
constexpr uint32_t day_sec = 24 * 3600;
constexpr uint32_t year_sec = 366 * day_sec;

constexpr name audit = "audit"_n, issuing = "issue"_n, peer = "peer"_n, produce = "produce"_n, reading = "read"_n,
               serve = "serve"_n, writing = "write"_n;
constexpr name known_permissions[] = {audit, issuing, peer, produce, reading, serve, writing};

bool is_known(name permission) {
  return std::find(std::begin(known_permissions), std::end(known_permissions), permission) != std::end(known_permissions);
}

bool has(const role_definition& definition, name permission) { return certificate::contains(definition.permissions, permission); }

bool is_span(uint32_t seconds) { return seconds >= 60 && seconds <= 10 * year_sec; }

/// The roles that a consortium begins with. Permissions are sorted.
std::vector<role_definition> first_roles() {
  return {
      {"auditor"_n, "auditor", {audit, reading}, 90 * day_sec},
      {"ca.operator"_n, "ca-operator", {issuing, reading, writing}, 90 * day_sec},
      {"client"_n, "client", {reading, writing}, 30 * day_sec},
      {"device"_n, "device", {reading, writing}, 3 * year_sec},
      {"edge"_n, "edge", {peer, reading, serve, writing}, 90 * day_sec},
      {"observer"_n, "observer", {peer, reading}, 90 * day_sec},
      {"producer"_n, "producer", {peer, produce, reading, writing}, 90 * day_sec},
  };
}

}  // namespace

consortium_parameters certificate_authority::load_parameters() const {
  return parameters_singleton(get_self(), scope()).get_or_default();
}

consortium_state certificate_authority::load_state() const {
  state_singleton row(get_self(), scope());
  check(row.exists(), "the consortium is not founded: snap.ca must send init first");
  return row.get();
}

void certificate_authority::save_state(const consortium_state& state) {
  state_singleton(get_self(), scope()).set(state, get_self());
}

/// Lets nodes know that certificates may allow less than before.
void certificate_authority::grow_version() {
  consortium_state state = load_state();
  ++state.version;
  save_state(state);
}

const organisation& certificate_authority::active_organisation(const organisations_table& table, name organisation) const {
  const auto row = table.find(organisation);
  check(row != table.end(), organisation.to_string() + " is no organisation of the consortium");
  check(row->status == organisation_status::active,
        organisation.to_string() + (row->status == organisation_status::expelled ? " was expelled" : " is suspended"));
  return *row;
}

void certificate_authority::init(std::vector<admit_organisation> founders, std::vector<authority_certificate> roots,
                                 consortium_parameters parameters) {
  require_auth(get_self());
  check(!state_singleton(get_self(), scope()).exists(), "the consortium is founded already");
  check(!founders.empty() && founders.size() <= founders_max, "a consortium is founded by 1 to 32 organisations");
  check(!roots.empty() && roots.size() <= 4, "a consortium begins with 1 to 4 roots");
  set_parameters(parameters);
  for (const role_definition& definition : first_roles()) set_role(definition);
  consortium_state state;
  for (const authority_certificate& root : roots) state.roots.push_back(add_authority(root, name()));
  save_state(state);
  for (const admit_organisation& founder : founders) carry_out(founder);
}

void certificate_authority::set_parameters(const consortium_parameters& parameters) {
  const uint32_t numerator = parameters.approval_numerator;
  const uint32_t denominator = parameters.approval_denominator;
  check(parameters.reads <= read_policy::by_role, "reads must be 0 (open), 1 (members) or 2 (by role)");
  check(3 * numerator >= 2 * denominator && numerator < denominator, "the part that must approve is at least 2/3 and less than 1");
  check(is_span(parameters.proposal_life_sec) && is_span(parameters.application_life_sec) && is_span(parameters.overlap_sec) &&
            is_span(parameters.keep_expired_sec) && is_span(parameters.keep_decided_sec),
        "lives and times must be 60 seconds to ten years");
  parameters_singleton(get_self(), scope()).set(parameters, get_self());
}

void certificate_authority::set_role(const role_definition& definition) {
  const std::string role = definition.role.to_string();
  check(definition.role != name(), "a role needs a name");
  check(!definition.label.empty() && certificate::is_text(definition.label), "the label of a role is 1 to 64 printable characters");
  check(certificate::is_name_list(definition.permissions, std::size(known_permissions)), "permissions must be unique and sorted");
  for (const name permission : definition.permissions) {
    check(is_known(permission),
          permission.to_string() + " is no permission; known are audit, issue, peer, produce, read, serve, write");
  }
  check(is_span(definition.life_sec), "the life of a certificate must be 60 seconds to ten years");
  // The contract itself follows these two: `accounts` notes them when a certificate is issued.
  check(has(definition, produce) == (definition.role == "producer"_n),
        "the permission produce belongs to the role producer alone");
  check(has(definition, issuing) == (definition.role == "ca.operator"_n),
        "the permission issue belongs to the role ca.operator alone");

  roles_table table(get_self(), scope());
  const auto row = table.find(definition.role);
  if (row != table.end()) {
    check(row->label == definition.label, "the label of the role " + role + " is in certificates and cannot change");
    table.modify(row, get_self(), [&](auto& changed) { changed = definition; });
    return;
  }
  size_t count = 0;
  for (const role_definition& other : table) {
    check(other.label != definition.label, "the role " + other.role.to_string() + " has this label already");
    ++count;
  }
  check(count < roles_max, "a consortium has at most 64 roles");
  table.emplace(get_self(), [&](auto& added) { added = definition; });
}

uint64_t certificate_authority::propose(name organisation, decision content) {
  const uint64_t id = nominate(organisation, std::move(content));
  organisations_table organisations(get_self(), scope());
  add_vote(organisations.get(organisation), id);
  return id;
}

/// A contract sees whose authority it is, and not which permission gave it: what a key that is online may do is another action.
uint64_t certificate_authority::nominate(name organisation, decision content) {
  require_auth(organisation);
  consortium_state state = load_state();
  organisations_table organisations(get_self(), scope());
  active_organisation(organisations, organisation);
  const std::vector<char> packed = pack(content);
  check(packed.size() <= content_size_max, "a proposal has at most 8192 bytes, this one " + std::to_string(packed.size()));
  usage_row usage = usage_of(organisation);
  check(usage.open_proposals < open_proposals_max, organisation.to_string() + " has 10 open proposals already: cancel one first");
  ++usage.open_proposals;
  save_usage(usage);

  const uint64_t id = state.next_proposal++;
  save_state(state);
  const time_point_sec now = current_time_point();
  proposals_table(get_self(), scope()).emplace(organisation, [&](auto& added) {
    added.id = id;
    added.organisation = organisation;
    added.created = now;
    added.expires = now + load_parameters().proposal_life_sec;
    added.digest = certificate::digest_of(packed);
    added.content = std::move(content);
  });
  return id;
}

namespace {

const proposal& open_proposal(const proposals_table& table, uint64_t id) {
  const auto row = table.find(id);
  check(row != table.end(), "there is no proposal " + std::to_string(id));
  check(row->status != proposal_status::executed, "proposal " + std::to_string(id) + " was executed already");
  check(row->status != proposal_status::cancelled, "proposal " + std::to_string(id) + " was cancelled");
  return *row;
}

bool is_over(const proposal& row) { return row.expires <= time_point_sec(current_time_point()); }

}  // namespace

void certificate_authority::approve(name organisation, uint64_t proposal, checksum256 digest) {
  require_auth(organisation);
  organisations_table organisations(get_self(), scope());
  const organisation_row& voter = active_organisation(organisations, organisation);
  proposals_table proposals(get_self(), scope());
  const auto& row = open_proposal(proposals, proposal);
  check(!is_over(row), "proposal " + std::to_string(proposal) + " has expired");
  check(row.digest == digest, "proposal " + std::to_string(proposal) + " has another content than this approval names");
  add_vote(voter, proposal);
}

void certificate_authority::add_vote(const organisation_row& organisation, uint64_t proposal) {
  votes_table votes(get_self(), proposal);
  const auto row = votes.find(organisation.account);
  if (row != votes.end()) {
    // A vote from before the organisation was expelled and admitted again gives way to the new one.
    check(row->admission != organisation.admission, organisation.account.to_string() + " approves this proposal already");
    votes.erase(row);
  }
  votes.emplace(organisation.account, [&](auto& added) {
    added.organisation = organisation.account;
    added.admission = organisation.admission;
    added.voted = current_time_point();
  });
}

void certificate_authority::unapprove(name organisation, uint64_t proposal) {
  require_auth(organisation);
  proposals_table proposals(get_self(), scope());
  open_proposal(proposals, proposal);
  votes_table votes(get_self(), proposal);
  const auto row = votes.find(organisation);
  check(row != votes.end(), organisation.to_string() + " does not approve this proposal");
  votes.erase(row);
}

void certificate_authority::cancel(name account, uint64_t proposal) {
  require_auth(account);
  proposals_table proposals(get_self(), scope());
  const auto& row = open_proposal(proposals, proposal);
  check(account == row.organisation || is_over(row),
        "only " + row.organisation.to_string() + " can cancel its proposal before it expires");
  close(proposals, row, proposal_status::cancelled, account);
}

void certificate_authority::execute(name account, uint64_t proposal) {
  require_auth(account);
  const consortium_parameters parameters = load_parameters();
  proposals_table proposals(get_self(), scope());
  const auto& row = open_proposal(proposals, proposal);
  check(!is_over(row), "proposal " + std::to_string(proposal) + " has expired");
  const tally votes = count_votes(proposal, parameters);
  check(votes.is_passed(parameters),
        "proposal " + std::to_string(proposal) + " has the approval of weight " + std::to_string(votes.approving) + " of " +
            std::to_string(votes.total) + "; more than " + std::to_string(parameters.approval_numerator) + "/" +
            std::to_string(parameters.approval_denominator) + " is needed");
  proposals.modify(row, same_payer, [&](auto& changed) {
    changed.approving_weight = votes.approving;
    changed.total_weight = votes.total;
  });
  close(proposals, row, proposal_status::executed, account);
  grow_version();
  std::visit([&](const auto& decision) { carry_out(decision); }, row.content);
}

/// Counts what organisations approve now, with the weights that they have now. Those whose validity is over have no part in it, as
/// long as the others are so many that they could decide among all. Else all that are active count, so that time alone gives the
/// consortium to no minority, and the consortium can extend them when all are over.
certificate_authority::tally certificate_authority::count_votes(uint64_t proposal, const consortium_parameters& parameters) const {
  organisations_table organisations(get_self(), scope());
  votes_table votes(get_self(), proposal);
  const time_point_sec now = current_time_point();
  tally all, valid;
  for (const organisation_row& voter : organisations) {
    if (voter.status != organisation_status::active) continue;
    const auto vote = votes.find(voter.account);
    const uint32_t approving = vote != votes.end() && vote->admission == voter.admission ? voter.weight : 0;
    all.total += voter.weight;
    all.approving += approving;
    if (voter.valid_until <= now) continue;
    valid.total += voter.weight;
    valid.approving += approving;
  }
  return tally::exceeds(valid.total, all.total, parameters) ? valid : all;
}

void certificate_authority::close(proposals_table& table, const proposal& proposal, proposal_status status, name by) {
  table.modify(proposal, same_payer, [&](auto& changed) {
    changed.status = status;
    changed.decided = current_time_point();
    changed.decided_by = by;
  });
  usage_row usage = usage_of(proposal.organisation);
  if (usage.open_proposals == 0) return;
  --usage.open_proposals;
  save_usage(usage);
}
