/// Action API: the running action, its data, its result, notifications and inline actions.
///
/// Gas: reading parameters 50, `require_recipient` 500 and what the notified contract costs, `send` 2,000, 4 for each byte,
/// and what the action costs, a result 600 and 2 for each byte.
#pragma once

#include <snapscale/account.hpp>
#include <snapscale/core/check.hpp>

namespace snapscale {

/// Bytes of packed parameters of the running action.
inline uint32_t action_data_size() { return host::action_data_size(); }

/// Copies at most `size` bytes of the parameters to `buffer`; returns their number.
inline uint32_t read_action_data(void* buffer, uint32_t size) { return host::read_action_data(buffer, size); }

namespace calls {

/// The receiver, once it is known: asking the host costs more than remembering.
inline uint64_t known_receiver = 0;

}  // namespace calls

/// The account whose code is running.
inline name current_receiver() {
  if (calls::known_receiver == 0) calls::known_receiver = host::current_receiver();
  return name(calls::known_receiver);
}

/// The contract that sent the running inline action; the empty name for an action of a transaction.
inline name get_sender() { return name(host::get_sender()); }

/// Notifies `account`: its contract runs too, after this action, and may reject the transaction.
inline void require_recipient(name account) { host::require_recipient(account.value); }

template <typename... Accounts>
void require_recipient(name account, Accounts... more) {
  require_recipient(account);
  require_recipient(more...);
}

/// Sets the packed result of the running action.
inline void set_action_return_value(const void* data, size_t size) {
  host::set_action_return_value(data, static_cast<uint32_t>(size));
}

inline time_point publication_time() { return time_point(microseconds(static_cast<int64_t>(host::publication_time()))); }

/// A stream over the parameters of the running action, which stay in memory until the action ends.
inline datastream<const char*> read_action_stream() {
  // Reading into a buffer that usually suffices saves a call for the size.
  char* bytes = static_cast<char*>(std::malloc(stack_buffer_size_max));
  uint32_t size = host::read_action_data(bytes, stack_buffer_size_max);
  if (size == stack_buffer_size_max) {
    size = host::action_data_size();
    bytes = static_cast<char*>(std::realloc(bytes, size));
    host::read_action_data(bytes, size);
  }
  return {bytes, size};
}

/// The parameters of the running action, unpacked as a T.
template <typename T>
T unpack_action_data() {
  datastream<const char*> stream = read_action_stream();
  T result{};
  stream >> result;
  return result;
}

/// A call of a contract.
struct action {
  action() = default;

  action(name account, struct name name, std::vector<permission_level> authorization, std::vector<char> data)
      : account(account), name(name), authorization(std::move(authorization)), data(std::move(data)) {}

  template <typename T>
  action(const permission_level& level, struct name account, struct name name, T&& value)
      : account(account), name(name), authorization(1, level), data(pack(std::forward<T>(value))) {}

  template <typename T>
  action(std::vector<permission_level> levels, struct name account, struct name name, T&& value)
      : account(account), name(name), authorization(std::move(levels)), data(pack(std::forward<T>(value))) {}

  /// Runs the action after the running one, in the same transaction; its failure is the transaction's failure.
  void send() const {
    with_packed(*this, [](const char* bytes, uint32_t size) { host::send_inline(bytes, size); });
  }

  /// Runs the action without access to the chain's state.
  void send_context_free() const {
    check(authorization.empty(), "context free actions cannot have authorizations");
    with_packed(*this, [](const char* bytes, uint32_t size) { host::send_context_free_inline(bytes, size); });
  }

  template <typename T>
  T data_as() const {
    return unpack<T>(data);
  }

  struct name account;
  struct name name;
  std::vector<permission_level> authorization;
  std::vector<char> data;
};

namespace calls {

/// A parameter as the sender packs it: references and constness removed, ignored ones carried in a wrapper.
template <typename T>
struct sent {
  using type = T;
};
template <typename T>
struct sent<ignore<T>> {
  using type = ignore_wrapper<T>;
};

template <typename Method>
struct method;

template <typename R, typename Class, typename... Params>
struct method<R (Class::*)(Params...)> {
  using contract = Class;
  using result = R;
  using parameters = std::tuple<std::decay_t<Params>...>;
  using sent_parameters = std::tuple<typename sent<std::decay_t<Params>>::type...>;

