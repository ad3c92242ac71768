/** Fuzzed decoders of bytes: wire types, what consensus and peers send, frames, files of other nodes. */
import { lightStepSchema } from '@snapscale/consensus/light-client';
import {
  blsProofOfPossession,
  blsPublicKeyOf,
  CryptoError,
  equalBytes,
  generateBlsPrivateKey,
} from '@snapscale/crypto';
import { decodeStateProof } from '@snapscale/execution';
import {
  DecodeError,
  decode,
  decodeBlockSummary,
  encode,
  FormatError,
  finalityExtensionSchema,
  helloBodySchema,
  type Json,
  name,
  type PeerMessage,
  peerMessageBytesMax,
  peerMessageKind,
  peerMessageSchema,
  publicKeySchema,
  quorumCertificateSchema,
  type Schema,
  type SignedBlock,
  signedBlockSchema,
  voteSchema,
  votingScheduleSchema,
} from '@snapscale/protocol';
import { encodeFrame, FrameError, FrameReader } from '../../../apps/node/src/p2p/frames.js';
import { decodeEntries, decodeInfo, decodeTotals } from '../../../apps/node/src/store/snapshot-format.js';
import { decodeTraces, joinTraces } from '../../../apps/node/src/store/trace-record.js';
import { snapshotManifestSchema } from '../../../apps/node/src/sync-snapshot/manifest.js';
import { Random } from '../../../packages/protocol/src/testing/random.js';
import { type Sample, samples } from '../../../packages/protocol/src/testing/samples.js';
import type { FuzzTarget } from './fuzz-target.js';

const SAMPLES = 12;

/** Every decoder of bytes but those of transactions, ABIs and contracts. */
export function byteTargets(): FuzzTarget[] {
  const all = { ...samples, ...consensusSamples(), ...peerSamples() };
  return [...Object.entries(all).map(([type, sample]) => wireTarget(type, sample)), framesTarget(), ...fileTargets()];
}

/** Decoding is canonical: what it accepts is what encoding makes. */
function wireTarget(type: string, { schema, make }: Sample<unknown>): FuzzTarget {
  return {
    name: `wire ${type}`,
    samples: seeds((random) => encode(schema, make(random))),
    refusals: [DecodeError],
    run(input) {
      const value = decode(schema, input);
      if (!equalBytes(encode(schema, value), input)) throw new Error('decodes what encodes otherwise');
      const text = JSON.stringify(schema.toJson(value));
      try {
        encode(schema, schema.fromJson(JSON.parse(text) as Json));
      } catch (error) {
        // Some values have no JSON form that comes back, such as keys that are no points of their curve.
        if (!(error instanceof FormatError)) throw error;
      }
    },
  };
}

function seeds(make: (random: Random) => Uint8Array): Uint8Array[] {
  return Array.from({ length: SAMPLES }, (_, seed) => make(new Random(seed + 1)));
}

const sampleOf = <T>(schema: Schema<T>, make: (random: Random) => T): Sample<unknown> =>
  ({ schema, make }) as Sample<unknown>;

function consensusSamples(): Record<string, Sample<unknown>> {
  const secret = generateBlsPrivateKey(new Random(1).bytes(48));
  const [finalizerKey, signature] = [blsPublicKeyOf(secret), blsProofOfPossession(secret)];
  const key = publicKeySchema.fromJson('EOS6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5GDW5CV');
  const subject = (random: Random) => ({
    phase: random.below(2) as 0 | 1,
    slot: random.u32(),
    blockId: random.bytes(32),
  });
  const certificate = (random: Random) => ({ ...subject(random), signers: random.bytes(random.below(17)), signature });
  const sometimes = <T>(random: Random, make: (random: Random) => T) => (random.chance(3) ? undefined : make(random));
  return {
    vote: sampleOf(voteSchema, (random) => ({ ...subject(random), finalizerKey, signature })),
    certificate: sampleOf(quorumCertificateSchema, certificate),
    finality: sampleOf(finalityExtensionSchema, (random) => ({
      justify: sometimes(random, certificate),
      finalized: sometimes(random, certificate),
      finalityMroot: random.bytes(32),
      joint: random.chance(2),
    })),
    lightStep: sampleOf(lightStepSchema, (random) => ({
      headers: random.list(3, () => header(random)),
      certificate: certificate(random),
    })),
    snapshotManifest: sampleOf(snapshotManifestSchema, (random) => ({
      version: 1,
      fileBytes: random.unsigned(40),
      pieceBytes: 1 << 20,
      pieces: random.bytes(64),
      steps: random.list(2, () => ({ headers: [header(random)], certificate: certificate(random) })),
      anchor: { header: header(random), certificate: certificate(random) },
      path: sometimes(random, () => ({ leafCount: random.u32(), siblings: random.list(4, () => random.bytes(32)) })),
      headers: random.list(3, () => header(random)),
    })),
    votingSchedule: sampleOf(votingScheduleSchema, (random) => ({
      version: random.u32(),
      producers: random.list(4, () => ({ name: name('bob'), key, finalizerKey })),
    })),
  };
}

const header = (random: Random) => (samples.signedBlock!.make(random) as SignedBlock).header;
const point = (random: Random) => ({ num: random.u32(), id: random.bytes(32), slot: random.u32() });
const status = (random: Random) => ({ head: point(random), final: point(random), earliestBlockNum: random.u32() });

