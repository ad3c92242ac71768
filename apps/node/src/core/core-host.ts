/**
 * The host of the replica in the core thread: carries out its effects, in order, and feeds it time, transactions,
 * signatures and reports of durability.
 */
import { equalBytes, type PrivateKey, parsePrivateKey, publicKeyOf, sign, toHex } from '@snapscale/crypto';
import {
  ChainServices,
  encodeStateProof,
  getParameters,
  StateCommitment,
  type VerifiedTransaction,
} from '@snapscale/execution';
import {
  DecodeError,
  decode,
  encode,
  genesisSchema,
  type PackedTransaction,
  packedTransactionSchema,
  type Rejection,
  stateRootOf,
  type TransactionTrace,
  transactionId,
  transactionTraceSchema,
  unpackTransaction,
} from '@snapscale/protocol';
import { type Effect, type Input, Replica, type Submission } from '@snapscale/replica';
import { StoreCorruption } from '../store/failures.js';
import { loadSignatureRecovery } from '../verify/signature-recovery.js';
import { readVerifiedBatch } from '../verify/verified-batch.js';
import { inflateBounded } from '../verify/verify-transaction.js';
import { CoreMeter } from './core-meter.js';
import { CoreStorage } from './core-storage.js';
import { BatchWriter, type CoreOptions, type FromCore, type ToCore } from './messages.js';
import { QueryQueue } from './query-queue.js';
import { replayLog } from './replay.js';

type Query = Extract<ToCore, { kind: 'query' }>;

type Post = (message: FromCore, transfer?: ArrayBuffer[]) => void;

/** Transactions that one step of the replica takes, so that ticks and disk reports are served in between. */
const SUBMISSIONS_PER_STEP = 64;
/** Work before the thread looks at its events again, milliseconds. */
const TURN_MS = 8;
const METRICS_INTERVAL_MS = 1000;

export class CoreHost {
  readonly #post: Post;
  readonly #storage: CoreStorage;
  readonly #replica: Replica;
  readonly #keys: ReadonlyMap<string, PrivateKey>;
  readonly #batch = new BatchWriter();
  readonly #meter = new CoreMeter();
  readonly #encodedTraces = new Map<TransactionTrace, Uint8Array>();
  readonly #inbox: Submission[] = [];
  readonly #queries = new QueryQueue<Query>((query) => this.#query(query));
  readonly #metricsTimer: NodeJS.Timeout;
  #timer: NodeJS.Timeout | undefined;
  #turnScheduled = false;
  #stopping = false;

  private constructor(post: Post, storage: CoreStorage, replica: Replica, keys: ReadonlyMap<string, PrivateKey>) {
    this.#post = post;
    this.#storage = storage;
    this.#replica = replica;
    this.#keys = keys;
    this.#metricsTimer = setInterval(() => this.#postMetrics(), METRICS_INTERVAL_MS);
  }

  /** Opens the stores, replays what is not durable yet, and begins to produce. */
  static async open(options: CoreOptions, post: Post): Promise<CoreHost> {
    const genesis = decode(genesisSchema, options.genesis);
    const storage = await CoreStorage.open(options.dataDir, genesis, options.blocksToKeep, options.mapSizeBytes);
    const recovery = loadSignatureRecovery();
    const services = new ChainServices(recovery.port);
    const keys = new Map(
      options.producerKeys.map(parsePrivateKey).map((key) => [toHex(publicKeyOf(key)), key] as const),
    );
    const commitment = getParameters(storage.state).stateCommitment
      ? new StateCommitment(storage.state.buckets)
      : undefined;
    if (commitment !== undefined) loadCommitment(commitment, storage);
    const replica = new Replica({
      services,
      store: storage.state,
      final: storage.final,
      commitment,
      canSign: (key) => keys.has(toHex(key)),
    });
    const replayed = await replayLog(replica, storage, genesis, recovery.port);
    const host = new CoreHost(post, storage, replica, keys);
    const { head } = replica;
    const point = { num: head.num, id: head.id, slot: head.header.slot, producer: head.header.producer };
    post({
      kind: 'ready',
      status: {
        head: point,
        final: point,
        earliestBlockNum: storage.earliestBlockNum,
        replayed,
        notes: storage.notes,
      },
    });
    host.#step({ kind: 'tick', nowMs: Date.now() });
    host.#flush();
    return host;
  }

  /** Takes a message of another thread. */
  receive(message: ToCore): void {
    switch (message.kind) {
      case 'verified':
        for (const { request, transaction } of readVerifiedBatch(message.batch)) {
          this.#inbox.push({ request, transaction });
        }
        this.#scheduleTurn();
        break;
      case 'query':
        if (!this.#queries.add(message)) this.#refuseQuery(message, tooManyQueries);
        break;
      case 'proof':
        this.#prove(message.request, message.key);
        break;
      case 'stop':
        this.#stopping = true;
        for (const query of this.#queries.clear()) this.#refuseQuery(query, stopping);
        this.#step({ kind: 'drain' });
        this.#flush();
        this.#endWhenIdle();
        break;
    }
  }

  #query({ request, mode, packed }: Query): void {
    let transaction: VerifiedTransaction;
    try {
      const received: PackedTransaction = decode(packedTransactionSchema, packed);
      const opened = unpackTransaction(received, inflateBounded);
      transaction = { ...opened, received, id: transactionId(opened.packed), keys: [] };
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.#batch.reply(
        request,
        { kind: 'rejected', rejection: { code: 'packed_transaction_type_exception', message: error.message } },
        encodeTrace,
      );
      this.#flush();
      return;
    }
    this.#step({ kind: 'query', nowMs: Date.now(), request, mode, transaction });
    this.#flush();
  }

