#include <snapscale/snapscale.hpp>

#include <string>

using namespace snapscale;

/// Cars pay charging piles for the energy that they draw, without trusting them, or being trusted.
///
/// A car opens a session and pays a deposit to this contract. Both sides sign the meter's first reading. Then the pile
/// reports readings, and the car confirms them: only what is confirmed is ever paid. Either side may settle at any moment,
/// and anybody when both have gone silent. So a pile risks the energy between two confirmations, and a car nothing.
///
/// Earnings are credited and withdrawn by those who earned them: a receiver that refuses money holds up only itself.
/// The contract pays out with its own permission `active`, which must include its code.
class [[snapscale::contract("charging")]] charging : public contract {
 public:
  using contract::contract;

  /// Registers a pile, or changes its terms for later sessions. The operator pays for the row and vouches for the pile,
  /// which signs too. Of each payment, `edge_points` hundredths of a percent go to the edge node that serves the pile.
  [[snapscale::action]] void regpile(name pile, name operator_account, asset price_per_kwh, uint32_t watts_max, name edge,
                                     uint16_t edge_points) {
    require_auth(operator_account);
    require_auth(pile);
    check(price_per_kwh.symbol == money && price_per_kwh.is_valid(), "the price must be in XST");
    check(price_per_kwh.amount > 0 && price_per_kwh.amount <= price_max, "the price must be 0.0001 to 1000.0000 XST");
    check(watts_max > 0 && watts_max <= watts_max_max, "the power must be 1 to 10000000 watts");
    check(edge_points <= 5000, "the edge node's share must be at most 5000, a half");
    check(edge_points == 0 || is_account(edge), "the edge node does not exist");
    pile_table piles(get_self(), get_self().value);
    const auto known = piles.find(pile.value);
    const pile_row terms{pile, operator_account, price_per_kwh, watts_max, edge, edge_points, true};
    if (known == piles.end()) {
      piles.emplace(operator_account, [&](pile_row& row) { row = terms; });
    } else {
      check(known->operator_account == operator_account, "the pile belongs to another operator");
      piles.modify(known, same_payer, [&](pile_row& row) { row = terms; });
    }
    account_for(operator_account, operator_account);
    if (edge_points > 0) account_for(edge, operator_account);
  }

  /// Takes a pile out of service: sessions that are open go on to their end.
  [[snapscale::action]] void retire(name pile) {
    pile_table piles(get_self(), get_self().value);
    const auto found = piles.require_find(pile.value, "there is no such pile");
    require_auth(found->operator_account);
    piles.modify(found, same_payer, [](pile_row& row) { row.in_service = false; });
  }

  /// Registers a car in the name of an operator, with the signatures of both. The operator pays for the row.
  [[snapscale::action]] void regcar(name car, name operator_account) {
    require_auth(operator_account);
    require_auth(car);
    car_table cars(get_self(), get_self().value);
    check(cars.find(car.value) == cars.end(), "the car is registered already");
    cars.emplace(operator_account, [&](car_row& row) { row = {car, operator_account}; });
  }

  /// Removes a car: the car itself or its operator. Its sessions go on to their end.
  [[snapscale::action]] void dropcar(name car) {
    car_table cars(get_self(), get_self().value);
    const auto found = cars.require_find(car.value, "the car is not registered");
    check(has_auth(car) || has_auth(found->operator_account), "only the car or its operator removes it");
    cars.erase(found);
  }

  /// Opens a session. The car pays for its row, and agrees to any price up to `price_per_kwh_max`. Returns its number,
  /// which is the memo of the deposit. A car may have several sessions at a time.
  [[snapscale::action]] uint64_t open(name car, name pile, asset price_per_kwh_max) {
    require_auth(car);
    car_table cars(get_self(), get_self().value);
    cars.require_find(car.value, "the car is not registered");
    pile_table piles(get_self(), get_self().value);
    const pile_row& terms = piles.get(pile.value, "there is no such pile");
    check(terms.in_service, "the pile is out of service");
    check(price_per_kwh_max.symbol == money, "the price must be in XST");
    check(terms.price_per_kwh <= price_per_kwh_max, "the pile's price is above what the car agrees to");
    session_table sessions(get_self(), get_self().value);
    const uint64_t id = next_id();
    sessions.emplace(car, [&](session& row) {
      row.id = id;
      row.car = car;
      row.pile = pile;
      row.operator_account = terms.operator_account;
      row.price_per_kwh = terms.price_per_kwh;
      row.watts_max = terms.watts_max;
      row.edge = terms.edge;
      row.edge_points = terms.edge_points;
      row.phase = waiting;
      row.deposit = asset(0, money);
      row.active = current_time_point();
    });
    return id;
  }

