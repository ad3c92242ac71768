#include "snap.ca.hpp"
#include "rules/certificate.hpp"

#include <algorithm>

using namespace snapscale;
using namespace ca_tables;

namespace {

constexpr size_t request_size_max = 2048;
constexpr size_t roles_of_member_max = 8;
constexpr uint32_t clock_skew_sec = 24 * 3600;

void check_shape(name organisation, const new_member& member) {
  check(certificate::is_text(member.node), "the name of a node is at most 64 printable characters");
  check(certificate::is_node_of(organisation, member.node),
        "the name of a node of " + organisation.to_string() + " is " + organisation.to_string() + ", or begins with " +
            organisation.to_string() + "-: not " + member.node);
  check(!member.roles.empty() && certificate::is_name_list(member.roles, roles_of_member_max),
        "a member has 1 to 8 roles, unique and sorted");
}

}  // namespace

void certificate_authority::apply(name applicant, name organisation, public_key subject_key, std::string node,
                                  std::vector<name> roles, std::vector<char> request) {
  require_auth(applicant);
  organisations_table organisations(get_self(), scope());
  const auto& asked = active_organisation(organisations, organisation);
  check(certificate::is_subject_key(subject_key), "a subject key is a K1 or R1 key");
  check_shape(organisation, {applicant, node, roles});
  check(request.size() <= request_size_max, "a certificate request has at most 2048 bytes");
  for (const name role : roles) {
    check(certificate::contains(asked.scope, role), organisation.to_string() + " does not give the role " + role.to_string());
  }
  applications_table table(get_self(), organisation.value);
  const auto fill = [&](application& filled) {
    const time_point_sec now = current_time_point();
    filled = {applicant, subject_key, node, roles, request, now + load_parameters().application_life_sec};
  };
  const auto row = table.find(applicant);
  if (row == table.end()) {
    table.emplace(applicant, fill);
  } else {
    table.modify(row, applicant, fill);
  }
}

void certificate_authority::withdraw(name applicant, name organisation) {
  require_auth(applicant);
  applications_table table(get_self(), organisation.value);
  const auto row = table.find(applicant);
  check(row != table.end(), applicant.to_string() + " has not applied to " + organisation.to_string());
  table.erase(row);
}

void certificate_authority::reject(name by, name organisation, name applicant, std::string reason) {
  organisations_table organisations(get_self(), scope());
  require_operator(by, active_organisation(organisations, organisation));
  check(certificate::is_text(reason), "a reason is at most 64 printable characters");
  applications_table table(get_self(), organisation.value);
  const auto row = table.find(applicant);
  check(row != table.end(), applicant.to_string() + " has not applied to " + organisation.to_string());
  table.erase(row);
}

void certificate_authority::issue(name by, name organisation, new_certificate certificate, new_member member) {
  organisations_table organisations(get_self(), scope());
  const auto& issuer = active_organisation(organisations, organisation);
  require_operator(by, issuer);
  check_shape(organisation, member);
  check_roles(issuer, certificate, member.roles);
  usage_row usage = make_room(issuer);
  check(usage.active < issuer.quota,
        organisation.to_string() + " has used its quota of " + std::to_string(issuer.quota) +
            " certificates, and none of them has expired: revoke some");
  ++usage.active;
  save_usage(usage);
  if (member.account == name()) {
    const bool needs_account =
        certificate::contains(member.roles, "producer"_n) || certificate::contains(member.roles, "ca.operator"_n);
    check(!needs_account, "the roles producer and ca.operator are for members with an account");
  } else {
    take_consent(organisation, member.account, certificate.subject_key);
  }
  enter(issuer, certificate, member, rows_per_quota);
  enter_key(organisation, certificate.subject_key, certificate::key_of_serial(certificate.serial), 0);
}

void certificate_authority::renew(name by, name organisation, std::vector<char> serial, new_certificate successor) {
  organisations_table organisations(get_self(), scope());
  const auto& issuer = active_organisation(organisations, organisation);
  require_operator(by, issuer);
  members_table members(get_self(), organisation.value);
  const auto row = members.find(certificate::key_of_serial(serial));
  check(row != members.end(), organisation.to_string() + " has no certificate with this serial");
  check(row->status != member_status::revoked, "a revoked certificate cannot be renewed");
  check(row->status != member_status::superseded, "this certificate was renewed already");
  const time_point_sec now = current_time_point();
  check(row->valid_until > now, "an expired certificate cannot be renewed: issue a new one");
  const ca_tables::member old = *row;
  check_roles(issuer, successor, old.roles);
  make_room(issuer);
  const time_point_sec until = std::min(old.valid_until, now + load_parameters().overlap_sec);
  members.modify(row, get_self(), [&](auto& changed) {
    changed.status = member_status::superseded;
    changed.valid_until = until;
  });
  grow_version();
  shorten(organisation, old.account, old.key, until);
  enter(issuer, successor, {old.account, old.node, old.roles}, rows_per_quota_renewing);
  enter_key(organisation, successor.subject_key, certificate::key_of_serial(successor.serial), old.key);
}

void certificate_authority::require_operator(name by, const organisation& organisation) const {
  require_auth(by);
  check(is_operator(by, organisation),
        by.to_string() + " holds no valid certificate of " + organisation.account.to_string() + " with the role ca.operator");
}

