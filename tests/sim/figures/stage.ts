/** A simulated network in good weather, with a clock on every block. */

import { ownPeer } from '@snapscale/consensus';
import { toHex } from '@snapscale/crypto';
import {
  encode,
  finalityExtension,
  formatName,
  quorumCertificateSchema,
  type SignedBlock,
  voteSchema,
} from '@snapscale/protocol';
import { type Pace, type SimulatedGenesis, type SimulatedNode, World } from '@snapscale/simulator';
import type { Costs } from './costs.js';

/** Delays vary by so much of themselves. */
const JITTER = 0.1;
const WARM_UP_MS = 5_000;

export type Setting = {
  readonly genesis: SimulatedGenesis;
  readonly seed: number;
  /** One way, in milliseconds. */
  readonly delayMs: number;
  /** Undefined: work takes no time. */
  readonly costs: Costs | undefined;
  readonly reversibleBlocksMax?: number;
};

/** Bytes that consensus needs, over all nodes. */
export type Traffic = { blocks: number; votes: number; certificates: number; headers: number };

export class Stage {
  readonly world: World;
  /** When blocks left their producers. */
  readonly #left = new Map<string, number>();
  /** Moments at which a new block left. */
  readonly departures: number[] = [];
  /** From the departure of a block to its finality, at each node. */
  readonly finality: number[] = [];
  readonly traffic: Traffic = { blocks: 0, votes: 0, certificates: 0, headers: 0 };
  /** When the newest final block became final at each node. */
  readonly finalAt = new Map<SimulatedNode, number>();
  producer: SimulatedNode | undefined;
  isMeasuring = false;

  constructor({ genesis, seed, delayMs, costs, reversibleBlocksMax }: Setting) {
    const world = new World({
      genesis,
      seed,
      accounts: genesis.members,
      ...(reversibleBlocksMax === undefined ? {} : { replica: { reversibleBlocksMax } }),
      onEffect: (node, effect) => {
        if (effect.kind === 'sendBlock' && effect.except === ownPeer) this.#leave(node, effect.block, effect.id);
        if (effect.kind === 'commit') for (const { id } of effect.blocks) this.#final(node, id);
      },
    });
    this.world = world;
    world.pace = paceOf(costs);
    world.network.latencyMs = () => delayMs * (1 + (JITTER * world.chance.below(1000)) / 1000);
    world.network.onSent = (packet) => {
      if (!this.isMeasuring) return;
      if (packet.kind === 'vote') this.traffic.votes += encode(voteSchema, packet.vote).length;
      else if (packet.kind === 'certificate') {
        this.traffic.certificates += encode(quorumCertificateSchema, packet.certificate).length;
      }
    };
    world.start();
    world.run(WARM_UP_MS);
    this.isMeasuring = true;
  }

  /** Virtual time goes on; nothing bad may come of it. */
  run(ms: number): void {
    this.world.run(ms);
    const { fault } = this.world.checkers;
    if (fault !== undefined) throw new Error(`the simulation found a fault: ${fault}`);
  }

  /** Runs in small steps until something is so, or for so long. Returns how long. */
  until(condition: () => boolean, patienceMs: number, stepMs = 5): number {
    let waited = 0;
    for (; waited < patienceMs && !condition(); waited += stepMs) this.run(stepMs);
    return waited;
  }

  #leave(node: SimulatedNode, block: SignedBlock, id: Uint8Array): void {
    if (formatName(block.header.producer) !== node.account || this.#left.has(toHex(id))) return;
    const { nowMs } = this.world.timeline;
    this.#left.set(toHex(id), nowMs);
    this.producer = node;
    this.departures.push(nowMs);
    if (!this.isMeasuring) return;
    this.traffic.blocks++;
    const extension = block.header.headerExtensions.find(({ type }) => type === finalityExtension);
    this.traffic.headers += extension?.data.length ?? 0;
  }

  #final(node: SimulatedNode, id: Uint8Array): void {
    const { nowMs } = this.world.timeline;
    this.finalAt.set(node, nowMs);
    const left = this.#left.get(toHex(id));
    if (this.isMeasuring && left !== undefined) this.finality.push(nowMs - left);
  }
}

/** Everything in its place, one signature after another; or no work at all. */
function paceOf(costs: Costs | undefined): Pace {
  if (costs === undefined) {
    const nothing = () => 0;
    return {
      verifyMs: nothing,
      signVoteMs: nothing,
      signBlockMs: nothing,
      receiveMs: 0,
      writeMs: nothing,
      commitMs: nothing,
      answerMs: nothing,
      isSerial: false,
    };
  }
  return {
    verifyMs: (_, signatures) => costs.verifyVotes + costs.verifyVote * signatures,
    signVoteMs: () => costs.signVote,
    signBlockMs: () => costs.signBlock,
    receiveMs: costs.recoverKey + costs.execute,
    writeMs: () => costs.flush,
    commitMs: () => costs.flush,
    answerMs: () => 0,
    isSerial: true,
  };
}
