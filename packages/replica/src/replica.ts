/**
 * A replica: consensus, execution and pool as one synchronous state machine. `step(input)` returns
 * effects; nothing else leaves it, nothing else enters.
 *
 * To start again: the store with the newest committed state, the consensus root stored with it, the newest safety record, and
 * then the blocks of the journal, in its order, as `block` inputs from `ownPeer` after a first `tick`.
 */
import {
  authorisedProducer,
  type BlockPlan,
  ConsensusCore,
  type ConsensusEffect,
  type ConsensusEvent,
  type ConsensusRoot,
  type ConsensusStatus,
  type ElectorateRule,
  type FinalizerActivity,
  type FinalizerRules,
  ownPeer,
  producersOf,
  type SafetyRecord,
} from '@snapscale/consensus';
import {
  type BlsPublicKey,
  equalBytes,
  formatPublicKey,
  merkleRoot,
  type PublicKey,
  type Signature,
  toHex,
} from '@snapscale/crypto';
import {
  applyBlock,
  type BlockSetting,
  type ChainServices,
  type StateCommitment,
  StateFault,
  type StateKey,
  type StateProof,
  type StateReader,
} from '@snapscale/execution';
import {
  blockDigest,
  blockId,
  consensusExtensions,
  formatName,
  msToSlot,
  type Name,
  Reject,
  receiptDigests,
  type SignedBlock,
  slotToMs,
} from '@snapscale/protocol';
import { BlockBuilder, type DraftPlace } from './block-builder.js';
import { type BlockBody, BlockTree, type ExecutedBlock, wayBetween } from './block-tree.js';
import type { ReplicaEffect, ReplicaNotice } from './effects.js';
import type { ReplicaInput } from './inputs.js';
import type { PoolLimits } from './pool.js';

/** What a replica is made of. */
export type ReplicaOptions = {
  readonly services: ChainServices;
  readonly chainId: Uint8Array;
  /** The newest committed block, as the last `commit` effect gave it; `genesisRoot` on a new chain. */
  readonly root: ConsensusRoot;
  /** State after the block of `root`. */
  readonly store: StateReader;
  /** Undefined on chains without state roots. */
  readonly commitment: StateCommitment | undefined;
  /** The newest durable one; undefined only for keys that never voted or produced. */
  readonly safetyRecord: SafetyRecord | undefined;
  /** Accounts for which this node produces. */
  readonly producers: readonly Name[];
  /** Keys with which it votes. */
  readonly finalizerKeys: readonly BlsPublicKey[];
  /** True for keys with which the host can sign blocks; all of its producers' unless given. */
  readonly canSign?: (key: PublicKey) => boolean;
  readonly poolLimits?: PoolLimits;
  readonly reversibleBlocksMax?: number;
  /** Final blocks that may wait for the store before no more are made or executed. */
  readonly uncommittedBlocksMax?: number;
  /** For tests that break a rule of voting. */
  readonly rules?: FinalizerRules;
  /** For tests that break FIN-4. */
  readonly electorateRule?: ElectorateRule;
};

/** How long before the end of its slot a producer gives up waiting for the block of the slot before. */
const HANDOVER_MS = 100;
/** Their states are held in memory: a minute's worth. */
const UNCOMMITTED_BLOCKS_MAX = 120;

type Unsigned = { readonly executed: ExecutedBlock; readonly body: Omit<SignedBlock, 'producerSignature'> };

export class Replica {
  readonly #services: ChainServices;
  readonly #store: StateReader;
  readonly #core: ConsensusCore;
  readonly #tree: BlockTree;
  readonly #builder: BlockBuilder;
  readonly #producers: ReadonlySet<Name>;
  readonly #canSign: (key: PublicKey) => boolean;
  readonly #uncommittedBlocksMax: number;
  readonly #unsigned = new Map<string, Unsigned>();
  #effects: ReplicaEffect[] = [];
  #nowMs = 0;
  #nowSlot = 0;
  #isDraining = false;
  #isHeld = false;
  /** The store has too far to go. */
  #isStoreBehind = false;
  /** The newest own block that was begun. */
  #begun: BlockPlan | undefined;
  /** A key that cannot sign, of which the operator has been told. */
  #missingKey: PublicKey | undefined;
  /** Slot and head for which the core has been asked whether to build. */
  #openedFor = '';
  /** Undefined while the head is the committed block. */
  #head: ExecutedBlock | undefined;
  #toExecute: { readonly id: Uint8Array; readonly previous: Uint8Array } | undefined;

