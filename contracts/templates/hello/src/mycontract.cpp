#include <snapscale/snapscale.hpp>

#include <string>

using namespace snapscale;

/// Keeps one greeting for each account.
class [[snapscale::contract("mycontract")]] hello : public contract {
 public:
  using contract::contract;

  /// Stores the greeting of `user`, who signs, and who pays for its row. Returns how often it was set.
  [[snapscale::action]] uint32_t greet(name user, std::string text) {
    require_auth(user);
    check(!text.empty(), "the greeting is empty");
    check(text.size() <= text_size_max, "the greeting has more than 100 bytes");

    greetings rows(get_self(), get_self().value);
    const auto known = rows.find(user.value);
    if (known == rows.end()) {
      rows.emplace(user, [&](greeting& row) { row = {user, text, 1}; });
      return 1;
    }
    rows.modify(known, user, [&](greeting& row) {
      row.text = text;
      row.changes += 1;
    });
    return known->changes;
  }

  /// Removes the greeting of `user`. The storage of its row is given back.
  [[snapscale::action]] void forget(name user) {
    require_auth(user);
    greetings rows(get_self(), get_self().value);
    rows.erase(rows.require_find(user.value, "there is no such greeting"));
  }

  /// The greeting of `user`. Costs nothing and needs no signature: it only reads.
  [[snapscale::action, snapscale::read_only]] std::string read(name user) {
    greetings rows(get_self(), get_self().value);
    return rows.get(user.value, "there is no such greeting").text;
  }

 private:
  static constexpr size_t text_size_max = 100;

  struct [[snapscale::table("greetings")]] greeting {
    name user;
    std::string text;
    uint32_t changes;

    uint64_t primary_key() const { return user.value; }
  };

  using greetings = multi_index<"greetings"_n, greeting>;
};
