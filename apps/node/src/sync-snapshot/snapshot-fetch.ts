/**
 * Fetching a snapshot from peers, as a state machine: peers, their messages and time go in, what is to be sent and written comes
 * out. It opens nothing and reads no clock.
 *
 * All peers are asked what they have. Of what holds, the snapshot that most of them have is taken, the newest of those: what the
 * state root does not cover is the same for all who are honest. Its pieces are then fetched from all of them at once. A piece
 * with another hash is the fault of its sender; a snapshot that turns out wrong as a whole, of all who offered it.
 */
import { equalBytes, sha256, toHex } from '@snapscale/crypto';
import type { PeerMessage } from '@snapscale/protocol';
import type { PeerFaultCode } from '../p2p/faults.js';
import { pieceOf, type SnapshotTrust, type VerifiedManifest, verifyManifest } from './manifest.js';

/** What the host is to do, in order. */
export type FetchEffect =
  | { readonly kind: 'send'; readonly peer: string; readonly message: PeerMessage }
  | { readonly kind: 'blame'; readonly peer: string; readonly code: PeerFaultCode; readonly message: string }
  /** From now on pieces are of this snapshot. What is there of another one is of no use any more. */
  | { readonly kind: 'begin'; readonly snapshot: VerifiedManifest }
  | { readonly kind: 'write'; readonly index: number; readonly data: Uint8Array }
  /** All pieces are written. Answer with `failed` if the whole turns out wrong. */
  | { readonly kind: 'complete'; readonly snapshot: VerifiedManifest }
  | { readonly kind: 'event'; readonly name: string; readonly detail: Readonly<Record<string, string | number>> };

/** What an earlier run has left: a manifest and the pieces with the right hashes. */
export type Resumed = { readonly snapshot: VerifiedManifest; readonly pieces: ReadonlySet<number> };

/** How far it is, for people. */
export type FetchStatus = {
  readonly phase: 'asking' | 'fetching' | 'complete';
  readonly peers: number;
  readonly blockNum: number | undefined;
  readonly pieces: number;
  readonly pieceCount: number;
};

type Peer = {
  readonly name: string;
  /** Number of the request for a manifest that is under way. */
  asked: number | undefined;
  askedAtMs: number;
  /** Content, in hex, of what it offers. */
  offer: string | undefined;
  /** Pieces asked for, by request. */
  readonly pieces: Map<number, { readonly index: number; readonly sinceMs: number }>;
  timeouts: number;
  /** It has shown to be of no use. */
  isOut: boolean;
};

type Offer = { readonly snapshot: VerifiedManifest; readonly peers: Set<string> };

/** Time that others have to offer something after the first offer. */
const OFFERS_MS = 2_000;
const ANSWER_MS = 10_000;
const PIECE_MS = 20_000;
/** Peers are asked again after this time while none offers anything. */
const ASK_AGAIN_MS = 5_000;
const PIECES_PER_PEER = 2;
const TIMEOUTS_MAX = 3;

export class SnapshotFetch {
  readonly #trust: SnapshotTrust;
  readonly #peers = new Map<string, Peer>();
  readonly #offers = new Map<string, Offer>();
  /** Contents that turned out wrong. */
  readonly #wrong = new Set<string>();
  #resumed: Resumed | undefined;
  #phase: FetchStatus['phase'] = 'asking';
  #chosen: Offer | undefined;
  readonly #missing = new Set<number>();
  #firstOfferMs: number | undefined;
  #request = 0;
  #effects: FetchEffect[] = [];

  constructor(trust: SnapshotTrust, resumed?: Resumed) {
    this.#trust = trust;
    this.#resumed = resumed;
  }

  get status(): FetchStatus {
    const snapshot = this.#chosen?.snapshot;
    const pieceCount = snapshot?.pieceCount ?? 0;
    return {
      phase: this.#phase,
      peers: this.#peers.size,
      blockNum: snapshot?.block.num,
      pieces: pieceCount - this.#missing.size,
      pieceCount,
    };
  }

