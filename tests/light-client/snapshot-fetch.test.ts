/** Fetching a snapshot from peers that help, that stall, and that lie: the state machine, with a simulated chain's finality. */
import { sha256, toHex } from '@snapscale/crypto';
import { decode, encode, type PeerMessage, peerMessageSchema } from '@snapscale/protocol';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  makeManifest,
  PIECE_BYTES,
  type SnapshotManifest,
  type SnapshotTrust,
  snapshotManifestSchema,
  verifyManifest,
} from '../../apps/node/src/sync-snapshot/manifest.js';
import { type FetchEffect, SnapshotFetch } from '../../apps/node/src/sync-snapshot/snapshot-fetch.js';
import { fakeAggregate, SimulatedBackend, type SimulatedChain, simulatedChain } from './simulated-chain.js';

let chain: SimulatedChain;
let trust: SnapshotTrust;
let parts: Omit<SnapshotManifest, 'version' | 'pieceBytes'>;
const file = Uint8Array.from({ length: 3 * PIECE_BYTES + 500 }, (_, i) => (i * 7) ^ (i >>> 12));
const piece = (index: number, of = file) => of.subarray(index * PIECE_BYTES, (index + 1) * PIECE_BYTES);

function piecesOf(of: Uint8Array): Uint8Array {
  const hashes: Uint8Array[] = [];
  for (let at = 0; at < of.length; at += PIECE_BYTES) hashes.push(sha256(of.subarray(at, at + PIECE_BYTES)));
  return Uint8Array.from(hashes.flatMap((hash) => [...hash]));
}

beforeAll(() => {
  chain = simulatedChain();
  parts = partsAt(130, file);
  trust = {
    ports: { chainId: chain.chainId, verify: fakeAggregate },
    light: chain.trust,
    activationNum: 1,
    fileBytesMax: 1 << 30,
  };
});

function partsAt(num: number, of: Uint8Array): typeof parts {
  const { light } = new SimulatedBackend(chain);
  const proof = light.prove(num);
  const update = light.steps(0);
  if ('kind' in proof || 'kind' in update) throw new Error('the simulated chain does not prove its block');
  const headers = [num - 2, num - 1, num].map((at) => chain.blocks[at]!.block.header);
  const { anchor, path } = proof;
  return { fileBytes: BigInt(of.length), pieces: piecesOf(of), steps: update.steps, anchor, path, headers };
}

/** A peer's side: answers what it is asked, as it likes. */
type Conduct = {
  manifest?: Uint8Array | undefined;
  piece?: (index: number) => Uint8Array | undefined;
  isMute?: boolean;
};

class Fetching {
  readonly fetch: SnapshotFetch;
  readonly written = new Map<number, Uint8Array>();
  readonly blamed: string[] = [];
  readonly asked = new Map<string, number>();
  begun: number[] = [];
  completed = 0;
  nowMs = 0;
  readonly #peers: Record<string, Conduct>;

  constructor(peers: Record<string, Conduct>, resumed?: ConstructorParameters<typeof SnapshotFetch>[1]) {
    this.fetch = new SnapshotFetch(trust, resumed);
    this.#peers = peers;
  }

