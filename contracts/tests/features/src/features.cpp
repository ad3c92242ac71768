#include "../include/types.hpp"

#include <eosio/dispatcher.hpp>
#include <eosio/print.hpp>
#include <eosio/singleton.hpp>
#include <eosio/transaction.hpp>

#include <functional>
#include <numeric>
#include <unordered_map>

using namespace eosio;
using std::string;

CONTRACT features : public contract {
 public:
  using contract::contract;

  // Packs and unpacks a value of every type.
  [[eosio::action]] shapes::everything echo(const shapes::everything& value) { return value; }

  [[eosio::action("echo.circle")]] shapes::circle echo_circle(shapes::circle value) { return value; }

  ACTION put(uint64_t id, name owner, uint128_t big, double ratio, checksum256 hash);
  ACTION change(uint64_t id, name owner, double ratio);
  ACTION drop(uint64_t id);

  // The primary keys in the order of each index, forwards and backwards.
  [[eosio::action, eosio::read_only]] string orders();

  // What each way of looking up finds.
  [[eosio::action]] string lookup(uint64_t id, name owner, double ratio, checksum256 hash);

  [[eosio::action]] uint64_t count() {
    counter last(get_self(), get_self().value);
    const uint64_t next = last.get_or_default({0}).value + 1;
    last.set({next}, get_self());
    return next;
  }

  [[eosio::action]] void forward(name to, asset quantity);

  [[eosio::action]] string standard(std::vector<int32_t> numbers);

  [[eosio::action]] void printing();

  // The second parameter stays in the action's data until the contract reads it.
  [[eosio::action]] string lazily(name first, ignore<string> second) {
    string rest;
    get_datastream() >> rest;
    return first.to_string() + ":" + rest;
  }

  [[eosio::on_notify("eosio.token::transfer")]] void on_payment(name from, name to, asset quantity, string memo) {
    if (to == get_self()) print("paid ", quantity, " by ", from, ": ", memo);
  }

  [[eosio::on_notify("*::transfer")]] void on_foreign_payment(name from, name to, asset quantity, string memo) {
    print("foreign ", get_first_receiver());
  }

  using put_action = action_wrapper<"put"_n, &features::put>;

 private:
  TABLE row {
    uint64_t id;
    name owner;
    uint128_t big;
    double ratio;
    checksum256 hash;

    uint64_t primary_key() const { return id; }
    uint64_t by_owner() const { return owner.value; }
    uint128_t by_big() const { return big; }
    double by_ratio() const { return ratio; }
    checksum256 by_hash() const { return hash; }
    long double by_long_ratio() const { return -static_cast<long double>(ratio); }
  };

  using rows = multi_index<"rows"_n, row,
    indexed_by<"byowner"_n, const_mem_fun<row, uint64_t, &row::by_owner>>,
    indexed_by<"bybig"_n, const_mem_fun<row, uint128_t, &row::by_big>>,
    indexed_by<"byratio"_n, const_mem_fun<row, double, &row::by_ratio>>,
    indexed_by<"byhash"_n, const_mem_fun<row, checksum256, &row::by_hash>>,
    indexed_by<"bylong"_n, const_mem_fun<row, long double, &row::by_long_ratio>>>;

  struct [[eosio::table]] state {
    uint64_t value;
  };
  typedef eosio::singleton<"counter"_n, state> counter;

  struct [[eosio::table("orphans")]] orphan {
    name account;
    std::vector<char> data;
    uint64_t primary_key() const { return account.value; }
  };

  template <typename Index>
  static string order(const Index& index) {
    string text;
    for (const auto& r : index) text += std::to_string(r.id) + " ";
    text += "|";
    for (auto it = index.rbegin(); it != index.rend(); ++it) text += " " + std::to_string(it->id);
    return text;
  }
};

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
