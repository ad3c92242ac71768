/** A chain in memory with the system contract: the stage of its tests. */
import {
  type BlsPrivateKey,
  blsPrivateKeyFromBytes,
  blsProofOfPossession,
  blsPublicKeyOf,
  formatBlsPublicKey,
  formatBlsSignature,
  formatPublicKey,
  type PrivateKey,
  type PublicKey,
  privateKeyFromBytes,
  publicKeyOf,
} from '@snapscale/crypto';
import { getProposedSchedule, getSchedule, globalKeys } from '@snapscale/execution';
import { TestLedger } from '@snapscale/execution/testing';
import {
  array,
  bytes,
  decode,
  formatName,
  type Json,
  type JsonObject,
  limits,
  type SnapParameters,
  string,
  struct,
  type TransactionTrace,
  type TypeOf,
  u64,
} from '@snapscale/protocol';
import { systemContract } from '../../../testing/index.js';

/** What `setdpos` sets before a test changes it: as the contract's own defaults, but for an activation by one vote. */
const parameters = {
  max_producers: 21,
  activation_stake: '0.0001 XST',
  refund_delay_sec: 259_200,
  inactive_after_sec: 86_400,
  block_reward: '0.0000 XST',
  issue_rewards: false,
  consortium: 'eosio.prods',
  finalizer_keys_required: true,
  certificates_required: false,
  chain_id: '00'.repeat(32),
};
export type Parameters = typeof parameters;

const finalizerPolicySchema = struct('finalizer_policy', {
  threshold: u64,
  finalizers: array(struct('finalizer', { description: string(256), weight: u64, key: bytes(96) }), 125),
});
type FinalizerPolicy = TypeOf<typeof finalizerPolicySchema>;

/** A rejected action; `code` as in the trace. */
class Refused extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export class SystemChain {
  readonly ledger: TestLedger;

  /** A chain with the token XST, of which `eosio` holds a billion; `eosio` runs its native actions alone. */
  constructor(fees: Partial<SnapParameters> = {}) {
    this.ledger = new TestLedger(fees);
    this.createAccounts('eosio.token', 'eosio.stake');
    const { wasm, abi } = systemContract('eosio.token');
    this.ledger.deploy('eosio.token', wasm, abi);
    this.push('eosio.token', 'create', 'eosio.token', { issuer: 'eosio', maximum_supply: '10000000000.0000 XST' });
    this.push('eosio.token', 'issue', 'eosio', { to: 'eosio', quantity: '1000000000.0000 XST', memo: '' });
  }

  /** A chain with the system contract, begun. Every account gets 1,000 XST. */
  static start(accounts: readonly string[] = [], changed: Partial<Parameters> = {}): SystemChain {
    const chain = new SystemChain();
    chain.deploySystem();
    chain.push('eosio', 'init', 'eosio', { version: 0, core: '4,XST' });
    chain.createAccounts(...accounts);
    chain.setParameters(changed);
    for (const account of accounts) chain.pay('eosio', account, '1000.0000 XST');
    return chain;
  }

  deploySystem(): void {
    const { wasm, abi } = systemContract('eosio');
    this.block();
    this.ledger.deploy('eosio', wasm, abi);
    this.block();
  }

  setParameters(changed: Partial<Parameters>): void {
    this.push('eosio', 'setdpos', 'eosio', { parameters: { ...parameters, ...changed } });
  }

  createAccounts(...accounts: readonly string[]): void {
    for (const account of accounts) {
      this.ledger.createAccount(account);
      this.#makeRoom();
    }
  }

  pay(from: string, to: string, quantity: string): void {
    this.push('eosio.token', 'transfer', from, { from, to, quantity, memo: '' });
  }

  /** Executes one action. @throws Refused */
  push(account: string, action: string, signer: string, data: Json): TransactionTrace {
    this.#makeRoom(action);
    const trace = this.ledger.tryPush(account, action, signer, data);
    if (trace.except !== undefined) throw new Refused(trace.except.code, trace.except.message);
    return trace;
  }

  /** Executes one action of `eosio`, signed by its first account. */
  act(
    action: string,
    data: { readonly [field: string]: Json },
    signer = String(Object.values(data)[0]),
  ): TransactionTrace {
    return this.push('eosio', action, signer, data);
  }

  /** Moves stake into votes, all of it under NET. */
  stake(from: string, quantity: string, receiver = from): void {
    this.act('delegatebw', {
      from,
      receiver,
      stake_net_quantity: quantity,
      stake_cpu_quantity: '0.0000 XST',
      transfer: false,
    });
  }

  vote(voter: string, ...producers: readonly string[]): void {
    this.act('voteproducer', { voter, proxy: '', producers: [...producers].sort(byName) });
  }

  /** Registers producers with keys of their own; `finalizers`: also with finalizer keys. */
  register(producers: readonly string[], finalizers = false): void {
    for (const producer of producers) {
      const key = formatPublicKey(publicKeyOf(blockKey(producer)));
      this.act('regproducer', { producer, producer_key: key, url: `https://${producer}.example`, location: 1 });
      if (finalizers) this.registerFinalizer(producer, finalizerKey(producer));
    }
  }

