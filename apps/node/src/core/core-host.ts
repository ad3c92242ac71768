/**
 * The host of the replica in the core thread: carries out its effects, in order, and feeds it time, transactions,
 * signatures and reports of durability.
 */
import { assumedSafetyRecord, evidenceSchema, ownPeer, type SafetyRecord } from '@snapscale/consensus';
import {
  blsPublicKeyOf,
  equalBytes,
  type PrivateKey,
  parseBlsPrivateKey,
  parsePrivateKey,
  publicKeyOf,
  recoverPublicKey,
  sign,
  toHex,
} from '@snapscale/crypto';
import {
  ChainServices,
  encodeStateProof,
  getParameters,
  StateCommitment,
  type VerifiedTransaction,
} from '@snapscale/execution';
import {
  blockDigest,
  chainIdOf,
  DecodeError,
  decode,
  encode,
  genesisSchema,
  msToSlot,
  type PackedTransaction,
  packedTransactionSchema,
  parseName,
  type Rejection,
  type SignedBlock,
  signedBlockSchema,
  stateRootOf,
  type TransactionTrace,
  transactionId,
  transactionTraceSchema,
  unpackTransaction,
} from '@snapscale/protocol';
import { type JournalEntry, Replica, type ReplicaEffect, type ReplicaInput } from '@snapscale/replica';
import { StoreCorruption } from '../store/failures.js';
import { BlsThread } from '../verify/bls-thread.js';
import { loadSignatureRecovery, type SignatureRecovery } from '../verify/signature-recovery.js';
import { readVerifiedBatch, type VerifiedSubmission } from '../verify/verified-batch.js';
import { inflateBounded, verifyReceived } from '../verify/verify-transaction.js';
import { CoreMeter } from './core-meter.js';
import { CoreStorage } from './core-storage.js';
import { BatchWriter, type ChainPoint, type CoreOptions, type FromCore, type ToCore } from './messages.js';
import { PeerLink } from './peers/peer-link.js';
import { ProductionHold } from './production-hold.js';
import { QueryQueue } from './query-queue.js';
import { RecentlyVerified } from './recently-verified.js';
import { storedBlocks } from './replay.js';

type Query = Extract<ToCore, { kind: 'query' }>;
type Proof = Extract<ToCore, { kind: 'proof' }>;

type Post = (message: FromCore, transfer?: ArrayBuffer[]) => void;

/** Transactions that one step of the replica takes, so that ticks and disk reports are served in between. */
const SUBMISSIONS_PER_STEP = 64;
/** Transactions that wait here beyond which those of peers are left out. */
const INBOX_MAX = 20_000;
/** Work before the thread looks at its events again, milliseconds. */
const TURN_MS = 8;
const METRICS_INTERVAL_MS = 1000;
const TICK_MS_MAX = 500;

/** Everything that a host has when it begins. */
type Parts = {
  readonly options: CoreOptions;
  readonly post: Post;
  readonly chainId: Uint8Array;
  readonly storage: CoreStorage;
  readonly recovery: SignatureRecovery;
  readonly replica: Replica;
  readonly keys: ReadonlyMap<string, PrivateKey>;
};

export class CoreHost {
  readonly #parts: Parts;
  readonly #post: Post;
  readonly #storage: CoreStorage;
  readonly #replica: Replica;
  readonly #batch = new BatchWriter();
  readonly #meter: CoreMeter;
  readonly #hold: ProductionHold;
  /** Of most nobody hears again: they are of drafts that another producer's block replaces. */
  readonly #encodedTraces = new WeakMap<TransactionTrace, Uint8Array>();
  readonly #inbox: VerifiedSubmission[] = [];
  /** Inputs that effects have led to, for when the effects before them are carried out. */
  readonly #inputs: ReplicaInput[] = [];
  readonly #queries = new QueryQueue<Query>((query) => this.#query(query));
  readonly #proofs = new QueryQueue<Proof>((proof) => this.#prove(proof));
  readonly #recent = new RecentlyVerified();
  readonly #metricsTimer: NodeJS.Timeout;
  #bls: BlsThread | undefined;
  #peers: PeerLink | undefined;
  #head: ChainPoint;
  /** Answers of other threads and of the disk that are awaited. */
  #awaited = 0;
  /** Safety records that wait for the disk. */
  #journalled: number[] = [];
  #hasJournalled = false;
  #isFlushing = false;
  #isStepping = false;
  #tail: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #turnScheduled = false;
  #tickScheduled = false;
  #stopping = false;
  #ended = false;

