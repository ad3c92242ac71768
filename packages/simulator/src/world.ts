/** A simulated network: nodes, their connections, clients, and the checks after each event. */
import { Chance } from '@snapscale/consensus/testing';
import { sha256, toHex } from '@snapscale/crypto';
import { ChainServices, type VerifiedTransaction } from '@snapscale/execution';
import { formatName } from '@snapscale/protocol';
import type { ReplicaEffect, ReplicaOptions } from '@snapscale/replica';
import { Checkers } from './checkers.js';
import { holders, type SimulatedGenesis } from './genesis.js';
import { Network } from './network.js';
import { idText, type NodeWorld, SimulatedNode } from './node.js';
import { type Pace, randomPace } from './pace.js';
import { Timeline } from './timeline.js';

export type WorldOptions = {
  readonly genesis: SimulatedGenesis;
  readonly seed: number;
  /** Accounts of the nodes. An account that occurs twice is run twice. */
  readonly accounts: readonly string[];
  /** Positions in `accounts` of those that may do anything. */
  readonly cheats?: readonly number[];
  readonly replica?: Partial<ReplicaOptions>;
  /** A crash loses the newest safety record, although it was durable: for tests that break FIN-6. */
  readonly isForgetful?: boolean;
  /** Hears of all effects. */
  readonly onEffect?: (node: SimulatedNode, effect: ReplicaEffect) => void;
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
  readonly #nodeWorld: NodeWorld;
  readonly #onEffect: WorldOptions['onEffect'];
  readonly #transactions = new Map<string, VerifiedTransaction>();
  #transcript: Uint8Array = new Uint8Array(32);
  #request = 0;
  /** Of the newest head of anybody. */
  #producer = '';

  constructor({ genesis, seed, accounts, cheats = [], replica = {}, isForgetful = false, onEffect }: WorldOptions) {
    this.genesis = genesis;
    this.chance = new Chance(seed);
    this.timeline = new Timeline(genesis.startMs);
    this.#onEffect = onEffect;
    this.network = new Network(this.timeline, this.chance, (to, from, packet) =>
      this.nodes[to - 1]!.receive(packet, from),
    );
    this.checkers = new Checkers(genesis, new Set(cheats.map((position) => position + 1)));
    this.#nodeWorld = {
      timeline: this.timeline,
      chance: this.chance,
      genesis,
      services: new ChainServices(),
      transactions: this.#transactions,
      options: replica,
      isForgetful,
      pace: randomPace(this.chance),
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
        new SimulatedNode(
          this.#nodeWorld,
          i + 1,
          account,
          accounts.indexOf(account) < i ? `${account}'s twin` : account,
        ),
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

  /** From now on nodes wait for their hosts like this. */
  set pace(pace: Pace) {
    this.#nodeWorld.pace = pace;
  }

  /** All reach each other again. */
  reunite(): void {
    this.network.groups = new Map();
    this.network.deaf = new Set();
  }

  /** Splits the nodes at random, or cuts one off: any one, or the one that has produced the head; in one direction, or both. */
  partition(): void {
    const { chance, nodes, network } = this;
    this.reunite();
    const shape = chance.pick(['halves', 'halves', 'alone', 'producer', 'deaf'] as const);
    if (shape === 'halves') {
      network.groups = new Map(nodes.map(({ peer }) => [peer, chance.below(2)]));
      return;
    }
    const producing = nodes.find(({ account }) => account === this.#producer);
    const { peer } = shape === 'producer' && producing !== undefined ? producing : chance.pick(nodes);
    if (shape === 'deaf') network.deaf = new Set([peer]);
    else network.groups = new Map([[peer, 1]]);
  }

  #observe(node: SimulatedNode, effect: ReplicaEffect): void {
    const { kind } = effect;
    const what = kind === 'event' ? effect.name : kind;
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
    if (kind === 'head' || kind === 'finalized' || kind === 'reply' || kind === 'sendVote') this.#write(node, effect);
    if (kind === 'head') this.#producer = formatName(effect.producer);
    this.checkers.observe(node, effect);
    this.#onEffect?.(node, effect);
  }

  #write(node: SimulatedNode, effect: ReplicaEffect): void {
    const id = effect.kind === 'head' || effect.kind === 'finalized' ? toHex(effect.id) : '';
    const line = `${toHex(this.#transcript)} ${this.timeline.nowMs} ${node.peer} ${effect.kind} ${id}`;
    this.#transcript = sha256(Uint8Array.from(line, (character) => character.charCodeAt(0)));
  }
}

/** A fault was found: what would happen next does not matter. */
class Stopped extends Error {}
