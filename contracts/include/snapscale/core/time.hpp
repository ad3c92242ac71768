/// Points in time and spans of time.
#pragma once

#include <snapscale/core/check.hpp>
#include <snapscale/core/layout.hpp>

namespace snapscale {

/// A span of time.
struct microseconds {
  constexpr microseconds() = default;
  constexpr explicit microseconds(int64_t count) : _count(count) {}

  static constexpr microseconds maximum() { return microseconds(INT64_MAX); }

  constexpr int64_t count() const { return _count; }
  constexpr int64_t to_seconds() const { return _count / 1000000; }

  constexpr microseconds& operator+=(const microseconds& other) {
    _count += other._count;
    return *this;
  }
  constexpr microseconds& operator-=(const microseconds& other) {
    _count -= other._count;
    return *this;
  }

  friend constexpr microseconds operator+(const microseconds& a, const microseconds& b) { return microseconds(a._count + b._count); }
  friend constexpr microseconds operator-(const microseconds& a, const microseconds& b) { return microseconds(a._count - b._count); }
  friend constexpr bool operator==(const microseconds& a, const microseconds& b) { return a._count == b._count; }
  friend constexpr bool operator!=(const microseconds& a, const microseconds& b) { return a._count != b._count; }
  friend constexpr bool operator<(const microseconds& a, const microseconds& b) { return a._count < b._count; }
  friend constexpr bool operator>(const microseconds& a, const microseconds& b) { return a._count > b._count; }
  friend constexpr bool operator<=(const microseconds& a, const microseconds& b) { return a._count <= b._count; }
  friend constexpr bool operator>=(const microseconds& a, const microseconds& b) { return a._count >= b._count; }

  int64_t _count = 0;
};

constexpr microseconds milliseconds(int64_t count) { return microseconds(count * 1000); }
constexpr microseconds seconds(int64_t count) { return microseconds(count * 1000000); }
constexpr microseconds minutes(int64_t count) { return seconds(60 * count); }
constexpr microseconds hours(int64_t count) { return minutes(60 * count); }
constexpr microseconds days(int64_t count) { return hours(24 * count); }

namespace calendar {

/// Days from 1970-01-01 to a date of the Gregorian calendar.
constexpr int64_t days_of(int64_t year, unsigned month, unsigned day) {
  // Years that begin in March put the leap day last, so that month lengths follow one formula.
  const int64_t shifted = month <= 2 ? year - 1 : year;
  const int64_t era = (shifted >= 0 ? shifted : shifted - 399) / 400;
  const int64_t year_of_era = shifted - era * 400;
  const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

/// Writes `2024-08-13T16:01:33`, 19 characters, for seconds since 1970.
inline void write_seconds(char* text, int64_t seconds_since_epoch) {
  int64_t day = seconds_since_epoch / 86400;
  int64_t rest = seconds_since_epoch % 86400;
  if (rest < 0) {
    rest += 86400;
    --day;
  }
  const int64_t shifted = day + 719468;
  const int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
  const int64_t day_of_era = shifted - era * 146097;
  const int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t shifted_month = (5 * day_of_year + 2) / 153;
  const int64_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  const int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
  const int64_t parts[] = {year / 100, year % 100, month, day_of_year - (153 * shifted_month + 2) / 5 + 1, rest / 3600, rest / 60 % 60, rest % 60};
  static constexpr char pattern[] = "0000-00-00T00:00:00";
  static constexpr uint8_t places[] = {0, 2, 5, 8, 11, 14, 17};
  std::char_traits<char>::copy(text, pattern, 19);
  for (int i = 0; i < 7; ++i) {
    text[places[i]] = static_cast<char>('0' + parts[i] / 10 % 10);
    text[places[i] + 1] = static_cast<char>('0' + parts[i] % 10);
  }
}

/// Reads `2024-08-13T16:01:33` into seconds since 1970.
inline int64_t parse_seconds(const std::string& text) {
  check(text.size() >= 19, "date parsing failed");
  static constexpr char pattern[] = "dddd-dd-ddTdd:dd:dd";
  int64_t parts[6] = {};
  int part = 0;
  for (int i = 0; i < 19; ++i) {
    if (pattern[i] == 'd') {
      check(text[i] >= '0' && text[i] <= '9', "date parsing failed");
      parts[part] = parts[part] * 10 + (text[i] - '0');
    } else {
      check(text[i] == pattern[i], "date parsing failed");
      ++part;
    }
  }
  const bool in_range = parts[1] >= 1 && parts[1] <= 12 && parts[2] >= 1 && parts[2] <= 31 && parts[3] < 24 && parts[4] < 60 && parts[5] < 60;
  check(in_range, "date parsing failed");
  return days_of(parts[0], static_cast<unsigned>(parts[1]), static_cast<unsigned>(parts[2])) * 86400 + parts[3] * 3600 + parts[4] * 60 + parts[5];
}

}  // namespace calendar

/// A point in time, in microseconds since 1970.
class time_point {
 public:
  constexpr time_point() = default;
  constexpr explicit time_point(microseconds elapsed) : elapsed(elapsed) {}

