/**
 * Blocks on their way into the tree (CON-9): those that come before their time or their parent wait, in bounded numbers;
 * the others have their headers checked and the certificates in them verified.
 */
import { type BlsSignature, type PublicKey, type Signature, toHex } from '@snapscale/crypto';
import { type BlockHeader, blockId, blockNumOf, limits } from '@snapscale/protocol';
import { certificateDigest, signerKeys } from './chain/certificate.js';
import { bestBlock } from './chain/fork-choice.js';
import type { ForkTree, TreeNode } from './chain/fork-tree.js';
import { type CheckedHeader, checkHeader, type HeaderCertificate, show } from './chain/header-check.js';
import { ownPeer, type PeerId } from './events.js';
import type { Outbox } from './outbox.js';
import type { CheatWatch } from './voting/cheat-watch.js';

/** A block as it came. */
export type ReceivedBlock = {
  readonly id: Uint8Array;
  readonly key: string;
  readonly from: PeerId;
  readonly header: BlockHeader;
  readonly signature: Signature;
  readonly signedBy: PublicKey;
};

/** What a block's way in ends with. */
export type AcceptBlock = (block: ReceivedBlock, checked: CheckedHeader, parent: TreeNode) => void;

/** Missing parents that are asked for again at a time, and how often. */
const REQUESTS_MAX = 8;
const REQUEST_SLOTS = 2;

export class BlockIntake {
  readonly #chainId: Uint8Array;
  readonly #tree: ForkTree;
  readonly #outbox: Outbox;
  readonly #watch: CheatWatch;
  readonly #accept: AcceptBlock;
  /** Whether a certificate for this block has arrived. */
  readonly #isWanted: (id: Uint8Array) => boolean;
  readonly #future = new Map<string, ReceivedBlock>();
  readonly #orphans = new Map<string, ReceivedBlock>();
  readonly #verifying = new Map<string, ReceivedBlock>();
  #nowSlot = 0;
  #requestedSlot = 0;

  constructor(
    chainId: Uint8Array,
    tree: ForkTree,
    outbox: Outbox,
    watch: CheatWatch,
    accept: AcceptBlock,
    isWanted: (id: Uint8Array) => boolean,
  ) {
    this.#chainId = chainId;
    this.#tree = tree;
    this.#outbox = outbox;
    this.#watch = watch;
    this.#accept = accept;
    this.#isWanted = isWanted;
  }

  /** Blocks that wait for their time, for a parent, and for verification. */
  get size(): { readonly future: number; readonly orphans: number; readonly verifying: number } {
    return { future: this.#future.size, orphans: this.#orphans.size, verifying: this.#verifying.size };
  }

  /** The clock stands in `slot`: takes up the blocks whose time has come. */
  tick(slot: number): void {
    this.#nowSlot = slot;
    for (const block of [...this.#future.values()]) {
      if (block.header.slot > slot + 1) continue;
      this.#future.delete(block.key);
      this.#enter(block);
    }
    this.#requestAgain(slot);
  }

  /** Takes a block in. Returns whether it is proof that its producer made two for one slot. */
  receive(from: PeerId, header: BlockHeader, signature: Signature, signedBy: PublicKey): boolean {
    const id = blockId(header);
    const key = toHex(id);
    const evidence = this.#watch.checkHeader(id, header, signature, signedBy);
    if (evidence !== undefined) this.#outbox.push({ kind: 'evidence', evidence });
    const isKnown = this.#tree.get(id) !== undefined || this.#isWaiting(key);
    if (!isKnown) this.#enter({ id, key, from, header, signature, signedBy });
    return evidence !== undefined;
  }

  /** The block has entered the tree: so may those that waited for it. */
  parentAccepted(parent: TreeNode): void {
    for (const orphan of [...this.#orphans.values()]) {
      if (toHex(orphan.header.previous) !== parent.key) continue;
      this.#orphans.delete(orphan.key);
      this.#enter(orphan);
    }
  }

  /** Finality has moved on: drops what can no longer enter. */
  prune(): void {
    for (const block of [...this.#orphans.values(), ...this.#future.values()]) {
      if (!this.#isStale(block.header)) continue;
      this.#orphans.delete(block.key);
      this.#future.delete(block.key);
      this.#forget(block);
    }
  }

  #enter(block: ReceivedBlock): void {
    const { header } = block;
    if (this.#isStale(header)) {
      this.#forget(block);
      return;
    }
    if (header.slot > this.#nowSlot + 1) {
      this.#waitForTime(block);
      return;
    }
    const parent = this.#tree.get(header.previous);
    if (parent === undefined) {
      this.#waitForParent(block);
      return;
    }
    if (parent.status === 'invalid' || !this.#hasRoom(block)) {
      this.#forget(block);
      return;
    }
    const checked = checkHeader(this.#tree, parent, header, block.signedBy);
    if ('code' in checked) {
      this.#outbox.penalise(block.from, checked);
      this.#outbox.notice('block-refused', { block: show(header), code: checked.code, why: checked.message });
      this.#forget(block);
      return;
    }
    this.#verify(block, checked);
  }

  #verify(block: ReceivedBlock, checked: CheckedHeader): void {
    let open = checked.certificates.length;
    if (open === 0) {
      this.#finish(block, checked);
      return;
    }
    this.#verifying.set(block.key, block);
    for (const certificate of checked.certificates) {
      this.#verifyCertificate(certificate, (aggregate) => {
        if (!this.#verifying.has(block.key)) return;
        if (aggregate === undefined) this.#refuse(block);
        else if (--open === 0) this.#finish(block, checked);
      });
    }
  }

  #verifyCertificate({ certificate, point }: HeaderCertificate, then: (aggregate?: BlsSignature) => void): void {
    const digest = certificateDigest(this.#chainId, certificate);
    this.#outbox.verify(digest, signerKeys(certificate, point), [certificate.signature], then);
  }

  #finish(block: ReceivedBlock, checked: CheckedHeader): void {
    this.#verifying.delete(block.key);
    // Verification took time: the tree may have moved on, and a twin of this node makes the very blocks that it makes.
    if (this.#tree.get(block.id) !== undefined) return;
    const parent = this.#tree.get(block.header.previous);
    if (parent === undefined || parent.status === 'invalid') {
      this.#forget(block);
      return;
    }
    this.#accept(block, checked, parent);
  }

  #refuse(block: ReceivedBlock): void {
    this.#verifying.delete(block.key);
    const message = `the signature of a certificate in ${show(block.header)} is not valid`;
    this.#outbox.penalise(block.from, { code: 'snap_invalid_finality', message });
    this.#outbox.notice('block-refused', {
      block: show(block.header),
      code: 'snap_invalid_finality',
      why: message,
    });
    this.#forget(block);
  }

