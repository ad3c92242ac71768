#include "snap.ca.hpp"
#include "rules/certificate.hpp"

#include <algorithm>

using namespace snapscale;
using namespace ca_tables;

namespace {

constexpr size_t certificates_of_account_max = 16;
constexpr size_t producers_of_organisation_max = 32;

}  // namespace

/// Notes that an account holds a certificate. Does nothing for members without an account.
void certificate_authority::hold(name organisation, name account, const held_certificate& held) {
  if (account == name()) return;
  accounts_table table(get_self(), scope());
  const auto row = table.find(account);
  if (row == table.end()) {
    table.emplace(get_self(), [&](auto& added) { added = {account, organisation, {held}}; });
  } else {
    check(row->organisation == organisation, account.to_string() + " is a member of " + row->organisation.to_string());
    check(row->certificates.size() < certificates_of_account_max,
          account.to_string() + " holds 16 certificates already: revoke some or prune expired ones");
    table.modify(row, get_self(), [&](auto& changed) { changed.certificates.push_back(held); });
  }
  if (held.is_producer) list_producer(organisation, account);
}

/// Notes that a certificate that an account holds ends earlier.
void certificate_authority::shorten(name organisation, name account, uint64_t member, time_point_sec valid_until) {
  if (account == name()) return;
  accounts_table table(get_self(), scope());
  bool is_producer = false;
  table.modify(table.get(account), get_self(), [&](auto& changed) {
    for (held_certificate& held : changed.certificates) {
      if (held.member != member) continue;
      held.valid_until = valid_until;
      is_producer = held.is_producer;
    }
  });
  if (is_producer) list_producer(organisation, account);
}

/// Notes that an account no longer holds a certificate. With its last one it leaves the organisation.
void certificate_authority::release(name organisation, name account, uint64_t member) {
  if (account == name()) return;
  accounts_table table(get_self(), scope());
  const auto row = table.find(account);
  if (row == table.end()) return;
  const auto is_it = [&](const held_certificate& held) { return held.member == member; };
  const auto& held = row->certificates;
  const auto found = std::find_if(held.begin(), held.end(), is_it);
  if (found == held.end()) return;
  const bool was_producer = found->is_producer;
  if (held.size() == 1) {
    table.erase(row);
  } else {
    table.modify(row, get_self(), [&](auto& changed) {
      auto& certificates = changed.certificates;
      certificates.erase(std::remove_if(certificates.begin(), certificates.end(), is_it), certificates.end());
    });
  }
  if (was_producer) list_producer(organisation, account);
}

/// Brings an organisation's list of producers, and the entry in `producers`, in line with what an account holds.
void certificate_authority::list_producer(name organisation, name account) {
  organisations_table organisations(get_self(), scope());
  const auto row = organisations.find(organisation);
  if (row == organisations.end()) return;
  accounts_table accounts(get_self(), scope());
  const auto holder = accounts.find(account);
  const bool is_producer = holder != accounts.end() && std::any_of(holder->certificates.begin(), holder->certificates.end(),
                                                                   [](const held_certificate& held) { return held.is_producer; });
  const auto position = std::lower_bound(row->producers.begin(), row->producers.end(), account) - row->producers.begin();
  const bool is_listed = position < static_cast<ptrdiff_t>(row->producers.size()) && row->producers[position] == account;
  if (is_producer != is_listed) {
    check(!is_producer || row->producers.size() < producers_of_organisation_max,
          organisation.to_string() + " has 32 producers already");
    organisations.modify(row, get_self(), [&](auto& changed) {
      const auto at = changed.producers.begin() + position;
      if (is_producer) {
        changed.producers.insert(at, account);
      } else {
        changed.producers.erase(at);
      }
    });
  }
  list(*row, account);
}

/// The same for all producers of an organisation, after a change that concerns them all.
void certificate_authority::list_producers(const organisation& organisation) {
  for (const name account : organisation.producers) list(organisation, account);
}

/// Sets or removes an account's row in `producers`: the longest validity of its certificates with that role, which ends with its
/// issuing CA's and the organisation's.
void certificate_authority::list(const organisation& organisation, name account) {
  time_point_sec until;
  accounts_table accounts(get_self(), scope());
  const auto holder = accounts.find(account);
  const bool is_active = organisation.status == organisation_status::active;
  if (holder != accounts.end() && is_active && certificate::contains(organisation.scope, "producer"_n)) {
    authorities_table authorities(get_self(), scope());
    for (const held_certificate& held : holder->certificates) {
      const auto authority = authorities.find(held.authority);
      if (!held.is_producer || authority == authorities.end() || authority->status == authority_status::revoked) continue;
      until = std::max(until, std::min({held.valid_until, authority->valid_until, organisation.valid_until}));
    }
  }
  producers_table producers(get_self(), scope());
  const auto row = producers.find(account);
  if (until <= time_point_sec(current_time_point())) {
    if (row != producers.end()) producers.erase(row);
  } else if (row == producers.end()) {
    producers.emplace(get_self(), [&](auto& added) { added = {account, until, organisation.account}; });
  } else {
    producers.modify(row, get_self(), [&](auto& changed) { changed.valid_until = until; });
  }
}
