/**
 * The function `apply` of a contract: from the numbers of an action to the method that runs it.
 */
import { type ContractModel, type NotificationHandler, numberOfName } from './contract-model.js';
import { type Method, qualifiedName, type Record } from './syntax-tree.js';

/** The account whose native actions exist beside those of its contract: it gets unknown actions and ignores them. */
const systemAccount = 'eosio';

/** C++ text that defines `apply`; it belongs behind the contract's class, at the end of a translation unit. */
export function generateDispatcher(model: ContractModel): string {
  const actions = model.actions.map(
    ({ name, owner, method }) => `${lineOf(method)}case ${numberOfName(name)}ull: ${call(owner, method)}`,
  );
  return `
extern "C" void apply(uint64_t receiver, uint64_t code, uint64_t action) {
  const ::snapscale::name self(receiver), first_receiver(code);
  if (code == receiver) {
    switch (action) {
${actions.join('\n')}
      default: if (receiver != ${numberOfName(systemAccount)}ull) ::snapscale::fail(::snapscale::unknown_action_code);
    }
    return;
  }
${notifications(model)}}
`;
}

function call(owner: Record, method: Method): string {
  const type = `::${qualifiedName(owner)}`;
  return `::snapscale::execute_action<${type}>(self, first_receiver, &${type}::${method.name}); break;`;
}

/** What is wrong with the types of a method's parameters is reported at the method. */
function lineOf({ place }: Method): string {
  return `#line ${place.line} ${JSON.stringify(place.file)}\n`;
}

/** One case for each action; a handler for one account comes before the handler for all. */
function notifications(model: ContractModel): string {
  const byAction = new Map<string, NotificationHandler[]>();
  for (const handler of model.notifications)
    byAction.set(handler.action, [...(byAction.get(handler.action) ?? []), handler]);
  if (byAction.size === 0) return '';
  const cases = [...byAction].map(([action, handlers]) => {
    const ordered = [...handlers].sort((a, b) => Number(a.code === '*') - Number(b.code === '*'));
    const tests = ordered.map(({ code, owner, method }) => {
      const condition = code === '*' ? '' : `if (code == ${numberOfName(code)}ull) `;
      return `${condition}{\n${lineOf(method)}${call(owner, method)} }`;
    });
    return `    case ${numberOfName(action)}ull: ${tests.join(' ')} break;`;
  });
  return `  switch (action) {\n${cases.join('\n')}\n  }\n`;
}