  #refuseQuery({ request }: Query, rejection: Rejection): void {
    this.#batch.reply(request, { kind: 'rejected', rejection }, encodeTrace);
    this.#flush();
  }

  #prove(request: number, key: string): void {
    const { num, id, header } = this.#replica.head;
    const proven = this.#replica.prove(key);
    const root = stateRootOf(header);
    const reply =
      proven === undefined || root === undefined
        ? undefined
        : { num, id, slot: header.slot, root, value: proven.value, proof: encodeStateProof(proven.proof) };
    this.#post({ kind: 'proof', request, reply });
  }

  #scheduleTurn(): void {
    if (this.#turnScheduled) return;
    this.#turnScheduled = true;
    setImmediate(() => this.#turn());
  }

  /** Works off the inbox for a short while, then lets the thread's other events in. */
  #turn(): void {
    this.#turnScheduled = false;
    const until = Date.now() + TURN_MS;
    let nowMs = Date.now();
    while (this.#inbox.length > 0 && nowMs < until) {
      const submissions = this.#inbox.splice(0, SUBMISSIONS_PER_STEP);
      this.#step({ kind: 'transactions', nowMs, submissions });
      nowMs = Date.now();
    }
    this.#flush();
    if (this.#inbox.length > 0) this.#scheduleTurn();
  }

  #tick(): void {
    this.#step({ kind: 'tick', nowMs: Date.now() });
    this.#flush();
  }

  #step(input: Input): void {
    const effects = this.#meter.measure(input, () => this.#replica.step(input));
    for (const effect of effects) this.#carryOut(effect);
    this.#armTimer();
  }

  #carryOut(effect: Effect): void {
    switch (effect.kind) {
      case 'sign':
        this.#step({
          kind: 'signed',
          num: effect.num,
          signature: sign(this.#keys.get(toHex(effect.key))!, effect.digest),
        });
        break;
      case 'persist':
        void this.#persist(effect.block);
        break;
      case 'reply':
        this.#batch.reply(effect.request, effect.result, (trace) => this.#encode(trace));
        break;
      case 'changes':
        this.#batch.changes(effect);
        break;
      case 'head':
        this.#batch.head(effect);
        break;
      case 'finalized':
        this.#batch.finalized(effect);
        break;
      case 'event':
        this.#meter.event(effect);
        this.#batch.event(effect);
        break;
      case 'continue':
        setImmediate(() => this.#tick());
        break;
    }
  }

  async #persist(block: Extract<Effect, { kind: 'persist' }>['block']): Promise<void> {
    const traces = block.traces.map((trace) => this.#encode(trace));
    for (const trace of block.traces) this.#encodedTraces.delete(trace);
    try {
      const began = performance.now();
      await this.#storage.persist(block, traces);
      this.#meter.persisted(performance.now() - began);
    } catch (error) {
      // The disk has failed: whatever is not durable must not be acknowledged, and nothing more can become durable.
      process.stderr.write(
        `block ${block.num} could not be made durable: ${error instanceof Error ? error.stack : error}\n`,
      );
      process.exit(1);
    }
    this.#step({ kind: 'persisted', num: block.num });
    this.#flush();
    if (this.#stopping) this.#endWhenIdle();
  }

  #encode(trace: TransactionTrace): Uint8Array {
    let encoded = this.#encodedTraces.get(trace);
    if (encoded === undefined) {
      encoded = encodeTrace(trace);
      if (trace.except === undefined) this.#encodedTraces.set(trace, encoded);
    }
    return encoded;
  }

  #armTimer(): void {
    clearTimeout(this.#timer);
    const at = this.#replica.nextTickMs;
    const delay = at === undefined ? IDLE_TICK_MS : Math.max(0, at - Date.now());
    if (this.#stopping && this.#replica.idle) return;
    this.#timer = setTimeout(() => this.#tick(), delay);
  }

  /** Sends what has gathered since the last flush. */
  #flush(): void {
    if (this.#batch.isEmpty) return;
    const bytes = this.#batch.take();
    this.#post({ kind: 'batch', bytes }, [bytes.buffer as ArrayBuffer]);
  }

  #postMetrics(): void {
    this.#post({ kind: 'metrics', metrics: this.#meter.read(this.#replica) });
  }

  #endWhenIdle(): void {
    if (!this.#replica.idle) return;
    clearTimeout(this.#timer);
    clearInterval(this.#metricsTimer);
    void this.#storage.close().then(() => this.#post({ kind: 'stopped' }));
  }
}

/** How often a node that cannot produce looks whether it can, milliseconds. */
const IDLE_TICK_MS = 500;

function encodeTrace(trace: TransactionTrace): Uint8Array {
  return encode(transactionTraceSchema, trace);
}

const tooManyQueries: Rejection = {
  code: 'snap_queue_full',
  message: 'too many transactions wait to be tried: send it again later',
};

const stopping: Rejection = { code: 'snap_shutting_down', message: 'the node is shutting down' };

/** Loads the tree and compares its root with the one in the final block's header. */
function loadCommitment(commitment: StateCommitment, storage: CoreStorage): void {
  commitment.load();
  const promised = stateRootOf(storage.final.header);
  if (promised === undefined || equalBytes(promised, commitment.root)) return;
  throw new StoreCorruption('the state commitment', {
    file: storage.state.directory,
    expected: `the root ${toHex(promised)} of block ${storage.final.num}`,
    actual: toHex(commitment.root),
  });
}