  constructor(options: ReplicaOptions) {
    const { services, store, commitment, root, poolLimits, canSign, uncommittedBlocksMax, ...core } = options;
    const { id, num } = root.facts;
    this.#services = services;
    this.#store = store;
    this.#producers = new Set(core.producers);
    this.#canSign = canSign ?? (() => true);
    this.#uncommittedBlocksMax = uncommittedBlocksMax ?? UNCOMMITTED_BLOCKS_MAX;
    this.#core = new ConsensusCore({ ...core, root });
    this.#tree = new BlockTree(store, { id, num, header: root.header }, commitment);
    this.#builder = new BlockBuilder(
      services,
      { place: () => this.#headPlace(), state: () => this.headState },
      poolLimits,
    );
  }

  /** The best executed block. */
  get head(): { readonly id: Uint8Array; readonly num: number; readonly slot: number } {
    return this.#core.head;
  }

  /** The newest final block. Its state may not be durable yet. */
  get final(): { readonly id: Uint8Array; readonly num: number; readonly slot: number } {
    return this.#core.final;
  }

  /** The state after the head. */
  get headState(): StateReader {
    return this.#head?.state ?? this.#store;
  }

  /** Whether a producer signs blocks with this key, by the schedules that are known here. */
  isBlockKey(key: PublicKey): boolean {
    return this.#core.isBlockKey(key);
  }

  get status(): ConsensusStatus & { readonly waiting: number; readonly bodies: number; readonly executed: number } {
    const { productionPaused, ...status } = this.#core.status;
    return {
      ...status,
      productionPaused: productionPaused || this.#isStoreBehind,
      waiting: this.#builder.waiting,
      ...this.#tree.size,
    };
  }

  /** Whose votes have come lately: the finalizers of the head's schedule. */
  get finalizers(): readonly FinalizerActivity[] {
    return this.#core.finalizers;
  }

  /** True when nothing of this node is under way: after `drain`, the host may end. */
  get idle(): boolean {
    return this.#builder.own === undefined && this.#unsigned.size === 0 && this.#tree.isCommitted;
  }

