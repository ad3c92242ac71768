#include <snapscale/snapscale.hpp>

#include <algorithm>
#include <string>
#include <vector>

using namespace snapscale;

/// Values from outside (prices, temperatures) that a set of reporters vouches for with stake.
///
/// Reports are gathered in rounds and judged together when the round is over, so that nobody gains by being first or last.
/// A value is accepted if more than two thirds of all staked reporters agree on it, and it does not jump. A reporter who
/// is far from a value that was accepted loses a part of its stake, which nobody else gets.
///
/// The contract pays out with its own permission `active`, which must include its code.
class [[snapscale::contract("oracle")]] oracle : public contract {
 public:
  using contract::contract;

  struct rules {
    /// The range that values are in.
    int64_t low;
    int64_t high;
    /// The most that the value may change in a round.
    int64_t change_max;
    /// How far from the truth an honest report may be.
    int64_t tolerance;
    /// Reports farther from the median than this many median absolute deviations, and twice `tolerance`, are outliers.
    uint8_t deviations;
    /// The least number of reports that agree. More than two thirds of all staked reporters are needed in any case.
    uint8_t quorum;
    uint32_t round_seconds;
    /// After this time, the value is not given out any more.
    uint32_t stale_seconds;
    /// What a reporter must have staked to report, and what it loses by a false report.
    asset stake;
    asset penalty;
  };

  /// What `value` returns. The time is that of the oldest measurement that went into it.
  struct reading {
    int64_t value;
    time_point_sec time;
    uint8_t agreed;
  };

  /// Defines a feed, or changes its rules. Reports that are not judged yet are dropped: they were made under other rules.
  [[snapscale::action]] void setfeed(name feed, rules rules) {
    require_auth(get_self());
    check(feed.value != 0, "the name of the feed is empty");
    check(rules.low >= -value_max && rules.low <= rules.high && rules.high <= value_max, "the range is empty or too wide");
    check(rules.change_max > 0 && rules.change_max <= 2 * value_max, "the change must be 1 to 2^54");
    check(rules.tolerance >= 0 && rules.tolerance <= value_max, "the tolerance must be 0 to 2^53");
    check(rules.deviations > 0 && rules.deviations <= 20, "the deviations must be 1 to 20");
    check(rules.quorum > 0 && rules.quorum <= reporters_max, "the quorum must be 1 to 21");
    check(rules.round_seconds >= 1 && rules.round_seconds <= 86400, "a round must have a second to a day");
    check(rules.stale_seconds >= rules.round_seconds, "values must outlive a round");
    check(rules.stake.symbol == money && rules.penalty.symbol == money, "stake and penalty must be in XST");
    check(rules.penalty.amount >= 0 && rules.penalty <= rules.stake && rules.stake.is_valid(),
          "the penalty must be nothing to the whole stake");
    feed_table feeds(get_self(), get_self().value);
    const auto known = feeds.find(feed.value);
    if (known == feeds.end()) {
      feeds.emplace(get_self(), [&](feed_row& row) {
        row = {feed, rules, 0, 0, 0, time_point_sec(), 0, asset(0, money)};
      });
      return;
    }
    feeds.modify(known, same_payer, [&](feed_row& row) {
      row.rules = rules;
      row.open_round = 0;
      row.value_round = row.agreed == 0 ? 0 : round_of(rules);
    });
    reporter_table reporters(get_self(), feed.value);
    for (auto one = reporters.begin(); one != reporters.end(); ++one) {
      reporters.modify(one, same_payer, [](reporter_row& row) { row.round = 0; });
    }
  }

  /// Admits a reporter to a feed. It stakes by a transfer to this contract with the feed's name as memo.
  [[snapscale::action]] void admit(name feed, name reporter) {
    require_auth(get_self());
    feed_table feeds(get_self(), get_self().value);
    feeds.require_find(feed.value, no_feed);
    check(is_account(reporter) && reporter != get_self(), "the reporter must be another account, which exists");
    reporter_table reporters(get_self(), feed.value);
    check(reporters.find(reporter.value) == reporters.end(), "the reporter is admitted already");
    check(std::distance(reporters.begin(), reporters.end()) < reporters_max, "the feed has 21 reporters already");
    reporters.emplace(get_self(), [&](reporter_row& row) { row = {reporter, asset(0, money), 0, time_point_sec(), 0}; });
  }

  /// Removes a reporter. Its stake stays its own, and is paid by `claim`.
  [[snapscale::action]] void expel(name feed, name reporter) {
    require_auth(get_self());
    reporter_table reporters(get_self(), feed.value);
    const auto found = reporters.require_find(reporter.value, no_reporter);
    const asset stake = found->stake;
    reporters.erase(found);
    if (stake.amount == 0) return;
    claim_table claims(get_self(), get_self().value);
    const auto claim = claims.find(reporter.value);
    if (claim == claims.end()) {
      claims.emplace(get_self(), [&](claim_row& row) { row = {reporter, stake}; });
    } else {
      claims.modify(claim, same_payer, [&](claim_row& row) { row.balance += stake; });
    }
  }

