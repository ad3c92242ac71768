import { type BlsSignature, sha256 } from '@snapscale/crypto';
import { limits } from '@snapscale/protocol';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  decodeSafetyRecord,
  encodeSafetyRecord,
  freshSafetyRecord,
  latestSafetyRecord,
  SAFETY_RECORD_BYTES_MAX,
  type SafetyRecord,
} from './safety-record.js';

const point = fc.option(fc.record({ slot: fc.nat(0xffffffff), id: fc.uint8Array({ minLength: 32, maxLength: 32 }) }), {
  nil: undefined,
});
const slot = fc.integer({ min: -1, max: 0xffffffff });
const certificate = fc.option(
  fc.record({
    phase: fc.constantFrom(0 as const, 1 as const),
    slot: fc.nat(0xffffffff),
    blockId: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    signers: fc.uint8Array({ minLength: 0, maxLength: limits.signerBitmapBytesMax }),
    signature: fc.uint8Array({ minLength: 192, maxLength: 192 }).map((bytes) => bytes as BlsSignature),
  }),
  { nil: undefined },
);
const records: fc.Arbitrary<SafetyRecord> = fc.record({
  sequence: fc.nat(0xffffffff),
  finalizer: fc.record({ lastPrepared: point, lock: point, offBranch: slot }),
  lockCertificate: certificate,
  lastProducedSlot: slot,
});
const sample: SafetyRecord = {
  sequence: 7,
  finalizer: {
    lastPrepared: { slot: 9, id: new Uint8Array(32).fill(1) },
    lock: { slot: 8, id: new Uint8Array(32).fill(2) },
    offBranch: 5,
  },
  lockCertificate: undefined,
  lastProducedSlot: 9,
};

it('FIN-6 comes back from its bytes, which are bounded', () => {
  fc.assert(
    fc.property(records, (record) => {
      const bytes = encodeSafetyRecord(record);
      expect(bytes.length).toBeLessThanOrEqual(SAFETY_RECORD_BYTES_MAX);
      expect(decodeSafetyRecord(bytes)).toEqual(record);
    }),
  );
  expect(decodeSafetyRecord(encodeSafetyRecord(freshSafetyRecord))).toEqual(freshSafetyRecord);
});

it('FIN-6 is recognised as torn or damaged at every byte', () => {
  const bytes = encodeSafetyRecord(sample);
  for (let end = 0; end < bytes.length; end++) {
    expect(decodeSafetyRecord(bytes.subarray(0, end))).toBeUndefined();
    const torn = bytes.slice();
    torn.fill(0, end);
    if (end < bytes.length - 1) expect(decodeSafetyRecord(torn)).toBeUndefined();
    const flipped = bytes.slice();
    flipped[end]! ^= 0x10;
    expect(decodeSafetyRecord(flipped)).toBeUndefined();
  }
  expect(decodeSafetyRecord(Uint8Array.from([...bytes, 0]))).toBeUndefined();
  expect(decodeSafetyRecord(new Uint8Array(4096))).toBeUndefined();
});

it('FIN-6 of another version, or malformed under a right checksum, is not read', () => {
  const sealed = (body: Uint8Array) => Uint8Array.from([...body, ...sha256(body).subarray(0, 8)]);
  const body = encodeSafetyRecord(sample).slice(0, -8);
  expect(decodeSafetyRecord(sealed(body))).toEqual(sample);
  expect(decodeSafetyRecord(sealed(Uint8Array.from([2, ...body.subarray(1)])))).toBeUndefined();
  expect(decodeSafetyRecord(sealed(body.subarray(0, -1)))).toBeUndefined();
  expect(decodeSafetyRecord(sealed(Uint8Array.from([...body, 1])))).toBeUndefined();
});

it('FIN-6 is the newest readable copy', () => {
  const [older, newer] = [1, 2].map((sequence) => encodeSafetyRecord({ ...sample, sequence }));
  expect(latestSafetyRecord([older!, newer!])?.sequence).toBe(2);
  expect(latestSafetyRecord([newer!, older!])?.sequence).toBe(2);
  expect(latestSafetyRecord([older!, newer!.subarray(0, 40)])?.sequence).toBe(1);
  expect(latestSafetyRecord([new Uint8Array(0)])).toBeUndefined();
});
