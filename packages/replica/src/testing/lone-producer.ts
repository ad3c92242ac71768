/**
 * A host in memory for tests of a chain with one producer. It carries out effects at once, with signatures that cost nothing,
 * and can hold back what a disk or a signer answers.
 */
import { genesisRoot } from '@snapscale/consensus';
import {
  fakeBlockSignature,
  fakeFinalizerKey,
  fakeRecover,
  fakeVerify,
  fakeVoteSignature,
} from '@snapscale/consensus/testing';
import { isCommitted, StateCommitment, type StateReader, type VerifiedTransaction } from '@snapscale/execution';
import { TestLedger, testKey } from '@snapscale/execution/testing';
import { blockDigest, names, type SignedBlock, slotToMs } from '@snapscale/protocol';
import type { FinalBlock, ReplicaEffect, ReplyResult } from '../effects.js';
import type { ReplicaInput, Submission } from '../inputs.js';
import { Replica, type ReplicaOptions } from '../replica.js';

/** Answers that a host may hold back. */
export type HeldAnswer = 'blockSigned' | 'voteSigned' | 'verified' | 'persisted' | 'committed';

/** What makes a lone producer other than the ordinary one. */
export type LoneProducerOptions = {
  /** It begins on the head of this ledger, whose store becomes its own. */
  readonly ledger?: TestLedger;
  /** How long after the ledger's head it starts. */
  readonly offMs?: number;
  /** Headers carry state roots. The ledger must have been made for that. */
  readonly hasStateRoots?: boolean;
  /** What the replica reads instead of the ledger's store. */
  readonly readThrough?: (store: StateReader) => StateReader;
  /** Runs each step of the replica, as for measuring it. */
  readonly around?: (step: () => ReplicaEffect[]) => ReplicaEffect[];
  /** Hears of each effect before it is carried out. */
  readonly onEffect?: (effect: ReplicaEffect) => void;
  readonly replica?: Partial<ReplicaOptions>;
};

const MS_INTO_SLOT = 100;
/** Whoever sends the blocks that a follower takes. */
const PEER = 1;
const finalizerKey = fakeFinalizerKey('eosio');

export class LoneProducer {
  readonly ledger: TestLedger;
  readonly replica: Replica;
  /** All effects so far. */
  readonly effects: ReplicaEffect[] = [];
  /** The last reply to each request. */
  readonly replies = new Map<number, ReplyResult>();
  /** Final blocks that are in the store. */
  readonly stored: FinalBlock[] = [];
  /** Answers that wait for {@link release}. */
  readonly held = new Set<HeldAnswer>();
  nowMs: number;
  readonly #options: LoneProducerOptions;
  readonly #buckets = new Map<string, Uint8Array>();
  /** Inputs that effects have led to, for when the effects before them are carried out. */
  readonly #inputs: ReplicaInput[] = [];
  #waiting: { readonly kind: HeldAnswer; readonly answer: () => ReplicaInput }[] = [];
  #isStepping = false;

  constructor(options: LoneProducerOptions = {}) {
    const { hasStateRoots = false, ledger = new TestLedger({ stateCommitment: hasStateRoots }) } = options;
    const { store, head, services } = ledger;
    this.#options = options;
    this.ledger = ledger;
    const producers = [{ name: names.eosio, key: testKey, finalizerKey }];
    this.replica = new Replica({
      services,
      chainId: head.id,
      root: genesisRoot(head.header, { version: 0, producers }),
      store: options.readThrough?.(store) ?? store,
      commitment: hasStateRoots ? this.#commitmentOf(store.entries()) : undefined,
      safetyRecord: undefined,
      producers: [names.eosio],
      finalizerKeys: [finalizerKey],
      ...options.replica,
    });
    this.nowMs = slotToMs(head.header.slot) + MS_INTO_SLOT + (options.offMs ?? 0);
    this.step({ kind: 'tick', nowMs: this.nowMs });
  }

  /** Own blocks that are complete, stored or not. */
  get blocks(): SignedBlock[] {
    return this.effects.flatMap((effect) =>
      effect.kind === 'journal' && effect.entry.kind === 'block' ? [effect.entry.block] : [],
    );
  }

  /** Effects of one kind, in order. */
  only<K extends ReplicaEffect['kind']>(kind: K): Extract<ReplicaEffect, { kind: K }>[] {
    return this.effects.filter((effect): effect is Extract<ReplicaEffect, { kind: K }> => effect.kind === kind);
  }

