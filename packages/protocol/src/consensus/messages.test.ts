/** Votes, certificates and the header extensions of consensus: round trips, bounds, and bytes that strangers send. */
import {
  type BlsSignature,
  blsProofOfPossession,
  blsPublicKeyOf,
  generateBlsPrivateKey,
  sha256,
  toHex,
} from '@snapscale/crypto';
import { describe, expect, it } from 'vitest';
import {
  activeScheduleExtension,
  blsPublicKeySchema,
  DecodeError,
  decode,
  EncodeError,
  encode,
  FormatError,
  finalityExtension,
  finalityExtensionSchema,
  headerExtension,
  type Json,
  limits,
  makeHeaderExtension,
  name,
  proposedScheduleExtension,
  publicKeySchema,
  quorumCertificateSchema,
  quorumOf,
  type Schema,
  signerBitmap,
  signersOf,
  type VotePhase,
  voteDigest,
  voteSchema,
  votingScheduleSchema,
} from '../index.js';
import { Random } from '../testing/random.js';
import { makeHeader } from '../testing/samples.js';

const secret = generateBlsPrivateKey(new Random(1).bytes(48));
const finalizerKey = blsPublicKeyOf(secret);
const signature: BlsSignature = blsProofOfPossession(secret);
const key = publicKeySchema.fromJson('EOS6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5GDW5CV');

const subject = (random: Random) => ({
  phase: random.below(2) as VotePhase,
  slot: random.u32(),
  blockId: random.bytes(32),
});
const certificate = (random: Random) => ({ ...subject(random), signers: random.bytes(random.below(33)), signature });
const optional = <T>(random: Random, value: T) => (random.chance(3) ? undefined : value);

const types: Record<string, { schema: Schema<unknown>; make: (random: Random) => unknown }> = {
  vote: entry(voteSchema, (random) => ({ ...subject(random), finalizerKey, signature })),
  certificate: entry(quorumCertificateSchema, certificate),
  finality: entry(finalityExtensionSchema, (random) => ({
    justify: optional(random, certificate(random)),
    finalized: optional(random, certificate(random)),
    finalityMroot: random.bytes(32),
    joint: random.chance(2),
  })),
  schedule: entry(votingScheduleSchema, (random) => ({
    version: random.u32(),
    producers: random.list(5, () => ({ name: name('bob'), key, finalizerKey })),
  })),
};

function entry<T>(schema: Schema<T>, make: (random: Random) => T): (typeof types)[string] {
  return { schema: schema as Schema<unknown>, make };
}

describe.each(Object.entries(types))('%s', (_, { schema, make }) => {
  it('decodes what it encodes, reads the JSON it gives, within its bounds', () => {
    for (let seed = 0; seed < 20; seed++) {
      const value = make(new Random(seed));
      const bytes = encode(schema, value);
      expect(bytes.length).toBeGreaterThanOrEqual(schema.sizeMin);
      expect(bytes.length).toBeLessThanOrEqual(schema.sizeMax);
      expect(decode(schema, bytes)).toEqual(value);
      if (seed < 3) expect(schema.fromJson(JSON.parse(JSON.stringify(schema.toJson(value))) as Json)).toEqual(value);
    }
  });

  it('refuses bytes cut anywhere, a byte more, and answers mutated bytes canonically or not at all', () => {
    const bytes = encode(schema, make(new Random(7)));
    for (let end = 0; end < bytes.length; end++)
      expect(() => decode(schema, bytes.subarray(0, end))).toThrow(DecodeError);
    expect(() => decode(schema, Uint8Array.from([...bytes, 0]))).toThrow(DecodeError);
    for (let seed = 0; seed < 2000; seed++) {
      const random = new Random(seed);
      const changed = encode(schema, make(random));
      for (let i = 0; i <= random.below(3); i++) changed[random.below(changed.length)] = random.below(256);
      try {
        expect(toHex(encode(schema, decode(schema, changed)))).toBe(toHex(changed));
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
      }
    }
  });
});