  constexpr const microseconds& time_since_epoch() const { return elapsed; }
  constexpr uint32_t sec_since_epoch() const { return static_cast<uint32_t>(elapsed.count() / 1000000); }

  static time_point from_iso_string(const std::string& text) {
    int64_t thousandths = 0;
    if (text.size() > 19) {
      check(text[19] == '.' && text.size() == 23, "date parsing failed");
      for (size_t i = 20; i < 23; ++i) {
        check(text[i] >= '0' && text[i] <= '9', "date parsing failed");
        thousandths = thousandths * 10 + (text[i] - '0');
      }
    }
    return time_point(seconds(calendar::parse_seconds(text)) + milliseconds(thousandths));
  }

  std::string to_string() const {
    char text[23];
    int64_t thousandths = elapsed.count() / 1000 % 1000;
    int64_t whole = elapsed.count() / 1000000;
    if (thousandths < 0) {
      thousandths += 1000;
      --whole;
    }
    calendar::write_seconds(text, whole);
    text[19] = '.';
    text[20] = static_cast<char>('0' + thousandths / 100);
    text[21] = static_cast<char>('0' + thousandths / 10 % 10);
    text[22] = static_cast<char>('0' + thousandths % 10);
    return {text, sizeof(text)};
  }

  void print() const {
    const std::string text = to_string();
    host::prints_l(text.data(), static_cast<uint32_t>(text.size()));
  }

  constexpr time_point& operator+=(const microseconds& span) {
    elapsed += span;
    return *this;
  }
  constexpr time_point& operator-=(const microseconds& span) {
    elapsed -= span;
    return *this;
  }
  constexpr time_point operator+(const microseconds& span) const { return time_point(elapsed + span); }
  constexpr time_point operator+(const time_point& other) const { return time_point(elapsed + other.elapsed); }
  constexpr time_point operator-(const microseconds& span) const { return time_point(elapsed - span); }
  constexpr microseconds operator-(const time_point& other) const { return elapsed - other.elapsed; }

  friend constexpr bool operator==(const time_point& a, const time_point& b) { return a.elapsed == b.elapsed; }
  friend constexpr bool operator!=(const time_point& a, const time_point& b) { return a.elapsed != b.elapsed; }
  friend constexpr bool operator<(const time_point& a, const time_point& b) { return a.elapsed < b.elapsed; }
  friend constexpr bool operator>(const time_point& a, const time_point& b) { return a.elapsed > b.elapsed; }
  friend constexpr bool operator<=(const time_point& a, const time_point& b) { return a.elapsed <= b.elapsed; }
  friend constexpr bool operator>=(const time_point& a, const time_point& b) { return a.elapsed >= b.elapsed; }

  microseconds elapsed;
};

/// A point in time, in whole seconds since 1970, up to the year 2106.
class time_point_sec {
 public:
  constexpr time_point_sec() = default;
  constexpr explicit time_point_sec(uint32_t seconds) : utc_seconds(seconds) {}
  constexpr time_point_sec(const time_point& t) : utc_seconds(t.sec_since_epoch()) {}

  static constexpr time_point_sec maximum() { return time_point_sec(0xffffffff); }
  static constexpr time_point_sec min() { return time_point_sec(0); }
  static time_point_sec from_iso_string(const std::string& text) {
    return time_point_sec(static_cast<uint32_t>(calendar::parse_seconds(text)));
  }

  constexpr operator time_point() const { return time_point(seconds(utc_seconds)); }
  constexpr uint32_t sec_since_epoch() const { return utc_seconds; }

  std::string to_string() const {
    char text[19];
    calendar::write_seconds(text, utc_seconds);
    return {text, sizeof(text)};
  }

  void print() const {
    char text[19];
    calendar::write_seconds(text, utc_seconds);
    host::prints_l(text, sizeof(text));
  }

