#include "eosio.msig.hpp"

#include <algorithm>

using namespace snapscale;

namespace {

/// True if `levels`, without any keys, suffice to authorize the transaction.
bool is_authorized(const std::vector<char>& packed_transaction, const std::vector<permission_level>& levels) {
  return with_packed(levels, [&](const char* bytes, uint32_t size) {
    return check_transaction_authorization(packed_transaction.data(), packed_transaction.size(), nullptr, 0, bytes, size) > 0;
  });
}

transaction_header header_of(const std::vector<char>& packed_transaction) {
  return unpack<transaction_header>(packed_transaction);
}

}  // namespace

void multisig::propose(name proposer, name proposal_name, std::vector<permission_level> requested, ignore<transaction>) {
  require_auth(proposer);
  proposals table(get_self(), proposer.value);
  check(table.find(proposal_name) == table.end(), "proposal with the same name exists");

  // The transaction is kept as it was sent, byte by byte, since approvals may name its hash.
  const datastream<const char*>& rest = get_datastream();
  const std::vector<char> packed(rest.pos(), rest.pos() + rest.remaining());
  const transaction trx = unpack<transaction>(packed);
  check(trx.expiration >= time_point_sec(current_time_point()), "transaction expired");
  check(trx.context_free_actions.empty(), "not allowed to `propose` a transaction with context-free actions");
  check(pack_size(trx) == packed.size(), "the transaction is followed by other data");
  check(is_authorized(packed, requested), "transaction authorization failed");

  table.emplace(proposer, [&](proposal& row) {
    row.proposal_name = proposal_name;
    row.packed_transaction = packed;
    row.earliest_exec_time.emplace();
  });
  approvals(get_self(), proposer.value).emplace(proposer, [&](approvals_info& row) {
    row.proposal_name = proposal_name;
    row.requested_approvals.reserve(requested.size());
    for (const permission_level& level : requested) row.requested_approvals.push_back({level, time_point()});
  });
}

void multisig::approve(name proposer, name proposal_name, permission_level level, binary_extension<checksum256> proposal_hash) {
  require_auth(level);
  proposals table(get_self(), proposer.value);
  const proposal& proposal = table.get(proposal_name, "proposal not found");
  if (proposal_hash) assert_sha256(proposal.packed_transaction.data(), proposal.packed_transaction.size(), *proposal_hash);

  approvals approval_table(get_self(), proposer.value);
  const approvals_info& info = approval_table.get(proposal_name, "proposal not found");
  const auto is_level = [&](const approval& a) { return a.level == level; };
  const auto found = std::find_if(info.requested_approvals.begin(), info.requested_approvals.end(), is_level);
  check(found != info.requested_approvals.end(), "approval is not on the list of requested approvals");
  const auto position = found - info.requested_approvals.begin();
  approval_table.modify(info, proposer, [&](approvals_info& row) {
    row.provided_approvals.push_back({level, current_time_point()});
    row.requested_approvals.erase(row.requested_approvals.begin() + position);
  });
  update_earliest_exec_time(table, proposal, info);
}

void multisig::unapprove(name proposer, name proposal_name, permission_level level) {
  require_auth(level);
  approvals approval_table(get_self(), proposer.value);
  const approvals_info& info = approval_table.get(proposal_name, "proposal not found");
  const auto is_level = [&](const approval& a) { return a.level == level; };
  const auto found = std::find_if(info.provided_approvals.begin(), info.provided_approvals.end(), is_level);
  check(found != info.provided_approvals.end(), "no approval previously granted");
  const auto position = found - info.provided_approvals.begin();
  approval_table.modify(info, proposer, [&](approvals_info& row) {
    row.requested_approvals.push_back({level, time_point()});
    row.provided_approvals.erase(row.provided_approvals.begin() + position);
  });
  proposals table(get_self(), proposer.value);
  update_earliest_exec_time(table, table.get(proposal_name, "proposal not found"), info);
}

void multisig::cancel(name proposer, name proposal_name, name canceler) {
  require_auth(canceler);
  proposals table(get_self(), proposer.value);
  const proposal& proposal = table.get(proposal_name, "proposal not found");
  if (canceler != proposer) {
    const bool expired = header_of(proposal.packed_transaction).expiration < time_point_sec(current_time_point());
    check(expired, "cannot cancel until expiration");
  }
  table.erase(proposal);
  approvals approval_table(get_self(), proposer.value);
  approval_table.erase(approval_table.get(proposal_name, "proposal not found"));
}

void multisig::exec(name proposer, name proposal_name, name executer) {
  require_auth(executer);
  proposals table(get_self(), proposer.value);
  const proposal& proposal = table.get(proposal_name, "proposal not found");
  approvals approval_table(get_self(), proposer.value);
  const approvals_info& info = approval_table.get(proposal_name, "proposal not found");

  const transaction trx = unpack<transaction>(proposal.packed_transaction);
  check(trx.expiration >= time_point_sec(current_time_point()), "transaction expired");
  check(is_authorized(proposal.packed_transaction, valid_approvals(info)), "transaction authorization failed");
  if (proposal.earliest_exec_time && proposal.earliest_exec_time->has_value()) {
    check(**proposal.earliest_exec_time <= current_time_point(), "too early to execute");
  } else {
    check(trx.delay_sec.value == 0, "too early to execute");
  }
  for (const action& action : trx.actions) action.send();

  table.erase(proposal);
  approval_table.erase(info);
}

void multisig::invalidate(name account) {
  require_auth(account);
  invalidations table(get_self(), get_self().value);
  const auto found = table.find(account);
  if (found == table.end()) {
    table.emplace(account, [&](invalidation& row) {
      row.account = account;
      row.last_invalidation_time = current_time_point();
    });
  } else {
    table.modify(found, account, [&](invalidation& row) { row.last_invalidation_time = current_time_point(); });
  }
}

/// The approvals that their accounts did not void since.
std::vector<permission_level> multisig::valid_approvals(const approvals_info& info) const {
  invalidations table(get_self(), get_self().value);
  std::vector<permission_level> levels;
  levels.reserve(info.provided_approvals.size());
  for (const approval& approval : info.provided_approvals) {
    const auto found = table.find(approval.level.actor);
    if (found == table.end() || found->last_invalidation_time < approval.time) levels.push_back(approval.level);
  }
  return levels;
}

/// The delay of a transaction runs from the moment on at which it has its approvals, and anew if one is taken back.
void multisig::update_earliest_exec_time(proposals& table, const proposal& proposal, const approvals_info& info) {
  const bool authorized = is_authorized(proposal.packed_transaction, valid_approvals(info));
  const bool known = proposal.earliest_exec_time && proposal.earliest_exec_time->has_value();
  if (authorized == known) return;
  const uint32_t delay = header_of(proposal.packed_transaction).delay_sec.value;
  table.modify(proposal, same_payer, [&](multisig::proposal& row) {
    std::optional<time_point> earliest;
    if (authorized) earliest = current_time_point() + seconds(delay);
    row.earliest_exec_time.emplace(earliest);
  });
}
