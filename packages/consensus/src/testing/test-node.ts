/** A host for one core: disk, peers and crypto are as simple as can be; blocks have no content but a mark of being valid. */
import { type BlsPublicKey, sha256, toHex } from '@snapscale/crypto';
import {
  type BlockHeader,
  blockDigest,
  blockId,
  decode,
  encode,
  makeHeaderExtension,
  type Name,
  proposedScheduleExtension,
  type QuorumCertificate,
  type Vote,
  type VotingSchedule,
  votingScheduleSchema,
} from '@snapscale/protocol';
import { type ConsensusRoot, consensusRootSchema } from '../chain/root.js';
import { ConsensusCore, type ConsensusOptions } from '../consensus-core.js';
import type { BlockPlan, ConsensusEffect } from '../effects.js';
import { type ConsensusEvent, ownPeer, type PeerId } from '../events.js';
import type { FinalizerRules } from '../voting/finalizer.js';
import { latestSafetyRecord } from '../voting/safety-record.js';
import { fakeBlockSignature, fakeRecover, fakeVerify, fakeVoteSignature } from './fake-signatures.js';

/** What travels between nodes. */
export type Message =
  | { readonly kind: 'block'; readonly block: TestBlock }
  | { readonly kind: 'vote'; readonly vote: Vote }
  | { readonly kind: 'certificate'; readonly certificate: QuorumCertificate }
  | { readonly kind: 'request'; readonly id: Uint8Array };

export type TestBlock = { readonly header: BlockHeader; readonly signature: ReturnType<typeof fakeBlockSignature> };

/** Where effects of a node go that concern others. */
export type TestNodeWorld = {
  /** @param to undefined for everybody but `except`. */
  send(from: TestNode, message: Message, to: PeerId | undefined, except: PeerId): void;
  notice(node: TestNode, effect: ConsensusEffect): void;
};

export type TestNodeOptions = {
  readonly peer: PeerId;
  readonly label: string;
  readonly producers: readonly { readonly name: Name; readonly key: ReturnType<typeof fakeRecover> }[];
  readonly finalizerKeys: readonly BlsPublicKey[];
  readonly chainId: Uint8Array;
  readonly root: ConsensusRoot;
  readonly reversibleBlocksMax?: number;
  readonly rules?: FinalizerRules;
};

/** Content whose execution fails. */
export const invalidContent = new Uint8Array(32).fill(0xff) as Uint8Array;

export class TestNode {
  readonly options: TestNodeOptions;
  readonly #world: TestNodeWorld;
  /** Two places for the safety record, as `latestSafetyRecord` wants them. */
  disk: (Uint8Array | undefined)[] = [undefined, undefined];
  /** Newest root, as bytes on disk. */
  storedRoot: Uint8Array;
  /** Blocks above the root, in the order in which they were executed: the log. */
  log: TestBlock[] = [];
  readonly blocks = new Map<string, TestBlock>();
  core: ConsensusCore | undefined;
  /** `stalls`: nothing is written, nothing answered. `tears`: the next record is cut short, and not answered. */
  diskFault: 'stalls' | 'tears' | undefined;
  /** Blocks are executed later. */
  #executesLater = false;
  #toExecute: Uint8Array | undefined;
  /** What the next block that this node builds says. */
  nextProposal: VotingSchedule | undefined;
  nextContent: Uint8Array | undefined;
  /** Plans that are built twice, with different content, both sent. */
  equivocates = false;

  constructor(options: TestNodeOptions, world: TestNodeWorld) {
    this.options = options;
    this.#world = world;
    this.storedRoot = encode(consensusRootSchema, options.root);
    this.start();
  }

  /** Starts the core from what is on disk, and replays the log. */
  start(): void {
    const { chainId, producers, finalizerKeys, reversibleBlocksMax, rules } = this.options;
    const core: ConsensusOptions = {
      chainId,
      root: decode(consensusRootSchema, this.storedRoot),
      safetyRecord: latestSafetyRecord(this.disk.filter((copy) => copy !== undefined)),
      producers: producers.map(({ name }) => name),
      finalizerKeys,
      ...(reversibleBlocksMax === undefined ? {} : { reversibleBlocksMax }),
      ...(rules === undefined ? {} : { rules }),
    };
    this.core = new ConsensusCore(core);
    const log = this.log;
    this.log = [];
    for (const block of log) this.feed({ kind: 'tick', slot: block.header.slot });
    for (const block of log) this.receiveBlock(block, ownPeer);
  }

  crash(): void {
    this.core = undefined;
  }

  feed(event: ConsensusEvent): void {
    if (this.core === undefined) return;
    for (const effect of this.core.step(event)) this.#carryOut(effect);
  }

  /** From now on executions have to wait, or those that did are made up for. */
  set executesLater(later: boolean) {
    this.#executesLater = later;
    const id = this.#toExecute;
    this.#toExecute = undefined;
    if (!later && id !== undefined) this.#execute(id);
  }

