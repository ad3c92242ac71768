/** Whom evidence accuses, what the system contract has made of it, and the action that reports it. */

import type { Evidence } from '@snapscale/consensus';
import {
  type BlsPublicKey,
  formatBlsPublicKey,
  formatBlsSignature,
  formatSignature,
  sha256,
  toHex,
} from '@snapscale/crypto';
import {
  getAbiBytes,
  getRow,
  indexFamilies,
  indexPrefix,
  prefixEnd,
  type StateReader,
  tableId,
  u64FromKey,
} from '@snapscale/execution';
import {
  type Action,
  abiSchema,
  blockHeaderSchema,
  type CompiledAbi,
  compileAbi,
  decode,
  formatName,
  type JsonObject,
  type Name,
  name,
  names,
  parseName,
} from '@snapscale/protocol';
import { decodedRow } from '../http/view/table-scan.js';
import { actionOf } from '../own-transactions.js';
import type { evidenceActions } from './permission.js';

/** Evidence with the account that it is about. */
export type Accusation = { readonly accused: Name; readonly slot: number; readonly evidence: Evidence };

/** Status of a jailed producer in the table `producers`. */
const JAILED = 3;

/** Undefined if the key of the votes belongs to no producer, or the chain has no system contract. */
export function accusationOf(evidence: Evidence, state: StateReader): Accusation | undefined {
  if (evidence.kind === 'production') {
    const { producer, slot } = decode(blockHeaderSchema, evidence.production.firstHeader);
    return { accused: producer, slot, evidence };
  }
  const { finalizerKey, slot } = evidence.votes.first;
  const accused = ownerOfFinalizerKey(state, finalizerKey);
  return accused === undefined ? undefined : { accused, slot, evidence };
}

/** Whether there is nothing left to report in this state: the producer is jailed, or the consortium has judged it since. */
export function isSettled({ accused, slot }: Accusation, state: StateReader): boolean {
  const row = systemRow(state, 'producers', accused);
  return row !== undefined && (row.status === JAILED || slot <= Number(row.judged_until_slot));
}

/** The action with which `reporter` reports it. Undefined on a chain without system contract. */
export function reportAction(
  { accused, evidence }: Accusation,
  state: StateReader,
  reporter: { readonly account: Name; readonly permission: Name },
): Action | undefined {
  const { account, permission } = reporter;
  const [action, fields] = evidence.kind === 'production' ? blockReport(evidence) : voteReport(evidence, accused);
  return systemAction(state, action, { reporter: formatName(account), ...fields }, account, permission);
}

/** An action of the system contract, by the ABI in force. Undefined on a chain without system contract. */
export function systemAction(
  state: StateReader,
  action: string,
  data: JsonObject,
  actor: Name,
  permission: Name,
): Action | undefined {
  const abi = systemAbiOf(state);
  return abi && actionOf(abi, names.eosio, action, data, actor, permission);
}

/** The producer that registered this finalizer key, now or earlier. */
export function ownerOfFinalizerKey(state: StateReader, key: BlsPublicKey): Name | undefined {
  const prefix = indexPrefix(indexFamilies.idx256, keyIndex) + Buffer.from(sha256(key)).toString('latin1');
  const entry = state.first(prefix, prefixEnd(prefix));
  if (entry === undefined) return undefined;
  const row = systemRow(state, 'finkeys', u64FromKey(entry.key, entry.key.length - 8));
  return row === undefined ? undefined : parseName(String(row.finalizer_name));
}

/** The second index of the table `finkeys`, by the hash of the key: its number is in the last bits of the name. */
const keyIndex = tableId(names.eosio, names.eosio, (name('finkeys') & ~0xfn) | 1n);

/** A row of `eosio` by its primary key. */
export function systemRow(state: StateReader, table: string, primary: bigint): JsonObject | undefined {
  if (getRow(state, tableId(names.eosio, names.eosio, name(table)), primary) === undefined) return undefined;
  const abi = systemAbiOf(state);
  const row = abi && decodedRow(state, abi, names.eosio, names.eosio, name(table), primary);
  return typeof row === 'object' && row !== null ? (row as JsonObject) : undefined;
}

type Report = readonly [action: (typeof evidenceActions)[number], fields: JsonObject];

function blockReport({ production }: Extract<Evidence, { kind: 'production' }>): Report {
  const fields = {
    first_header: toHex(production.firstHeader),
    first_signature: formatSignature(production.firstSignature),
    second_header: toHex(production.secondHeader),
    second_signature: formatSignature(production.secondSignature),
  };
  return ['evidblock', fields];
}

function voteReport({ votes: { first, second } }: Extract<Evidence, { kind: 'votes' }>, accused: Name): Report {
  const fields = {
    finalizer_name: formatName(accused),
    finalizer_key: formatBlsPublicKey(first.finalizerKey),
    slot: first.slot,
    first_phase: first.phase,
    first_block: toHex(first.blockId),
    first_signature: formatBlsSignature(first.signature),
    second_phase: second.phase,
    second_block: toHex(second.blockId),
    second_signature: formatBlsSignature(second.signature),
  };
  return ['evidvote', fields];
}

function systemAbiOf(state: StateReader): CompiledAbi | undefined {
  const bytes = getAbiBytes(state, names.eosio);
  return bytes === undefined ? undefined : compileAbi(decode(abiSchema, bytes));
}
