/**
 * Certificates on their way to peers. Votes go to all, so that producers make the same certificates at the same moment: to
 * send each of them to everybody would double what a network says, and tell nobody anything. So producers are given a
 * moment, and only those that have not shown that they need it no more are sent it. Who does not vote gets it at once, and
 * so does everybody when consensus sends one again.
 *
 * Knows no clock: times are milliseconds, given by the caller.
 */
import type { PeerId } from '@snapscale/consensus';
import { toHex } from '@snapscale/crypto';
import type { QuorumCertificate, Vote } from '@snapscale/protocol';

/** Longer than votes of one block are apart where the network is not in trouble. */
export const CERTIFICATE_DELAY_MS = 60;
/** Blocks that are remembered. */
const BLOCKS_MAX = 256;

type Known = {
  /** Peers that voted to commit the block: they hold its prepare certificate, and get the votes that make the other one. */
  readonly committed: Set<PeerId>;
  /** Peers that sent the certificate, by phase. */
  readonly holders: readonly [Set<PeerId>, Set<PeerId>];
  /** Whether this node has passed it on, by phase. */
  readonly passed: [boolean, boolean];
};
type Waiting = { readonly certificate: QuorumCertificate; readonly except: PeerId; readonly dueMs: number };

/** A certificate and who is to get it. */
export type Delivery = { readonly certificate: QuorumCertificate; readonly to: readonly PeerId[] };

export class CertificateRelay {
  readonly #blocks = new Map<string, Known>();
  #waiting: Waiting[] = [];

  /** When {@link due} has something next; undefined when nothing waits. */
  get nextMs(): number | undefined {
    return this.#waiting[0]?.dueMs;
  }

  /** A peer's vote has come. */
  voted(peer: PeerId, { phase, blockId }: Vote): void {
    if (phase === 1) this.#knownOf(blockId).committed.add(peer);
  }

  /** A peer's certificate has come. */
  came(peer: PeerId, { phase, blockId }: QuorumCertificate): void {
    this.#knownOf(blockId).holders[phase].add(peer);
  }

  /** Takes a certificate that is to go to all but `except`. Returns who gets it now; the rest is decided later. */
  take(
    certificate: QuorumCertificate,
    except: PeerId,
    peers: { readonly producers: readonly PeerId[]; readonly others: readonly PeerId[] },
    nowMs: number,
  ): readonly PeerId[] {
    const { passed } = this.#knownOf(certificate.blockId);
    const others = peers.others.filter((peer) => peer !== except);
    if (passed[certificate.phase]) return [...others, ...peers.producers.filter((peer) => peer !== except)];
    passed[certificate.phase] = true;
    this.#waiting.push({ certificate, except, dueMs: nowMs + CERTIFICATE_DELAY_MS });
    return others;
  }

  /** Certificates whose moment is over, with the producers that may need them. */
  due(producers: readonly PeerId[], nowMs: number): Delivery[] {
    const due = this.#waiting.filter(({ dueMs }) => dueMs <= nowMs);
    this.#waiting = this.#waiting.filter(({ dueMs }) => dueMs > nowMs);
    return due.map(({ certificate, except }) => {
      const { committed, holders } = this.#knownOf(certificate.blockId);
      const has = (peer: PeerId) => committed.has(peer) || holders[certificate.phase].has(peer);
      return { certificate, to: producers.filter((peer) => peer !== except && !has(peer)) };
    });
  }

  #knownOf(blockId: Uint8Array): Known {
    const key = toHex(blockId);
    let known = this.#blocks.get(key);
    if (known === undefined) {
      known = { committed: new Set(), holders: [new Set(), new Set()], passed: [false, false] };
      this.#blocks.set(key, known);
      if (this.#blocks.size > BLOCKS_MAX) this.#blocks.delete(this.#blocks.keys().next().value!);
    }
    return known;
  }
}