  receive(message: Message, from: PeerId): void {
    if (this.core === undefined) return;
    switch (message.kind) {
      case 'block':
        this.receiveBlock(message.block, from);
        break;
      case 'vote':
        this.feed({ kind: 'vote', from, vote: message.vote });
        break;
      case 'certificate':
        this.feed({ kind: 'certificate', from, certificate: message.certificate });
        break;
      case 'request':
        this.#answer(message.id, from);
    }
  }

  /** The block and some of its ancestors, oldest first. */
  #answer(id: Uint8Array, to: PeerId): void {
    const blocks: TestBlock[] = [];
    let block = this.blocks.get(toHex(id));
    for (; block !== undefined && blocks.length < 40; block = this.blocks.get(toHex(block.header.previous))) {
      blocks.unshift(block);
    }
    for (const found of blocks) this.#world.send(this, { kind: 'block', block: found }, to, ownPeer);
  }

  receiveBlock(block: TestBlock, from: PeerId): void {
    const { header, signature } = block;
    const key = toHex(blockId(header));
    this.blocks.set(key, block);
    this.feed({ kind: 'block', from, header, signature, signedBy: fakeRecover(blockDigest(header), signature) });
  }

  /** A signed block by this plan. */
  build(plan: BlockPlan, content: Uint8Array = new Uint8Array(32)): TestBlock {
    const { slot, previous, producer, scheduleVersion, newProducers } = plan;
    const proposal = this.nextProposal;
    this.nextProposal = undefined;
    const headerExtensions = [
      ...plan.headerExtensions,
      ...(proposal === undefined
        ? []
        : [makeHeaderExtension(proposedScheduleExtension, votingScheduleSchema, proposal)]),
    ];
    const header: BlockHeader = {
      slot,
      producer,
      confirmed: 0,
      previous,
      transactionMroot: content,
      actionMroot: new Uint8Array(32),
      scheduleVersion,
      newProducers,
      headerExtensions,
    };
    const { key } = this.options.producers.find(({ name }) => name === producer)!;
    return { header, signature: fakeBlockSignature(key, blockDigest(header)) };
  }

  #carryOut(effect: ConsensusEffect): void {
    switch (effect.kind) {
      case 'verify': {
        const { ticket, digest, keys, signatures } = effect;
        this.feed({ kind: 'verified', ticket, aggregate: fakeVerify(digest, keys, signatures) });
        return;
      }
      case 'sign':
        this.feed({ kind: 'signed', ticket: effect.ticket, signature: fakeVoteSignature(effect.key, effect.digest) });
        return;
      case 'persist':
        if (this.diskFault === 'tears') this.disk[effect.sequence % 2] = effect.record.subarray(0, 30);
        if (this.diskFault !== undefined) return;
        this.disk[effect.sequence % 2] = effect.record;
        this.feed({ kind: 'persisted', sequence: effect.sequence });
        return;
      case 'execute':
        if (this.#executesLater) this.#toExecute = effect.id;
        else this.#execute(effect.id);
        return;
      case 'build':
        this.#world.notice(this, effect);
        this.#produce(effect.plan);
        return;
      case 'request':
        this.#world.send(this, { kind: 'request', id: effect.id }, effect.from || undefined, ownPeer);
        return;
      case 'relayBlock': {
        const block = this.blocks.get(toHex(effect.id))!;
        this.#world.send(this, { kind: 'block', block }, undefined, effect.except);
        return;
      }
      case 'sendVote':
        this.#world.send(this, { kind: 'vote', vote: effect.vote }, undefined, ownPeer);
        return;
      case 'relayCertificate':
        this.#world.send(this, { kind: 'certificate', certificate: effect.certificate }, undefined, effect.except);
        return;
      case 'finalized':
        this.storedRoot = encode(consensusRootSchema, effect.root);
        this.log = this.log.filter(({ header }) => header.slot > effect.slot);
        break;
      default:
    }
    this.#world.notice(this, effect);
  }

  #execute(id: Uint8Array): void {
    const block = this.blocks.get(toHex(id))!;
    const valid = block.header.transactionMroot[0] !== 0xff;
    if (valid) this.log.push(block);
    this.feed({ kind: 'executed', id, valid });
  }

  #produce(plan: BlockPlan): void {
    const block = this.build(plan, this.nextContent);
    this.nextContent = undefined;
    const key = toHex(blockId(block.header));
    this.blocks.set(key, block);
    this.log.push(block);
    this.feed({ kind: 'produced', header: block.header, signature: block.signature });
    if (!this.equivocates) return;
    const second = this.build(plan, sha256(Uint8Array.of(plan.slot & 255)));
    this.#world.send(this, { kind: 'block', block: second }, undefined, ownPeer);
  }
}