  /** Names of the events so far. */
  get events(): string[] {
    return this.only('event').map(({ name }) => name);
  }

  /** Takes an input, and all that it leads to. */
  step(...inputs: readonly ReplicaInput[]): void {
    this.#inputs.push(...inputs);
    if (this.#isStepping) return;
    this.#isStepping = true;
    const { around = (step) => step(), onEffect } = this.#options;
    try {
      for (let input = this.#inputs.shift(); input !== undefined; input = this.#inputs.shift()) {
        const taken = input;
        for (const effect of around(() => this.replica.step(taken))) {
          this.effects.push(effect);
          onEffect?.(effect);
          this.#carryOut(effect);
        }
      }
    } finally {
      this.#isStepping = false;
    }
  }

  /** Lets time pass, with a tick whenever the replica wants one. */
  pass(ms = 500): void {
    const end = this.nowMs + ms;
    for (let next = this.replica.nextTickMs; next < end; next = this.replica.nextTickMs) {
      this.nowMs = next;
      this.step({ kind: 'tick', nowMs: next });
    }
    this.stall(end - this.nowMs);
  }

  /** Lets time pass during which the process stands still. */
  stall(ms: number): void {
    this.nowMs += ms;
    this.step({ kind: 'tick', nowMs: this.nowMs });
  }

  /** Clients send these. */
  send(submissions: readonly Submission[]): void {
    this.step({ kind: 'transactions', nowMs: this.nowMs, submissions });
  }

  /** Gives the answers of this kind that were held back, and goes on answering. */
  release(kind: HeldAnswer): void {
    this.held.delete(kind);
    const ready = this.#waiting.filter((one) => one.kind === kind);
    this.#waiting = this.#waiting.filter((one) => one.kind !== kind);
    this.step(...ready.map(({ answer }) => answer()));
  }

  /** A block comes from another producer. */
  receive(block: SignedBlock, transactions: readonly VerifiedTransaction[]): void {
    const signedBy = fakeRecover(blockDigest(block.header), block.producerSignature);
    this.step({ kind: 'block', from: PEER, block, transactions, signedBy });
  }

  #carryOut(effect: ReplicaEffect): void {
    switch (effect.kind) {
      case 'signBlock': {
        const { id, key, digest } = effect;
        this.#answer(() => ({ kind: 'blockSigned', id, signature: fakeBlockSignature(key, digest) }), 'blockSigned');
        break;
      }
      case 'signVote': {
        const { ticket, key, digest } = effect;
        this.#answer(() => ({ kind: 'voteSigned', ticket, signature: fakeVoteSignature(key, digest) }), 'voteSigned');
        break;
      }
      case 'verify': {
        const { ticket, digest, keys, signatures } = effect;
        this.#answer(() => ({ kind: 'verified', ticket, aggregate: fakeVerify(digest, keys, signatures) }), 'verified');
        break;
      }
      case 'journal':
        if (effect.entry.kind === 'record') {
          const { sequence } = effect.entry;
          this.#answer(() => ({ kind: 'persisted', sequence }), 'persisted');
        }
        break;
      case 'commit':
        this.#answer(() => this.#store(effect.blocks), 'committed');
        break;
      case 'reply':
        this.replies.set(effect.request, effect.result);
        break;
      case 'continue':
        this.#inputs.push({ kind: 'tick', nowMs: this.nowMs });
        break;
      default:
    }
  }

  #answer(answer: () => ReplicaInput, kind: HeldAnswer): void {
    if (this.held.has(kind)) this.#waiting.push({ kind, answer });
    else this.#inputs.push(answer());
  }

  #store(blocks: readonly FinalBlock[]): ReplicaInput {
    for (const { changes, buckets } of blocks) {
      this.ledger.store.apply(changes);
      this.#keep(buckets);
    }
    this.stored.push(...blocks);
    return { kind: 'committed', num: blocks.at(-1)!.num };
  }

  #commitmentOf(entries: Iterable<readonly [string, Uint8Array]>): StateCommitment {
    const commitment = new StateCommitment({ get: (path) => this.#buckets.get(path), scan: () => this.#buckets });
    const { bucketWrites, token } = commitment.update([...entries].filter(([key]) => isCommitted(key)));
    this.#keep(bucketWrites);
    commitment.forget(token);
    return commitment;
  }

  #keep(writes: ReadonlyMap<string, Uint8Array | null>): void {
    for (const [path, leaves] of writes) {
      if (leaves === null) this.#buckets.delete(path);
      else this.#buckets.set(path, leaves.slice());
    }
  }
}