  /** The next moment at which a `tick` changes something, in milliseconds since 1970. */
  get nextTickMs(): number {
    const slotEndMs = slotToMs(this.#nowSlot + 1);
    return this.#nowMs < slotEndMs - HANDOVER_MS ? slotEndMs - HANDOVER_MS : slotEndMs;
  }

  /**
   * A block that a peer asks for; undefined if it is not here: final ones are in the host's log. What has not been executed is
   * not passed on, because a wrong header would be taken for this node's fault.
   */
  block(id: Uint8Array): SignedBlock | undefined {
    return this.#tree.executed(id) === undefined ? undefined : this.#tree.body(id)?.block;
  }

  /** Proves the entry at `key`, or its absence, against the state root of the head. Undefined on chains without. */
  prove(key: StateKey): { readonly value: Uint8Array | undefined; readonly proof: StateProof } | undefined {
    const proof = this.#tree.prove(this.#head, key);
    return proof === undefined ? undefined : { value: this.headState.get(key), proof };
  }

  /** Takes one input and returns what is to be done, in order. */
  step(input: ReplicaInput): ReplicaEffect[] {
    const effects: ReplicaEffect[] = [];
    this.#effects = effects;
    this.#builder.begin(effects);
    this.#take(input);
    // One block a step: others must not wait for a long branch.
    this.#execute();
    // Blocks of the own journal come one by one, and the head is the last.
    if (input.kind !== 'block' || input.from !== ownPeer) this.#openSlot();
    const canExecute = this.#toExecute !== undefined && !this.#isStoreBehind;
    if (this.#builder.applyWaiting() || canExecute) effects.push({ kind: 'continue' });
    return effects;
  }

  #take(input: ReplicaInput): void {
    switch (input.kind) {
      case 'tick':
        this.#advance(input.nowMs);
        break;
      case 'transactions':
        this.#advance(input.nowMs);
        this.#receive(input);
        break;
      case 'query':
        this.#advance(input.nowMs);
        this.#builder.answer(input.request, input.transaction, input.mode);
        break;
      case 'block':
        this.#receiveBlock(input);
        break;
      case 'vote':
      case 'certificate':
      case 'verified':
      case 'persisted':
        this.#feed(input);
        break;
      case 'voteSigned':
        this.#feed({ kind: 'signed', ticket: input.ticket, signature: input.signature });
        break;
      case 'blockSigned':
        this.#complete(input.id, input.signature);
        break;
      case 'committed':
        this.#committed(input.num);
        break;
      case 'production':
        this.#isHeld = input.isHeld;
        break;
      case 'drain':
        this.#isDraining = true;
        this.#builder.drain();
        break;
      default:
        assertNever(input);
    }
  }

  // Time and own blocks

  #advance(nowMs: number): void {
    this.#nowMs = Math.max(this.#nowMs, nowMs);
    const slot = msToSlot(this.#nowMs);
    const { own } = this.#builder;
    if (own !== undefined && this.#nowMs >= slotToMs(own.slot)) this.#close(own);
    if (slot <= this.#nowSlot) return;
    this.#nowSlot = slot;
    this.#builder.expire(slot);
    this.#feed({ kind: 'tick', slot });
  }

  /** Asks the core for the next slot's block as soon as the block of this slot is the head, or at the last moment without it. */
  #openSlot(): void {
    if (this.#isDraining || this.#isHeld || this.#isStoreBehind) return;
    if (this.#builder.own !== undefined || this.#unsigned.size > 0) return;
    const slot = this.#nowSlot + 1;
    const isLate = this.#nowMs >= slotToMs(slot) - HANDOVER_MS;
    if (this.#core.head.slot < this.#nowSlot && !isLate) return;
    const attempt = `${slot} ${toHex(this.head.id)}`;
    if (attempt === this.#openedFor) return;
    this.#openedFor = attempt;
    this.#feed({ kind: 'openSlot', slot });
  }

  #build(plan: BlockPlan): void {
    const place = this.#place(plan);
    if (place === undefined || !this.#hasKeyFor(plan)) return;
    this.#noteMissedSlots(plan);
    this.#begun = plan;
    this.#builder.build(place);
  }

  /** A schedule may name another key of an account than this node was given. */
  #hasKeyFor({ producer, schedule }: BlockPlan): boolean {
    const { key } = schedule.producers.find(({ name }) => name === producer)!;
    const canSign = this.#canSign(key);
    if (!canSign && this.#missingKey !== key) {
      this.#missingKey = key;
      this.#notice('block-key-missing', { producer: formatName(producer), key: formatPublicKey(key) });
    }
    return canSign;
  }

  /** Own slots since the last own block. A gap before the first one is the time that the node was off. */
  #noteMissedSlots({ slot, schedule }: BlockPlan): void {
    if (this.#begun?.schedule.version !== schedule.version) return;
    let missed = 0;
    for (let empty = this.#begun.slot + 1; empty < slot; empty++) {
      if (this.#producers.has(authorisedProducer(schedule, empty - 1, empty).name)) missed++;
    }
    if (missed > 0) this.#notice('slots-missed', { missed, slot });
  }

  #close({ slot, previous }: { readonly slot: number; readonly previous: Uint8Array }): void {
    const plan = this.#core.planBlock(previous, slot);
    if (plan === undefined || this.#tree.place(previous) === undefined) {
      // Finality has taken another way.
      this.#builder.abandon();
      return;
    }
    const { execution, transactions } = this.#builder.takeOwn()!;
    const pending = this.#tree.rootOn(previous);
    const { headerExtensions } = plan;
    const finished = execution.finish({ rootOf: pending.rootOf, headerExtensions });
    const { num, header, traces, state, closingKeys } = finished;
    const id = blockId(header);
    const point = { num, id, header };
    const executed = this.#tree.insert({ point, transactions, traces, state, closingKeys }, pending);
    const body = { header, transactions: finished.transactions, blockExtensions: [] };
    this.#unsigned.set(toHex(id), { executed, body });
    this.#effects.push({ kind: 'signBlock', id, digest: blockDigest(header), key: execution.producerKey });
  }

  #complete(id: Uint8Array, producerSignature: Signature): void {
    const unsigned = this.#unsigned.get(toHex(id));
    if (unsigned === undefined) return;
    this.#unsigned.delete(toHex(id));
    const { executed, body } = unsigned;
    if (this.#tree.executed(id) !== executed) {
      // Finality has taken another way meanwhile.
      this.#builder.lose(executed, this.headState);
      return;
    }
    const { num, header } = executed.point;
    const block: SignedBlock = { ...body, producerSignature };
    this.#tree.addBody(id, { block, transactions: executed.transactions, isJournalled: true });
    this.#effects.push({ kind: 'journal', entry: { kind: 'block', num, id, block } });
    this.#feed({ kind: 'produced', header, signature: producerSignature });
    if (!equalBytes(this.head.id, id)) this.#builder.lose(executed, this.headState);
  }

  // Blocks of others

  #receiveBlock({ from, block, transactions, signedBy }: Extract<ReplicaInput, { kind: 'block' }>): void {
    const { header, producerSignature: signature } = block;
    const id = blockId(header);
    // The id covers the header alone: under a right header, other content would make an honest block look invalid.
    const isWhole =
      this.#tree.body(id) !== undefined ||
      (block.blockExtensions.length === 0 &&
        transactions.length === block.transactions.length &&
        equalBytes(merkleRoot(receiptDigests(block.transactions)), header.transactionMroot));
    if (!isWhole) {
      const message = `block ${toHex(id)} came with other content than its header names`;
      if (from !== ownPeer) {
        this.#effects.push({ kind: 'penalise', peer: from, rejection: { code: 'block_validate_exception', message } });
      }
      return;
    }
    this.#tree.addBody(id, { block, transactions, isJournalled: from === ownPeer });
    this.#feed({ kind: 'block', from, header, signature, signedBy });
  }

  #execute(): void {
    const next = this.#toExecute;
    if (next === undefined || this.#isStoreBehind) return;
    this.#toExecute = undefined;
    const body = this.#tree.body(next.id);
    const valid = body !== undefined && this.#apply(next.id, next.previous, body);
    this.#feed({ kind: 'executed', id: next.id, valid });
  }

  #apply(id: Uint8Array, previous: Uint8Array, { block, transactions, isJournalled }: BlockBody): boolean {
    const { header } = block;
    const plan = this.#core.planBlock(previous, header.slot);
    const place = plan && this.#place(plan);
    if (place === undefined) return false;
    const { parent, state: base, setting } = place;
    const headerExtensions = header.headerExtensions.filter(({ type }) => consensusExtensions.includes(type));
    const pending = this.#tree.rootOn(previous);
    try {
      const closing = { rootOf: pending.rootOf, headerExtensions };
      const finished = applyBlock(this.#services, base, parent, block, transactions, setting, closing);
      const { num, traces, state, closingKeys } = finished;
      this.#tree.insert({ point: { num, id, header }, transactions, traces, state, closingKeys }, pending);
      if (!isJournalled) this.#effects.push({ kind: 'journal', entry: { kind: 'block', num, id, block } });
      return true;
    } catch (error) {
      if (error instanceof StateFault) throw error;
      this.#tree.discard(pending);
      const isRefused = error instanceof Reject;
      const message = error instanceof Error ? error.message : String(error);
      const name = isRefused ? 'block-invalid' : 'execution-fault';
      this.#notice(name, { block: toHex(id), message });
      return false;
    }
  }

  // What the core wants

  #feed(event: ConsensusEvent): void {
    for (const effect of this.#core.step(event)) this.#carryOut(effect);
  }

  #carryOut(effect: ConsensusEffect): void {
    switch (effect.kind) {
      case 'sign':
        this.#effects.push({ ...effect, kind: 'signVote' });
        break;
      case 'persist': {
        const { sequence, record } = effect;
        this.#effects.push({ kind: 'journal', entry: { kind: 'record', sequence, record } });
        break;
      }
      case 'execute':
        this.#toExecute = effect;
        break;
      case 'build':
        this.#build(effect.plan);
        break;
      case 'request':
        this.#effects.push({ ...effect, kind: 'requestBlock' });
        break;
      case 'relayBlock': {
        const { id, except } = effect;
        const body = this.#tree.body(id);
        if (body !== undefined) this.#effects.push({ kind: 'sendBlock', id, block: body.block, except });
        break;
      }
      case 'relayCertificate':
        this.#effects.push({ ...effect, kind: 'sendCertificate' });
        break;
      case 'head':
        this.#moveHead(effect.id);
        break;
      case 'finalized':
        this.#finalize(effect);
        break;
      case 'forget': {
        const ids = this.#tree.forget(effect.ids);
        if (ids.length > 0) this.#effects.push({ kind: 'forget', ids });
        break;
      }
      case 'verify':
      case 'sendVote':
      case 'penalise':
      case 'evidence':
      case 'event':
        this.#effects.push(effect);
        break;
      default:
        assertNever(effect);
    }
  }

  /** Readers leave one branch and enter the other; transactions of blocks that are left wait again. */
  #moveHead(id: Uint8Array): void {
    const { point, state } = this.#tree.place(id)!;
    // By object, because the old head may have left the tree.
    const next = this.#tree.executed(id);
    const { left, entered } = wayBetween(this.#head, next);
    this.#head = next;
    const { num, header } = point;
    const isShown = next !== undefined && this.#builder.isShown(next);
    if (!isShown) this.#effects.push({ kind: 'rewind', num: (entered[0]?.point.num ?? num + 1) - 1 });
    this.#builder.headMoved(left, entered, state);
    for (const { point: shown, changes, closingKeys } of entered) {
      const entries = isShown ? closingKeys.map((key) => [key, changes.get(key) ?? null] as const) : [...changes];
      this.#effects.push({ kind: 'changes', num: shown.num, entries });
    }
    const transactions = entered.at(-1)?.transactions.length ?? 0;
    this.#effects.push({ kind: 'head', num, id, slot: header.slot, producer: header.producer, transactions });
    this.#followHead();
  }

  /** Nothing of an own draft has been signed yet: it goes on on the new head, if the slot is this node's there too. */
  #followHead(): void {
    const { own } = this.#builder;
    if (own === undefined || equalBytes(own.previous, this.head.id)) return;
    const plan = this.#core.planBlock(this.head.id, own.slot);
    if (plan !== undefined && this.#producers.has(plan.producer)) this.#build(plan);
  }

  #finalize({ id, root, certificate }: Extract<ConsensusEffect, { kind: 'finalized' }>): void {
    const blocks = this.#tree.finalize(id).map(([{ point, traces, changes }, buckets]) => {
      const { block } = this.#tree.body(point.id)!;
      return { num: point.num, id: point.id, block, traces, changes, buckets };
    });
    if (blocks.length === 0) return;
    this.#effects.push({ kind: 'commit', blocks, root, certificate });
    const { uncommitted } = this.#tree;
    if (this.#isStoreBehind || uncommitted < this.#uncommittedBlocksMax) return;
    this.#isStoreBehind = true;
    this.#notice('store-behind', { uncommitted });
  }

