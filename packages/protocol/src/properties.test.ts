/** What holds for every wire type: round trips, truncation, mutation. */
import { toHex } from '@snapscale/crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DecodeError, decode, encode, FormatError, type Json } from './index.js';
import { Random } from './testing/random.js';
import { samples } from './testing/samples.js';

const entries = Object.entries(samples);
const large = new Set(['signedBlock', 'transactionTrace', 'abi', 'genesis']);

describe.each(entries)('%s', (name, { schema, make }) => {
  const runs = large.has(name) ? 60 : 150;

  it('decodes what it encodes, within its bounds', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const value = make(new Random(seed));
        const bytes = encode(schema, value);
        expect(bytes.length).toBeGreaterThanOrEqual(schema.sizeMin);
        expect(bytes.length).toBeLessThanOrEqual(schema.sizeMax);
        expect(decode(schema, bytes)).toEqual(value);
      }),
      { numRuns: runs },
    );
  });

  it('reads the JSON it gives, also after a trip through text', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const value = make(new Random(seed));
        const json = JSON.parse(JSON.stringify(schema.toJson(value))) as Json;
        const back = schema.fromJson(json);
        expect(schema.toJson(back)).toEqual(json);
        // JSON does not say whether an ABI's optional lists were left out or empty.
        if (name !== 'abi') expect(back).toEqual(value);
      }),
      { numRuns: runs },
    );
  });

  it('refuses its encoding cut at any byte, and with a byte more', () => {
    for (let seed = 0; seed < 4; seed++) {
      const value = make(new Random(seed));
      const bytes = encode(schema, value);
      // An ABI may end before its optional lists; everything else has one end.
      const wanted = name === 'abi' ? expect.stringMatching(/refused|same/) : 'refused';
      for (let end = 0; end < bytes.length; end++) expect(outcome(schema, bytes.subarray(0, end))).toEqual(wanted);
      expect(outcome(schema, Uint8Array.from([...bytes, 0]))).toEqual(wanted);
    }
  });

  it('answers mutated bytes with a value that encodes identically, or DecodeError, in bounded time', () => {
    for (let seed = 0; seed < (large.has(name) ? 120 : 250); seed++) {
      const random = new Random(seed * 7919 + 1);
      const bytes = mutate(random, encode(schema, make(random)));
      const start = performance.now();
      const result = outcome(schema, bytes);
      const took = performance.now() - start;
      expect(result).not.toBe('different');
      if (took > 50) expect(secondTry(() => outcome(schema, bytes))).toBeLessThan(50);
    }
  });

  it('answers noise with a value that encodes identically, or DecodeError', () => {
    for (let seed = 0; seed < 100; seed++) {
      const random = new Random(seed);
      expect(outcome(schema, random.bytes(random.below(200)))).not.toBe('different');
    }
  });

  it('answers JSON of another type with FormatError', () => {
    for (const json of hostileJson()) {
      try {
        schema.fromJson(json);
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
      }
    }
  });
});

type AnySchema = (typeof samples)[string]['schema'];

function outcome(schema: AnySchema, bytes: Uint8Array): 'refused' | 'same' | 'different' {
  let value: unknown;
  try {
    value = decode(schema, bytes);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return 'refused';
  }
  schema.toJson(value);
  return toHex(encode(schema, value)) === toHex(bytes) ? 'same' : 'different';
}

/** Shared machines stall now and then: only what is slow twice is slow. */
function secondTry(work: () => unknown): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

function mutate(random: Random, bytes: Uint8Array): Uint8Array {
  const result = [...bytes];
  for (let i = random.between(1, 4); i > 0; i--) {
    const at = random.below(result.length + 1);
    const kind = random.below(5);
    if (kind === 0) result.splice(at, random.between(1, 4));
    else if (kind === 1) result.splice(at, 0, ...random.bytes(random.between(1, 4)));
    else if (kind === 2) result.splice(at, 0, 0xff, 0xff, 0xff, 0xff, random.pick([0x0f, 0x7f, 0xff]));
    else if (at < result.length) result[at] = kind === 3 ? random.below(256) : result[at]! ^ (1 << random.below(8));
  }
  return Uint8Array.from(result);
}

function hostileJson(): Json[] {
  const scalars: Json[] = [null, true, 0, -1, 1.5, 1e300, 2 ** 53, '', 'x', '-', '0x', '9'.repeat(50), 'é', '\ud800'];
  const deep = JSON.parse(`${'['.repeat(200)}${']'.repeat(200)}`) as Json;
  return [
    ...scalars,
    [],
    [[]],
    deep,
    {},
    { constructor: 1 },
    JSON.parse('{"__proto__": {"threshold": 1}}') as Json,
    ...scalars.map((s) => [s, s]),
  ];
}
