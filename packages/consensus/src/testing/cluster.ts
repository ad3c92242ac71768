/** Several test nodes and the network between them. Messages are delivered in the order of their times; time stands still else. */
import { sha256 } from '@snapscale/crypto';
import {
  type BlockHeader,
  type Name,
  name,
  type VoteSubject,
  type VotingSchedule,
  voteDigest,
} from '@snapscale/protocol';
import { type ConsensusRoot, genesisRoot } from '../chain/root.js';
import type { ConsensusEffect } from '../effects.js';
import { ownPeer, type PeerId } from '../events.js';
import type { FinalizerRules } from '../voting/finalizer.js';
import { fakeFinalizerKey, fakeKey } from './fake-signatures.js';
import { type Message, TestNode } from './test-node.js';

/** What the network does with a message: milliseconds of delay for each copy that arrives. */
export type Routing = (from: TestNode, to: TestNode, message: Message) => readonly number[];

type Packet = { readonly atMs: number; readonly order: number; from: PeerId; to: PeerId; message: Message };

export type ClusterOptions = {
  readonly names: readonly string[];
  /** Producers of the first schedule; all names unless given. */
  readonly scheduled?: readonly string[];
  readonly reversibleBlocksMax?: number;
  readonly rules?: FinalizerRules;
  readonly onEffect?: (node: TestNode, effect: ConsensusEffect) => void;
};

const chainId = sha256(new TextEncoder().encode('test chain'));

export class Cluster {
  readonly nodes: TestNode[] = [];
  readonly root: ConsensusRoot;
  route: Routing = () => [0];
  nowMs = 0;
  readonly #options: ClusterOptions;
  #packets: Packet[] = [];
  #order = 0;

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.root = genesisRoot(genesisHeader, makeSchedule(0, options.scheduled ?? options.names));
    for (const label of options.names) this.addNode(label, label);
  }

  /** A node with the keys of `account`; a second one for the same account is its twin. */
  addNode(label: string, account: string): TestNode {
    const { reversibleBlocksMax, rules, onEffect } = this.#options;
    const node = new TestNode(
      {
        peer: this.nodes.length + 1,
        label,
        producers: [{ name: name(account) as Name, key: fakeKey(account) }],
        finalizerKeys: [fakeFinalizerKey(account)],
        chainId,
        root: this.root,
        ...(reversibleBlocksMax === undefined ? {} : { reversibleBlocksMax }),
        ...(rules === undefined ? {} : { rules }),
      },
      {
        send: (from, message, to, except) => this.#send(from, message, to, except),
        notice: (from, effect) => onEffect?.(from, effect),
      },
    );
    this.nodes.push(node);
    return node;
  }

  node(label: string): TestNode {
    const found = this.nodes.find(({ options }) => options.label === label);
    if (found === undefined) throw new Error(`there is no node ${label}`);
    return found;
  }

  /** What a finalizer of this chain signs. */
  voteDigest(subject: VoteSubject): Uint8Array {
    return voteDigest(chainId, subject);
  }

  /** Puts a message on its way, as if `from` had sent it. */
  inject(from: TestNode, message: Message, to?: PeerId): void {
    this.#send(from, message, to, ownPeer);
  }

  /** Delivers what arrives up to `untilMs`, in order. Returns the number of messages. */
  run(untilMs: number, deliveriesMax = 1_000_000): number {
    let count = 0;
    for (let next = this.#next(untilMs); next !== undefined; next = this.#next(untilMs)) {
      if (++count > deliveriesMax)
        throw new Error(`more than ${deliveriesMax} messages: the nodes do not come to rest`);
      this.nowMs = Math.max(this.nowMs, next.atMs);
      this.nodes[next.to - 1]!.receive(next.message, next.from);
    }
    this.nowMs = Math.max(this.nowMs, untilMs);
    return count;
  }

  /** The clock of every node reaches a slot, and whoever is to produce does. */
  slot(slot: number): void {
    this.run(slot * 500);
    for (const node of this.nodes) node.feed({ kind: 'tick', slot });
    for (const node of this.nodes) node.feed({ kind: 'openSlot', slot });
    this.run(slot * 500);
  }

  #next(untilMs: number): Packet | undefined {
    let best = -1;
    for (let i = 0; i < this.#packets.length; i++) {
      const packet = this.#packets[i]!;
      if (packet.atMs > untilMs) continue;
      const leader = this.#packets[best];
      if (
        leader === undefined ||
        packet.atMs < leader.atMs ||
        (packet.atMs === leader.atMs && packet.order < leader.order)
      )
        best = i;
    }
    return best < 0 ? undefined : this.#packets.splice(best, 1)[0];
  }

  #send(from: TestNode, message: Message, to: PeerId | undefined, except: PeerId): void {
    for (const node of this.nodes) {
      const { peer } = node.options;
      if (node === from || peer === except || (to !== undefined && peer !== to)) continue;
      for (const delayMs of this.route(from, node, message)) {
        const atMs = this.nowMs + delayMs;
        this.#packets.push({ atMs, order: this.#order++, from: from.options.peer, to: peer, message });
      }
    }
  }
}

/** A schedule of accounts with their test keys. */
export function makeSchedule(version: number, accounts: readonly string[]): VotingSchedule {
  const producers = accounts.map((account) => ({
    name: name(account),
    key: fakeKey(account),
    finalizerKey: fakeFinalizerKey(account),
  }));
  return { version, producers };
}

const genesisHeader: BlockHeader = {
  slot: 0,
  producer: name('eosio'),
  confirmed: 0,
  previous: new Uint8Array(32),
  transactionMroot: new Uint8Array(32),
  actionMroot: chainId,
  scheduleVersion: 0,
  newProducers: undefined,
  headerExtensions: [],
};
