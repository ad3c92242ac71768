/**
 * The consensus core of one node: `step(event)` returns effects, nothing else leaves it, nothing else enters. What blocks
 * contain is the host's affair: the core orders and judges them by their headers, says which to execute, and is told
 * whether they were valid.
 */
import {
  type BlsPublicKey,
  equalBytes,
  formatBlsPublicKey,
  type PublicKey,
  type Signature,
  toHex,
} from '@snapscale/crypto';
import { type BlockHeader, blockId, type Name, type QuorumCertificate } from '@snapscale/protocol';
import { BlockIntake, type ReceivedBlock } from './block-intake.js';
import { planBlock } from './block-plan.js';
import { CertificateInbox } from './certificate-inbox.js';
import { signerKeys } from './chain/certificate.js';
import type { ElectorateRule } from './chain/electorate.js';
import { bestBlock } from './chain/fork-choice.js';
import { ForkTree, type TreeNode } from './chain/fork-tree.js';
import { type CheckedHeader, checkHeader, show } from './chain/header-check.js';
import type { ConsensusRoot } from './chain/root.js';
import { authorisedProducer } from './chain/schedule.js';
import { scheduleInForce } from './chain/set-change.js';
import type { BlockPlan, ConsensusEffect } from './effects.js';
import { type ConsensusEvent, ownPeer, type PeerId } from './events.js';
import { Outbox } from './outbox.js';
import { type FinalizerActivity, ProductionGate } from './production-gate.js';
import { CheatWatch } from './voting/cheat-watch.js';
import { type FinalizerRules, finalizerRules } from './voting/finalizer.js';
import { OwnVotes } from './voting/own-votes.js';
import { freshSafetyRecord, type SafetyRecord } from './voting/safety-record.js';
import { VoteIntake } from './voting/vote-intake.js';

/** What a core is made of. */
export type ConsensusOptions = {
  readonly chainId: Uint8Array;
  /** The newest final block: {@link genesisRoot}, or what the last `finalized` effect gave. */
  readonly root: ConsensusRoot;
  /** The newest durable record; undefined only for keys that never voted. */
  readonly safetyRecord: SafetyRecord | undefined;
  /** Accounts for which this node produces. */
  readonly producers: readonly Name[];
  /** Keys with which it votes. */
  readonly finalizerKeys: readonly BlsPublicKey[];
  /** Blocks above the final one beyond which production pauses (CON-7). */
  readonly reversibleBlocksMax?: number;
  /** For tests that break a rule of voting. */
  readonly rules?: FinalizerRules;
  /** For tests that break FIN-4. */
  readonly electorateRule?: ElectorateRule;
};

/** Blocks above the final one beyond which production pauses, unless the options say otherwise: two minutes. */
export const reversibleBlocksDefault = 240;

/** Slots after which unanswered votes and certificates are sent again. */
const REPEAT_SLOTS = 2;
/** Blocks older than this are voted for only if they are the best there is. */
const VOTE_SLOTS = 24;

export class ConsensusCore {
  readonly #producers: ReadonlySet<Name>;
  readonly #tree: ForkTree;
  readonly #outbox = new Outbox();
  readonly #watch = new CheatWatch();
  readonly #own: OwnVotes;
  readonly #votes: VoteIntake;
  readonly #certificates: CertificateInbox;
  readonly #intake: BlockIntake;
  readonly #gate: ProductionGate;
  #nowSlot = 0;
  /** The newest block with a commit certificate: all that remains in the tree is on its line. */
  #anchor: TreeNode;
  #head: TreeNode;
  #executing: TreeNode | undefined;
  /** Own blocks that wait for the record that covers them. */
  #unsent: { readonly id: Uint8Array; readonly promise: number }[] = [];
  #repeatedSlot = 0;
  #muteReason: string | undefined;
  #broken = false;