  start(): this {
    for (const name of Object.keys(this.#peers)) this.carryOut(this.fetch.joined(name, this.nowMs));
    return this;
  }

  later(ms: number): this {
    for (let passed = 0; passed < ms; passed += 500) {
      this.nowMs += 500;
      this.carryOut(this.fetch.tick(this.nowMs));
    }
    return this;
  }

  carryOut(effects: readonly FetchEffect[]): void {
    for (const effect of effects) {
      if (effect.kind === 'begin') {
        this.begun.push(effect.snapshot.block.num);
        this.written.clear();
      } else if (effect.kind === 'write') this.written.set(effect.index, effect.data);
      else if (effect.kind === 'blame') this.blamed.push(`${effect.peer} ${effect.code}: ${effect.message}`);
      else if (effect.kind === 'complete') this.completed++;
      else if (effect.kind === 'send') this.#answer(effect.peer, effect.message);
    }
  }

  #answer(peer: string, message: PeerMessage): void {
    this.asked.set(peer, (this.asked.get(peer) ?? 0) + 1);
    const conduct = this.#peers[peer]!;
    // What leaves must be of the protocol.
    const asked = decode(peerMessageSchema, encode(peerMessageSchema, message));
    if (conduct.isMute === true) return;
    const answer = answerTo(asked, conduct);
    if (answer !== undefined) this.carryOut(this.fetch.received(peer, answer, this.nowMs));
  }
}

function answerTo(asked: PeerMessage, conduct: Conduct): PeerMessage | undefined {
  if (asked.kind === 'getSnapshot') {
    const { request } = asked.getSnapshot;
    return { kind: 'snapshot', snapshot: { request, manifest: conduct.manifest } };
  }
  if (asked.kind !== 'getChunk') return undefined;
  const { request, index } = asked.getChunk;
  return { kind: 'chunk', chunk: { request, data: conduct.piece?.(index) } };
}

const good = (): Conduct => ({ manifest: makeManifest(parts), piece: (index) => piece(index) });
const isWhole = ({ written }: Fetching) =>
  [0, 1, 2, 3].every((index) => toHex(sha256(written.get(index)!)) === toHex(sha256(piece(index))));

describe('SN-12 a manifest', () => {
  it('is believed if its block is final by certificates', () => {
    const verified = verifyManifest(makeManifest(parts)!, trust);
    expect(verified).toMatchObject({ pieceCount: 4, block: { num: 130 } });
    if (typeof verified === 'string') throw new Error(verified);
    expect(verified.trusted.map(({ schedule }) => schedule.version)).toEqual([0, 1, 2]);
    expect(verified.trusted.map(({ activationNum }) => activationNum)).toEqual([
      1,
      ...chain.blocks.flatMap((made, num) => (made?.block.header.newProducers === undefined ? [] : [num])),
    ]);
  });

  it('is refused with any other part', () => {
    const reason = (change: Partial<SnapshotManifest>) => {
      const whole = { version: 1, pieceBytes: PIECE_BYTES, ...parts, ...change };
      const verified = verifyManifest(encode(snapshotManifestSchema, whole), trust);
      return typeof verified === 'string' ? verified : 'valid';
    };
    expect(reason({})).toBe('valid');
    expect(reason({ version: 2 })).toMatch(/version 2, this program reads 1/);
    expect(reason({ pieceBytes: 5 })).toMatch(/pieces have 5 bytes/);
    expect(reason({ fileBytes: 0n })).toMatch(/0 bytes/);
    expect(reason({ fileBytes: 1n << 50n })).toMatch(/at most 1073741824 are fetched/);
    expect(reason({ fileBytes: BigInt(file.length + PIECE_BYTES) })).toMatch(/4 hashes for 5 pieces/);
    expect(reason({ pieces: parts.pieces.subarray(1) })).toMatch(/hashes for 4 pieces/);
    expect(reason({ headers: [] })).toMatch(/no headers/);
    expect(reason({ headers: parts.headers.slice(0, 2) })).toMatch(/129 is not shown to be final/);
    expect(reason({ headers: [parts.headers[0]!, parts.headers[2]!] })).toMatch(/does not follow/);
    expect(reason({ steps: parts.steps.slice(1) })).toMatch(/step from schedule 0 to 2/);
    expect(reason({ steps: [] })).toMatch(/schedule 2, trusted is 0/);
    expect(reason({ path: undefined })).toMatch(/not shown to be final/);
    expect(reason({ path: { ...parts.path!, siblings: [] } })).toMatch(/not shown to be final/);
    const forged = { ...parts.anchor, header: { ...parts.anchor.header, producer: 5n as never } };
    expect(reason({ anchor: forged })).toMatch(/another block/);
    const encoded = makeManifest(parts)!;
    for (const end of [0, 1, 100, encoded.length - 1]) {
      expect(verifyManifest(encoded.subarray(0, end), trust)).toMatch(/cannot be read/);
    }
  });

  it('is not made where it could not be sent', () => {
    expect(makeManifest({ ...parts, pieces: new Uint8Array(4 * 1024 * 1024) })).toBeUndefined();
  });
});

describe('SN-13, SN-14 fetching', () => {
  it('takes the pieces from all who have them', () => {
    const fetching = new Fetching({ a: good(), b: good(), c: {} }).start().later(5_000);
    expect(fetching.completed).toBe(1);
    expect(isWhole(fetching)).toBe(true);
    expect(fetching.blamed).toEqual([]);
    expect(fetching.fetch.status).toMatchObject({ phase: 'complete', blockNum: 130, pieces: 4, pieceCount: 4 });
    expect(Math.min(fetching.asked.get('a')!, fetching.asked.get('b')!)).toBeGreaterThan(1);
  });

  it('asks again while nobody has one, and takes what comes later', () => {
    const late: Conduct = {};
    const fetching = new Fetching({ a: late }).start().later(20_000);
    expect(fetching.asked.get('a')).toBeLessThan(6);
    expect(fetching.completed).toBe(0);
    Object.assign(late, good());
    expect(isWhole(fetching.later(10_000))).toBe(true);
  });

  it('takes what most have, else the newest', () => {
    const other = Uint8Array.from(file, (byte) => byte ^ 1);
    const lone: Conduct = { manifest: makeManifest(partsAt(140, other)), piece: (index) => piece(index, other) };
    expect(new Fetching({ a: good(), b: lone, c: good() }).start().later(5_000).begun).toEqual([130]);
    expect(new Fetching({ a: good(), b: lone }).start().later(5_000).begun).toEqual([140]);
  });

  it('goes on with others when a peer gives wrong pieces, none, or leaves', () => {
    const liar = { ...good(), piece: () => new Uint8Array(PIECE_BYTES) };
    const short = { ...good(), piece: (index: number) => piece(index).subarray(1) };
    const forgetful = { ...good(), piece: () => undefined };
    const fetching = new Fetching({ liar, short, forgetful, a: good() }).start().later(10_000);
    expect(isWhole(fetching)).toBe(true);
    expect(fetching.blamed.map((text) => text.replace(/:.*/, '')).sort()).toEqual([
      'liar false_data',
      'short false_data',
    ]);
    const again = new Fetching({ a: { ...good(), piece: () => undefined }, b: { ...good(), isMute: true } }).start();
    again.carryOut(again.fetch.joined('a', 0));
    again.carryOut(again.fetch.left('a', 0));
    again.later(30_000);
    expect(again.completed).toBe(0);
    const leaving = new Fetching({ mute: { ...good(), isMute: false }, b: good() }).start();
    leaving.carryOut(leaving.fetch.left('mute', 0));
    expect(isWhole(leaving.later(10_000))).toBe(true);
  });

  it('does not wait for ever for a peer that stalls', () => {
    const stalling: Conduct = { manifest: makeManifest(parts) };
    const fetching = new Fetching({ stalling });
    fetching.start();
    stalling.isMute = true;
    const helped = new Fetching({ stalling: { ...good(), isMute: true }, b: good() }).start().later(15_000);
    expect(isWhole(helped)).toBe(true);
    expect(helped.blamed).toEqual([]);
    const silent: Conduct = { manifest: makeManifest(parts), piece: () => new Uint8Array(0) };
    const alone = new Fetching({ silent });
    alone.start().later(60_000);
    expect(alone.blamed).toHaveLength(1);
    expect(alone.completed).toBe(0);
  });

  it('puts out who cannot prove what it offers, and who offered what turned out wrong', () => {
    const unproved = { ...good(), manifest: makeManifest({ ...parts, steps: [] }) };
    const garbage = { ...good(), manifest: Uint8Array.of(1, 2, 3) };
    const other = Uint8Array.from(file, (byte) => byte ^ 1);
    const wrong = (): Conduct => ({
      manifest: makeManifest(partsAt(140, other)),
      piece: (index) => piece(index, other),
    });
    const peers = { unproved, garbage, w1: wrong(), w2: wrong(), a: good() };
    const fetching = new Fetching(peers).start().later(5_000);
    expect(fetching.begun).toEqual([140]);
    expect(fetching.completed).toBe(1);
    fetching.carryOut(fetching.fetch.failed('another state root', fetching.nowMs));
    fetching.later(20_000);
    expect(fetching.begun).toEqual([140, 130]);
    expect(fetching.completed).toBe(2);
    expect(isWhole(fetching)).toBe(true);
    expect(fetching.blamed.map((text) => text.split(' ')[0]).sort()).toEqual(['garbage', 'unproved', 'w1', 'w2']);
    const again = fetching.fetch.joined('w3', fetching.nowMs);
    expect(again).toEqual([]);
  });

  it('goes on where an earlier run ended, with the same snapshot only', () => {
    const snapshot = verifyManifest(makeManifest(parts)!, trust);
    if (typeof snapshot === 'string') throw new Error(snapshot);
    const resumed = { snapshot, pieces: new Set([0, 2]) };
    const fetching = new Fetching({ a: good() }, resumed).start().later(5_000);
    expect(fetching.begun).toEqual([]);
    expect([...fetching.written.keys()].sort()).toEqual([1, 3]);
    expect(fetching.completed).toBe(1);
    const other = Uint8Array.from(file, (byte) => byte ^ 1);
    const lone: Conduct = { manifest: makeManifest(partsAt(140, other)), piece: (index) => piece(index, other) };
    const anew = new Fetching({ lone }, resumed).start().later(5_000);
    expect(anew.begun).toEqual([140]);
    expect(anew.written.size).toBe(4);
  });

  it('ignores answers that nobody asked for', () => {
    const fetching = new Fetching({ a: { ...good(), isMute: true } }).start();
    const unasked: PeerMessage[] = [
      { kind: 'snapshot', snapshot: { request: 99, manifest: makeManifest(parts) } },
      { kind: 'chunk', chunk: { request: 1, data: piece(0) } },
      { kind: 'ping', ping: { nonce: 1n } },
    ];
    for (const message of unasked) expect(fetching.fetch.received('a', message, 1)).toEqual([]);
    expect(fetching.fetch.received('stranger', unasked[0]!, 1)).toEqual([]);
    expect(fetching.fetch.failed('nothing', 1)).toEqual([]);
  });
});
