#include "../include/features.hpp"

#include <functional>
#include <numeric>
#include <unordered_map>

void features::put(uint64_t id, name owner, uint128_t big, double ratio, checksum256 hash) {
  rows table(get_self(), get_self().value);
  table.emplace(get_self(), [&](auto& r) {
    r.id = id;
    r.owner = owner;
    r.big = big;
    r.ratio = ratio;
    r.hash = hash;
  });
}

void features::change(uint64_t id, name owner, double ratio) {
  rows table(get_self(), get_self().value);
  table.modify(table.find(id), same_payer, [&](auto& r) {
    r.owner = owner;
    r.ratio = ratio;
  });
}

void features::drop(uint64_t id) {
  rows table(get_self(), get_self().value);
  table.erase(table.require_find(id, "no such row"));
}

string features::orders() {
  rows table(get_self(), get_self().value);
  return order(table) + "\n" + order(table.get_index<"byowner"_n>()) + "\n" + order(table.get_index<"bybig"_n>()) + "\n" +
         order(table.get_index<"byratio"_n>()) + "\n" + order(table.get_index<"byhash"_n>()) + "\n" +
         order(table.get_index<"bylong"_n>()) + "\n" + std::to_string(table.available_primary_key());
}

string features::lookup(uint64_t id, name owner, double ratio, checksum256 hash) {
  rows table(get_self(), get_self().value);
  const auto show = [](const auto& index, const auto& it) { return it == index.end() ? string("-") : std::to_string(it->id); };
  auto owners = table.get_index<"byowner"_n>();
  auto ratios = table.get_index<"byratio"_n>();
  auto hashes = table.get_index<"byhash"_n>();
  return show(table, table.find(id)) + show(table, table.lower_bound(id)) + show(table, table.upper_bound(id)) + " " +
         show(owners, owners.find(owner.value)) + show(owners, owners.lower_bound(owner.value)) + show(owners, owners.upper_bound(owner.value)) + " " +
         show(ratios, ratios.find(ratio)) + show(ratios, ratios.lower_bound(ratio)) + show(ratios, ratios.upper_bound(ratio)) + " " +
         show(hashes, hashes.find(hash)) + show(hashes, hashes.lower_bound(hash)) + show(hashes, hashes.upper_bound(hash));
}

void features::forward(name to, asset quantity) {
  put_action put(get_self(), {get_self(), "active"_n});
  put.send(uint64_t{7}, to, uint128_t{1}, 0.5, checksum256());
  action({get_self(), "active"_n}, "eosio.token"_n, "transfer"_n, std::make_tuple(get_self(), to, quantity, string("forwarded"))).send();
  require_recipient(to, "carol"_n);
}

string features::standard(std::vector<int32_t> numbers) {
  std::sort(numbers.begin(), numbers.end(), std::greater<>());
  std::unordered_map<int32_t, string> names;
  for (int32_t n : numbers) names[n] += std::to_string(n) + "!";
  std::function<int64_t(int64_t, int32_t)> plus = [](int64_t a, int32_t b) { return a + b; };
  const int64_t sum = std::accumulate(numbers.begin(), numbers.end(), int64_t{0}, plus);
  auto shared = std::make_shared<string>("total ");
  string text = *shared + std::to_string(sum);
  for (int32_t n : numbers) text += " " + names[n];
  std::optional<string> upper = text.substr(0, 5);
  std::transform(upper->begin(), upper->end(), upper->begin(), [](char c) { return c >= 'a' && c <= 'z' ? char(c - 32) : c; });
  return *upper + text + (text.find("total") == 0 ? " ok" : " wrong");
}

void features::printing() {
  print("text ", string("string"), ' ', 42, " ", uint64_t{18446744073709551615ull}, " ", -7, " ", true, " ", "alice"_n, " ", asset(-12345, symbol("XST", 4)));
  print_f("|% and %|", 1, "two");
  print(" ", int128_t{-5}, " ", symbol("XST", 4), " ", time_point_sec(1723564893), " ", time_point(microseconds(1723564893500000)));
  eosio::cout << " cout " << name("bob");
}
