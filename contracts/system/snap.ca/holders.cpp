#include "snap.ca.hpp"
#include "rules/certificate.hpp"

#include <algorithm>

using namespace snapscale;
using namespace ca_tables;

namespace {

constexpr size_t certificates_of_account_max = 16;
constexpr size_t producers_of_organisation_max = 32;

}  // namespace

/// Notes that an account holds a certificate, and forgets those that have expired. Does nothing for members without an account.
void certificate_authority::hold(name organisation, name account, const held_certificate& held) {
  if (account == name()) return;
  accounts_table table(get_self(), scope());
  const auto row = table.find(account);
  bool is_producer = held.is_producer;
  if (row == table.end()) {
    table.emplace(get_self(), [&](auto& added) { added = {account, organisation, {held}}; });
  } else {
    check(row->organisation == organisation, account.to_string() + " is a member of " + row->organisation.to_string());
    table.modify(row, get_self(), [&](auto& changed) {
      auto& certificates = changed.certificates;
      const auto is_valid = [now = time_point_sec(current_time_point())](const held_certificate& one) { return one.valid_until > now; };
      const auto expired = std::stable_partition(certificates.begin(), certificates.end(), is_valid);
      is_producer |= std::any_of(expired, certificates.end(), [](const held_certificate& one) { return one.is_producer; });
      certificates.erase(expired, certificates.end());
      check(certificates.size() < certificates_of_account_max,
            account.to_string() + " holds 16 certificates already, and none of them has expired: revoke some");
      certificates.push_back(held);
    });
  }
  if (is_producer) list_producer(organisation, account);
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
  if (row == table.end() || row->organisation != organisation) return;
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
  const time_point_sec now = current_time_point();
  const bool is_producer = produces_until(account) > now;
  const bool is_listed = std::binary_search(row->producers.begin(), row->producers.end(), account);
  if (is_producer != is_listed) {
    organisations.modify(row, get_self(), [&](auto& changed) {
      auto& producers = changed.producers;
      if (!is_producer) {
        producers.erase(std::lower_bound(producers.begin(), producers.end(), account));
        return;
      }
      if (producers.size() == producers_of_organisation_max) {
        const auto has_ended = [&](name listed) {
          const bool is_over = produces_until(listed) <= now;
          if (is_over) list(*row, listed);
          return is_over;
        };
        producers.erase(std::remove_if(producers.begin(), producers.end(), has_ended), producers.end());
      }
      check(producers.size() < producers_of_organisation_max, organisation.to_string() + " has 32 producers already");
      producers.insert(std::lower_bound(producers.begin(), producers.end(), account), account);
    });
  }
  list(*row, account);
}

/// When the last certificate ends with which an account may produce as far as it and its issuing CA go; long ago without one.
time_point_sec certificate_authority::produces_until(name account) const {
  time_point_sec until;
  accounts_table accounts(get_self(), scope());
  const auto holder = accounts.find(account);
  if (holder == accounts.end()) return until;
  authorities_table authorities(get_self(), scope());
  for (const held_certificate& held : holder->certificates) {
    const auto authority = authorities.find(held.authority);
    if (!held.is_producer || authority == authorities.end() || authority->status == authority_status::revoked) continue;
    until = std::max(until, std::min(held.valid_until, authority->valid_until));
  }
  return until;
}

/// The same for all producers of an organisation, after a change that concerns them all.
void certificate_authority::list_producers(const organisation& organisation) {
  for (const name account : organisation.producers) list(organisation, account);
}

/// Sets or removes an account's row in `producers`: what its certificates allow ends with the organisation's validity.
void certificate_authority::list(const organisation& organisation, name account) {
  const bool may_produce =
      organisation.status == organisation_status::active && certificate::contains(organisation.scope, "producer"_n);
  const time_point_sec until = may_produce ? std::min(produces_until(account), organisation.valid_until) : time_point_sec();
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
