/** Counts what the core does, and where its time goes. */
import { getHeapStatistics } from 'node:v8';
import { ownPeer } from '@snapscale/consensus';
import { type Name, parseName, slotToMs, type VotePhase } from '@snapscale/protocol';
import type { Replica, ReplicaEffect, ReplicaInput } from '@snapscale/replica';
import { ChainWatch, type HeadPoint } from './chain-watch.js';
import type { CoreMetrics, CoreSamples, PeerFigures } from './core-metrics.js';

/** Samples of a kind between two messages. */
const SAMPLES_MAX = 512;
/** Older blocks are those of the past, which are fetched or executed again: how late they are says nothing. */
const LIVE_MS = 60_000;

type Samples = { readonly [kind in keyof CoreSamples]: number[] };

export class CoreMeter {
  readonly #replica: Replica;
  readonly #watch: ChainWatch;
  /** Whether the blocks that come are new ones. */
  #isLive = false;
  #blocks = 0;
  #transactions = 0;
  #transactionsFailed = 0;
  #onBlockFailures = 0;
  readonly #notices: Record<string, number> = {};
  #evidence = 0;
  #penalties = 0;
  #voteVerifications = 0;
  #voteSignaturesVerified = 0;
  #votesSigned = 0;
  #executeMs = 0;
  #closeMs = 0;
  #persistMs = 0;
  /** Slot of the newest certificate, by phase: they are sent again. */
  readonly #certified: [number, number] = [-1, -1];
  #samples = emptySamples();

  /** @param producers accounts of this node */
  constructor(replica: Replica, producers: readonly string[]) {
    this.#replica = replica;
    this.#watch = new ChainWatch(producers.map(parseName) as Name[], {
      header: (id) => replica.block(id)?.header,
      schedule: () => replica.finalizers.map(({ name }) => name),
    });
  }

  /** What was stored has been executed again: what comes now is new. */
  begin(head: HeadPoint): void {
    this.#isLive = true;
    this.#watch.begin(head);
  }

  /** Runs one step and books it. */
  measure(input: ReplicaInput, step: () => ReplicaEffect[]): ReplicaEffect[] {
    const began = performance.now();
    const effects = step();
    const tookMs = performance.now() - began;
    if (input.kind === 'block' && input.from !== ownPeer) this.#late('propagation', input.block.header.slot);
    let isClosing = false;
    let isExecuting = false;
    for (const effect of effects) {
      isClosing ||= effect.kind === 'signBlock';
      isExecuting ||= effect.kind === 'journal' && effect.entry.kind === 'block' && input.kind !== 'blockSigned';
      this.#book(effect, input);
    }
    if (isClosing) this.#closeMs += tookMs;
    else this.#executeMs += tookMs;
    if (isClosing) this.#sample('close', tookMs);
    else if (isExecuting) this.#sample('execution', tookMs);
    return effects;
  }

  journalled(tookMs: number): void {
    this.#sample('journalWrite', tookMs);
  }

  persisted(tookMs: number): void {
    this.#persistMs += tookMs;
    this.#sample('commitWrite', tookMs);
  }

  /** The figures, with the samples since the last call. */
  read(inbox: number, productionHeld: boolean, peers: PeerFigures | undefined): CoreMetrics {
    const samples = this.#samples;
    this.#samples = emptySamples();
    return {
      blocks: this.#blocks,
      transactions: this.#transactions,
      transactionsFailed: this.#transactionsFailed,
      slotsMissed: this.#watch.slotsMissed,
      headSwitches: this.#watch.headSwitches,
      blocksLeft: this.#watch.blocksLeft,
      onBlockFailures: this.#onBlockFailures,
      notices: { ...this.#notices },
      evidence: this.#evidence,
      penalties: this.#penalties,
      voteVerifications: this.#voteVerifications,
      voteSignaturesVerified: this.#voteSignaturesVerified,
      votesSigned: this.#votesSigned,
      executeSeconds: this.#executeMs / 1000,
      closeSeconds: this.#closeMs / 1000,
      persistSeconds: this.#persistMs / 1000,
      // The other way to ask for it reads /proc as well.
      heapBytes: getHeapStatistics().used_heap_size,
      inbox,
      productionHeld,
      ...this.#state(),
      own: this.#watch.own,
      peers,
      samples,
    };
  }

  #state() {
    const { status, finalizers } = this.#replica;
    const { future, orphans, verifying } = status.waitingBlocks;
    return {
      waiting: status.waiting,
      reversible: status.reversibleBlocks,
      blocksWaiting: { time: future, parent: orphans, verification: verifying },
      treeBlocks: status.treeBlocks,
      votesWaiting: status.votes.unknown,
      certificatesWaiting: status.waitingCertificates,
      verificationsWaiting: status.verifications,
      productionPaused: status.productionPaused,
      muteReason: status.muteReason,
      broken: status.broken,
      finalizers,
    };
  }

  #book(effect: ReplicaEffect, input: ReplicaInput): void {
    switch (effect.kind) {
      case 'head':
        this.#blocks++;
        this.#transactions += effect.transactions;
        this.#watch.headMoved(effect);
        break;
      case 'reply':
        if (input.kind === 'query') break;
        if (effect.result.kind === 'rejected' || effect.result.trace.except !== undefined) this.#transactionsFailed++;
        break;
      case 'sendCertificate':
        this.#certificate(effect.certificate);
        break;
      case 'commit':
        for (const { block, traces } of effect.blocks) {
          this.#late('final', block.header.slot);
          if (traces[0]?.except !== undefined) this.#onBlockFailures++;
        }
        break;
      case 'verify':
        this.#voteVerifications++;
        this.#voteSignaturesVerified += effect.signatures.length;
        break;
      case 'signVote':
        this.#votesSigned++;
        break;
      case 'event':
        this.#notices[effect.name] = (this.#notices[effect.name] ?? 0) + 1;
        break;
      case 'evidence':
        this.#evidence++;
        break;
      case 'penalise':
        this.#penalties++;
        break;
      default:
    }
  }

  #certificate({ phase, slot }: { readonly phase: VotePhase; readonly slot: number }): void {
    if (slot <= this.#certified[phase]) return;
    this.#certified[phase] = slot;
    this.#late(phase === 0 ? 'prepare' : 'commit', slot);
  }

  /** From the end of the slot until now. */
  #late(kind: keyof CoreSamples, slot: number): void {
    const lateMs = Date.now() - slotToMs(slot);
    if (this.#isLive && lateMs < LIVE_MS) this.#sample(kind, lateMs);
  }

  #sample(kind: keyof CoreSamples, tookMs: number): void {
    const samples = this.#samples[kind];
    if (this.#isLive && samples.length < SAMPLES_MAX) samples.push(tookMs / 1000);
  }
}

function emptySamples(): Samples {
  return {
    close: [],
    propagation: [],
    execution: [],
    prepare: [],
    commit: [],
    final: [],
    journalWrite: [],
    commitWrite: [],
  };
}
