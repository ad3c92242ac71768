/**
 * The first transactions of a new chain: the token contract and its currency, the system contract with its elections, the
 * contracts for several signatures, the consortium, and on development networks two funded accounts with a first transfer.
 * They are ordinary signed transactions, sent through the ordinary way in.
 */
import { publicKeyOf } from '@snapscale/crypto';
import {
  accountExists,
  consortiumVersion,
  getAccount,
  getTable,
  type StateReader,
  tableId,
} from '@snapscale/execution';
import {
  type Action,
  chainIdOf,
  type Json,
  type Name,
  name,
  names,
  symbolCode,
  systemToken,
} from '@snapscale/protocol';
import { actionOf } from '../own-transactions.js';
import { consortiumSteps } from './consortium.js';
import type { ConsortiumFile } from './consortium-file.js';
import { caPermissionActions, producerSteps } from './producers.js';
import {
  authorityOf,
  byEosio,
  createAccounts,
  deploy,
  type FoundingContext,
  type FoundingStep,
  newAccount,
  sendStep,
  systemContractAbi,
} from './steps.js';

/** What was done, for the first-run text. */
export type Founding = { readonly accounts: readonly string[]; readonly transfer: string | undefined };

const SUPPLY_MAX = '10000000000.0000 XST';
const SUPPLY = '1000000000.0000 XST';
const FUNDS = '1000000.0000 XST';
const FIRST_TRANSFER = '1.0000 XST';

/**
 * Founds the chain; steps that an interrupted start has done already are left out.
 * @param consortium who forms its consortium; undefined: the chain begins without one
 * @throws Error that names the step that was refused, and why
 */
export async function foundChain(context: FoundingContext, consortium: ConsortiumFile | undefined): Promise<Founding> {
  const key = publicKeyOf(context.privateKey);
  const keys = authorityOf({ keys: [key] });
  const settled = async () => context.settled?.();
  const state = context.state();

  await createAccounts(context, {
    'eosio.token': keys,
    'eosio.stake': byEosio,
    'eosio.msig': byEosio,
    'eosio.wrap': byEosio,
    ...(consortium === undefined ? {} : { 'snap.ca': byEosio }),
  });
  for (const account of ['eosio.token', 'eosio.msig', 'eosio.wrap']) await deploy(context, account);
  if (consortium !== undefined) await deploy(context, 'snap.ca');
  await deploy(context, 'eosio');
  await settled();
  const beginning = [...currencyActions(state), ...electionActions(context, state)];
  if (beginning.length > 0) await sendStep(context, { what: 'issue XST and begin elections', actions: beginning });
  await settled();
  const organisations = consortium?.organisations ?? [];
  const extras = context.development ? { secondKey: key, organisations } : { organisations };
  await sendSteps(context, producerSteps(context.genesis, state, extras));
  if (consortium !== undefined) await sendSteps(context, consortiumSteps(consortium, state, key, context.nowMs()));
  if (!context.development) return { accounts: ['eosio'], transfer: undefined };
  await fundAccounts(context, state, keys);
  return { accounts: ['eosio', 'alice', 'bob'], transfer: `alice paid bob ${FIRST_TRANSFER}` };
}

/**
 * What is missing of the consortium on a chain that was founded before: all of it where the chain is older than consortia are,
 * or certificates that were made while it stood still. Costs a few reads when nothing is.
 * @returns whether anything was sent
 */
export async function completeConsortium(context: FoundingContext, consortium: ConsortiumFile): Promise<boolean> {
  const key = publicKeyOf(context.privateKey);
  const state = context.state();
  const isNew = consortiumVersion(state) === undefined;
  if (isNew) {
    await createAccounts(context, { 'snap.ca': byEosio });
    await deploy(context, 'snap.ca');
    for (const organisation of consortium.organisations) {
      const actions = caPermissionActions(organisation, state);
      if (actions.length > 0) await sendStep(context, { what: `permit the CA of ${organisation.account}`, actions });
    }
    await context.settled?.();
  }
  const steps = consortiumSteps(consortium, state, key, context.nowMs());
  await sendSteps(context, steps);
  return isNew || steps.length > 0;
}

async function sendSteps(context: FoundingContext, steps: readonly FoundingStep[]): Promise<void> {
  for (const step of steps) await sendStep(context, step);
}

function currencyActions(state: StateReader): Action[] {
  if (getTable(state, tableId(names.eosioToken, symbolCode(systemToken.symbol), name('stat'))) !== undefined) return [];
  return [
    token(names.eosioToken, 'create', { issuer: 'eosio', maximum_supply: SUPPLY_MAX }),
    token(names.eosio, 'issue', { to: 'eosio', quantity: SUPPLY, memo: 'founding' }),
  ];
}

function electionActions({ genesis }: FoundingContext, state: StateReader): Action[] {
  const abi = systemContractAbi('eosio');
  const system = (action: string, data: Json) => actionOf(abi, names.eosio, action, data, names.eosio);
  const chainId = Buffer.from(chainIdOf(genesis)).toString('hex');
  const isBegun = getTable(state, tableId(names.eosio, names.eosio, name('global'))) !== undefined;
  // They act with authority that others have given them, or that the producers have agreed on.
  const acting = ['eosio.msig', 'eosio.wrap'].filter(
    (account) => getAccount(state, name(account))?.privileged !== true,
  );
  return [
    ...(isBegun ? [] : [system('init', { version: 0, core: '4,XST', chain_id: chainId })]),
    ...acting.map((account) => system('setpriv', { account, is_priv: 1 })),
  ];
}

async function fundAccounts(context: FoundingContext, state: StateReader, keys: Json): Promise<void> {
  const pay = (from: string, to: string, quantity: string, memo: string) =>
    token(name(from), 'transfer', { from, to, quantity, memo });
  if (!accountExists(state, name('bob'))) {
    await sendStep(context, {
      what: 'create and fund alice and bob',
      actions: [
        newAccount('alice', keys, keys),
        newAccount('bob', keys, keys),
        pay('eosio', 'alice', FUNDS, 'development funds'),
        pay('eosio', 'bob', FUNDS, 'development funds'),
      ],
    });
  }
  const actions = [pay('alice', 'bob', FIRST_TRANSFER, 'first transfer')];
  await sendStep(context, { what: 'first transfer', actions });
}

function token(actor: Name, action: string, data: Json) {
  return actionOf(systemContractAbi('eosio.token'), names.eosioToken, action, data, actor);
}