  /// Takes a deposit, or more of it. Whatever else is sent here is refused: it would be lost.
  [[snapscale::on_notify("eosio.token::transfer")]] void paid(name from, name to, asset quantity, std::string memo) {
    if (to != get_self() || from == get_self()) return;
    session_table sessions(get_self(), get_self().value);
    const auto found = sessions.require_find(number_in(memo), "the memo must be the number of a session");
    check(from == found->car, "only the car pays for its session");
    check(found->phase != settled, "the session is settled");
    check(quantity.symbol == money, "the deposit must be in XST");
    sessions.modify(found, same_payer, [&](session& row) {
      row.deposit += quantity;
      row.active = current_time_point();
    });
  }

  /// Charging begins, at a reading of the pile's meter that both sides have seen.
  [[snapscale::action]] void begin(uint64_t id, uint64_t meter_wh) {
    session_table sessions(get_self(), get_self().value);
    const auto found = sessions.require_find(id, no_session);
    require_auth(found->pile);
    require_auth(found->car);
    check(found->phase == waiting, "charging has begun already");
    check(found->deposit.amount > 0, "there is no deposit yet");
    check(meter_wh <= meter_wh_max, "the reading is out of range");
    sessions.modify(found, same_payer, [&](session& row) {
      row.phase = charging_now;
      row.begun = row.active = current_time_point();
      row.begin_wh = row.reported_wh = row.confirmed_wh = meter_wh;
    });
  }

  /// The pile reports what its meter shows. The reading can not go back, nor faster than the pile's power, nor beyond
  /// what the deposit pays for: there the pile has to stop.
  [[snapscale::action]] void report(uint64_t id, uint64_t meter_wh) {
    session_table sessions(get_self(), get_self().value);
    const auto found = sessions.require_find(id, no_session);
    require_auth(found->pile);
    check(found->phase == charging_now, "the pile is not charging in this session");
    check(meter_wh >= found->reported_wh, "the meter went backwards");
    const auto passed = (current_time_point() - found->begun).to_seconds();
    // One minute's worth is granted for clocks and rounding.
    const auto possible = static_cast<uint64_t>(found->watts_max) * static_cast<uint64_t>(passed + 60) / 3600;
    check(meter_wh - found->begin_wh <= possible, "the meter ran faster than the pile's power allows");
    check(cost_of(*found, meter_wh) <= found->deposit, "the deposit does not pay for that much energy");
    sessions.modify(found, same_payer, [&](session& row) {
      row.reported_wh = meter_wh;
      row.active = current_time_point();
    });
  }

  /// The car confirms the last reading: from here on it is owed.
  [[snapscale::action]] void confirm(uint64_t id, uint64_t meter_wh) {
    session_table sessions(get_self(), get_self().value);
    const auto found = sessions.require_find(id, no_session);
    require_auth(found->car);
    check(found->phase == charging_now, "the pile is not charging in this session");
    check(meter_wh == found->reported_wh, "that is not the reading that the pile reported last");
    sessions.modify(found, same_payer, [&](session& row) {
      row.confirmed_wh = meter_wh;
      row.active = current_time_point();
    });
  }

  /// Ends a session at the reading that was confirmed last: the car or the pile at any moment, anybody when nothing has
  /// happened for `silence_seconds`. Before charging has begun, that is to cancel it. The car gets the rest of its
  /// deposit at once if it settles by itself, else with `refund`.
  [[snapscale::action]] void settle(uint64_t id, name by) {
    require_auth(by);
    session_table sessions(get_self(), get_self().value);
    const auto found = sessions.require_find(id, no_session);
    check(found->phase != settled, "the session is settled");
    const bool silent = current_time_point() >= found->active + seconds(silence_seconds);
    check(by == found->car || by == found->pile || silent,
          "only the car and the pile settle, until neither has done anything for 15 minutes");
    const asset owed = found->phase == charging_now ? cost_of(*found, found->confirmed_wh) : asset(0, money);
    const asset to_edge(static_cast<int64_t>(static_cast<int128_t>(owed.amount) * found->edge_points / 10000), money);
    credit(found->operator_account, owed - to_edge);
    if (to_edge.amount > 0) credit(found->edge, to_edge);
    sessions.modify(found, same_payer, [&](session& row) {
      row.phase = settled;
      row.deposit -= owed;
    });
    if (by == found->car) give_back(id);
  }

  /// Gives the rest of its deposit back to the car of a settled session, and ends the row. Anybody may ask for it.
  [[snapscale::action]] void refund(uint64_t id) {
    session_table sessions(get_self(), get_self().value);
    check(sessions.get(id, no_session).phase == settled, "the session is not settled yet");
    give_back(id);
  }

  /// Pays out what an operator or edge node has earned.
  [[snapscale::action]] void withdraw(name owner) {
    require_auth(owner);
    earning_table earnings(get_self(), get_self().value);
    const auto found = earnings.require_find(owner.value, "nobody of this name earns here");
    const asset amount = found->balance;
    check(amount.amount > 0, "there is nothing to withdraw");
    earnings.modify(found, same_payer, [](earning& row) { row.balance.amount = 0; });
    pay(owner, amount, "earnings of charging");
  }

