#include "eosio.wrap.hpp"

using namespace snapscale;

void wrap::exec(name executer, transaction trx) {
  require_auth(get_self());
  require_auth(executer);
  check(trx.expiration >= time_point_sec(current_time_point()), "transaction expired");
  check(trx.context_free_actions.empty(), "not allowed to `exec` a transaction with context-free actions");
  for (const action& action : trx.actions) action.send();
}
