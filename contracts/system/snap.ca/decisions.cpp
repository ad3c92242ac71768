#include "snap.ca.hpp"
#include "rules/certificate.hpp"

using namespace snapscale;
using namespace ca_tables;

namespace {

constexpr uint16_t organisations_max = 100;
constexpr uint16_t weight_max = 1000;
constexpr uint32_t quota_max = 1'000'000;
constexpr size_t scope_max = 16;
constexpr size_t chain_actions_max = 8;

}  // namespace

void certificate_authority::check_terms(const organisation_terms& terms) const {
  check(terms.quota >= 1 && terms.quota <= quota_max, "a quota is 1 to 1,000,000 certificates");
  check(terms.weight >= 1 && terms.weight <= weight_max, "a weight is 1 to 1000");
  check(terms.valid_until > time_point_sec(current_time_point()), "an organisation must be valid until a time to come");
  check(!terms.scope.empty() && certificate::is_name_list(terms.scope, scope_max), "a scope is 1 to 16 roles, unique and sorted");
  roles_table roles(get_self(), scope());
  for (const name role : terms.scope) check(roles.find(role) != roles.end(), "there is no role " + role.to_string());
}

void certificate_authority::carry_out(const admit_organisation& decision) {
  const name account = decision.organisation;
  check(is_account(account), "cannot admit " + account.to_string() + ": there is no such account");
  check(!decision.title.empty() && certificate::is_text(decision.title), "a title is 1 to 64 printable characters");
  check_terms(decision.terms);
  organisations_table table(get_self(), scope());
  const auto row = table.find(account);
  check(row == table.end() || row->status == organisation_status::expelled,
        account.to_string() + " is an organisation of the consortium already");
  const uint64_t issuer = add_authority(decision.issuer, account);

  consortium_state state = load_state();
  const auto fill = [&](organisation& filled) {
    filled.account = account;
    filled.status = organisation_status::active;
    filled.status_since = current_time_point();
    filled.valid_until = decision.terms.valid_until;
    filled.quota = decision.terms.quota;
    filled.weight = decision.terms.weight;
    filled.scope = decision.terms.scope;
    filled.admission = state.next_admission++;
    filled.title = decision.title;
    // Those of an earlier membership are revoked, and stay in their table until they expire.
    filled.authorities = {issuer};
  };
  if (row == table.end()) {
    check(state.organisations < organisations_max, "a consortium has at most 100 organisations");
    ++state.organisations;
    table.emplace(get_self(), fill);
    save_usage(usage_of(account));
  } else {
    table.modify(row, get_self(), fill);
  }
  state.active_weight += decision.terms.weight;
  save_state(state);
}

void certificate_authority::change_status(name organisation, organisation_status from, organisation_status to) {
  organisations_table table(get_self(), scope());
  const auto row = table.find(organisation);
  check(row != table.end(), organisation.to_string() + " is no organisation of the consortium");
  const bool is_suspended = row->status == organisation_status::suspended;
  const bool is_expelled = row->status == organisation_status::expelled;
  check(row->status == from || (is_suspended && to == organisation_status::expelled),
        organisation.to_string() + " is " + (is_expelled ? "expelled" : is_suspended ? "suspended" : "active") + " already");
  consortium_state state = load_state();
  if (row->status == organisation_status::active) state.active_weight -= row->weight;
  if (to == organisation_status::active) state.active_weight += row->weight;
  check(state.active_weight > 0,
        organisation.to_string() + " is the last active organisation: nobody could decide anything after it");
  save_state(state);
  table.modify(row, get_self(), [&](auto& changed) {
    changed.status = to;
    changed.status_since = current_time_point();
  });
  if (to == organisation_status::expelled) {
    for (const uint64_t key : row->authorities) end_authority(key, certificate::cessation_of_operation);
  }
  list_producers(*row);
}

void certificate_authority::carry_out(const expel_organisation& decision) {
  change_status(decision.organisation, organisation_status::active, organisation_status::expelled);
}

void certificate_authority::carry_out(const suspend_organisation& decision) {
  change_status(decision.organisation, organisation_status::active, organisation_status::suspended);
}

void certificate_authority::carry_out(const resume_organisation& decision) {
  change_status(decision.organisation, organisation_status::suspended, organisation_status::active);
}

void certificate_authority::carry_out(const change_terms& decision) {
  check_terms(decision.terms);
  organisations_table table(get_self(), scope());
  const organisation& row = active_organisation(table, decision.organisation);
  consortium_state state = load_state();
  state.active_weight = state.active_weight - row.weight + decision.terms.weight;
  save_state(state);
  table.modify(row, get_self(), [&](auto& changed) {
    changed.quota = decision.terms.quota;
    changed.weight = decision.terms.weight;
    changed.valid_until = decision.terms.valid_until;
    changed.scope = decision.terms.scope;
  });
  list_producers(row);
}

void certificate_authority::carry_out(const rotate_authority& decision) {
  if (decision.organisation == name()) {
    consortium_state state = load_state();
    replace_authorities(state.roots, decision);
    return save_state(state);
  }
  organisations_table table(get_self(), scope());
  const organisation& row = active_organisation(table, decision.organisation);
  table.modify(row, get_self(), [&](auto& changed) { replace_authorities(changed.authorities, decision); });
  list_producers(row);
}

void certificate_authority::carry_out(const revoke_authority& decision) {
  check(certificate::is_reason(decision.reason), "a reason is 0 to 5 or 9 of RFC 5280");
  authorities_table authorities(get_self(), scope());
  const auto ended = authorities.find(certificate::key_of(decision.digest));
  check(ended != authorities.end() && ended->digest == decision.digest, "there is no authority with this digest");
  check(ended->status != authority_status::revoked, "this authority is revoked already");
  const name organisation = ended->organisation;
  end_authority(ended->key, decision.reason);
  if (organisation == name()) {
    for (const uint64_t root : load_state().roots) {
      if (authorities_table(get_self(), scope()).get(root).status == authority_status::active) return;
    }
    fail("this is the last active root: give the consortium another one first");
  }
  organisations_table organisations(get_self(), scope());
  const auto row = organisations.find(organisation);
  if (row != organisations.end()) list_producers(*row);
}

void certificate_authority::carry_out(const revoke_members& decision) {
  revoke_all(get_self(), name(), decision.organisation, decision.serials, decision.reason);
}

void certificate_authority::carry_out(const act_on_chain& decision) {
  check(!decision.actions.empty() && decision.actions.size() <= chain_actions_max, "the consortium sends 1 to 8 actions at a time");
  for (const chain_action& sent : decision.actions) {
    check(sent.account == "eosio"_n || sent.account == "snap.fees"_n, "the consortium acts on eosio and snap.fees alone");
    check(sent.actor == "eosio"_n || sent.actor == get_self(), "the consortium acts as eosio or snap.ca alone");
    action(sent.account, sent.action, {permission_level(sent.actor, "active"_n)}, sent.data).send();
  }
}
