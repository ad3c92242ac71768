/**
 * Every codec is pinned by a digest over many generated values (vectors/protocol). A change of these files is a change of
 * the protocol. To write them anew: `UPDATE_VECTORS=1 npx vitest run packages/protocol/src/vectors.test.ts`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { decodeType, encode, encodeType } from './index.js';
import { compileStressAbi, makeAbiJson, stressAbi } from './testing/abi-samples.js';
import { Random } from './testing/random.js';
import { digestOfCases, samples } from './testing/samples.js';

const source =
  'own values, made from seeds 0 to count - 1 (packages/protocol/src/testing); digest = sha256(digest before, 32 zero bytes at first; bytes) for each in turn';

it('wire types', () => {
  const count = 500;
  const digests = Object.fromEntries(
    Object.entries(samples).map(([name, { schema, make }]) => [
      name,
      digestOfCases(count, (seed) => encode(schema, make(new Random(seed)))),
    ]),
  );
  expectPinned('codecs.json', { source, count, digests });
});

it('JSON of wire types', () => {
  const count = 100;
  const digests = Object.fromEntries(
    Object.entries(samples).map(([name, { schema, make }]) => [
      name,
      digestOfCases(count, (seed) => utf8(JSON.stringify(schema.toJson(make(new Random(seed)))))),
    ]),
  );
  expectPinned('codecs-json.json', { source, count, digests });
});

it('types of an ABI', () => {
  const count = 60;
  const compiled = compileStressAbi();
  const bytesOf = (type: string, seed: number) => encodeType(compiled, type, makeAbiJson(new Random(seed), type));
  const types = ['plain', 'lists', 'options', 'derived', 'nested', 'tree'];
  const bytes = types.map((type) => [type, digestOfCases(count, (seed) => bytesOf(type, seed))]);
  const json = types.map((type) => [
    type,
    digestOfCases(count, (seed) => utf8(JSON.stringify(decodeType(compiled, type, bytesOf(type, seed))))),
  ]);
  expectPinned('abi.json', {
    source,
    count,
    bytes: Object.fromEntries(bytes),
    json: Object.fromEntries(json),
    abi: stressAbi,
  });
});

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function expectPinned(file: string, actual: object): void {
  const url = new URL(`../../../vectors/protocol/${file}`, import.meta.url);
  if (process.env.UPDATE_VECTORS === '1') writeFileSync(url, `${JSON.stringify(actual, null, 2)}\n`);
  expect(actual).toEqual(JSON.parse(readFileSync(url, 'utf8')));
}