  /// Takes a stake. Whatever else is sent here is refused: it would be lost.
  [[snapscale::on_notify("eosio.token::transfer")]] void paid(name from, name to, asset quantity, std::string memo) {
    if (to != get_self() || from == get_self()) return;
    check(!memo.empty() && memo.size() <= 12, "the memo must be the name of a feed");
    check(quantity.symbol == money, "the stake must be in XST");
    reporter_table reporters(get_self(), name(memo).value);
    const auto found = reporters.require_find(from.value, no_reporter);
    reporters.modify(found, same_payer, [&](reporter_row& row) { row.stake += quantity; });
  }

  /// Gives a value, measured at a time of this round or the length of one before. Once in a round; it is final.
  [[snapscale::action]] void report(name feed, name reporter, int64_t value, time_point_sec measured) {
    require_auth(reporter);
    feed_table feeds(get_self(), get_self().value);
    const auto found = feeds.require_find(feed.value, no_feed);
    reporter_table reporters(get_self(), feed.value);
    const uint64_t round = round_of(found->rules);
    if (found->open_round != 0 && found->open_round < round) judge(feeds, found, reporters);

    const auto own = reporters.require_find(reporter.value, no_reporter);
    check(own->stake >= found->rules.stake, "the reporter has not staked enough");
    check(own->round != round, "the reporter has reported in this round already");
    check(value >= found->rules.low && value <= found->rules.high, "the value is out of range");
    const time_point_sec now(current_time_point());
    check(measured <= now, "the measurement is from the future");
    check(measured > own->measured, "the measurement is not newer than the reporter's last");
    check(now.sec_since_epoch() - measured.sec_since_epoch() <= found->rules.round_seconds, "the measurement is too old");
    reporters.modify(own, same_payer, [&](reporter_row& row) {
      row.value = value;
      row.measured = measured;
      row.round = round;
    });
    if (found->open_round != round) feeds.modify(found, same_payer, [&](feed_row& row) { row.open_round = round; });
  }

  /// Judges a round that is over: anybody, at any time after it. The next report does the same.
  [[snapscale::action]] void close(name feed) {
    feed_table feeds(get_self(), get_self().value);
    const auto found = feeds.require_find(feed.value, no_feed);
    check(found->open_round != 0 && found->open_round < round_of(found->rules), "no round with reports is over");
    reporter_table reporters(get_self(), feed.value);
    judge(feeds, found, reporters);
  }

  /// Notifies a consumer's contract of the value, by `accepted`. One for each consumer: if its contract fails, then only
  /// this call does.
  [[snapscale::action]] void tell(name feed, name consumer) {
    const reading last = value(feed);
    check(is_account(consumer), "the consumer does not exist");
    action(permission_level(get_self(), "active"_n), get_self(), "accepted"_n,
           std::make_tuple(consumer, feed, last.value, last.time))
        .send();
  }

  /// What consumers are notified with.
  [[snapscale::action]] void accepted(name consumer, name feed, int64_t value, time_point_sec time) {
    require_auth(get_self());
    require_recipient(consumer);
  }

  /// Gives stake back to its reporter, unless a report of it waits to be judged: then `close` first.
  [[snapscale::action]] void unstake(name feed, name reporter, asset quantity) {
    require_auth(reporter);
    feed_table feeds(get_self(), get_self().value);
    const feed_row& found = feeds.get(feed.value, no_feed);
    reporter_table reporters(get_self(), feed.value);
    const auto own = reporters.require_find(reporter.value, no_reporter);
    check(found.open_round == 0 || own->round != found.open_round, "a report waits to be judged: close the round first");
    check(quantity.symbol == money && quantity.amount > 0 && quantity <= own->stake,
          "the quantity must be more than nothing and at most what is staked");
    reporters.modify(own, same_payer, [&](reporter_row& row) { row.stake -= quantity; });
    pay(reporter, quantity, "stake");
  }

  /// Pays the stake of a reporter who was expelled.
  [[snapscale::action]] void claim(name owner) {
    claim_table claims(get_self(), get_self().value);
    const auto found = claims.require_find(owner.value, "there is nothing to claim");
    const asset amount = found->balance;
    claims.erase(found);
    pay(owner, amount, "stake");
  }

  /// The contract gives away what reporters of a feed lost.
  [[snapscale::action]] void spend(name feed, name to, asset quantity) {
    require_auth(get_self());
    feed_table feeds(get_self(), get_self().value);
    const auto found = feeds.require_find(feed.value, no_feed);
    check(quantity.symbol == money && quantity.amount > 0 && quantity <= found->fund,
          "the quantity must be more than nothing and at most what is in the fund");
    feeds.modify(found, same_payer, [&](feed_row& row) { row.fund -= quantity; });
    pay(to, quantity, "fund");
  }