  joined(name: string, nowMs: number): FetchEffect[] {
    return this.#step(nowMs, () => {
      // A connection that takes the place of an older one knows nothing of what that was asked.
      this.#withdraw(name);
      this.#peers.set(name, {
        name,
        asked: undefined,
        askedAtMs: Number.NEGATIVE_INFINITY,
        offer: undefined,
        pieces: new Map(),
        timeouts: 0,
        isOut: false,
      });
    });
  }

  left(name: string, nowMs: number): FetchEffect[] {
    return this.#step(nowMs, () => {
      this.#withdraw(name);
      this.#peers.delete(name);
    });
  }

  /** A `snapshot` or `chunk` message has come. */
  received(name: string, message: PeerMessage, nowMs: number): FetchEffect[] {
    return this.#step(nowMs, () => {
      const peer = this.#peers.get(name);
      if (peer === undefined) return;
      if (message.kind === 'snapshot') this.#takeOffer(peer, message.snapshot, nowMs);
      else if (message.kind === 'chunk') this.#takePiece(peer, message.chunk);
    });
  }

  tick(nowMs: number): FetchEffect[] {
    return this.#step(nowMs, () => {
      for (const peer of this.#peers.values()) this.#expire(peer, nowMs);
    });
  }

  /** The snapshot that was complete is not what its header promises. */
  failed(reason: string, nowMs: number): FetchEffect[] {
    return this.#step(nowMs, () => {
      const chosen = this.#chosen;
      if (chosen === undefined) return;
      const key = toHex(chosen.snapshot.content);
      this.#wrong.add(key);
      for (const name of [...chosen.peers]) {
        this.#blame(
          this.#peers.get(name)!,
          'false_data',
          `its snapshot of block ${chosen.snapshot.block.num} is wrong: ${reason}`,
        );
      }
      this.#offers.delete(key);
      this.#askAnew();
    });
  }

  #step(nowMs: number, happen: () => void): FetchEffect[] {
    this.#effects = [];
    happen();
    if (this.#phase === 'asking') this.#choose(nowMs);
    // Whoever comes later can help too.
    if (this.#phase !== 'complete') this.#ask(nowMs);
    if (this.#phase === 'fetching') this.#fetch(nowMs);
    return this.#effects;
  }

  #ask(nowMs: number): void {
    for (const peer of this.#peers.values()) {
      const isDue = peer.asked === undefined && peer.offer === undefined && nowMs >= peer.askedAtMs + ASK_AGAIN_MS;
      if (!isDue || peer.isOut) continue;
      peer.asked = ++this.#request;
      peer.askedAtMs = nowMs;
      this.#effects.push({
        kind: 'send',
        peer: peer.name,
        message: { kind: 'getSnapshot', getSnapshot: { request: peer.asked } },
      });
    }
  }

  #takeOffer(
    peer: Peer,
    { request, manifest }: Extract<PeerMessage, { kind: 'snapshot' }>['snapshot'],
    nowMs: number,
  ): void {
    // An answer that comes after its time is of no harm, and of no use.
    if (request !== peer.asked) return;
    peer.asked = undefined;
    if (manifest === undefined) return;
    const snapshot = verifyManifest(manifest, this.#trust);
    if (typeof snapshot === 'string') {
      this.#blame(peer, 'false_data', `its manifest of a snapshot does not hold: ${snapshot}`);
      return;
    }
    const key = toHex(snapshot.content);
    if (this.#wrong.has(key)) {
      this.#blame(peer, 'false_data', `its snapshot of block ${snapshot.block.num} is known to be wrong`);
      return;
    }
    peer.offer = key;
    this.#firstOfferMs ??= nowMs;
    const offer = this.#offers.get(key);
    if (offer === undefined) this.#offers.set(key, { snapshot, peers: new Set([peer.name]) });
    else offer.peers.add(peer.name);
  }

  #choose(nowMs: number): void {
    if (this.#firstOfferMs === undefined || this.#offers.size === 0) return;
    if (nowMs < this.#firstOfferMs + OFFERS_MS) return;
    const resumedKey = this.#resumed && toHex(this.#resumed.snapshot.content);
    const offers = [...this.#offers.entries()].sort(
      ([keyA, a], [keyB, b]) =>
        Number(keyB === resumedKey) - Number(keyA === resumedKey) ||
        b.peers.size - a.peers.size ||
        b.snapshot.block.num - a.snapshot.block.num ||
        (keyA < keyB ? -1 : 1),
    );
    const [key, chosen] = offers[0]!;
    this.#chosen = chosen;
    this.#phase = 'fetching';
    this.#missing.clear();
    for (let index = 0; index < chosen.snapshot.pieceCount; index++) this.#missing.add(index);
    if (key === resumedKey) for (const index of this.#resumed!.pieces) this.#missing.delete(index);
    else this.#effects.push({ kind: 'begin', snapshot: chosen.snapshot });
    const { num } = chosen.snapshot.block;
    const detail = { block: num, peers: chosen.peers.size, pieces: this.#missing.size };
    this.#effects.push({ kind: 'event', name: 'snapshot-chosen', detail });
    this.#resumed = { snapshot: chosen.snapshot, pieces: new Set() };
  }

  #fetch(nowMs: number): void {
    const chosen = this.#chosen!;
    if (this.#missing.size === 0) {
      this.#phase = 'complete';
      this.#effects.push({ kind: 'complete', snapshot: chosen.snapshot });
      return;
    }
    if (chosen.peers.size === 0) {
      // What is written stays: somebody else may offer the same.
      const pieces = new Set(Array.from({ length: chosen.snapshot.pieceCount }, (_, index) => index));
      for (const index of this.#missing) pieces.delete(index);
      this.#resumed = { snapshot: chosen.snapshot, pieces };
      this.#askAnew();
      this.#ask(nowMs);
      return;
    }
    const underWay = new Set<number>();
    for (const { pieces } of this.#peers.values()) for (const { index } of pieces.values()) underWay.add(index);
    const wanted = [...this.#missing].filter((index) => !underWay.has(index)).values();
    for (const name of chosen.peers) {
      const peer = this.#peers.get(name)!;
      while (peer.pieces.size < PIECES_PER_PEER) {
        const next = wanted.next();
        if (next.done === true) return;
        const request = ++this.#request;
        peer.pieces.set(request, { index: next.value, sinceMs: nowMs });
        const getChunk = { request, snapshot: chosen.snapshot.content, index: next.value };
        this.#effects.push({ kind: 'send', peer: name, message: { kind: 'getChunk', getChunk } });
      }
    }
  }

  #takePiece(peer: Peer, { request, data }: Extract<PeerMessage, { kind: 'chunk' }>['chunk']): void {
    const asked = peer.pieces.get(request);
    if (asked === undefined) return;
    peer.pieces.delete(request);
    if (this.#chosen === undefined || !this.#missing.has(asked.index)) return;
    if (data === undefined) {
      // It may have a newer one instead.
      this.#withdraw(peer.name);
      return;
    }
    const { size, hash } = pieceOf(this.#chosen.snapshot, asked.index);
    if (data.length !== size || !equalBytes(sha256(data), hash)) {
      this.#blame(peer, 'false_data', `piece ${asked.index} of its snapshot is not what its manifest says`);
      return;
    }
    peer.timeouts = 0;
    this.#missing.delete(asked.index);
    this.#effects.push({ kind: 'write', index: asked.index, data });
  }

  #expire(peer: Peer, nowMs: number): void {
    if (peer.asked !== undefined && nowMs >= peer.askedAtMs + ANSWER_MS) {
      peer.asked = undefined;
      peer.askedAtMs = nowMs;
    }
    for (const [request, { sinceMs }] of peer.pieces) {
      if (nowMs < sinceMs + PIECE_MS) continue;
      peer.pieces.delete(request);
      peer.timeouts++;
    }
    if (peer.timeouts >= TIMEOUTS_MAX) {
      this.#blame(peer, 'unhelpful', `it does not give the pieces of its snapshot within ${PIECE_MS / 1000} s`);
    }
  }

  /** The peer is not asked any more. */
  #blame(peer: Peer, code: PeerFaultCode, message: string): void {
    this.#withdraw(peer.name);
    peer.isOut = true;
    peer.timeouts = 0;
    this.#effects.push({ kind: 'blame', peer: peer.name, code, message });
  }

  #withdraw(name: string): void {
    const peer = this.#peers.get(name);
    if (peer === undefined) return;
    peer.pieces.clear();
    if (peer.offer !== undefined) {
      const offer = this.#offers.get(peer.offer);
      offer?.peers.delete(name);
      if (offer?.peers.size === 0) this.#offers.delete(peer.offer);
    }
    peer.offer = undefined;
  }

  #askAnew(): void {
    this.#phase = 'asking';
    this.#chosen = undefined;
    this.#firstOfferMs = undefined;
    this.#missing.clear();
    this.#offers.clear();
    for (const peer of this.#peers.values()) {
      peer.offer = undefined;
      peer.pieces.clear();
    }
  }
}
