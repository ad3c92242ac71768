/** A simulated host of one replica: its clock, disk, keys and connections; crashes and starts again. */
import { ownPeer, type PeerId } from '@snapscale/consensus';
import {
  type Chance,
  fakeBlockSignature,
  fakeRecover,
  fakeVerify,
  fakeVoteSignature,
} from '@snapscale/consensus/testing';

import type { ChainServices, VerifiedTransaction } from '@snapscale/execution';
import { blockDigest, name, type SignedBlock, transactionId } from '@snapscale/protocol';
import { type JournalEntry, Replica, type ReplicaEffect, type ReplicaInput } from '@snapscale/replica';
import { SimulatedDisk } from './disk.js';
import type { MemberKeys, SimulatedGenesis } from './genesis.js';
import { HeadReader } from './head-reader.js';
import type { Packet } from './network.js';
import type { Pace } from './pace.js';
import type { Timeline } from './timeline.js';

/** What leaves a node, with the peer that it goes to, undefined for all, and how long it is kept back. */
export type Sending = { readonly packet: Packet; readonly to?: PeerId; readonly afterMs?: number };

/** How a node sends: the honest one sends to everybody what it is told to. */
export type Conduct = {
  /** What leaves the node instead of this packet. */
  outgoing(node: SimulatedNode, packet: Packet): readonly Sending[];
  /** Something has arrived. */
  incoming?(node: SimulatedNode, packet: Packet): void;
  /** Starts again when its replica has fallen silent, because somebody else has its keys: it knows who. */
  readonly isReckless?: boolean;
};

export const honest: Conduct = { outgoing: (_, packet) => [{ packet }] };

/** What a node shares with the others of its world. */
export type NodeWorld = {
  readonly timeline: Timeline;
  readonly chance: Chance;
  readonly genesis: SimulatedGenesis;
  readonly services: ChainServices;
  /** Transactions by id, as any host would decode them. */
  readonly transactions: Map<string, VerifiedTransaction>;
  readonly options: Partial<ConstructorParameters<typeof Replica>[0]>;
  /** It may change while nodes run. */
  pace: Pace;
  /** A crash loses the newest safety record, although it was durable. */
  readonly isForgetful: boolean;
  send(from: SimulatedNode, packet: Packet, to: PeerId | undefined, except: PeerId): void;
  observe(node: SimulatedNode, effect: ReplicaEffect): void;
};

/** A reckless node is back after this time. */
const RECKLESS_MS = 100;
/** Blocks that one request is answered with. */
const ANSWER_BLOCKS = 40;

export class SimulatedNode {
  readonly peer: PeerId;
  /** Whose keys it has. */
  readonly account: string;
  readonly label: string;
  readonly disk: SimulatedDisk;
  readonly #world: NodeWorld;
  conduct: Conduct = honest;
  /** How far its clock is ahead. */
  skewMs = 0;
  replica: Replica | undefined;
  reader: HeadReader;
  /** Grows with each start: what was under way before is void. */
  #life = 0;
  #unwritten: JournalEntry[] = [];
  #writing: JournalEntry[] = [];
  #commits: Extract<ReplicaEffect, { kind: 'commit' }>[] = [];
  #tickAtMs = 0;
  #pausedUntilMs = 0;
  /** When the thread for finalizers' signatures has nothing to do any more. */
  #threadFreeMs = 0;

  constructor(world: NodeWorld, peer: PeerId, account: string, label: string) {
    this.#world = world;
    this.peer = peer;
    this.account = account;
    this.label = label;
    this.disk = new SimulatedDisk(world.genesis);
    this.reader = new HeadReader(this.disk.state);
  }

  get keys(): MemberKeys {
    return this.#world.genesis.keys(this.account);
  }