  /// Calls the method with the values: moved where it takes values, in place where it takes references.
  template <typename Pointer>
  static R call(Class& object, Pointer pointer, parameters& values) {
    return std::apply([&](auto&... each) -> R { return (object.*pointer)(static_cast<Params&&>(each)...); }, values);
  }
};

template <typename R, typename Class, typename... Params>
struct method<R (Class::*)(Params...) const> : method<R (Class::*)(Params...)> {};

template <typename R, typename... Params>
struct method<R (*)(Params...)> {
  using result = R;
  using parameters = std::tuple<std::decay_t<Params>...>;
  using sent_parameters = std::tuple<typename sent<std::decay_t<Params>>::type...>;
};

}  // namespace calls

/// Sends one action of a contract with checked parameter types:
/// `using transfer = action_wrapper<"transfer"_n, &token::transfer>; transfer(code, {self, "active"_n}).send(…)`.
template <name::raw Name, auto Action>
struct action_wrapper {
  static constexpr name action_name{Name};

  template <typename Code>
  constexpr action_wrapper(Code&& code, std::vector<permission_level>&& permissions)
      : code_name(std::forward<Code>(code)), permissions(std::move(permissions)) {}
  template <typename Code>
  constexpr action_wrapper(Code&& code, const std::vector<permission_level>& permissions)
      : code_name(std::forward<Code>(code)), permissions(permissions) {}
  template <typename Code>
  constexpr action_wrapper(Code&& code, const permission_level& permission)
      : code_name(std::forward<Code>(code)), permissions(1, permission) {}
  template <typename Code>
  constexpr explicit action_wrapper(Code&& code) : code_name(std::forward<Code>(code)) {}

  template <typename... Args>
  action to_action(Args&&... args) const {
    using parameters = typename calls::method<decltype(Action)>::sent_parameters;
    static_assert(std::tuple_size_v<parameters> == sizeof...(Args), "wrong number of parameters for this action");
    return action(permissions, code_name, action_name, parameters{std::forward<Args>(args)...});
  }

  template <typename... Args>
  void send(Args&&... args) const {
    to_action(std::forward<Args>(args)...).send();
  }

  template <typename... Args>
  void send_context_free(Args&&... args) const {
    to_action(std::forward<Args>(args)...).send_context_free();
  }

  name code_name;
  std::vector<permission_level> permissions;
};

/// An action that accepts several parameter lists, told apart by the caller.
template <name::raw Name, auto... Actions>
struct variant_action_wrapper {
  static constexpr name action_name{Name};

  template <typename Code>
  constexpr variant_action_wrapper(Code&& code, std::vector<permission_level>&& permissions)
      : code_name(std::forward<Code>(code)), permissions(std::move(permissions)) {}
  template <typename Code>
  constexpr variant_action_wrapper(Code&& code, const permission_level& permission)
      : code_name(std::forward<Code>(code)), permissions(1, permission) {}

  template <size_t Variant, typename... Args>
  action to_action(Args&&... args) const {
    constexpr auto method = std::get<Variant>(std::make_tuple(Actions...));
    using parameters = typename calls::method<std::remove_const_t<decltype(method)>>::sent_parameters;
    return action(permissions, code_name, action_name,
                  std::tuple_cat(std::make_tuple(unsigned_int(Variant)), parameters{std::forward<Args>(args)...}));
  }

  template <size_t Variant, typename... Args>
  void send(Args&&... args) const {
    to_action<Variant>(std::forward<Args>(args)...).send();
  }

  name code_name;
  std::vector<permission_level> permissions;
};

/// Sends an action whose parameters are the tuple or struct `data`.
template <typename T>
void dispatch_inline(name code, name action_name, std::vector<permission_level> permissions, const T& data) {
  action(std::move(permissions), code, action_name, data).send();
}

}  // namespace snapscale

/// `SEND_INLINE_ACTION(contract, transfer, {self, "active"_n}, {from, to, quantity, memo})`.
#define SEND_INLINE_ACTION(CONTRACT, NAME, ...) \
  INLINE_ACTION_SENDER(std::decay_t<decltype(CONTRACT)>, NAME)((CONTRACT).get_self(), __VA_ARGS__)

#define INLINE_ACTION_SENDER(CONTRACT_CLASS, NAME) \
  ::snapscale::calls::inline_sender<&CONTRACT_CLASS::NAME>(::snapscale::name(#NAME))

namespace snapscale::calls {

/// What the inline macros call: a sender that takes the parameters as one brace-enclosed list.
template <auto Method>
struct inline_sender {
  explicit inline_sender(name action_name) : action_name(action_name) {}

  void operator()(name code, std::vector<permission_level> permissions, typename method<decltype(Method)>::sent_parameters parameters) const {
    action(std::move(permissions), code, action_name, parameters).send();
  }
  void operator()(name code, const permission_level& permission, typename method<decltype(Method)>::sent_parameters parameters) const {
    action(permission, code, action_name, parameters).send();
  }

  name action_name;
};

}  // namespace snapscale::calls