  #waitForTime(block: ReceivedBlock): void {
    const tooFar = block.header.slot > this.#nowSlot + 1 + limits.slotsAheadMax;
    if (tooFar || !this.#hasTimeToWait(block)) {
      this.#forget(block);
      return;
    }
    this.#future.set(block.key, block);
  }

  /** Nobody has looked at them yet: one peer must not take the places of all. */
  #hasTimeToWait({ from }: ReceivedBlock): boolean {
    if (this.#future.size >= limits.futureBlocksMax) return false;
    let ofPeer = 0;
    for (const other of this.#future.values()) if (other.from === from) ofPeer++;
    return from === ownPeer || ofPeer < limits.futureBlocksPerPeerMax;
  }

  #waitForParent(block: ReceivedBlock): void {
    const isOnItsWay = this.#isWaiting(toHex(block.header.previous));
    if (block.from !== ownPeer) this.#makeRoomForOrphan(block.from);
    this.#orphans.set(block.key, block);
    if (!isOnItsWay) this.#outbox.push({ kind: 'request', id: block.header.previous, from: block.from });
  }

  /** Requests get lost: the first parents that are still missing are asked for again, of whoever has them. */
  #requestAgain(slot: number): void {
    if (slot < this.#requestedSlot + REQUEST_SLOTS) return;
    this.#requestedSlot = slot;
    const missing = new Set<string>();
    for (const { header } of this.#orphans.values()) {
      const key = toHex(header.previous);
      if (missing.size >= REQUESTS_MAX) return;
      if (missing.has(key) || this.#isWaiting(key)) continue;
      missing.add(key);
      this.#outbox.push({ kind: 'request', id: header.previous, from: ownPeer });
    }
  }

  /** The oldest goes: of the peer if that has its share, else of all. */
  #makeRoomForOrphan(peer: PeerId): void {
    const ofPeer = [...this.#orphans.values()].filter(({ from }) => from === peer);
    const isFull = this.#orphans.size >= limits.orphanBlocksMax;
    const oldest = isFull ? this.#orphans.values().next().value : ofPeer[0];
    if (oldest === undefined || (!isFull && ofPeer.length < limits.orphanBlocksPerPeerMax)) return;
    this.#orphans.delete(oldest.key);
    this.#forget(oldest);
  }

  #hasRoom(block: ReceivedBlock): boolean {
    const { header, from } = block;
    if (from === ownPeer) return true;
    let siblings = this.#tree.siblings(header.slot, header.producer);
    for (const { header: other } of this.#verifying.values()) {
      if (other.slot === header.slot && other.producer === header.producer) siblings++;
    }
    const isFull = this.#tree.size >= limits.reversibleBlocksMax;
    return (!isFull && siblings < limits.forksPerSlotMax) || this.#isNeeded(block, !isFull);
  }

  /**
   * Whether bounds must not keep the block out: a certificate waits for it, or for a block that waits for it; or, if `orLonger`,
   * what waits for it is a longer chain than the best one here: others are on it, and may need this node for a certificate.
   */
  #isNeeded({ id, header }: ReceivedBlock, orLonger: boolean): boolean {
    if (this.#isWanted(id)) return true;
    const best = bestBlock(this.#tree, ({ status }) => status !== 'invalid');
    const couldWin = orLonger && this.#tree.get(header.previous)!.certifiedSlot >= best.certifiedSlot;
    const key = toHex(id);
    const seen = new Set<string>();
    for (const orphan of this.#orphans.values()) {
      const isLonger = couldWin && blockNumOf(orphan.id) > best.facts.num;
      if (!isLonger && !this.#isWanted(orphan.id)) continue;
      for (let above: ReceivedBlock | undefined = orphan; above !== undefined && !seen.has(above.key); ) {
        seen.add(above.key);
        const previous = toHex(above.header.previous);
        if (previous === key) return true;
        above = this.#orphans.get(previous);
      }
    }
    return false;
  }

  #isWaiting(key: string): boolean {
    return this.#future.has(key) || this.#orphans.has(key) || this.#verifying.has(key);
  }

  #isStale(header: BlockHeader): boolean {
    const { slot, num } = this.#tree.root.facts;
    return header.slot <= slot || blockNumOf(header.previous) < num;
  }

  #forget({ id }: ReceivedBlock): void {
    this.#outbox.push({ kind: 'forget', ids: [id] });
  }
}
