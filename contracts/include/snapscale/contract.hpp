/// The base class of contracts, the attributes' macros, and what the generated `apply` calls.
#pragma once

#include <snapscale/action.hpp>

namespace snapscale {

/// A contract object lives for one action. A contract derives from this class, with its constructor:
/// `class [[snapscale::contract]] bank : public contract { public: using contract::contract; … };`
class contract {
 public:
  contract(name self, name first_receiver, datastream<const char*> ds)
      : _self(self), _first_receiver(first_receiver), _ds(ds) {}

  /// The account whose code this is.
  name get_self() const { return _self; }

  /// The account that the action was sent to: another one than `get_self()` when this is a notification.
  name get_first_receiver() const { return _first_receiver; }
  name get_code() const { return _first_receiver; }

  /// What the parameters left unread, for parameters of type `ignore<…>`.
  datastream<const char*>& get_datastream() { return _ds; }
  const datastream<const char*>& get_datastream() const { return _ds; }

 protected:
  name _self;
  union {
    name _first_receiver;
    /// The older name of the same.
    name _code;
  };
  datastream<const char*> _ds;
};

/// Unpacks the parameters of the running action, runs `method` of a new contract object, and packs its result.
template <typename Class, typename Method>
bool execute_action(name self, name first_receiver, Method method) {
  using signature = calls::method<Method>;
  calls::known_receiver = self.value;
  datastream<const char*> stream = read_action_stream();
  typename signature::parameters parameters{};
  stream >> parameters;
  Class object(self, first_receiver, stream);
  if constexpr (std::is_void_v<typename signature::result>) {
    signature::call(object, method, parameters);
  } else {
    with_packed(signature::call(object, method, parameters), set_action_return_value);
  }
  return true;
}

/// The same for an `apply` of the contract's own: `execute_action(name(receiver), name(code), &bank::open)`.
template <typename Method>
bool execute_action(name self, name first_receiver, Method method) {
  return execute_action<typename calls::method<Method>::contract>(self, first_receiver, method);
}

/// The failure of an action that the contract does not have.
inline constexpr uint64_t unknown_action_code = 8000000000000000000;

}  // namespace snapscale

// clang keeps these annotations in its syntax tree, from which the ABI is generated.
#define CONTRACT class [[clang::annotate("snapscale", "contract")]]
#define ACTION [[clang::annotate("snapscale", "action")]] void
#define TABLE struct [[clang::annotate("snapscale", "table")]]

// Contracts that name their actions themselves: one case for each member of the sequence.
#define SNAPSCALE_CASE_A(method) SNAPSCALE_CASE(method) SNAPSCALE_CASE_B
#define SNAPSCALE_CASE_B(method) SNAPSCALE_CASE(method) SNAPSCALE_CASE_A
#define SNAPSCALE_CASE_A_END
#define SNAPSCALE_CASE_B_END
#define SNAPSCALE_CASE(method)                                                                                \
  case ::snapscale::name(#method).value:                                                                      \
    ::snapscale::execute_action<contract_class>(::snapscale::name(receiver), ::snapscale::name(code),         \
                                                &contract_class::method);                                     \
    break;

/// The cases of a `switch (action)` in an `apply` of the contract's own, with parameters `receiver` and `code`.
#define EOSIO_DISPATCH_HELPER(TYPE, MEMBERS) \
  using contract_class = TYPE;               \
  SNAPSCALE_JOIN(SNAPSCALE_CASE_A MEMBERS, _END)

/// `EOSIO_DISPATCH(bank, (open)(close))` defines `apply` by hand; without it the compiler generates one.
#define EOSIO_DISPATCH(TYPE, MEMBERS)                                              \
  extern "C" void apply(uint64_t receiver, uint64_t code, uint64_t action) {       \
    if (code != receiver) return;                                                  \
    switch (action) { EOSIO_DISPATCH_HELPER(TYPE, MEMBERS) }                       \
  }
