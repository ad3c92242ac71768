#include "snap.ca.hpp"
#include "rules/certificate.hpp"

#include <algorithm>

using namespace snapscale;
using namespace ca_tables;

namespace {

constexpr size_t authorities_max = 16;

}  // namespace

uint64_t certificate_authority::add_authority(const authority_certificate& added, name organisation) {
  check(certificate::is_der_sequence(added.certificate), "a certificate is X.509 in DER, of at most 4096 bytes");
  check(added.not_after > time_point_sec(current_time_point()), "the certificate has expired");
  authorities_table table(get_self(), scope());
  const checksum256 digest = certificate::digest_of(added.certificate);
  const uint64_t key = certificate::key_of(digest);
  check(table.find(key) == table.end(), "this certificate is known already");
  table.emplace(get_self(), [&](auto& row) {
    row.key = key;
    row.digest = digest;
    row.organisation = organisation;
    row.valid_until = added.not_after;
    row.not_after = added.not_after;
    row.certificate = added.certificate;
  });
  return key;
}

/// Adds the next authority to those with `keys`, and retires the active ones.
void certificate_authority::replace_authorities(std::vector<uint64_t>& keys, const rotate_authority& decision) {
  check(keys.size() < authorities_max, "there are 16 certificates already: prune one that has expired first");
  authorities_table table(get_self(), scope());
  for (const uint64_t key : keys) {
    const auto row = table.find(key);
    if (row == table.end() || row->status == authority_status::revoked) continue;
    table.modify(row, get_self(), [&](auto& changed) {
      changed.status = authority_status::retired;
      changed.valid_until = std::min(changed.valid_until, decision.previous_until);
    });
  }
  keys.push_back(add_authority(decision.next, decision.organisation));
}

void certificate_authority::end_authority(uint64_t key, uint8_t reason) {
  authorities_table table(get_self(), scope());
  const auto row = table.find(key);
  if (row == table.end() || row->status == authority_status::revoked) return;
  table.modify(row, get_self(), [&](auto& changed) {
    changed.status = authority_status::revoked;
    changed.revoked = current_time_point();
    changed.reason = reason;
  });
}

/// Removes authorities whose certificates have expired. An organisation or the consortium keeps its newest one.
void certificate_authority::prune_authorities(const std::vector<checksum256>& digests) {
  authorities_table table(get_self(), scope());
  organisations_table organisations(get_self(), scope());
  consortium_state state = load_state();
  const auto keep = time_point_sec(current_time_point()) - load_parameters().keep_expired_sec;
  const auto remove_from = [](std::vector<uint64_t>& keys, uint64_t key) {
    check(keys.empty() || keys.back() != key, "the newest certificate stays: rotate it first");
    keys.erase(std::remove(keys.begin(), keys.end(), key), keys.end());
  };
  for (const checksum256& digest : digests) {
    const auto row = table.find(certificate::key_of(digest));
    if (row == table.end() || row->digest != digest) continue;
    check(row->not_after < keep, "a certificate of an authority is not over yet");
    if (row->organisation == name()) {
      remove_from(state.roots, row->key);
    } else {
      const auto owner = organisations.find(row->organisation);
      if (owner != organisations.end() && owner->status != organisation_status::expelled) {
        organisations.modify(owner, get_self(), [&](auto& changed) { remove_from(changed.authorities, row->key); });
      }
    }
    table.erase(row);
  }
  save_state(state);
}