function peerSamples(): Record<string, Sample<unknown>> {
  return {
    helloBody: sampleOf(helloBodySchema, (random) => ({
      versionMin: 1,
      versionMax: 1,
      chainId: random.bytes(32),
      agent: random.text(20),
      listens: random.chance(2) ? undefined : 'host:9876',
      clockMs: random.unsigned(64),
      status: status(random),
    })),
    peerMessage: sampleOf(peerMessageSchema, makeMessage),
  };
}

function makeMessage(random: Random): PeerMessage {
  const request = random.u32();
  const bytes = () => random.bytes(random.below(60));
  const block = encode(signedBlockSchema, samples.signedBlock!.make(random) as never);
  const id = random.bytes(32);
  return random.pick<PeerMessage>([
    { kind: 'hello', hello: { body: bytes(), signature: bytes() } },
    { kind: 'goodbye', goodbye: { code: 'timeout', message: random.text(20) } },
    { kind: 'ping', ping: { nonce: random.unsigned(64) } },
    { kind: 'pong', pong: { nonce: random.unsigned(64) } },
    { kind: 'status', status: status(random) },
    { kind: 'transactions', transactions: random.list(4, bytes) },
    { kind: 'block', block },
    { kind: 'compactBlock', compactBlock: { block } },
    { kind: 'getBlockTransactions', getBlockTransactions: { blockId: id, positions: [1, 2, 9] } },
    { kind: 'blockTransactions', blockTransactions: { blockId: id, transactions: random.list(3, bytes) } },
    { kind: 'vote', vote: bytes() },
    { kind: 'certificate', certificate: bytes() },
    { kind: 'getBlocks', getBlocks: { request, from: random.u32(), count: 9 } },
    { kind: 'getBlock', getBlock: { request, id, ancestors: 9 } },
    { kind: 'blocks', blocks: { request, blocks: random.list(3, () => block) } },
    { kind: 'getSnapshot', getSnapshot: { request } },
    { kind: 'snapshot', snapshot: { request, manifest: random.chance(2) ? undefined : bytes() } },
    { kind: 'getChunk', getChunk: { request, snapshot: id, index: 3 } },
    { kind: 'chunk', chunk: { request, data: random.chance(2) ? undefined : bytes() } },
    { kind: 'wantTransactions', wantTransactions: random.chance(2) },
  ]);
}

/** A stream is cut into the same messages however it arrives; no more is held than the message under way. */
function framesTarget(): FuzzTarget {
  return {
    name: 'frames of a peer',
    samples: seeds((random) => Buffer.concat(random.list(4, () => encodeFrame(makeMessage(random))))),
    refusals: [],
    run(input) {
      const whole = framesOf(input, input.length + 1);
      for (const size of [1 + (input.length % 7), 1 + (input.length % 61)]) {
        const pieces = framesOf(input, size);
        if (pieces.join() !== whole.join()) throw new Error(`pieces of ${size} bytes: ${pieces.join()}, not ${whole}`);
      }
    },
  };
}

/** Messages of a stream in hex, at last why it ended if it did not end well. */
function framesOf(stream: Uint8Array, pieceBytes: number): string[] {
  const reader = new FrameReader();
  const found: string[] = [];
  try {
    for (let at = 0; at < stream.length; at += pieceBytes) {
      for (const frame of reader.push(stream.slice(at, at + pieceBytes))) {
        found.push(Buffer.from(frame).toString('hex'));
        const max = peerMessageBytesMax(peerMessageKind(frame[0]!)!);
        if (frame.length > max) throw new Error(`a frame of ${frame.length} bytes, more than ${max}`);
        readFrame(frame);
      }
      if (reader.held > stream.length) throw new Error(`${reader.held} bytes are held of ${stream.length}`);
    }
  } catch (error) {
    if (!(error instanceof FrameError)) throw error;
    found.push(error.message);
  }
  return found;
}

function readFrame(frame: Uint8Array): void {
  let message: PeerMessage;
  try {
    message = decode(peerMessageSchema, frame);
  } catch (error) {
    if (error instanceof DecodeError) return;
    throw error;
  }
  if (!equalBytes(encodeFrame(message).subarray(4), frame)) throw new Error('a message that encodes otherwise');
}

/** What a node reads of files that came from elsewhere: snapshots, logs, proofs. */
function fileTargets(): FuzzTarget[] {
  const traces = seeds((random) =>
    joinTraces(random.list(3, () => encode(samples.transactionTrace!.schema, samples.transactionTrace!.make(random)))),
  );
  return [
    { name: 'record of traces', samples: traces, refusals: [DecodeError], run: (input) => void decodeTraces(input) },
    {
      name: 'block summary',
      samples: seeds((random) => encode(samples.signedBlock!.schema, samples.signedBlock!.make(random))),
      refusals: [DecodeError],
      run: (input) => void decodeBlockSummary(input),
    },
    {
      name: 'snapshot chunk',
      samples: [new Uint8Array(200), Uint8Array.from([3, 0, 1, 2, 3, 4, 0, 0, 0, 9, 9, 9, 9])],
      refusals: [],
      run(input) {
        const payload = Buffer.from(input);
        for (const { key, value } of decodeEntries(payload) ?? []) {
          if (key.length + value.length > input.length) throw new Error('an entry is longer than its chunk');
        }
        decodeInfo(payload);
        decodeTotals(payload);
      },
    },
    {
      name: 'state proof',
      samples: [new Uint8Array(200), Uint8Array.from({ length: 300 }, (_, i) => i & 0xff)],
      refusals: [CryptoError],
      run: (input) => void decodeStateProof(input),
    },
  ];
}
