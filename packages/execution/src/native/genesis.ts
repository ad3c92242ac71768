/** The state of a chain before its first block. */
import {
  type Abi,
  type Authority,
  abiSchema,
  encode,
  type Genesis,
  genesisSchema,
  type Name,
  names,
  type PermissionLevel,
  slotToMs,
} from '@snapscale/protocol';
import { authorityRamBytes } from '../authorization/authority-rules.js';
import { storePermission } from '../authorization/permission-store.js';
import { putChainConfig, putSchedule } from '../chain/chain-records.js';
import { abiKey, globalKeys } from '../state/keys.js';
import { getResources, putAccount, putResources } from '../state/records.js';
import type { WorkingState } from '../state/working-state.js';
import { billableBytes } from './billable.js';
import { feesAbi } from './fees/fees-abi.js';
import { parametersFault, putParameters } from './fees/parameters.js';
import { fundAccount } from './fees/tables.js';
import { updateProducersAuthority } from './producers-authority.js';
import { systemAbi } from './system-abi.js';

/**
 * Fills an empty state: configuration and parameters, the accounts that the protocol knows, and the first schedule. Throws when the parameters are not valid: such a genesis is a mistake of
 * whoever starts the chain.
 *
 * | account | owner | active |
 * |---|---|---|
 * | eosio (privileged) | initial key | initial key |
 * | eosio.null | nobody | nobody |
 * | eosio.prods | nobody | more than 2/3 of the producers; below it prod.major (1/2), prod.minor (1/3) |
 * | snap.fees | nobody | its own native code: no key can move the fees |
 * | snap.fund | eosio@active | eosio@active |
 */
export function applyGenesis(state: WorkingState, genesis: Genesis): void {
  const fault = parametersFault(genesis.parameters);
  if (fault !== undefined) throw new Error(`genesis: ${fault}`);
  state.put(globalKeys.genesis, encode(genesisSchema, genesis));
  putChainConfig(state, genesis.config);
  putParameters(state, genesis.parameters);

  const byKey: Authority = { threshold: 1, keys: [{ key: genesis.initialKey, weight: 1 }], accounts: [], waits: [] };
  const byEosio = authorityOf({ actor: names.eosio, permission: names.active });
  const byItsCode = authorityOf({ actor: names.snapFees, permission: names.eosioCode });
  const slot = genesis.initialSlot;
  createAccount(state, slot, names.eosio, { owner: byKey, active: byKey, privileged: true, abi: systemAbi });
  createAccount(state, slot, names.eosioNull, { owner: nobody, active: nobody });
  createAccount(state, slot, names.eosioProds, { owner: nobody, active: byEosio });
  createAccount(state, slot, names.snapFees, { owner: nobody, active: byItsCode, abi: feesAbi() });
  createAccount(state, slot, fundAccount, { owner: byEosio, active: byEosio });
  createPermission(state, slot, names.eosioProds, names.prodMajor, names.active, byEosio);
  createPermission(state, slot, names.eosioProds, names.prodMinor, names.prodMajor, byEosio);

  const producers = genesis.producers.map(({ name, key }) => ({ name, key }));
  const schedule = {
    version: 0,
    producers: producers.length === 0 ? [{ name: names.eosio, key: genesis.initialKey }] : producers,
  };
  putSchedule(state, schedule);
  updateProducersAuthority(state, schedule);
}

type GenesisAccount = {
  readonly owner: Authority;
  readonly active: Authority;
  readonly privileged?: boolean;
  readonly abi?: Abi;
};

/** An authority that nothing satisfies. */
const nobody: Authority = { threshold: 1, keys: [], accounts: [], waits: [] };

function authorityOf(permission: PermissionLevel): Authority {
  return { threshold: 1, keys: [], accounts: [{ permission, weight: 1 }], waits: [] };
}

function createAccount(state: WorkingState, slot: number, account: Name, settings: GenesisAccount): void {
  const { owner, active, privileged = false, abi } = settings;
  putAccount(state, account, {
    createdSlot: slot,
    privileged,
    vmType: 0,
    vmVersion: 0,
    codeHash: undefined,
    lastCodeUpdateUs: 0n,
    codeSequence: 0n,
    abiSequence: 0n,
  });
  addRam(state, account, billableBytes.account);
  createPermission(state, slot, account, names.owner, names.empty, owner);
  createPermission(state, slot, account, names.active, names.owner, active);
  // As in nodeos, the ABIs of a genesis are not billed.
  if (abi !== undefined) state.put(abiKey(account), encode(abiSchema, abi));
}

function createPermission(
  state: WorkingState,
  slot: number,
  account: Name,
  permission: Name,
  parent: Name,
  authority: Authority,
): void {
  storePermission(state, account, permission, { parent, authority, timeUs: BigInt(slotToMs(slot)) * 1000n });
  addRam(state, account, billableBytes.permission + authorityRamBytes(authority));
}

function addRam(state: WorkingState, account: Name, bytes: number): void {
  const resources = getResources(state, account);
  putResources(state, account, { ...resources, ramUsage: resources.ramUsage + BigInt(bytes) });
}
