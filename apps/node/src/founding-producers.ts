/**
 * The accounts of a new chain's first producers. The founder has no secret of theirs: it acts for them through `eosio`, which
 * owns their accounts. What needs their own keys, the registration of finalizer keys, each of them does at its first start
 * (`evidence/producer-account.ts`).
 */
import { readFileSync } from 'node:fs';
import { formatPublicKey, type PublicKey } from '@snapscale/crypto';
import { accountExists, getLink, getPermission, getRow, type StateReader, tableId } from '@snapscale/execution';
import {
  type Action,
  type CompiledAbi,
  compileAbi,
  formatName,
  type Genesis,
  type Json,
  name,
  names,
  parseAbi,
  type VotingProducer,
} from '@snapscale/protocol';
import { evidenceActions, evidencePermission } from './evidence/permission.js';
import { actionOf, nativeAbi } from './own-transactions.js';

/** One transaction. */
export type FoundingStep = { readonly what: string; readonly actions: readonly Action[] };

const systemAbiFile = new URL('../../../contracts/system/artifacts/eosio.abi', import.meta.url);

/** Accounts that one transaction creates. */
const ACCOUNTS_PER_STEP = 25;

/**
 * What gives the first producers of the genesis their accounts, and then their entries as producers and the permission to
 * report evidence, one transaction each; all to be signed for `eosio`, in order. What is done already is left out. Nothing for
 * `eosio` itself, which produces alone on a chain of one. Needs the system contract, begun.
 */
export function producerSteps({ producers }: Genesis, state: StateReader): readonly FoundingStep[] {
  const others = producers.filter((producer) => producer.name !== names.eosio);
  if (others.length === 0) return [];
  const abi = compileAbi(parseAbi(JSON.parse(readFileSync(systemAbiFile, 'utf8'))));
  const steps: FoundingStep[] = [];
  // An account must exist before a transaction begins that acts for it.
  const missing = others.filter((producer) => !accountExists(state, producer.name));
  for (let at = 0; at < missing.length; at += ACCOUNTS_PER_STEP) {
    const actions = missing.slice(at, at + ACCOUNTS_PER_STEP).map(newAccount);
    steps.push({ what: 'create the accounts of the first producers', actions });
  }
  for (const producer of others) {
    const actions = [...entryActions(abi, producer, state), ...permissionActions(producer, state)];
    if (actions.length > 0) steps.push({ what: `set up producer ${formatName(producer.name)}`, actions });
  }
  return steps;
}

function newAccount({ name: producer, key }: VotingProducer): Action {
  const data = { creator: 'eosio', name: formatName(producer), owner: byEosio, active: byKey(key) };
  return actionOf(nativeAbi, names.eosio, 'newaccount', data, names.eosio);
}

function entryActions(
  abi: CompiledAbi,
  { name: producer, key }: VotingProducer,
  state: StateReader,
): readonly Action[] {
  if (getRow(state, tableId(names.eosio, names.eosio, name('producers')), producer) !== undefined) return [];
  const data = { producer: formatName(producer), producer_key: formatPublicKey(key), url: '', location: 0 };
  return [actionOf(abi, names.eosio, 'regproducer', data, producer, names.owner)];
}

/** By the owner permission, which `eosio` holds. */
function permissionActions({ name: producer, key }: VotingProducer, state: StateReader): readonly Action[] {
  const account = formatName(producer);
  const native = (action: string, data: Json) => actionOf(nativeAbi, names.eosio, action, data, producer, names.owner);
  const permission = formatName(evidencePermission);
  const actions: Action[] = [];
  if (getPermission(state, producer, evidencePermission) === undefined) {
    actions.push(native('updateauth', { account, permission, parent: 'active', auth: byKey(key) }));
  }
  for (const type of evidenceActions) {
    if (getLink(state, producer, names.eosio, name(type)) !== undefined) continue;
    actions.push(native('linkauth', { account, code: 'eosio', type, requirement: permission }));
  }
  return actions;
}

/** Whoever may act for `eosio`. */
const byEosio: Json = {
  threshold: 1,
  keys: [],
  accounts: [{ permission: { actor: 'eosio', permission: 'active' }, weight: 1 }],
  waits: [],
};

const byKey = (key: PublicKey): Json => ({
  threshold: 1,
  keys: [{ key: formatPublicKey(key), weight: 1 }],
  accounts: [],
  waits: [],
});