  private constructor(parts: Parts) {
    const { storage, replica, post } = parts;
    this.#parts = parts;
    this.#post = post;
    this.#storage = storage;
    this.#replica = replica;
    this.#meter = new CoreMeter(replica, parts.options.producers);
    this.#hold = new ProductionHold(parts.options.producers.map(parseName));
    this.#head = pointOf(storage.final);
    this.#metricsTimer = setInterval(() => this.#postMetrics(), METRICS_INTERVAL_MS);
  }

  /** Opens the stores, replays what is not in the state yet, and begins to produce and vote. */
  static async open(options: CoreOptions, post: Post): Promise<CoreHost> {
    const genesis = decode(genesisSchema, options.genesis);
    const storage = await CoreStorage.open(options.dataDir, genesis, options.blocksToKeep, options.mapSizeBytes);
    const recovery = loadSignatureRecovery();
    const keys = new Map(
      options.producerKeys.map(parsePrivateKey).map((key) => [toHex(publicKeyOf(key)), key] as const),
    );
    const commitment = getParameters(storage.state).stateCommitment
      ? new StateCommitment(storage.state.buckets)
      : undefined;
    if (commitment !== undefined) loadCommitment(commitment, storage);
    const chainId = chainIdOf(genesis);
    const replica = new Replica({
      services: new ChainServices(recovery.port),
      chainId,
      root: storage.root,
      store: storage.state,
      commitment,
      safetyRecord: safetyRecordOf(storage, options),
      producers: options.producers.map(parseName),
      finalizerKeys: options.finalizerKeys.map(parseBlsPrivateKey).map(blsPublicKeyOf),
      canSign: (key) => keys.has(toHex(key)),
      ...(options.reversibleBlocksMax === undefined ? {} : { reversibleBlocksMax: options.reversibleBlocksMax }),
    });
    const host = new CoreHost({ options, post, chainId, storage, recovery, replica, keys });
    await host.#begin();
    return host;
  }

  /** Takes a message of another thread. */
  receive(message: ToCore): void {
    switch (message.kind) {
      case 'verified':
        for (const submission of readVerifiedBatch(message.batch)) {
          this.#recent.add(submission.transaction);
          // Peers have theirs still, and remind this node of them; clients wait for an answer, in bounded numbers.
          const isTooMuch = submission.from !== ownPeer && this.#inbox.length >= INBOX_MAX;
          if (!isTooMuch) this.#inbox.push(submission);
        }
        this.#scheduleTurn();
        break;
      case 'query':
        if (!this.#queries.add(message)) this.#refuseQuery(message, tooManyQueries);
        break;
      case 'proof':
        if (!this.#proofs.add(message)) this.#refuseProof(message);
        break;
      case 'peers':
        this.#peers = new PeerLink(message.port, this.#peerLinkOwner());
        break;
      case 'stop':
        this.#stop();
        break;
    }
  }

  async #begin(): Promise<void> {
    const { options, storage, chainId, recovery } = this.#parts;
    this.#bls = await BlsThread.start(
      { finalizerKeys: options.finalizerKeys },
      (input) => {
        this.#awaited--;
        this.#step(input);
      },
      fail,
    );
    this.#step({ kind: 'production', isHeld: true });
    this.#step({ kind: 'tick', nowMs: Date.now() });
    let replayed = 0;
    for (const input of storedBlocks(storage, chainId, recovery.port)) {
      this.#post({ kind: 'block', block: encode(signedBlockSchema, input.block) });
      this.#step(input);
      replayed++;
      // What makes a block final comes with the next ones: without waiting all of them would be held in memory.
      while (this.#awaited > 0) await new Promise((resolve) => setImmediate(resolve));
    }
    const status = {
      head: this.#head,
      final: pointOf(storage.final),
      earliestBlockNum: storage.earliestBlockNum,
      replayed,
      notes: storage.notes,
      voting: this.#bls.description,
    };
    this.#meter.begin(this.#head);
    this.#post({ kind: 'ready', status });
    this.#tick();
  }

  #stop(): void {
    this.#stopping = true;
    for (const query of this.#queries.clear()) this.#refuseQuery(query, stopping);
    for (const proof of this.#proofs.clear()) this.#refuseProof(proof);
    this.#step({ kind: 'drain' });
    // Without the others nothing becomes final. What is in the journal is not lost: the next start goes on from there.
    setTimeout(() => this.#end(), STOP_MS_MAX);
    this.#endWhenIdle();
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
  }

  #refuseQuery({ request }: Query, rejection: Rejection): void {
    this.#batch.reply(request, { kind: 'rejected', rejection }, encodeTrace);
    this.#flush();
  }

  #refuseProof({ request }: Proof): void {
    this.#post({ kind: 'proof', request, reply: undefined, refused: true });
  }

  #prove({ request, key }: Proof): void {
    const { num, id, slot } = this.#head;
    const header = this.#replica.block(id)?.header ?? this.#storage.final.header;
    const proven = this.#replica.prove(key);
    const root = stateRootOf(header);
    const reply =
      proven === undefined || root === undefined
        ? undefined
        : { num, id, slot, root, value: proven.value, proof: encodeStateProof(proven.proof) };
    this.#post({ kind: 'proof', request, reply, refused: false });
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
      // One origin a step.
      const from = this.#inbox[0]!.from;
      let count = 1;
      while (count < SUBMISSIONS_PER_STEP && this.#inbox[count]?.from === from) count++;
      const submissions = this.#inbox.splice(0, count);
      this.#step({ kind: 'transactions', nowMs, submissions, from });
      if (from !== 0)
        this.#peers?.passOn(
          from,
          submissions.map(({ transaction }) => transaction),
        );
      nowMs = Date.now();
    }
    if (this.#inbox.length > 0) this.#scheduleTurn();
  }

