#include <snapscale/snapscale.hpp>

using namespace snapscale;

/// Calls each function of the Credit API.
class [[snapscale::contract("feesprobe")]] feesprobe : public contract {
 public:
  using contract::contract;

  struct view {
    asset credit;
    name sponsor;
    asset cap;
    uint64_t cpu_price;
    uint64_t ram_price;
  };

  [[snapscale::action]] void topup(name payer, name account, asset quantity) { fees::top_up(payer, account, quantity); }
  [[snapscale::action]] void withdraw(name owner, asset quantity) { fees::withdraw(owner, quantity); }
  [[snapscale::action]] void sponsor(name account, name sponsor, asset cap, uint32_t period_sec) {
    fees::set_sponsor(account, sponsor, cap, period_sec);
  }
  [[snapscale::action]] void unsponsor(name account, name by) { fees::clear_sponsor(account, by); }

  [[snapscale::action]] view look(name account) {
    const auto sponsorship = fees::find_sponsor(account);
    const auto parameters = fees::get_parameters();
    return {fees::credit_of(account), sponsorship ? sponsorship->sponsor : name(),
            sponsorship ? sponsorship->cap : asset(0, fees::fee_symbol), parameters.cpu_price, parameters.ram_price};
  }
};
