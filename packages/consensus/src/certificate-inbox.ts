/**
 * Certificates of peers (FIN-13). One per block and phase is verified at a time; the others wait in case it is forged.
 * Those for unknown blocks wait for the block, a few of each peer; and when finality has passed their slot without it,
 * commit certificates among them show that finality is broken (FIN-16).
 */
import { equalBytes, toHex } from '@snapscale/crypto';
import { blockNumOf, limits, type QuorumCertificate } from '@snapscale/protocol';
import {
  certificateDigest,
  certificateName,
  certificateProblem,
  sameCertificate,
  signerKeys,
} from './chain/certificate.js';
import type { ForkTree, TreeNode } from './chain/fork-tree.js';
import type { ChainPoint } from './chain/root.js';
import { ownPeer, type PeerId } from './events.js';
import type { Outbox } from './outbox.js';

type Received = { readonly certificate: QuorumCertificate; readonly from: PeerId };

/** What the core makes of it. */
export type CertificateOutcomes = {
  /** A certificate is valid. The block was in the tree when it came, and may have left it since. */
  verified(node: TreeNode, certificate: QuorumCertificate, from: PeerId): void;
  /** A quorum has committed a block that conflicts with `final`. */
  conflict(certificate: QuorumCertificate, from: PeerId, final: ChainPoint): void;
};

/** Certificates for one block and phase that wait while one of them is verified. */
const QUEUE_MAX = 4;

export class CertificateInbox {
  readonly #chainId: Uint8Array;
  readonly #tree: ForkTree;
  readonly #outbox: Outbox;
  readonly #outcomes: CertificateOutcomes;
  /** By block. */
  readonly #unknown = new Map<string, Received[]>();
  /** By phase and block; the first is under way. */
  readonly #queues = new Map<string, Received[]>();
  /** One that contradicts finality is being verified; one at a time, or forgers could keep the verifier busy. */
  #isJudging = false;

  constructor(chainId: Uint8Array, tree: ForkTree, outbox: Outbox, outcomes: CertificateOutcomes) {
    this.#chainId = chainId;
    this.#tree = tree;
    this.#outbox = outbox;
    this.#outcomes = outcomes;
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
    if (certificate.slot > nowSlot + 1 + limits.slotsAheadMax) return;
    if (this.#isSettled(certificate)) {
      this.#judge({ certificate, from });
      return;
    }
    const node = this.#tree.get(certificate.blockId);
    if (node === undefined) this.#keep({ certificate, from });
    else this.#check(node, { certificate, from });
  }

  /** FIN-6: at a start, keeps the certificate of the own record for its block, which is in the journal. */
  hold(certificate: QuorumCertificate): void {
    if (!this.#isSettled(certificate)) this.#unknown.set(toHex(certificate.blockId), [{ certificate, from: ownPeer }]);
  }

  /** Takes up what waited for the block. */
  blockAccepted(node: TreeNode): void {
    const waiting = this.#unknown.get(node.key) ?? [];
    this.#unknown.delete(node.key);
    for (const received of waiting) this.#check(node, received);
  }

  /** Finality has moved on: drops what can no longer matter, or shows that it is broken. */
  prune(): void {
    for (const [key, list] of this.#unknown) {
      const kept = list.filter(({ certificate }) => !this.#isSettled(certificate));
      if (kept.length === 0) this.#unknown.delete(key);
      else this.#unknown.set(key, kept);
      for (const received of list) if (this.#isSettled(received.certificate)) this.#judge(received);
    }
  }

  /** The block is final, or never will be. */
  #isSettled({ slot, blockId }: QuorumCertificate): boolean {
    const { facts } = this.#tree.root;
    return slot <= facts.slot || blockNumOf(blockId) <= facts.num;
  }

  /** FIN-16: a commit certificate that finality has passed by is for a final block, or members cheat. */
  #judge(received: Received): void {
    const { certificate, from } = received;
    const final = this.#isJudging ? undefined : contradicted(this.#tree, certificate);
    if (final === undefined) return;
    const { blockId, slot } = certificate;
    const problem = certificateProblem(certificate, { ...final, id: blockId, slot });
    if (problem !== undefined) {
      this.#complain(received, problem);
      return;
    }
    this.#isJudging = true;
    const keys = signerKeys(certificate, final);
    this.#outbox.verify(certificateDigest(this.#chainId, certificate), keys, [certificate.signature], (aggregate) => {
      this.#isJudging = false;
      if (aggregate === undefined) this.#complain(received, 'its signature is not valid');
      else this.#outcomes.conflict(certificate, from, final);
    });
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
      if (!isCertified(node, certificate)) this.#outcomes.verified(node, certificate, from);
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

/**
 * The final block that a settled certificate contradicts, if its signature is valid: one of the commit phase, for a block
 * that is not final. Around a change of schedules only the block's own chain could tell whose votes it needs: there is no
 * verdict then, and none on what is too old to be remembered.
 */
function contradicted(tree: ForkTree, { phase, slot, blockId }: QuorumCertificate): ChainPoint | undefined {
  const final = phase === 1 ? tree.finalAt(slot) : undefined;
  if (final === undefined || equalBytes(final.id, blockId)) return undefined;
  const [before, now] = [final.electorate.schedules, tree.root.facts.electorate.schedules];
  const isSettled = before.length === 1 && now.length === 1 && before[0]!.version === now[0]!.version;
  return isSettled ? final : undefined;
}