  #tick(): void {
    const nowMs = Date.now();
    if (this.#hold.isHeld) this.#endHold(nowMs);
    this.#step({ kind: 'tick', nowMs });
    this.#peers?.tick(nowMs);
  }

  /** One at a time: each step that leaves work behind wants one, and votes must not wait for a crowd of them. */
  #scheduleTick(): void {
    if (this.#tickScheduled) return;
    this.#tickScheduled = true;
    setImmediate(() => {
      this.#tickScheduled = false;
      this.#tick();
    });
  }

  #endHold(nowMs: number): void {
    const schedule = this.#replica.finalizers.map(({ name }) => name);
    if (this.#hold.ends(nowMs, schedule, this.#peers?.status)) this.#step({ kind: 'production', isHeld: false });
  }

  /** Takes an input, carries out what follows, and then the inputs that came of it. */
  #step(first: ReplicaInput): void {
    // What other threads answer after the end finds nothing to be written to.
    if (this.#ended) return;
    this.#inputs.push(first);
    if (this.#isStepping) return;
    this.#isStepping = true;
    for (let input = this.#inputs.shift(); input !== undefined; input = this.#inputs.shift()) {
      const taken = input;
      for (const effect of this.#meter.measure(taken, () => this.#replica.step(taken))) this.#carryOut(effect);
    }
    this.#isStepping = false;
    this.#flushJournal();
    this.#armTimer();
    this.#flush();
    if (this.#stopping) this.#endWhenIdle();
  }

  #carryOut(effect: ReplicaEffect): void {
    switch (effect.kind) {
      case 'verify':
      case 'signVote':
        this.#awaited++;
        this.#bls!.carryOut(effect);
        break;
      case 'signBlock': {
        const signature = sign(this.#parts.keys.get(toHex(effect.key))!, effect.digest);
        this.#inputs.push({ kind: 'blockSigned', id: effect.id, signature });
        break;
      }
      case 'journal':
        this.#journal(effect.entry);
        break;
      case 'commit':
        this.#commit(effect);
        break;
      case 'reply':
        this.#batch.reply(effect.request, effect.result, (trace) => this.#encode(trace));
        break;
      case 'changes':
        this.#batch.changes(effect);
        break;
      case 'rewind':
        this.#batch.rewind(effect);
        break;
      case 'head':
        this.#head = effect;
        this.#batch.head(effect);
        this.#peers?.moved();
        break;
      case 'event':
        this.#batch.event(effect);
        break;
      case 'continue':
        this.#scheduleTick();
        break;
      case 'sendBlock':
      case 'requestBlock':
      case 'sendVote':
      case 'sendCertificate':
      case 'relayTransactions':
      case 'penalise':
        this.#peers?.carryOut(effect);
        break;
      // The journal goes by finality, which readers hear of with the commit.
      case 'forget':
      case 'finalized':
        break;
      case 'evidence':
        this.#post({ kind: 'evidence', evidence: encode(evidenceSchema, effect.evidence) });
        break;
    }
  }

  #journal(entry: JournalEntry): void {
    this.#hasJournalled = true;
    const bytes = entry.kind === 'block' ? encode(signedBlockSchema, entry.block) : entry.record;
    this.#storage.journal(entry, bytes);
    if (entry.kind === 'block') this.#post({ kind: 'block', block: bytes });
    else this.#journalled.push(entry.sequence);
  }

  /** One write at a time: what comes meanwhile goes with the next. */
  #flushJournal(): void {
    if (this.#isFlushing || !this.#hasJournalled) return;
    const sequences = this.#journalled;
    this.#hasJournalled = false;
    this.#journalled = [];
    this.#isFlushing = true;
    this.#awaited++;
    const began = performance.now();
    this.#storage.flushJournal().then(() => {
      this.#meter.journalled(performance.now() - began);
      this.#isFlushing = false;
      this.#awaited--;
      for (const sequence of sequences) this.#step({ kind: 'persisted', sequence });
      this.#flushJournal();
    }, fail);
  }