describe('bounds', () => {
  it('refuses a phase, a bitmap and a schedule that are too large', () => {
    const vote = encode(voteSchema, { phase: 1, slot: 5, blockId: new Uint8Array(32), finalizerKey, signature });
    vote[0] = 2;
    expect(() => decode(voteSchema, vote)).toThrow(DecodeError);
    const signers = new Uint8Array(limits.signerBitmapBytesMax + 1);
    const large = { phase: 0 as const, slot: 1, blockId: new Uint8Array(32), signers, signature };
    expect(() => encode(quorumCertificateSchema, large)).toThrow(EncodeError);
    const count = Uint8Array.from([1, 0, 0, 0, 126]);
    expect(() => decode(votingScheduleSchema, count)).toThrow(DecodeError);
    expect(() => blsPublicKeySchema.fromJson('PUB_BLS_nonsense')).toThrow(FormatError);
  });
});

describe('a vote', () => {
  it('signs domain, chain, phase, slot and block, all of them', () => {
    const chainId = new Uint8Array(32).fill(1);
    const blockId = new Uint8Array(32).fill(2);
    const preimage = [...new TextEncoder().encode('SNAP/VOTE/1'), ...chainId, 1, 4, 3, 2, 1, ...blockId];
    const digest = voteDigest(chainId, { phase: 1, slot: 0x01020304, blockId });
    expect(toHex(digest)).toBe(toHex(sha256(Uint8Array.from(preimage))));
    const others = [
      voteDigest(blockId, { phase: 1, slot: 0x01020304, blockId }),
      voteDigest(chainId, { phase: 0, slot: 0x01020304, blockId }),
      voteDigest(chainId, { phase: 1, slot: 0x01020305, blockId }),
      voteDigest(chainId, { phase: 1, slot: 0x01020304, blockId: chainId }),
    ];
    for (const other of others) expect(toHex(other)).not.toBe(toHex(digest));
  });
});

describe('a bitmap of signers', () => {
  it.each([1, 4, 7, 8, 9, 21, 125])('of %i gives back its positions', (count) => {
    for (let seed = 0; seed < 20; seed++) {
      const random = new Random(seed);
      const positions = Array.from({ length: count }, (_, i) => i).filter(() => random.chance(2));
      expect(signersOf(signerBitmap(positions, count), count)).toEqual(positions);
    }
  });

  it('has one form: its size follows from the count, spare bits are zero', () => {
    expect(signersOf(Uint8Array.from([0x0f]), 4)).toEqual([0, 1, 2, 3]);
    expect(signersOf(Uint8Array.from([0x1f]), 4)).toBeUndefined();
    expect(signersOf(Uint8Array.from([0x0f, 0]), 4)).toBeUndefined();
    expect(signersOf(Uint8Array.from([]), 4)).toBeUndefined();
  });

  it('makes a quorum of more than two thirds', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 21, 125].map(quorumOf)).toEqual([1, 2, 3, 3, 4, 5, 5, 15, 84]);
  });
});

describe('header extensions', () => {
  it('are found by type, and only once', () => {
    const value = { joint: false, finalityMroot: new Uint8Array(32), justify: undefined, finalized: undefined };
    const extension = makeHeaderExtension(finalityExtension, finalityExtensionSchema, value);
    const header = { ...makeHeader(new Random(1)), headerExtensions: [extension] };
    expect(headerExtension(header, finalityExtension, finalityExtensionSchema)).toEqual(value);
    expect(headerExtension(header, proposedScheduleExtension, votingScheduleSchema)).toBeUndefined();
    const twice = { ...header, headerExtensions: [extension, extension] };
    expect(() => headerExtension(twice, finalityExtension, finalityExtensionSchema)).toThrow(DecodeError);
    const wrong = { ...header, headerExtensions: [{ type: activeScheduleExtension, data: new Uint8Array(3) }] };
    expect(() => headerExtension(wrong, activeScheduleExtension, votingScheduleSchema)).toThrow(DecodeError);
  });
});
