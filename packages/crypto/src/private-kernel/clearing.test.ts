import { beforeAll, expect, test } from 'vitest';
import { BASES, makeProofGenerators } from '../private/generators.js';
import { encodePoint, encodeScalar, modOrder } from '../private/group.js';
import { commit } from '../private/pedersen.js';
import { makeRing, seeded } from '../private/testing/fixtures.js';
import { PrivateKernel } from './index.js';
import { encodeInput, encodeSecrets, fixedPoints } from './testing/kernels.js';

type MemoryLike = { readonly buffer: ArrayBuffer };
type Host = { WebAssembly: { Memory: new (limits: { initial: number }) => MemoryLike } };

const random = seeded('clearing');
const fresh = random.bytes(64);
const ring = makeRing('clear', 3, 1, 9n);
const scalar = encodeScalar(random.scalar());
const point = encodePoint(commit({ value: 5n, blinding: random.scalar() }));
let kernel: PrivateKernel;
let memory: MemoryLike;

beforeAll(async () => {
  const host = globalThis as unknown as Host;
  const original = host.WebAssembly.Memory;
  host.WebAssembly.Memory = class extends original {
    constructor(limits: { initial: number }) {
      super(limits);
      memory = this;
    }
  };
  try {
    kernel = await PrivateKernel.create(fixedPoints(makeProofGenerators(8, 1), BASES));
  } finally {
    host.WebAssembly.Memory = original;
  }
});

/** Whether eight bytes of a secret, from any place that is a multiple of eight, are anywhere in the kernel's memory. */
function isInMemory(secret: Uint8Array): boolean {
  const all = Buffer.from(memory.buffer);
  for (let i = 0; i + 8 <= secret.length; i += 8) if (all.includes(Buffer.from(secret.subarray(i, i + 8)))) return true;
  return false;
}

test('secrets, and the fresh bytes of nonces, are nowhere in memory after they were used', () => {
  const input = encodeInput(ring);
  const secrets = encodeSecrets(ring);
  const message = random.bytes(32);
  kernel.multiplySecret(point, scalar);
  kernel.multiplyBaseSecret(scalar);
  const product = kernel.multiplyScalars(scalar, scalar);
  const shared = kernel.agree(scalar, point);
  kernel.scan(scalar, [{ ephemeralKey: point, context: message, key: point, viewTag: 1 }]);
  kernel.proveRange(kernel.transcript('x'), [{ value: 77n, blinding: scalar }], fresh);
  kernel.signRings(message, [input], [secrets], fresh);
  kernel.transcript('x').rekey('k', scalar);
  for (const secret of [scalar, product, shared!, secrets.secret, secrets.blindingDifference, fresh]) {
    expect(isInMemory(secret)).toBe(false);
  }
  kernel.sumOfProducts([point], [scalar]);
  expect(isInMemory(scalar)).toBe(true);
});

test('nor after a refusal', () => {
  const other = encodeScalar(modOrder(ring.secret + 1n));
  const wrong = { ...encodeSecrets(ring), secret: other };
  expect(() => kernel.signRings(random.bytes(32), [encodeInput(ring)], [wrong], fresh)).toThrow(/not the key/);
  expect(isInMemory(other)).toBe(false);
  const blinding = encodeScalar(random.scalar());
  expect(() => kernel.proveRange(kernel.transcript('x'), [{ value: 256n, blinding }], fresh)).toThrow(/2\^8/);
  expect(isInMemory(blinding)).toBe(false);
});
