#include <snapscale/snapscale.hpp>

#include <algorithm>
#include <vector>

using namespace snapscale;

/// Values from outside (prices, temperatures) on which several reporters must agree.
///
/// A value counts once enough reporters have given one within the time that a feed allows: the median of those that lie
/// near the median of all. One reporter who lies or fails moves it nowhere.
class [[snapscale::contract("mycontract")]] oracle : public contract {
 public:
  using contract::contract;

  /// What `value` returns.
  struct result {
    int64_t value;
    time_point time;
  };

  /// Defines a feed, or changes one. `quorum` reports not older than `window_seconds` are needed; a report that differs
  /// from the median by more than `tolerance_percent` of it is left out.
  [[snapscale::action]] void setfeed(name feed, uint8_t quorum, uint32_t window_seconds, uint8_t tolerance_percent) {
    require_auth(get_self());
    check(feed.value != 0, "the name of the feed is empty");
    check(quorum > 0 && quorum <= reporters_max, "the quorum must be 1 to 21");
    check(window_seconds > 0, "the window is empty");
    check(tolerance_percent <= 100, "the tolerance is above 100 percent");
    feed_table feeds(get_self(), get_self().value);
    const auto known = feeds.find(feed.value);
    if (known == feeds.end()) {
      feeds.emplace(get_self(), [&](feed_row& row) {
        row = {feed, quorum, window_seconds, tolerance_percent, 0, time_point(), 0, 0};
      });
    } else {
      feeds.modify(known, same_payer, [&](feed_row& row) {
        row.quorum = quorum;
        row.window_seconds = window_seconds;
        row.tolerance_percent = tolerance_percent;
      });
    }
  }

  /// Admits a reporter to a feed.
  [[snapscale::action]] void admit(name feed, name reporter) {
    require_auth(get_self());
    feed_of(feed);
    check(is_account(reporter), "the reporter does not exist");
    report_table reports(get_self(), feed.value);
    check(reports.find(reporter.value) == reports.end(), "the reporter is admitted already");
    check(std::distance(reports.begin(), reports.end()) < reporters_max, "the feed has 21 reporters already");
    reports.emplace(get_self(), [&](report_row& row) { row = {reporter, 0, time_point()}; });
  }

  /// Removes a reporter, and what it has reported.
  [[snapscale::action]] void expel(name feed, name reporter) {
    require_auth(get_self());
    report_table reports(get_self(), feed.value);
    reports.erase(reports.require_find(reporter.value, "there is no such reporter"));
  }

  /// Gives a value. Returns true if the feed has a new one because of it.
  [[snapscale::action]] bool report(name feed, name reporter, int64_t value) {
    require_auth(reporter);
    check(value >= -value_max && value <= value_max, "the value is out of range");
    report_table reports(get_self(), feed.value);
    const auto own = reports.require_find(reporter.value, "the reporter is not admitted to this feed");
    reports.modify(own, same_payer, [&](report_row& row) {
      row.value = value;
      row.time = current_time_point();
    });
    return update(feed, reports);
  }

  /// The value of a feed, which must not be older than `seconds_max`.
  [[snapscale::action, snapscale::read_only]] result value(name feed, uint32_t seconds_max) {
    const feed_row row = feed_of(feed);
    check(row.agreed > 0, "the feed has no value yet");
    check(row.time + seconds(seconds_max) >= current_time_point(), "the value is too old");
    return {row.value, row.time};
  }

 private:
  static constexpr int reporters_max = 21;
  /// Sums and products with percentages stay within 64 bits.
  static constexpr int64_t value_max = int64_t{1} << 53;

  struct [[snapscale::table("feeds")]] feed_row {
    name feed;
    uint8_t quorum;
    uint32_t window_seconds;
    uint8_t tolerance_percent;
    int64_t value;
    time_point time;
    uint8_t agreed;
    uint8_t left_out;

    uint64_t primary_key() const { return feed.value; }
  };

  /// The scope is the feed.
  struct [[snapscale::table("reports")]] report_row {
    name reporter;
    int64_t value;
    time_point time;

    uint64_t primary_key() const { return reporter.value; }
  };

  using feed_table = multi_index<"feeds"_n, feed_row>;
  using report_table = multi_index<"reports"_n, report_row>;

  feed_row feed_of(name feed) const {
    feed_table feeds(get_self(), get_self().value);
    return feeds.get(feed.value, "there is no such feed");
  }

  bool update(name feed, const report_table& reports) {
    feed_table feeds(get_self(), get_self().value);
    const auto found = feeds.require_find(feed.value, "there is no such feed");
    const time_point oldest = current_time_point() - seconds(found->window_seconds);

    std::vector<int64_t> values;
    for (const report_row& row : reports) {
      if (row.time > oldest) values.push_back(row.value);
    }
    if (values.size() < found->quorum) return false;

    const int64_t centre = median(values);
    const int64_t distance_max = (centre < 0 ? -centre : centre) * found->tolerance_percent / 100;
    std::vector<int64_t> near;
    for (const int64_t value : values) {
      if (value - centre <= distance_max && centre - value <= distance_max) near.push_back(value);
    }
    if (near.size() < found->quorum) return false;

    feeds.modify(found, same_payer, [&](feed_row& row) {
      row.value = median(near);
      row.time = current_time_point();
      row.agreed = static_cast<uint8_t>(near.size());
      row.left_out = static_cast<uint8_t>(values.size() - near.size());
    });
    return true;
  }

  /// The middle value; of an even number of values the lower one of the two, so that it is one that somebody reported.
  static int64_t median(std::vector<int64_t>& values) {
    std::sort(values.begin(), values.end());
    return values[(values.size() - 1) / 2];
  }
};
