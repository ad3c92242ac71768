/// Credit API: what an account has prepaid for fees, who sponsors it, what the chain charges, and how to change that.
///
/// Reading a row costs about 3,100 gas and 0.75 a byte; sending an action 2,000, and what the action costs. The rows are
/// those of the account `snap.fees`, which every chain has. Amounts are in XST.
#pragma once

#include <snapscale/token.hpp>

namespace snapscale::fees {

/// The account that holds credit, deposits and sponsorships.
inline constexpr name fees_account{"snap.fees"};

/// The contract of the token that fees are paid in, and that token.
inline constexpr name token_contract{"eosio.token"};
inline constexpr symbol fee_symbol{"XST", 4};

/// What `owner` has paid in. `credit` pays its fees; `deposit` stands for its RAM, and so does `sponsored`, which
/// `sponsor` has paid and gets back.
struct account_credit {
  name owner;
  asset credit;
  asset deposit;
  asset sponsored;
  name sponsor;

  uint64_t primary_key() const { return owner.value; }
};

/// `sponsor` pays the fees of `account`, up to `cap` in each period; `used` counts since `period_start`.
struct sponsorship {
  name account;
  name sponsor;
  asset cap;
  uint32_t period_sec = 0;
  block_timestamp period_start;
  asset used;

  uint64_t primary_key() const { return account.value; }
};

/// The chain's prices, in the smallest unit of XST: of a millisecond of CPU, a kilobyte of NET, a kilobyte of RAM. Shares
/// of a fee are in basis points.
struct parameters {
  uint64_t cpu_price = 0;
  uint64_t net_price = 0;
  uint64_t ram_price = 0;
  uint16_t producer_share = 0;
  uint16_t edge_share = 0;
  uint16_t fund_share = 0;
  bool state_commitment = false;
  uint32_t gas_per_microsecond = 0;

  uint64_t primary_key() const { return "params"_n.value; }
};

/// The row of an account that has paid in; nothing for one that never did.
inline std::optional<account_credit> find_credit(name account) {
  const multi_index<"credits"_n, account_credit> rows(fees_account, fees_account.value);
  const auto found = rows.find(account);
  return found == rows.end() ? std::nullopt : std::optional<account_credit>(*found);
}

/// The credit that is left to an account for its fees; zero for one that never paid in.
inline asset credit_of(name account) {
  const std::optional<account_credit> row = find_credit(account);
  return row ? row->credit : asset(0, fee_symbol);
}

/// Who pays the fees of an account in its place; nothing for an account without a sponsor.
inline std::optional<sponsorship> find_sponsor(name account) {
  const multi_index<"sponsors"_n, sponsorship> rows(fees_account, fees_account.value);
  const auto found = rows.find(account);
  return found == rows.end() ? std::nullopt : std::optional<sponsorship>(*found);
}

/// The prices and shares in force. A chain without fees has prices of zero.
inline parameters get_parameters() {
  const multi_index<"params"_n, parameters> rows(fees_account, fees_account.value);
  return rows.get("params"_n, "the chain has no fee parameters");
}

/// Pays `quantity` of `payer`'s tokens into the credit of `account`. `payer`'s permission `active` must include this
/// contract's `eosio.code`. Fails as a transfer does, and when `account` does not exist.
inline void top_up(name payer, name account, const asset& quantity) {
  tokens::transfer(token_contract, payer, fees_account, quantity, account.to_string());
}

/// Returns unused credit to `owner` as tokens, with its permission `active`. Fails for more credit than there is.
inline void withdraw(name owner, const asset& quantity) {
  action(permission_level(owner, "active"_n), fees_account, "withdraw"_n, std::make_tuple(owner, quantity)).send();
}

/// Lets `sponsor` pay the fees of `account`, up to `cap` in each `period_sec` (1 second … 366 days), with the permission
/// `active` of both. A new cap begins a new period.
inline void set_sponsor(name account, name sponsor, const asset& cap, uint32_t period_sec) {
  action({{account, "active"_n}, {sponsor, "active"_n}}, fees_account, "setsponsor"_n,
         std::make_tuple(account, sponsor, cap, period_sec))
      .send();
}

/// Ends the sponsorship of `account`. `by` is the account or its sponsor, and its permission `active` is used.
inline void clear_sponsor(name account, name by) {
  action(permission_level(by, "active"_n), fees_account, "clrsponsor"_n, std::make_tuple(account)).send();
}

}  // namespace snapscale::fees