  constructor(options: ConsensusOptions) {
    const { chainId, root, producers, finalizerKeys, rules = finalizerRules } = options;
    this.#producers = new Set(producers);
    this.#tree = new ForkTree(root, options.electorateRule);
    this.#anchor = this.#tree.root;
    this.#head = this.#tree.root;
    this.#gate = new ProductionGate(options.reversibleBlocksMax ?? reversibleBlocksDefault);
    const record = options.safetyRecord ?? freshSafetyRecord;
    this.#own = new OwnVotes(this.#outbox, chainId, rules, finalizerKeys, record);
    this.#votes = new VoteIntake(chainId, this.#tree, this.#outbox, this.#own, this.#watch, {
      certificate: (node, certificate) => this.#certify(node, certificate, ownPeer, true),
      ownKeyElsewhere: ({ finalizerKey, slot }) =>
        this.#mute(`${formatBlsPublicKey(finalizerKey)} voted in slot ${slot}`),
    });
    this.#certificates = new CertificateInbox(chainId, this.#tree, this.#outbox, {
      verified: (node, certificate, from) => this.#certify(node, certificate, from, true),
      conflict: (certificate, from, final) => {
        // The last service to the others: they may have seen one side only.
        this.#outbox.push({ kind: 'relayCertificate', certificate, except: from });
        this.#relayFinal();
        this.#break(`block ${toHex(certificate.blockId)} and ${toHex(final.id)} conflict`);
      },
    });
    if (record.lockCertificate !== undefined) this.#certificates.hold(record.lockCertificate);
    this.#intake = new BlockIntake(
      chainId,
      this.#tree,
      this.#outbox,
      this.#watch,
      (block, checked, parent) => this.#accept(block, checked, parent, false),
      (id) => this.#certificates.isWanted(id),
    );
  }

  /** The best executed block. */
  get head(): { readonly id: Uint8Array; readonly num: number; readonly slot: number } {
    return this.#head.facts;
  }

  /** The newest block that is final, and executed here. */
  get final(): { readonly id: Uint8Array; readonly num: number; readonly slot: number } {
    return this.#tree.root.facts;
  }

  /** What a health check and metrics want to know. */
  get status(): ConsensusStatus {
    return {
      reversibleBlocks: this.#head.facts.num - this.#anchor.facts.num,
      treeBlocks: this.#tree.size,
      waitingBlocks: this.#intake.size,
      waitingCertificates: this.#certificates.size,
      votes: this.#votes.size,
      verifications: this.#outbox.unanswered,
      productionPaused: this.#gate.isPaused,
      muteReason: this.#muteReason,
      broken: this.#broken,
    };
  }

  /** Whose votes have come lately: the finalizers of the head's schedule, since this core began. */
  get finalizers(): readonly FinalizerActivity[] {
    return this.#gate.heard(this.#head.facts.schedule);
  }

  /** Whether a producer has this key in a schedule that is in force or waits, at the final block or the best one. */
  isBlockKey(key: PublicKey): boolean {
    const best = bestBlock(this.#tree, ({ status }) => status !== 'invalid');
    return [this.#tree.root.facts, best.facts].some(({ schedule, pending }) =>
      [schedule, pending?.schedule].some((known) => known?.producers.some((producer) => equalBytes(producer.key, key))),
    );
  }

  /** The header parts of a block for `slot` on this parent, by what is known now; undefined if the parent is not known. */
  planBlock(previous: Uint8Array, slot: number): BlockPlan | undefined {
    const parent = this.#tree.get(previous);
    return parent === undefined || slot <= parent.facts.slot ? undefined : planBlock(this.#tree, parent, slot);
  }

  /** Takes one event and returns what is to be done, in order. */
  step(event: ConsensusEvent): ConsensusEffect[] {
    if (this.#broken) return [];
    switch (event.kind) {
      case 'tick':
        this.#tick(event.slot);
        break;
      case 'openSlot':
        this.#openSlot(event.slot);
        break;
      case 'produced':
        this.#produced(event.header, event.signature);
        break;
      case 'block':
        this.#receive(event);
        break;
      case 'executed':
        this.#executed(event.id, event.valid);
        break;
      case 'vote':
        this.#gate.hear(event.vote.finalizerKey, this.#nowSlot, this.#head.facts.schedule);
        this.#votes.receive(event, this.#nowSlot);
        break;
      case 'certificate':
        this.#certificates.receive(event.from, event.certificate, this.#nowSlot);
        break;
      case 'verified':
        this.#outbox.verified(event.ticket, event.aggregate);
        break;
      case 'signed':
        this.#outbox.signed(event.ticket, event.signature);
        break;
      case 'persisted':
        this.#own.persisted(event.sequence);
        this.#sendBlocks();
        break;
      default:
        assertNever(event);
    }
    this.#progress();
    return this.#outbox.take();
  }

  #tick(slot: number): void {
    if (slot <= this.#nowSlot) return;
    this.#nowSlot = slot;
    this.#intake.tick(slot);
    this.#watch.prune(slot);
    this.#repeat();
  }

  /** Everything that may follow from what has just happened. */
  #progress(): void {
    if (!this.#broken) this.#finalize();
    if (this.#broken) return;
    const candidate = bestBlock(this.#tree, ({ status }) => status !== 'invalid');
    this.#executeTowards(candidate);
    const head = bestBlock(this.#tree, ({ status }) => status === 'valid');
    if (head !== this.#head) {
      this.#head = head;
      const { id, num, slot } = head.facts;
      this.#outbox.push({ kind: 'head', id, num, slot });
    }
    if (this.#muteReason === undefined) {
      const isCurrent = head === candidate || head.facts.slot + VOTE_SLOTS >= this.#nowSlot;
      if (head !== this.#tree.root && isCurrent) this.#prepare(head);
      this.#commit();
    }
    for (const vote of this.#own.ready()) {
      if (this.#muteReason !== undefined) continue;
      this.#outbox.push({ kind: 'sendVote', vote });
      this.#gate.hear(vote.finalizerKey, this.#nowSlot, head.facts.schedule);
      this.#votes.receiveOwn(vote);
    }
    this.#own.flush();
  }

  // Blocks

  #receive({ from, header, signature, signedBy }: Extract<ConsensusEvent, { kind: 'block' }>): void {
    const isDouble = this.#intake.receive(from, header, signature, signedBy);
    // FIN-17
    if (isDouble && this.#producers.has(header.producer)) this.#mute(`${show(header)} is another one than its own`);
  }

  #accept(block: ReceivedBlock, { facts, certificates }: CheckedHeader, parent: TreeNode, isOwn: boolean): void {
    const { id, header, signature, signedBy, from } = block;
    // CON-8: the line up to the anchor is complete, so that another child of a block below it conflicts with it.
    if (parent.facts.num < this.#anchor.facts.num) {
      this.#outbox.push({ kind: 'forget', ids: [id] });
      return;
    }
    const node = this.#tree.insert(header, signature, facts, parent);
    if (isOwn) node.status = 'valid';
    // FIN-9: when this one came, the other one may have been on its way still.
    const evidence = this.#watch.checkHeader(id, header, signature, signedBy);
    if (evidence !== undefined) {
      this.#outbox.push({ kind: 'evidence', evidence });
      if (this.#producers.has(header.producer)) this.#mute(`${show(header)} is another one than its own`);
    }
    this.#watch.noteHeader(id, header, signature, signedBy);
    for (const { certificate } of certificates) {
      const certified = this.#tree.get(certificate.blockId);
      if (certified !== undefined) this.#certify(certified, certificate, from, false);
    }
    if (!isOwn && from !== ownPeer) {
      this.#outbox.push({ kind: 'relayBlock', id, except: from });
      // FIN-17: before an own block leaves, the record of its slot is durable.
      if (this.#producers.has(header.producer) && header.slot > this.#own.lastProducedSlot) {
        this.#mute(`${show(header)} is of its own account, and this node's record does not know it`);
      }
    }
    // The certificates may have cut this very branch off.
    if (this.#tree.get(id) === undefined) return;
    this.#votes.blockAccepted(node);
    this.#certificates.blockAccepted(node);
    this.#intake.parentAccepted(node);
  }

  #executeTowards(candidate: TreeNode): void {
    if (this.#executing !== undefined) return;
    let next: TreeNode | undefined;
    for (
      let node: TreeNode | undefined = candidate;
      node !== undefined && node.status !== 'valid';
      node = node.parent
    ) {
      next = node;
    }
    if (next === undefined) return;
    next.status = 'executing';
    this.#executing = next;
    this.#outbox.push({ kind: 'execute', id: next.facts.id, previous: next.header.previous });
  }

  #executed(id: Uint8Array, valid: boolean): void {
    const node = this.#executing;
    if (node === undefined || node.key !== toHex(id)) return;
    this.#executing = undefined;
    // Finality may have taken another way meanwhile.
    if (this.#tree.get(id) !== node) return;
    if (valid) {
      node.status = 'valid';
      return;
    }
    this.#tree.invalidate(node);
    const why = 'its content is not valid';
    this.#outbox.notice('block-refused', { block: show(node.header), code: 'block_validate_exception', why });
  }

  // Production

  #openSlot(slot: number): void {
    const parent = this.#head;
    const { facts } = parent;
    if (this.#muteReason !== undefined || slot <= facts.slot || slot <= this.#own.lastProducedSlot) return;
    const { name } = authorisedProducer(scheduleInForce(facts, slot), facts.slot, slot);
    if (!this.#producers.has(name)) return;
    const best = bestBlock(this.#tree, ({ status }) => status !== 'invalid');
    if (best !== parent && best.facts.num > facts.num) {
      this.#outbox.notice('production-skipped', { slot, head: facts.num, best: best.facts.num });
      return;
    }
    if (!this.#isAdmitted(slot, parent)) return;
    this.#own.beginSlot(slot);
    this.#outbox.push({ kind: 'build', plan: planBlock(this.#tree, parent, slot) });
  }

  #isAdmitted(slot: number, { facts }: TreeNode): boolean {
    const reversible = facts.num - this.#anchor.facts.num;
    const wasPaused = this.#gate.isPaused;
    const admitted = this.#gate.admits(reversible, facts.slot, slot, facts.schedule);
    if (this.#gate.isPaused !== wasPaused) {
      this.#outbox.notice(wasPaused ? 'production-resumed' : 'production-paused', { slot, reversible });
    }
    return admitted;
  }

  #produced(header: BlockHeader, signature: Signature): void {
    const parent = this.#tree.get(header.previous);
    const id = blockId(header);
    if (parent === undefined || header.slot !== this.#own.lastProducedSlot || this.#tree.get(id) !== undefined) return;
    const double = this.#tree.siblings(header.slot, header.producer) > 0;
    if (double) this.#mute(`a block of its own account for slot ${header.slot} was made elsewhere`);
    if (this.#muteReason !== undefined) {
      // FIN-17: nobody has seen it, and nobody will.
      this.#outbox.push({ kind: 'forget', ids: [id] });
      return;
    }
    const schedule = scheduleInForce(parent.facts, header.slot);
    const signedBy: PublicKey = authorisedProducer(schedule, parent.facts.slot, header.slot).key;
    const checked = checkHeader(this.#tree, parent, header, signedBy);
    if ('code' in checked) {
      this.#outbox.notice('block-refused', { block: show(header), code: checked.code, why: checked.message });
      return;
    }
    // The certificates are this node's own choice: verified before.
    const block = { id, key: toHex(id), from: ownPeer, header, signature, signedBy };
    this.#accept(block, { facts: checked.facts, certificates: [] }, parent, true);
    if (this.#tree.get(id) === undefined) return;
    this.#unsent.push({ id, promise: this.#own.promised });
    this.#sendBlocks();
  }

  #sendBlocks(): void {
    for (const { id, promise } of this.#unsent) {
      if (this.#own.isDurable(promise)) this.#outbox.push({ kind: 'relayBlock', id, except: ownPeer });
    }
    this.#unsent = this.#unsent.filter(({ promise }) => !this.#own.isDurable(promise));
  }

  // Votes and finality

  #prepare({ facts }: TreeNode): void {
    const justifiedSlot = Math.max(facts.justify?.slot ?? -1, facts.finalized?.slot ?? -1);
    const candidate = { slot: facts.slot, id: facts.id, justifiedSlot };
    this.#own.prepare(facts, candidate, this.#tree.isAncestor);
  }

  #commit(): void {
    const { lastPrepared, lock } = this.#own.promises;
    let node = lastPrepared && this.#tree.get(lastPrepared.id);
    for (; node !== undefined && node !== this.#tree.root; node = node.parent) {
      if (lock !== undefined && node.facts.slot <= lock.slot) return;
      if (node.prepare !== undefined && this.#own.commit(node.facts, node.prepare, this.#tree.isAncestor)) return;
    }
  }

  #certify(node: TreeNode, certificate: QuorumCertificate, from: PeerId, relay: boolean): void {
    const { phase } = certificate;
    if (this.#tree.get(node.facts.id) !== node) {
      // Verification took time, and the block has left the tree: final by now, or in conflict with what is.
      if (phase === 1 && this.#conflictsWithFinal(node))
        this.#break(`block ${node.key} and ${this.#anchor.key} conflict`);
      return;
    }
    if ((phase === 0 ? node.prepare : node.commit) !== undefined) return;
    this.#tree.certify(node, certificate);
    this.#votes.certified(node, phase);
    if (relay) this.#outbox.push({ kind: 'relayCertificate', certificate, except: from });
    const signedByUs = signerKeys(certificate, node.facts).some((key) => this.#own.isOwn(key));
    if (signedByUs && !this.#own.isCovered(certificate)) {
      this.#mute(`a certificate for slot ${certificate.slot} holds its vote, which this node's record does not know`);
    }
    if (phase === 1) this.#moveAnchor(node);
  }

  /** A block has a commit certificate: what conflicts with it leaves the tree. */
  #moveAnchor(node: TreeNode): void {
    // All of the tree is on the anchor's line: another one is above it or below.
    if (node.facts.num <= this.#anchor.facts.num) return;
    this.#anchor = node;
    const removed: Uint8Array[] = [];
    for (let kept = node; kept.parent !== undefined; kept = kept.parent) {
      for (const other of [...kept.parent.children]) if (other !== kept) removed.push(...this.#tree.remove(other));
    }
    if (removed.length > 0) this.#outbox.push({ kind: 'forget', ids: removed });
  }

  /** Whether a block that left the tree did so because another branch became final. */
  #conflictsWithFinal({ facts: { id, num } }: TreeNode): boolean {
    const { root } = this.#tree;
    const final = num === root.facts.num ? root.facts : this.#tree.ancestor(root, num);
    // What is too old to be remembered is given the benefit of the doubt.
    return num > root.facts.num || (final !== undefined && !equalBytes(final.id, id));
  }

  #finalize(): void {
    if (this.#anchor.status === 'invalid') {
      this.#break(`block ${this.#anchor.key} is not valid here`);
      return;
    }
    let node = this.#anchor;
    while (node.status !== 'valid') node = node.parent!;
    if (node === this.#tree.root) return;
    const certificate = this.#anchor.commit!;
    this.#tree.advance(node, certificate);
    const { id, num, slot, schedule } = node.facts;
    this.#outbox.push({ kind: 'finalized', id, num, slot, certificate, root: this.#tree.snapshot() });
    this.#intake.prune();
    this.#votes.prune(slot);
    this.#certificates.prune();
    this.#gate.prune(schedule);
  }

  /** FIN-14: while nothing becomes final, what may have been lost is sent again. */
  #repeat(): void {
    const quietSlot = this.#nowSlot - REPEAT_SLOTS;
    if (this.#repeatedSlot > quietSlot || this.#anchor.facts.slot + REPEAT_SLOTS > quietSlot) return;
    this.#repeatedSlot = this.#nowSlot;
    // Also if there is no newer block here: others may be on a branch that cannot be final, and not know it.
    this.#relayFinal();
    if (this.#muteReason !== undefined || this.#head.facts.slot <= this.#anchor.facts.slot) return;
    const votes = this.#own.repeat((id) => {
      const node = this.#tree.get(id);
      return node === this.#tree.root ? undefined : node?.facts;
    });
    for (const vote of votes) this.#outbox.push({ kind: 'sendVote', vote });
    let prepared: TreeNode | undefined = this.#head;
    while (prepared !== undefined && prepared.prepare === undefined) prepared = prepared.parent;
    const certificate = prepared?.prepare;
    if (certificate !== undefined) this.#outbox.push({ kind: 'relayCertificate', certificate, except: ownPeer });
  }

  /** Sends the newest commit certificate, new or not. */
  #relayFinal(): void {
    const certificate = this.#anchor.commit ?? this.#tree.snapshot().certificate;
    if (certificate !== undefined) this.#outbox.push({ kind: 'relayCertificate', certificate, except: ownPeer });
  }

  #mute(reason: string): void {
    if (this.#muteReason !== undefined) return;
    this.#muteReason = reason;
    this.#outbox.notice('own-key-elsewhere', { reason });
    // FIN-17: an own block that waits for its record could be the second one of its slot.
    const unsent = this.#unsent.flatMap(({ id }) => {
      const node = this.#tree.get(id);
      return node === undefined ? [] : this.#tree.remove(node);
    });
    this.#unsent = [];
    if (unsent.length > 0) this.#outbox.push({ kind: 'forget', ids: unsent });
  }

  #break(reason: string): void {
    this.#broken = true;
    this.#outbox.notice('finality-broken', { reason });
  }
}

/** Counts and conditions of a core. */
export type ConsensusStatus = {
  readonly reversibleBlocks: number;
  readonly treeBlocks: number;
  readonly waitingBlocks: BlockIntake['size'];
  readonly waitingCertificates: number;
  readonly votes: VoteIntake['size'];
  readonly verifications: number;
  readonly productionPaused: boolean;
  /** Why this node neither votes nor produces; undefined if it does. */
  readonly muteReason: string | undefined;
  readonly broken: boolean;
};

function assertNever(value: never): never {
  throw new Error(`unexpected event ${JSON.stringify(value)}`);
}