  registerFinalizer(producer: string, key: BlsPrivateKey): void {
    this.act('regfinkey', {
      finalizer_name: producer,
      finalizer_key: formatBlsPublicKey(blsPublicKeyOf(key)),
      proof_of_possession: formatBlsSignature(blsProofOfPossession(key)),
    });
  }

  /** Closes the block under construction and opens one `slots` later. Returns what `onblock` used in the new one, gas. */
  block(slots = 1): number {
    this.ledger.produceBlock(slots);
    return this.onBlockTrace().cpuUsageUs;
  }

  blocks(count: number): void {
    for (let i = 0; i < count; i++) this.block();
  }

  /** The trace of `onblock` of the block under construction, in `eosio`'s words: throws if it failed. */
  onBlockTrace(): TransactionTrace {
    const [trace] = this.ledger.pending.finish().traces;
    if (trace?.except !== undefined) throw new Refused(trace.except.code, trace.except.message);
    return trace!;
  }

  /** Goes on to `slot` without skipping one. */
  produceUntil(slot: number): void {
    while (this.slot < slot) this.block();
  }

  get slot(): number {
    return this.ledger.pending.slot;
  }

  /** Blocks up to the first of the next round. */
  nextRound(): void {
    const length = 12 * this.schedule.length;
    this.produceUntil((Math.floor(this.slot / length) + 1) * length);
  }

  /** Seconds without a block, in one gap. */
  wait(seconds: number): void {
    this.block(2 * seconds);
  }

  rows(table: string, scope = 'eosio', code = 'eosio'): JsonObject[] {
    return this.ledger.rows(code, scope, table) as JsonObject[];
  }

  /** The row whose field `key` is `value`. */
  row(table: string, value: string, scope = 'eosio', key = 'owner'): JsonObject | undefined {
    return this.rows(table, scope).find((row) => row[key] === value);
  }

  producer(owner: string): JsonObject {
    return this.row('producers', owner)!;
  }

  votes(producer: string): number {
    return Number(this.producer(producer).total_votes);
  }

  get global(): JsonObject {
    return this.rows('global')[0]!;
  }

  balance(owner: string): string {
    return String(this.rows('accounts', owner, 'eosio.token')[0]?.balance ?? '0.0000 XST');
  }

  /** Producers in force, in their order. */
  get schedule(): string[] {
    return getSchedule(this.ledger.pending.state).producers.map(({ name }) => formatName(name));
  }

  /** Version of the schedule in force. */
  get version(): number {
    return getSchedule(this.ledger.pending.state).version;
  }

  get proposed(): string[] | undefined {
    return getProposedSchedule(this.ledger.pending.state)?.producers.map(({ name }) => formatName(name));
  }

  /** The key with which a producer in force signs blocks. */
  keyInForce(producer: string): PublicKey {
    return getSchedule(this.ledger.pending.state).producers.find(({ name }) => formatName(name) === producer)!.key;
  }

  /** The finalizers that were set last. */
  get finalizers(): FinalizerPolicy {
    return decode(finalizerPolicySchema, this.ledger.pending.state.get(globalKeys.finalizers)!);
  }

  /** The text of a producer's first finalizer key. */
  finalizerText(producer: string): string {
    return formatBlsPublicKey(blsPublicKeyOf(finalizerKey(producer)));
  }

  /** Closes the block before it is full; what verifies BLS signatures gets a block of its own. */
  #makeRoom(action = ''): void {
    const { size } = this.ledger.pending;
    if (size > 8 || (size > 0 && ['regfinkey', 'evidvote'].includes(action))) this.ledger.produceBlock();
  }
}

/** Names in the order of their numbers, which is that of the characters `.12345a-z`. */
export const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Names of so many producers, in order: bp.a, bp.b, … */
export function producerNames(count: number): string[] {
  const letter = (i: number) => String.fromCharCode(97 + i);
  return Array.from({ length: count }, (_, i) => `bp.${letter(Math.floor(i / 26))}${letter(i % 26)}`);
}

/** The private key with which a producer signs its blocks. */
export function blockKey(producer: string): PrivateKey {
  return privateKeyFromBytes('K1', seed(producer));
}

/** The private key with which a producer votes; `version` for further ones. */
export function finalizerKey(producer: string, version = 0): BlsPrivateKey {
  const secret = seed(producer);
  secret[30] = version;
  return blsPrivateKeyFromBytes(secret);
}

function seed(text: string): Uint8Array {
  const bytes = new Uint8Array(32);
  bytes[0] = 1;
  for (let i = 0; i < text.length; i++) bytes[1 + i] = text.charCodeAt(i);
  return bytes;
}

/**
 * Position of the producer that is authorised for `slot`, by the words of consensus.md 1: walks through the turn, in which
 * three empty slots in a row pass the duty on.
 */
export function slotBySlot(producers: number, parentSlot: number, slot: number): number {
  let position = Math.floor(slot / limits.slotsPerTurn) % producers;
  let empty = 0;
  for (let at = Math.floor(slot / limits.slotsPerTurn) * limits.slotsPerTurn; at < slot; at++) {
    if (at <= parentSlot) continue;
    empty++;
    if (empty % limits.yieldAfterSlots === 0) position = (position + 1) % producers;
  }
  return position;
}
