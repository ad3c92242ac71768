/**
 * The votes of one phase for one block (FIN-12). As soon as they could be a certificate they are aggregated and verified
 * once; only if that fails are they verified one by one, which names the senders of bad ones.
 */
import { type BlsSignature, equalBytes } from '@snapscale/crypto';
import { limits, type QuorumCertificate, signerBitmap, type VoteSubject } from '@snapscale/protocol';
import { quorumProblem } from '../chain/electorate.js';
import type { ChainPoint } from '../chain/root.js';
import type { PeerId } from '../events.js';

/** A signature that came as the vote of the finalizer at `position`. */
export type VotePart = { readonly position: number; readonly signature: BlsSignature; readonly from: PeerId };

/** A verification to ask for: the aggregate of these parts. */
export type VoteJob = { readonly kind: 'aggregate' | 'part'; readonly parts: readonly VotePart[] };

/** What a verdict led to. */
export type VoteVerdict = { readonly certificate: QuorumCertificate | undefined; readonly bad: readonly VotePart[] };

export class VotePool {
  readonly subject: VoteSubject;
  readonly point: ChainPoint;
  /** By position; several as long as none of them is verified. */
  readonly #parts = new Map<number, VotePart[]>();
  readonly #verified = new Set<VotePart>();
  /** Verifications under way. */
  #busy = 0;
  #done = false;

  constructor(subject: VoteSubject, point: ChainPoint) {
    this.subject = subject;
    this.point = point;
  }

  /** Nothing more to do: there is a certificate. */
  close(): void {
    this.#done = true;
    this.#parts.clear();
  }

  /** Takes a vote. Ignores what it has, what comes too late and what is one too many. */
  add(part: VotePart): void {
    if (this.#done) return;
    const known = this.#parts.get(part.position) ?? [];
    const isKnown = known.some((other) => equalBytes(other.signature, part.signature) || this.#verified.has(other));
    // One place per sender, so that a forger cannot keep the voter's own vote out.
    if (isKnown || known.some(({ from }) => from === part.from) || known.length >= limits.voteCandidatesMax) return;
    this.#parts.set(part.position, [...known, part]);
  }

  /** The verifications to start now. */
  jobs(): readonly VoteJob[] {
    if (this.#done || this.#busy > 0) return [];
    if (quorumProblem(this.point.electorate, this.#parts) !== undefined) return [];
    this.#busy = 1;
    return [{ kind: 'aggregate', parts: [...this.#parts.values()].map((candidates) => candidates[0]!) }];
  }

  /** Takes the result of a job. `more` are the jobs that follow from it at once. */
  settle(job: VoteJob, aggregate: BlsSignature | undefined): VoteVerdict & { readonly more: readonly VoteJob[] } {
    this.#busy--;
    if (this.#done) return nothing;
    if (job.kind === 'part') {
      const [part] = job.parts as [VotePart];
      if (aggregate !== undefined) {
        this.#verified.add(part);
        return nothing;
      }
      this.drop((other) => other === part);
      return { ...nothing, bad: [part] };
    }
    if (aggregate !== undefined) {
      this.close();
      return { ...nothing, certificate: this.#certificate(job.parts, aggregate) };
    }
    const unverified = job.parts.filter((part) => !this.#verified.has(part));
    // Valid parts make a valid whole; a host that denies it would keep this going for ever.
    if (unverified.length === 0) this.close();
    this.#busy += unverified.length;
    return { ...nothing, more: unverified.map((part) => ({ kind: 'part', parts: [part] })) };
  }

  /** Forgets unverified votes. */
  drop(isDropped: (part: VotePart) => boolean): void {
    for (const [position, candidates] of this.#parts) {
      const kept = candidates.filter((part) => this.#verified.has(part) || !isDropped(part));
      if (kept.length === 0) this.#parts.delete(position);
      else this.#parts.set(position, kept);
    }
  }

  #certificate(parts: readonly VotePart[], signature: BlsSignature): QuorumCertificate {
    const positions = parts.map(({ position }) => position);
    return {
      ...this.subject,
      signers: signerBitmap(positions, this.point.electorate.members.length),
      signature,
    };
  }
}

const nothing = { certificate: undefined, bad: [], more: [] } as const;