  constexpr time_point_sec& operator=(const time_point& t) {
    utc_seconds = t.sec_since_epoch();
    return *this;
  }
  constexpr time_point_sec& operator+=(uint32_t seconds) {
    utc_seconds += seconds;
    return *this;
  }
  constexpr time_point_sec& operator+=(const microseconds& span) { return *this += static_cast<uint32_t>(span.to_seconds()); }
  constexpr time_point_sec& operator-=(uint32_t seconds) {
    utc_seconds -= seconds;
    return *this;
  }
  constexpr time_point_sec& operator-=(const microseconds& span) { return *this -= static_cast<uint32_t>(span.to_seconds()); }
  constexpr time_point_sec operator+(uint32_t seconds) const { return time_point_sec(utc_seconds + seconds); }
  constexpr time_point_sec operator-(uint32_t seconds) const { return time_point_sec(utc_seconds - seconds); }

  friend constexpr time_point operator+(const time_point_sec& t, const microseconds& span) { return time_point(t) + span; }
  friend constexpr time_point operator-(const time_point_sec& t, const microseconds& span) { return time_point(t) - span; }
  friend constexpr microseconds operator-(const time_point_sec& a, const time_point_sec& b) { return time_point(a) - time_point(b); }
  friend constexpr microseconds operator-(const time_point& a, const time_point_sec& b) { return a - time_point(b); }
  friend constexpr bool operator==(const time_point_sec& a, const time_point_sec& b) { return a.utc_seconds == b.utc_seconds; }
  friend constexpr bool operator!=(const time_point_sec& a, const time_point_sec& b) { return a.utc_seconds != b.utc_seconds; }
  friend constexpr bool operator<(const time_point_sec& a, const time_point_sec& b) { return a.utc_seconds < b.utc_seconds; }
  friend constexpr bool operator>(const time_point_sec& a, const time_point_sec& b) { return a.utc_seconds > b.utc_seconds; }
  friend constexpr bool operator<=(const time_point_sec& a, const time_point_sec& b) { return a.utc_seconds <= b.utc_seconds; }
  friend constexpr bool operator>=(const time_point_sec& a, const time_point_sec& b) { return a.utc_seconds >= b.utc_seconds; }

  uint32_t utc_seconds = 0;
};

/// A block's place in time: half seconds since the year 2000.
class block_timestamp {
 public:
  static constexpr int32_t block_interval_ms = 500;
  static constexpr int64_t block_timestamp_epoch = 946684800000;

  constexpr block_timestamp() = default;
  constexpr explicit block_timestamp(uint32_t slot) : slot(slot) {}
  constexpr block_timestamp(const time_point& t) { set_time_point(t); }
  constexpr block_timestamp(const time_point_sec& t) { set_time_point(t); }

  static constexpr block_timestamp maximum() { return block_timestamp(0xffff); }
  static constexpr block_timestamp min() { return block_timestamp(0); }
  static block_timestamp from_iso_string(const std::string& text) { return time_point::from_iso_string(text); }

  block_timestamp next() const {
    check(slot != 0xffffffff, "block timestamp overflow");
    return block_timestamp(slot + 1);
  }

  constexpr time_point to_time_point() const { return time_point(milliseconds(int64_t{slot} * block_interval_ms + block_timestamp_epoch)); }
  constexpr operator time_point() const { return to_time_point(); }

  std::string to_string() const { return to_time_point().to_string(); }
  void print() const { to_time_point().print(); }

  constexpr void operator=(const time_point& t) { set_time_point(t); }

  friend constexpr bool operator==(const block_timestamp& a, const block_timestamp& b) { return a.slot == b.slot; }
  friend constexpr bool operator!=(const block_timestamp& a, const block_timestamp& b) { return a.slot != b.slot; }
  friend constexpr bool operator<(const block_timestamp& a, const block_timestamp& b) { return a.slot < b.slot; }
  friend constexpr bool operator>(const block_timestamp& a, const block_timestamp& b) { return a.slot > b.slot; }
  friend constexpr bool operator<=(const block_timestamp& a, const block_timestamp& b) { return a.slot <= b.slot; }
  friend constexpr bool operator>=(const block_timestamp& a, const block_timestamp& b) { return a.slot >= b.slot; }

  uint32_t slot = 0;

 private:
  constexpr void set_time_point(const time_point& t) {
    slot = static_cast<uint32_t>((t.time_since_epoch().count() / 1000 - block_timestamp_epoch) / block_interval_ms);
  }
};

using block_timestamp_type = block_timestamp;

template <>
inline constexpr bool packs_bitwise<microseconds> = true;
template <>
inline constexpr bool packs_bitwise<time_point> = true;
template <>
inline constexpr bool packs_bitwise<time_point_sec> = true;
template <>
inline constexpr bool packs_bitwise<block_timestamp> = true;

}  // namespace snapscale