  get nowMs(): number {
    return Math.floor(this.#world.timeline.nowMs) + this.skewMs;
  }

  start(): void {
    this.#life++;
    this.#tickAtMs = 0;
    this.reader = new HeadReader(this.disk.state);
    const { genesis, services, options } = this.#world;
    this.replica = new Replica({
      services,
      chainId: genesis.chainId,
      root: this.disk.root,
      store: this.disk.state,
      commitment: this.disk.loadCommitment(),
      safetyRecord: this.disk.safetyRecord,
      producers: [name(this.account)],
      finalizerKeys: [this.keys.finalizer],
      ...options,
    });
    this.#step({ kind: 'tick', nowMs: this.nowMs });
    for (const block of this.disk.journal) this.#receiveBlock(block, ownPeer);
  }

  /** Whatever was not durable is lost; the last write may be torn, a commit under way happen or not. */
  crash(): void {
    const { chance } = this.#world;
    this.replica = undefined;
    this.#life++;
    if (this.#writing.length > 0) this.disk.tear(this.#writing, chance.below(this.#writing.length + 1));
    const [commit] = this.#commits;
    if (commit !== undefined && chance.percent(50)) this.disk.commit(commit.blocks, commit.root);
    if (this.#world.isForgetful) this.disk.forgetNewestRecord();
    this.#writing = [];
    this.#unwritten = [];
    this.#commits = [];
  }

  /** Stops for a while, as a process that the system does not let run: what comes waits, and the clock goes on. */
  pause(ms: number): void {
    this.#pausedUntilMs = this.#world.timeline.nowMs + ms;
  }

  /** Something happens to the replica. */
  input(input: ReplicaInput): void {
    if (this.replica !== undefined) this.#step(input);
  }

  receive(packet: Packet, from: PeerId): void {
    if (this.replica === undefined) return;
    const pauseMs = this.#pausedUntilMs - this.#world.timeline.nowMs;
    if (pauseMs > 0) {
      this.#later(pauseMs, () => this.receive(packet, from));
      return;
    }
    this.conduct.incoming?.(this, packet);
    switch (packet.kind) {
      case 'block': {
        const { receiveMs } = this.#world.pace;
        if (receiveMs === 0) this.#receiveBlock(packet.block, from);
        else this.#later(receiveMs, () => this.#receiveBlock(packet.block, from));
        break;
      }
      case 'vote':
        this.#step({ kind: 'vote', from, vote: packet.vote });
        break;
      case 'certificate':
        this.#step({ kind: 'certificate', from, certificate: packet.certificate });
        break;
      case 'transactions': {
        const submissions = packet.transactions.map((transaction) => ({ request: 0, transaction }));
        this.#step({ kind: 'transactions', nowMs: this.nowMs, submissions, from });
        break;
      }
      case 'request':
        this.#answer(packet.id, from);
    }
  }

  /** Sends as the node's conduct has it. */
  send(packet: Packet, to: PeerId | undefined, except: PeerId): void {
    for (const { packet: sent, to: only, afterMs } of this.conduct.outgoing(this, packet)) {
      const leave = () => this.#world.send(this, sent, only ?? to, except);
      if (afterMs === undefined) leave();
      else this.#later(afterMs, leave);
    }
  }

  #step(input: ReplicaInput): void {
    const effects = this.replica!.step(input);
    for (const effect of effects) {
      this.reader.observe(effect);
      this.#world.observe(this, effect);
      this.#carryOut(effect);
    }
    if (this.replica !== undefined) this.#planTick(this.replica.nextTickMs - this.skewMs);
  }

  /** Calls the replica at this moment, unless it is called before anyway. */
  #planTick(atMs: number): void {
    const { timeline } = this.#world;
    if (this.#tickAtMs > timeline.nowMs && this.#tickAtMs <= atMs) return;
    this.#tickAtMs = atMs;
    this.#later(atMs - timeline.nowMs, () => this.#step({ kind: 'tick', nowMs: this.nowMs }));
  }

  /** Lets something happen later in this life. */
  #later(delayMs: number, happen: () => void): void {
    const life = this.#life;
    const { timeline } = this.#world;
    timeline.after(delayMs, () => {
      if (life !== this.#life) return;
      const pauseMs = this.#pausedUntilMs - timeline.nowMs;
      if (pauseMs > 0) this.#later(pauseMs, happen);
      else happen();
    });
  }

  #carryOut(effect: ReplicaEffect): void {
    const { pace } = this.#world;
    switch (effect.kind) {
      case 'verify': {
        const { ticket, digest, keys, signatures } = effect;
        const aggregate = fakeVerify(digest, keys, signatures);
        this.#inThread(pace.verifyMs(keys.length, signatures.length), () =>
          this.#step({ kind: 'verified', ticket, aggregate }),
        );
        break;
      }
      case 'signVote': {
        const signature = fakeVoteSignature(effect.key, effect.digest);
        this.#inThread(pace.signVoteMs(), () => this.#step({ kind: 'voteSigned', ticket: effect.ticket, signature }));
        break;
      }
      case 'signBlock': {
        const signature = fakeBlockSignature(effect.key, effect.digest);
        this.#later(pace.signBlockMs(), () => this.#step({ kind: 'blockSigned', id: effect.id, signature }));
        break;
      }
      case 'journal':
        this.#unwritten.push(effect.entry);
        this.#flush();
        break;
      case 'commit':
        this.#commits.push(effect);
        if (this.#commits.length === 1) this.#commit();
        break;
      case 'sendBlock':
        this.send({ kind: 'block', block: effect.block }, undefined, effect.except);
        break;
      case 'sendVote':
        this.send({ kind: 'vote', vote: effect.vote }, undefined, ownPeer);
        break;
      case 'sendCertificate':
        this.send({ kind: 'certificate', certificate: effect.certificate }, undefined, effect.except);
        break;
      case 'requestBlock':
        this.send({ kind: 'request', id: effect.id }, effect.from === ownPeer ? undefined : effect.from, ownPeer);
        break;
      case 'relayTransactions':
        this.send({ kind: 'transactions', transactions: effect.transactions }, undefined, ownPeer);
        break;
      case 'event':
        // Not at once: the step is not over.
        if (effect.name === 'own-key-elsewhere' && this.conduct.isReckless === true) {
          this.#later(RECKLESS_MS, () => {
            this.crash();
            this.start();
          });
        }
        break;
      case 'continue':
        this.#later(1, () => this.#step({ kind: 'tick', nowMs: this.nowMs }));
        break;
      default:
    }
  }

  /** As {@link #later}; in threads that do one thing after another, if the pace says so. */
  #inThread(durationMs: number, happen: () => void): void {
    const { timeline, pace } = this.#world;
    const beginMs = pace.isSerial ? Math.max(timeline.nowMs, this.#threadFreeMs) : timeline.nowMs;
    this.#threadFreeMs = beginMs + durationMs;
    this.#later(this.#threadFreeMs - timeline.nowMs, happen);
  }

  #flush(): void {
    if (this.#writing.length > 0 || this.#unwritten.length === 0) return;
    this.#writing = this.#unwritten;
    this.#unwritten = [];
    this.#later(this.#world.pace.writeMs(), () => {
      const written = this.#writing;
      this.#writing = [];
      this.disk.write(written);
      for (const entry of written) {
        if (entry.kind === 'record') this.#step({ kind: 'persisted', sequence: entry.sequence });
      }
      this.#flush();
    });
  }

  /** The store shows the new state some time before the replica hears of it. */
  #commit(): void {
    const { pace } = this.#world;
    this.#later(pace.commitMs(), () => {
      const { blocks, root } = this.#commits[0]!;
      this.disk.commit(blocks, root);
      this.#later(pace.answerMs(), () => {
        this.#commits.shift();
        this.#step({ kind: 'committed', num: blocks.at(-1)!.num });
        if (this.#commits.length > 0) this.#commit();
      });
    });
  }

  #receiveBlock(block: SignedBlock, from: PeerId): void {
    const transactions: VerifiedTransaction[] = [];
    for (const { transaction } of block.transactions) {
      if (transaction.kind !== 'packed') return;
      const known = this.#world.transactions.get(idText(transactionId(transaction.packed.packedTransaction)));
      if (known !== undefined) transactions.push(known);
    }
    const signedBy = fakeRecover(blockDigest(block.header), block.producerSignature);
    this.#step({ kind: 'block', from, block, transactions, signedBy });
  }

  /** The block and some of its ancestors, oldest first. */
  #answer(id: Uint8Array, to: PeerId): void {
    const found: SignedBlock[] = [];
    const at = (wanted: Uint8Array) => this.replica!.block(wanted) ?? this.disk.finalBlock(wanted);
    for (let block = at(id); block !== undefined && found.length < ANSWER_BLOCKS; block = at(block.header.previous)) {
      found.unshift(block);
    }
    for (const block of found) this.send({ kind: 'block', block }, to, ownPeer);
  }
}

export function idText(id: Uint8Array): string {
  return String.fromCharCode(...id);
}
