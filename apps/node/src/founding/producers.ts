/**
 * The accounts of a new chain's first producers. The founder has no secret of theirs: it acts for them through `eosio`, which
 * owns their accounts. What needs their own keys, the registration of finalizer keys, each of them does at its first start
 * (`evidence/producer-account.ts`).
 */
import { formatPublicKey, type PublicKey } from '@snapscale/crypto';
import { accountExists, getLink, getPermission, getRow, type StateReader, tableId } from '@snapscale/execution';
import {
  type Action,
  type CompiledAbi,
  formatName,
  type Genesis,
  type JsonObject,
  type Name,
  name,
  names,
  type VotingProducer,
} from '@snapscale/protocol';
import { evidenceActions, evidencePermission } from '../evidence/permission.js';
import { actionOf } from '../own-transactions.js';
import { type CertifiedOrganisation, caActions, caPermission, consortiumAccount } from './consortium-file.js';
import { authorityOf, byEosio, type FoundingStep, native, newAccount, systemContractAbi } from './steps.js';

/** Accounts that one transaction creates. */
const ACCOUNTS_PER_STEP = 25;

/** What the accounts get besides. */
export type ProducerExtras = {
  /** A key that is in their `active` authority beside the block key: on development networks, so that tools can act for them. */
  readonly secondKey?: PublicKey;
  /** Those that are organisations of the consortium: their CAs get a permission. */
  readonly organisations?: readonly CertifiedOrganisation[];
};

/**
 * What gives the first producers of the genesis their accounts, and then their entries as producers and the permissions to
 * report evidence and to enter certificates, one transaction each; all to be signed for `eosio`, in order. What is done already
 * is left out. Nothing for `eosio` itself, which produces alone on a chain of one. Needs the system contract, begun.
 */
export function producerSteps(
  { producers }: Genesis,
  state: StateReader,
  { secondKey, organisations = [] }: ProducerExtras = {},
): readonly FoundingStep[] {
  const others = producers.filter((producer) => producer.name !== names.eosio);
  if (others.length === 0) return [];
  const abi = systemContractAbi('eosio');
  const steps: FoundingStep[] = [];
  // An account must exist before a transaction begins that acts for it.
  const missing = others.filter((producer) => !accountExists(state, producer.name));
  for (let at = 0; at < missing.length; at += ACCOUNTS_PER_STEP) {
    const actions = missing.slice(at, at + ACCOUNTS_PER_STEP).map(({ name: producer, key }) => {
      const keys = secondKey === undefined ? [key] : [key, secondKey];
      return newAccount(formatName(producer), byEosio, authorityOf({ keys }));
    });
    steps.push({ what: 'create the accounts of the first producers', actions });
  }
  for (const producer of others) {
    const organisation = organisations.find(({ account }) => name(account) === producer.name);
    const actions = [
      ...entryActions(abi, producer, state),
      ...permissionActions(producer.name, state, evidencePermission, producer.key, names.eosio, evidenceActions),
      ...(organisation === undefined ? [] : caPermissionActions(organisation, state)),
    ];
    if (actions.length > 0) steps.push({ what: `set up producer ${formatName(producer.name)}`, actions });
  }
  return steps;
}

/** What lets an organisation's CA enter, renew and revoke certificates, and nothing else. */
export function caPermissionActions({ account, caKey }: CertifiedOrganisation, state: StateReader): readonly Action[] {
  return permissionActions(name(account), state, caPermission, caKey, consortiumAccount, caActions);
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

/** A permission below `active` for a key, for these actions alone. By the owner permission, which `eosio` holds. */
function permissionActions(
  account: Name,
  state: StateReader,
  permission: Name,
  key: PublicKey,
  code: Name,
  types: readonly string[],
): readonly Action[] {
  const actions: Action[] = [];
  const act = (action: string, data: JsonObject) =>
    actions.push(native(account, action, { account: formatName(account), ...data }, names.owner));
  const requirement = formatName(permission);
  if (getPermission(state, account, permission) === undefined) {
    act('updateauth', { permission: requirement, parent: 'active', auth: authorityOf({ keys: [key] }) });
  }
  for (const type of types) {
    if (getLink(state, account, code, name(type)) !== undefined) continue;
    act('linkauth', { code: formatName(code), type, requirement });
  }
  return actions;
}
