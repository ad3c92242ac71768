/** A founded chain in memory with several producers, whose transactions are signed and checked for real. */
import {
  type BlsPrivateKey,
  blsPrivateKeyFromBytes,
  blsPublicKeyOf,
  type PrivateKey,
  privateKeyFromBytes,
  publicKeyOf,
} from '@snapscale/crypto';
import type { StateReader } from '@snapscale/execution';
import { TestLedger, testPrivateKey } from '@snapscale/execution/testing';
import {
  chainIdOf,
  formatName,
  type Genesis,
  type JsonObject,
  type Name,
  name,
  type Rejection,
  slotToMs,
  type VotingProducer,
} from '@snapscale/protocol';
import { foundChain } from '../../founding/founding.js';
import { producerSteps } from '../../founding/producers.js';
import type { FoundingContext } from '../../founding/steps.js';
import { type OwnTransactions, sendActions } from '../../own-transactions.js';
import { loadSignatureRecovery } from '../../verify/signature-recovery.js';
import { checkTransaction } from '../../verify/verify-transaction.js';

const { port: recover } = loadSignatureRecovery();

/** A first producer with its secrets. */
export type TestProducer = VotingProducer & { readonly blockKey: PrivateKey; readonly finalizerSecret: BlsPrivateKey };

export class ProducerChain {
  readonly ledger = new TestLedger();
  readonly producers: readonly TestProducer[];
  readonly genesis: Genesis;
  readonly chainId: Uint8Array;
  readonly notices: string[] = [];
  /** What the next transactions are refused for, one each. */
  readonly refusals: Rejection[] = [];
  /** Packed transactions that were handed in. */
  readonly sent: Uint8Array[] = [];
  #final: StateReader;

  /** What a founder works with. */
  get founding(): FoundingContext {
    const { submit, headState: state, headId, nowMs } = this.node([], [testPrivateKey]);
    return {
      ...{ genesis: this.genesis, privateKey: testPrivateKey, development: true },
      ...{ submit, state, headId, nowMs },
      settled: async () => void this.ledger.produceBlock(),
    };
  }

  private constructor(accounts: readonly string[]) {
    this.producers = accounts.map(testProducer);
    this.genesis = { ...this.ledger.genesis, producers: this.producers };
    this.chainId = chainIdOf(this.genesis);
    this.#final = this.ledger.store;
  }

  static unfounded(accounts: readonly string[]): ProducerChain {
    return new ProducerChain(accounts);
  }

  static async start(accounts: readonly string[]): Promise<ProducerChain> {
    const chain = new ProducerChain(accounts);
    const founder = chain.node([], [testPrivateKey]);
    await foundChain({ ...chain.founding, development: false }, undefined);
    for (const step of producerSteps(chain.genesis, founder.headState())) {
      const rejection = await sendActions(founder, step.actions, testPrivateKey);
      if (rejection !== undefined) throw new Error(`${step.what}: ${rejection.message}`);
    }
    chain.ledger.produceBlock();
    chain.sent.length = 0;
    return chain;
  }

  /** What a node with these keys works with. Waiting closes a block. */
  node(producers: readonly string[], keys?: readonly PrivateKey[]): OwnTransactions {
    return {
      chainId: this.chainId,
      producers: producers.map(name),
      keys: keys ?? producers.map((account) => this.producer(account).blockKey),
      headState: () => this.ledger.pending.state,
      finalState: () => this.#final,
      headId: () => this.ledger.head.id,
      nowMs: () => slotToMs(this.ledger.pending.slot),
      submit: async (packed) => this.submit(packed),
      wait: async () => void this.ledger.produceBlock(),
      notice: (level, detail, message) => void this.notices.push(`${level} ${message} ${JSON.stringify(detail)}`),
    };
  }

  submit(packed: Uint8Array): Rejection | undefined {
    this.sent.push(packed);
    const refusal = this.refusals.shift();
    if (refusal !== undefined) return refusal;
    const result = checkTransaction(packed, this.chainId, recover);
    if (result.kind === 'rejected') return result.rejection;
    if (this.ledger.pending.size > 5) this.ledger.produceBlock();
    return this.ledger.apply(result.checked.verified).except;
  }

  producer(account: string): TestProducer {
    return this.producers.find((producer) => formatName(producer.name) === account)!;
  }

  /** Its row in the table `producers`. */
  entry(account: string): JsonObject | undefined {
    return (this.ledger.rows('eosio', 'eosio', 'producers') as JsonObject[]).find(({ owner }) => owner === account);
  }

  /** Finality stops: `finalState` stays as it is now. */
  stallFinality(): void {
    this.#final = snapshotOf(this.ledger.store);
  }

  resumeFinality(): void {
    this.#final = this.ledger.store;
  }
}

function snapshotOf(store: StateReader): StateReader {
  const copy = new Map<string, Uint8Array>();
  for (let entry = store.first('', '\u{10ffff}'); entry !== undefined; ) {
    copy.set(entry.key, entry.value);
    entry = store.first(`${entry.key}\u0000`, '\u{10ffff}');
  }
  const keys = [...copy.keys()].sort();
  const within = (from: string, to: string) => keys.filter((key) => key >= from && key < to);
  const entryOf = (key: string | undefined) => (key === undefined ? undefined : { key, value: copy.get(key)! });
  return {
    get: (key) => copy.get(key),
    first: (from, to) => entryOf(within(from, to)[0]),
    last: (from, to) => entryOf(within(from, to).at(-1)),
  };
}

function testProducer(account: string): TestProducer {
  const seed = new Uint8Array(32);
  seed[0] = 1;
  for (let i = 0; i < account.length; i++) seed[i + 1] = account.charCodeAt(i);
  const blockKey = privateKeyFromBytes('K1', seed);
  const finalizerSecret = blsPrivateKeyFromBytes(seed);
  const producer: Name = name(account);
  return {
    name: producer,
    key: publicKeyOf(blockKey),
    finalizerKey: blsPublicKeyOf(finalizerSecret),
    blockKey,
    finalizerSecret,
  };
}