  #committed(num: number): void {
    const committed = this.#tree.commit(num);
    if (committed === undefined) return;
    if (this.#head !== undefined && this.#head.point.num <= num) this.#head = undefined;
    this.#builder.committed(committed, this.#store);
    this.#effects.push({ kind: 'finalized', num, id: committed.id, slot: committed.header.slot });
    const { uncommitted } = this.#tree;
    if (!this.#isStoreBehind || uncommitted > this.#uncommittedBlocksMax / 2) return;
    this.#isStoreBehind = false;
    this.#notice('store-caught-up', { uncommitted });
  }

  #notice(name: ReplicaNotice, detail: Readonly<Record<string, string | number>>): void {
    this.#effects.push({ kind: 'event', name, detail });
  }

  // Transactions

  #receive({ submissions, from = ownPeer }: Extract<ReplicaInput, { kind: 'transactions' }>): void {
    const accepted = submissions.filter((submission) => this.#builder.receive(submission, from));
    if (from !== ownPeer || accepted.length === 0) return;
    this.#effects.push({ kind: 'relayTransactions', transactions: accepted.map(({ transaction }) => transaction) });
  }

  #headPlace(): DraftPlace | undefined {
    const slot = Math.max(this.#core.head.slot, this.#nowSlot) + 1;
    const plan = this.#core.planBlock(this.head.id, slot);
    return plan && this.#place(plan);
  }

  #place(plan: BlockPlan): DraftPlace | undefined {
    const place = this.#tree.place(plan.previous);
    if (place === undefined) return undefined;
    const { slot, producer, schedule, newProducers } = plan;
    const setting: BlockSetting = {
      slot,
      producer,
      schedule: producersOf(schedule),
      scheduleChanged: newProducers !== undefined,
    };
    return { parent: place.point, state: place.state, setting };
  }
}

function assertNever(value: never): never {
  throw new Error(`unexpected input or effect ${JSON.stringify(value)}`);
}
