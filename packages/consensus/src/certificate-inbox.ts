/**
 * Certificates of peers (FIN-13). One per block and phase is verified at a time; the others wait in case it is forged.
 * Those for unknown blocks wait for the block, a few of each peer.
 */
import { toHex } from '@snapscale/crypto';
import { limits, type QuorumCertificate } from '@snapscale/protocol';
import {
  certificateDigest,
  certificateName,
  certificateProblem,
  sameCertificate,
  signerKeys,
} from './chain/certificate.js';
import type { ForkTree, TreeNode } from './chain/fork-tree.js';
import { ownPeer, type PeerId } from './events.js';
import type { Outbox } from './outbox.js';

type Received = { readonly certificate: QuorumCertificate; readonly from: PeerId };

/** Certificates for one block and phase that wait while one of them is verified. */
const QUEUE_MAX = 4;

export class CertificateInbox {
  readonly #chainId: Uint8Array;
  readonly #tree: ForkTree;
  readonly #outbox: Outbox;
  readonly #onVerified: (node: TreeNode, certificate: QuorumCertificate, from: PeerId) => void;
  /** By block. */
  readonly #unknown = new Map<string, Received[]>();
  /** By phase and block; the first is under way. */
  readonly #queues = new Map<string, Received[]>();

  constructor(
    chainId: Uint8Array,
    tree: ForkTree,
    outbox: Outbox,
    onVerified: (node: TreeNode, certificate: QuorumCertificate, from: PeerId) => void,
  ) {
    this.#chainId = chainId;
    this.#tree = tree;
    this.#outbox = outbox;
    this.#onVerified = onVerified;
  }

  /** Certificates that wait for their blocks. */
  get size(): number {
    let count = 0;
    for (const list of this.#unknown.values()) count += list.length;
    return count;
  }

  /** Whether a certificate for this block waits for it. */
  isWanted(id: Uint8Array): boolean {
    return this.#unknown.has(toHex(id));
  }

  receive(from: PeerId, certificate: QuorumCertificate, nowSlot: number): void {
    const { slot } = certificate;
    if (slot <= this.#tree.root.facts.slot || slot > nowSlot + 1 + limits.slotsAheadMax) return;
    const node = this.#tree.get(certificate.blockId);
    if (node === undefined) this.#keep({ certificate, from });
    else this.#check(node, { certificate, from });
  }

  /** Takes up what waited for the block. */
  blockAccepted(node: TreeNode): void {
    const waiting = this.#unknown.get(node.key) ?? [];
    this.#unknown.delete(node.key);
    for (const received of waiting) this.#check(node, received);
  }

  /** Blocks of slots up to `slot` are settled. */
  prune(slot: number): void {
    for (const [key, list] of this.#unknown) {
      const kept = list.filter(({ certificate }) => certificate.slot > slot);
      if (kept.length === 0) this.#unknown.delete(key);
      else this.#unknown.set(key, kept);
    }
  }

  #keep(received: Received): void {
    let ofPeer = 0;
    for (const list of this.#unknown.values()) for (const { from } of list) if (from === received.from) ofPeer++;
    if (ofPeer >= limits.unknownCertificatesPerPeerMax) return;
    const { blockId } = received.certificate;
    const key = toHex(blockId);
    const list = this.#unknown.get(key) ?? [];
    if (list.some(({ certificate }) => sameCertificate(certificate, received.certificate))) return;
    this.#unknown.set(key, [...list, received]);
    if (list.length === 0) this.#outbox.push({ kind: 'request', id: blockId, from: received.from });
  }

  #check(node: TreeNode, received: Received): void {
    const { certificate, from } = received;
    if (isCertified(node, certificate)) return;
    const problem = certificateProblem(certificate, node.facts);
    if (problem !== undefined) {
      this.#complain(received, problem);
      return;
    }
    const key = `${certificate.phase}:${node.key}`;
    const queue = this.#queues.get(key);
    if (queue === undefined) {
      this.#queues.set(key, [received]);
      this.#verifyFirst(key);
      return;
    }
    const isNews = !queue.some((other) => other.from === from || sameCertificate(other.certificate, certificate));
    if (isNews && queue.length < QUEUE_MAX) queue.push(received);
  }

  #verifyFirst(key: string): void {
    const queue = this.#queues.get(key)!;
    const received = queue.shift();
    const node = received && this.#tree.get(received.certificate.blockId);
    if (received === undefined || node === undefined || isCertified(node, received.certificate)) {
      this.#queues.delete(key);
      return;
    }
    const { certificate, from } = received;
    const keys = signerKeys(certificate, node.facts);
    this.#outbox.verify(certificateDigest(this.#chainId, certificate), keys, [certificate.signature], (aggregate) => {
      if (aggregate === undefined) {
        this.#complain(received, 'its signature is not valid');
        this.#verifyFirst(key);
        return;
      }
      this.#queues.delete(key);
      const known = this.#tree.get(certificate.blockId);
      if (known !== undefined && !isCertified(known, certificate)) this.#onVerified(known, certificate, from);
    });
  }

  #complain({ certificate, from }: Received, problem: string): void {
    if (from === ownPeer) return;
    const message = `a ${certificateName(certificate)} for block ${toHex(certificate.blockId)} is refused: ${problem}`;
    this.#outbox.penalise(from, { code: 'snap_invalid_certificate', message });
  }
}

function isCertified(node: TreeNode, { phase }: QuorumCertificate): boolean {
  return (phase === 0 ? node.prepare : node.commit) !== undefined;
}