  #commit({ blocks, root }: Extract<ReplicaEffect, { kind: 'commit' }>): void {
    this.#awaited++;
    this.#tail = this.#tail
      .then(async () => {
        const began = performance.now();
        await this.#storage.commit(blocks, root, ({ traces }) => traces.map((trace) => this.#encode(trace)));
        this.#meter.persisted(performance.now() - began);
        this.#awaited--;
        for (const { num, id, block } of blocks) {
          this.#batch.finalized({ num, id, slot: block.header.slot, producer: block.header.producer });
        }
        this.#step({ kind: 'committed', num: blocks.at(-1)!.num });
        this.#peers?.moved();
      }, undefined)
      .catch(fail);
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
    if (this.#stopping && this.#replica.idle) return;
    // The replica's time does not go back; a clock that was ahead must not stop everything until it is there again.
    const waitMs = Math.min(TICK_MS_MAX, this.#replica.nextTickMs - Date.now());
    this.#timer = setTimeout(() => this.#tick(), Math.max(0, waitMs));
  }

  /** Sends what has gathered since the last flush. */
  #flush(): void {
    if (this.#batch.isEmpty) return;
    const bytes = this.#batch.take();
    this.#post({ kind: 'batch', bytes }, [bytes.buffer as ArrayBuffer]);
  }

  #postMetrics(): void {
    this.#post({
      kind: 'metrics',
      metrics: this.#meter.read(this.#inbox.length, this.#hold.isHeld, this.#peers?.status),
    });
  }

  #endWhenIdle(): void {
    if (this.#replica.idle && this.#awaited === 0) this.#end();
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#timer);
    clearInterval(this.#metricsTimer);
    this.#peers?.close();
    void Promise.all([this.#tail, this.#bls!.close()])
      .then(() => this.#storage.close())
      .then(() => this.#post({ kind: 'stopped' }), fail);
  }

  #peerLinkOwner(): ConstructorParameters<typeof PeerLink>[1] {
    const replica = this.#replica;
    const { recovery, chainId } = this.#parts;
    return {
      step: (input) => this.#step(input),
      nowMs: () => Date.now(),
      head: () => replica.head,
      final: () => pointOf(this.#storage.final),
      earliestBlockNum: () => this.#storage.earliestBlockNum,
      block: (id) => replica.block(id),
      bestChain: (fromNum, count) => this.#bestChain(fromNum, count),
      known: (id) => this.#recent.get(id),
      verify: (received) => verifyReceived(received, chainId, recovery.port).verified,
      signedBy: ({ header, producerSignature }) =>
        recoverPublicKey(producerSignature, blockDigest(header), recovery.port),
      isBlockKey: (key) => replica.isBlockKey(key),
      event: (name, detail) => this.#batch.event({ name, detail }),
    };
  }

  #bestChain(fromNum: number, count: number): SignedBlock[] {
    const { id, num } = this.#replica.head;
    const found: SignedBlock[] = [];
    let at = num;
    for (let block = this.#replica.block(id); block !== undefined && at >= fromNum; at--) {
      if (at < fromNum + count) found.unshift(block);
      block = this.#replica.block(block.header.previous);
    }
    return found;
  }
}

/** A stop that waits longer for finality goes on without. */
const STOP_MS_MAX = 3_000;

/** The disk or a thread has failed: what is not durable must not be acknowledged, and nothing more can be promised. */
function fail(error: unknown): never {
  process.stderr.write(`the core cannot go on: ${error instanceof Error ? error.stack : error}\n`);
  process.exit(1);
}

function pointOf({ num, id, header }: CoreStorage['final']): ChainPoint {
  return { num, id, slot: header.slot, producer: header.producer };
}

/** Keys that may have voted without a record of it are treated as if they had promised everything until now. */
function safetyRecordOf(storage: CoreStorage, options: CoreOptions): SafetyRecord | undefined {
  if (storage.safetyRecord !== undefined || !options.keysUsedBefore) return storage.safetyRecord;
  const { electorate, slot } = storage.root.facts;
  const isAlone = electorate.schedules.every(({ producers }) => producers.length === 1);
  // A clock that stands before the newest final block is wrong.
  return assumedSafetyRecord(Math.max(msToSlot(Date.now()), slot) + CLOCK_SLOTS, isAlone);
}

/** How far ahead the clock may have been when the keys voted last. */
const CLOCK_SLOTS = 2;

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
