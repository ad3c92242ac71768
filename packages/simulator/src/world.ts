/** A simulated network: nodes, their connections, clients, and the checks after each event. */
import type { PeerId } from '@snapscale/consensus';
import { Chance } from '@snapscale/consensus/testing';
import { sha256, toHex } from '@snapscale/crypto';
import { ChainServices, type VerifiedTransaction } from '@snapscale/execution';
import type { NetworkEffect, NetworkReplicaOptions } from '@snapscale/replica';
import { Checkers } from './checkers.js';
import { holders, type SimulatedGenesis } from './genesis.js';
import { Network } from './network.js';
import { idText, type NodeWorld, SimulatedNode } from './node.js';
import { Timeline } from './timeline.js';

export type WorldOptions = {
  readonly genesis: SimulatedGenesis;
  readonly seed: number;
  /** Accounts of the nodes. An account that occurs twice is run twice. */
  readonly accounts: readonly string[];
  /** Positions in `accounts` of those that may do anything. */
  readonly cheats?: readonly number[];
  readonly replica?: Partial<NetworkReplicaOptions>;
  /** Hears of all effects. */
  readonly onEffect?: (node: SimulatedNode, effect: NetworkEffect) => void;
};

export class World {
  readonly genesis: SimulatedGenesis;
  readonly chance: Chance;
  readonly timeline: Timeline;
  readonly network: Network;
  readonly nodes: SimulatedNode[];
  readonly checkers: Checkers;
  /** Counts of effects by kind or name. */
  readonly counts = new Map<string, number>();
  readonly #onEffect: WorldOptions['onEffect'];
  readonly #transactions = new Map<string, VerifiedTransaction>();
  #transcript: Uint8Array = new Uint8Array(32);
  #request = 0;

  constructor({ genesis, seed, accounts, cheats = [], replica = {}, onEffect }: WorldOptions) {
    this.genesis = genesis;
    this.chance = new Chance(seed);
    this.timeline = new Timeline(genesis.startMs);
    this.#onEffect = onEffect;
    this.network = new Network(this.timeline, this.chance, (to, from, packet) =>
      this.nodes[to - 1]!.receive(packet, from),
    );
    this.checkers = new Checkers(new Set(cheats.map((position) => position + 1)));
    const world: NodeWorld = {
      timeline: this.timeline,
      chance: this.chance,
      genesis,
      services: new ChainServices(),
      transactions: this.#transactions,
      options: replica,
      send: (from, packet, to, except) => {
        for (const { peer } of this.nodes) {
          if (peer !== from.peer && peer !== except && (to === undefined || to === peer)) {
            this.network.send(from.peer, peer, packet);
          }
        }
      },
      observe: (node, effect) => this.#observe(node, effect),
    };
    this.nodes = accounts.map(
      (account, i) =>
        new SimulatedNode(world, i + 1, account, accounts.indexOf(account) < i ? `${account}'s twin` : account),
    );
  }

  /** A digest of all that has happened so far. */
  get transcript(): string {
    return toHex(this.#transcript);
  }

  start(): void {
    for (const node of this.nodes) node.start();
  }

  /** Virtual time goes on. Stops early at a fault. */
  run(ms: number): void {
    const untilMs = this.timeline.nowMs + ms;
    const step = () => {
      if (this.checkers.fault !== undefined) throw new Stopped();
    };
    try {
      this.timeline.run(untilMs, step);
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
    }
  }

  /** A client sends a transaction to a node. Returns the number of the request. */
  submit(node: SimulatedNode, transaction: VerifiedTransaction): number {
    this.#transactions.set(idText(transaction.id), transaction);
    const request = ++this.#request;
    node.input({ kind: 'transactions', nowMs: node.nowMs, submissions: [{ request, transaction }] });
    return request;
  }

  /** Somebody sends somebody tokens. */
  transfer(node: SimulatedNode): VerifiedTransaction {
    const from = this.chance.pick(holders);
    const to = this.chance.pick(holders.filter((holder) => holder !== from));
    const amount = 1 + this.chance.below(10_000);
    const transaction = this.genesis.transfer(from, to, amount, `no. ${this.#request}`, node.nowMs);
    this.submit(node, transaction);
    return transaction;
  }

  /** Somebody has the system contract propose a choice of as many members as there are producers now. */
  propose(node: SimulatedNode): void {
    const { genesis, chance } = this;
    const chosen = [...genesis.members];
    while (chosen.length > genesis.root.facts.schedule.producers.length) chosen.splice(chance.below(chosen.length), 1);
    this.submit(node, genesis.proposal(chosen, node.nowMs));
  }

  /** Splits the nodes at random, or reunites them. */
  partition(groups: number): void {
    const group = new Map<PeerId, number>();
    if (groups > 1) for (const { peer } of this.nodes) group.set(peer, this.chance.below(groups));
    this.network.groups = group;
  }

  #observe(node: SimulatedNode, effect: NetworkEffect): void {
    const { kind } = effect;
    const what = kind === 'event' ? effect.name : kind;
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
    if (kind === 'head' || kind === 'finalized' || kind === 'reply' || kind === 'sendVote') this.#write(node, effect);
    this.checkers.observe(node, effect);
    this.#onEffect?.(node, effect);
  }

  #write(node: SimulatedNode, effect: NetworkEffect): void {
    const id = effect.kind === 'head' || effect.kind === 'finalized' ? toHex(effect.id) : '';
    const line = `${toHex(this.#transcript)} ${this.timeline.nowMs} ${node.peer} ${effect.kind} ${id}`;
    this.#transcript = sha256(Uint8Array.from(line, (character) => character.charCodeAt(0)));
  }
}

/** A fault was found: what would happen next does not matter. */
class Stopped extends Error {}