  /// The value of a feed, if there is one and it is not stale.
  [[snapscale::action, snapscale::read_only]] reading value(name feed) {
    feed_table feeds(get_self(), get_self().value);
    const feed_row& found = feeds.get(feed.value, no_feed);
    check(found.agreed > 0, "the feed has no value yet");
    const uint32_t age = time_point_sec(current_time_point()).sec_since_epoch() - found.time.sec_since_epoch();
    check(age <= found.rules.stale_seconds, "the value is stale");
    return {found.value, found.time, found.agreed};
  }

 private:
  static constexpr symbol money{"XST", 4};
  static constexpr name token_contract = "eosio.token"_n;
  static constexpr int reporters_max = 21;
  /// Differences of values, times 20 deviations, times two, stay within 64 bits.
  static constexpr int64_t value_max = int64_t{1} << 53;
  static constexpr const char* no_feed = "there is no such feed";
  static constexpr const char* no_reporter = "the reporter is not admitted to this feed";

  struct [[snapscale::table("feeds")]] feed_row {
    name feed;
    struct rules rules;
    /// The round whose reports wait to be judged; 0 if there is none.
    uint64_t open_round;
    uint64_t value_round;
    int64_t value;
    time_point_sec time;
    /// How many reports agreed on the value; 0 if there is none.
    uint8_t agreed;
    /// What reporters lost.
    asset fund;
    uint64_t primary_key() const { return feed.value; }
  };

  /// The scope is the feed.
  struct [[snapscale::table("reporters")]] reporter_row {
    name reporter;
    asset stake;
    int64_t value;
    time_point_sec measured;
    uint64_t round;
    uint64_t primary_key() const { return reporter.value; }
  };

  struct [[snapscale::table("claims")]] claim_row {
    name owner;
    asset balance;
    uint64_t primary_key() const { return owner.value; }
  };

  using feed_table = multi_index<"feeds"_n, feed_row>;
  using reporter_table = multi_index<"reporters"_n, reporter_row>;
  using claim_table = multi_index<"claims"_n, claim_row>;

  static uint64_t round_of(const rules& rules) {
    return time_point_sec(current_time_point()).sec_since_epoch() / rules.round_seconds;
  }

  static int64_t distance(int64_t a, int64_t b) { return a < b ? b - a : a - b; }

  /// The middle value; of an even number of values the lower one of the two, so that it is one that somebody reported.
  static int64_t median(std::vector<int64_t> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
  }

  /// Ends the open round. With fewer than a third of the staked reporters lying, at least half of any quorum is honest, so
  /// that the median is an honest report or between two. No honest report is then farther from it than twice the
  /// tolerance: none is left out, so that the round has its value, and none is punished, as that takes twice as much.
  void judge(feed_table& feeds, feed_table::const_iterator found, reporter_table& reporters) {
    const uint64_t round = found->open_round;
    const rules& rules = found->rules;
    std::vector<int64_t> values;
    size_t staked = 0;
    for (const reporter_row& row : reporters) {
      if (row.stake < rules.stake) continue;
      ++staked;
      if (row.round == round) values.push_back(row.value);
    }
    feeds.modify(found, same_payer, [](feed_row& row) { row.open_round = 0; });
    if (!enough(values.size(), staked, rules)) return;

    const int64_t centre = median(values);
    std::vector<int64_t> distances;
    for (const int64_t value : values) distances.push_back(distance(value, centre));
    const int64_t limit = std::max(2 * rules.tolerance, median(distances) * rules.deviations);

    std::vector<int64_t> agreeing;
    time_point_sec oldest = time_point_sec::maximum();
    for (const reporter_row& row : reporters) {
      if (row.stake < rules.stake || row.round != round || distance(row.value, centre) > limit) continue;
      agreeing.push_back(row.value);
      oldest = std::min(oldest, row.measured);
    }
    if (!enough(agreeing.size(), staked, rules)) return;
    const int64_t value = median(agreeing);
    const int128_t change_max = static_cast<int128_t>(rules.change_max) * (round - found->value_round);
    if (found->agreed > 0 && distance(value, found->value) > change_max) return;

    asset lost(0, money);
    for (auto one = reporters.begin(); one != reporters.end(); ++one) {
      if (one->stake < rules.stake || one->round != round || distance(one->value, centre) <= 2 * limit) continue;
      reporters.modify(one, same_payer, [&](reporter_row& row) { row.stake -= rules.penalty; });
      lost += rules.penalty;
    }
    feeds.modify(found, same_payer, [&](feed_row& row) {
      row.value_round = round;
      row.value = value;
      row.time = oldest;
      row.agreed = static_cast<uint8_t>(agreeing.size());
      row.fund += lost;
    });
  }

  static bool enough(size_t reports, size_t staked, const rules& rules) {
    return reports >= rules.quorum && 3 * reports > 2 * staked;
  }

  void pay(name to, const asset& quantity, const std::string& why) {
    // Else this contract would pay for the row of the receiver's balance.
    multi_index<"accounts"_n, tokens::account> balances(token_contract, to.value);
    check(balances.find(money.code().raw()) != balances.end(), "the receiver must open a balance of XST first");
    tokens::transfer(token_contract, get_self(), to, quantity, why);
  }
};