  /// What a session costs at a reading.
  [[snapscale::action, snapscale::read_only]] asset cost(uint64_t id, uint64_t meter_wh) {
    session_table sessions(get_self(), get_self().value);
    const session& found = sessions.get(id, no_session);
    check(meter_wh >= found.begin_wh && meter_wh <= meter_wh_max, "the reading is out of range");
    return cost_of(found, meter_wh);
  }

 private:
  static constexpr symbol money{"XST", 4};
  static constexpr name token_contract = "eosio.token"_n;
  static constexpr int64_t price_max = 10'000'000;
  static constexpr uint32_t watts_max_max = 10'000'000;
  static constexpr uint64_t meter_wh_max = uint64_t{1} << 48;
  static constexpr int64_t silence_seconds = 15 * 60;
  static constexpr const char* no_session = "there is no such session";

  enum phase : uint8_t { waiting = 0, charging_now = 1, settled = 2 };

  struct [[snapscale::table("piles")]] pile_row {
    name pile;
    name operator_account;
    asset price_per_kwh;
    uint32_t watts_max;
    name edge;
    uint16_t edge_points;
    bool in_service;
    uint64_t primary_key() const { return pile.value; }
  };

  struct [[snapscale::table("cars")]] car_row {
    name car;
    name operator_account;
    uint64_t primary_key() const { return car.value; }
  };

  /// Terms are those of the moment when the session was opened.
  struct [[snapscale::table("sessions")]] session {
    uint64_t id;
    name car;
    name pile;
    name operator_account;
    asset price_per_kwh;
    uint32_t watts_max;
    name edge;
    uint16_t edge_points;
    uint8_t phase;
    asset deposit;
    uint64_t begin_wh;
    uint64_t reported_wh;
    uint64_t confirmed_wh;
    time_point begun;
    /// When one of the two sides did something last.
    time_point active;
    uint64_t primary_key() const { return id; }
    uint64_t by_car() const { return car.value; }
    uint64_t by_pile() const { return pile.value; }
  };

  struct [[snapscale::table("earnings")]] earning {
    name owner;
    asset balance;
    uint64_t primary_key() const { return owner.value; }
  };

  struct [[snapscale::table("state")]] state {
    uint64_t last_id;
  };

  using pile_table = multi_index<"piles"_n, pile_row>;
  using car_table = multi_index<"cars"_n, car_row>;
  using session_table =
      multi_index<"sessions"_n, session, indexed_by<"bycar"_n, const_mem_fun<session, uint64_t, &session::by_car>>,
                  indexed_by<"bypile"_n, const_mem_fun<session, uint64_t, &session::by_pile>>>;
  using earning_table = multi_index<"earnings"_n, earning>;
  using state_table = singleton<"state"_n, state>;

  /// Price by watt-hours, rounded down. The product fits 128 bits; the deposit bounds the result.
  static asset cost_of(const session& of, uint64_t meter_wh) {
    const auto used = static_cast<int128_t>(meter_wh - of.begin_wh);
    const int128_t cost = used * of.price_per_kwh.amount / 1000;
    check(cost <= asset::max_amount, "the cost is out of range");
    return asset(static_cast<int64_t>(cost), money);
  }

  /// Makes sure that `owner` has a row for what it earns.
  void account_for(name owner, name payer) {
    earning_table earnings(get_self(), get_self().value);
    if (earnings.find(owner.value) != earnings.end()) return;
    earnings.emplace(payer, [&](earning& row) { row = {owner, asset(0, money)}; });
  }

  void credit(name owner, asset amount) {
    earning_table earnings(get_self(), get_self().value);
    earnings.modify(earnings.require_find(owner.value), same_payer, [&](earning& row) { row.balance += amount; });
  }

  /// The row goes before the money does: nothing that a notified contract does can find the session again.
  void give_back(uint64_t id) {
    session_table sessions(get_self(), get_self().value);
    const auto found = sessions.require_find(id);
    const name car = found->car;
    const asset rest = found->deposit;
    sessions.erase(found);
    if (rest.amount > 0) pay(car, rest, "rest of session " + std::to_string(id));
  }

  /// A receiver without a balance has to open one first: else this contract would pay for its row.
  void pay(name to, asset amount, const std::string& memo) {
    multi_index<"accounts"_n, tokens::account> balances(token_contract, to.value);
    check(balances.find(money.code().raw()) != balances.end(), "the receiver must open a balance of XST first");
    tokens::transfer(token_contract, get_self(), to, amount, memo);
  }

  uint64_t next_id() {
    state_table counter(get_self(), get_self().value);
    const uint64_t id = counter.get_or_default({0}).last_id + 1;
    counter.set({id}, get_self());
    return id;
  }

  static uint64_t number_in(const std::string& memo) {
    uint64_t number = 0;
    check(!memo.empty() && memo.size() <= 18, "the memo must be the number of a session");
    for (const char digit : memo) {
      check(digit >= '0' && digit <= '9', "the memo must be the number of a session");
      number = 10 * number + static_cast<uint64_t>(digit - '0');
    }
    return number;
  }
};