/// The organisation itself, or a member of it with a valid certificate and the role `ca.operator`.
bool certificate_authority::is_operator(name account, const organisation& organisation) const {
  if (account == organisation.account) return true;
  const time_point_sec now = current_time_point();
  accounts_table accounts(get_self(), scope());
  const auto row = accounts.find(account);
  if (row == accounts.end() || row->organisation != organisation.account || organisation.valid_until <= now) return false;
  if (!certificate::contains(organisation.scope, "ca.operator"_n)) return false;
  authorities_table authorities(get_self(), scope());
  for (const held_certificate& held : row->certificates) {
    if (!held.is_operator || held.valid_until <= now) continue;
    const auto authority = authorities.find(held.authority);
    if (authority == authorities.end() || authority->status == authority_status::revoked) continue;
    if (authority->valid_until > now) return true;
  }
  return false;
}

/// The certificate's form, issuer and life, and that the organisation may give these roles for so long.
void certificate_authority::check_roles(const organisation& organisation, const new_certificate& certificate,
                                        const std::vector<name>& roles) const {
  check(certificate::is_serial(certificate.serial), "a serial has 1 to 20 bytes, is positive, and has no leading zeros");
  check(certificate::is_subject_key(certificate.subject_key), "a subject key is a K1 or R1 key");
  authorities_table authorities(get_self(), scope());
  const auto issuer = authorities.find(certificate::key_of(certificate.issuer));
  check(issuer != authorities.end() && issuer->digest == certificate.issuer && issuer->organisation == organisation.account,
        "the issuer is no issuing CA of " + organisation.account.to_string());
  check(issuer->status == authority_status::active, "the issuing CA was replaced or revoked: issue with the newest one");

  const time_point_sec now = current_time_point();
  check(certificate.not_before <= now + clock_skew_sec, "the certificate begins more than a day from now");
  check(certificate.not_after > now && certificate.not_after > certificate.not_before, "the certificate has expired");
  check(certificate.not_after <= organisation.valid_until, "the certificate would outlive the validity of its organisation");
  check(certificate.not_after <= issuer->valid_until, "the certificate would outlive its issuing CA");
  const uint32_t life = certificate.not_after.sec_since_epoch() - certificate.not_before.sec_since_epoch();
  roles_table definitions(get_self(), scope());
  for (const name role : roles) {
    check(certificate::contains(organisation.scope, role),
          organisation.account.to_string() + " does not give the role " + role.to_string());
    const role_definition& definition = definitions.get(role, "there is no such role");
    check(definition.is_given, "the role " + role.to_string() + " is not given any more");
    check(life <= definition.life_sec, "a certificate with the role " + role.to_string() + " lives at most " +
                                           std::to_string(definition.life_sec) + " seconds, this one " + std::to_string(life));
  }
}

usage_row certificate_authority::usage_of(name organisation) const {
  usage_table table(get_self(), scope());
  const auto row = table.find(organisation);
  if (row != table.end()) return *row;
  usage_row none;
  none.organisation = organisation;
  return none;
}

void certificate_authority::save_usage(const usage_row& usage) {
  usage_table table(get_self(), scope());
  const auto row = table.find(usage.organisation);
  if (row == table.end()) {
    table.emplace(get_self(), [&](auto& added) { added = usage; });
  } else {
    table.modify(row, get_self(), [&](auto& changed) { changed = usage; });
  }
}

/// An organisation cannot make an account its member without that account's word: an application with this key, which is
/// settled thereby, or its signature.
void certificate_authority::take_consent(name organisation, name account, const public_key& subject_key) {
  check(is_account(account), "there is no account " + account.to_string());
  applications_table table(get_self(), organisation.value);
  const auto row = table.find(account);
  if (row == table.end()) {
    return check(has_auth(account), account.to_string() + " has not applied to " + organisation.to_string() + " and does not sign");
  }
  const bool applies = row->subject_key == subject_key && row->expires > time_point_sec(current_time_point());
  check(applies || has_auth(account), account.to_string() + " has applied with another key, or its application has expired");
  table.erase(row);
}

void certificate_authority::enter(const organisation& organisation, const new_certificate& entered, const new_member& member,
                                  uint64_t rows_max) {
  const uint64_t key = certificate::key_of_serial(entered.serial);
  members_table members(get_self(), organisation.account.value);
  check(members.find(key) == members.end(), "the serial is used already: choose another one");
  usage_row usage = usage_of(organisation.account);
  check(usage.members < rows_max * organisation.quota,
        organisation.account.to_string() + " has " + std::to_string(rows_max) +
            " times as many entries as its quota, and none is over: wait until one that was renewed or revoked expires");
  ++usage.members;
  save_usage(usage);
  const uint64_t authority = certificate::key_of(entered.issuer);
  members.emplace(get_self(), [&](auto& added) {
    added.key = key;
    added.valid_until = entered.not_after;
    added.authority = authority;
    added.certificate = entered.certificate;
    added.subject_key = entered.subject_key;
    added.account = member.account;
    added.not_before = entered.not_before;
    added.not_after = entered.not_after;
    added.serial = entered.serial;
    added.node = member.node;
    added.roles = member.roles;
  });
  hold(organisation.account, member.account,
       {key, authority, entered.not_after, certificate::contains(member.roles, "producer"_n),
        certificate::contains(member.roles, "ca.operator"_n)});
}

/// A key has one certificate of an organisation at a time, besides one that it supersedes.
void certificate_authority::enter_key(name organisation, const public_key& subject_key, uint64_t member, uint64_t predecessor) {
  const checksum256 digest = certificate::digest_of_key(subject_key);
  subject_keys_table table(get_self(), organisation.value);
  const auto row = table.find(certificate::key_of(digest));
  if (row == table.end()) {
    table.emplace(get_self(), [&](auto& added) {
      added.key = certificate::key_of(digest);
      added.digest = digest;
      added.member = member;
    });
    return;
  }
  check(row->member == predecessor, "the key has a certificate of " + organisation.to_string() + " already: renew that one");
  table.modify(row, get_self(), [&](auto& changed) { changed.member = member; });
}
