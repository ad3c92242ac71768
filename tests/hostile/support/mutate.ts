/** Damage to sound inputs. */
import type { Random } from '../../../packages/execution/src/wasm/testing/random.js';
import type { FuzzTarget } from './fuzz-target.js';
import { junkValues } from './junk.js';

/** Longest input: enough for what costs more than linear time to show. */
const INPUT_BYTES_MAX = 100_000;

/** Numbers on which decoders stumble. */
const interesting: readonly (readonly number[])[] = [
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0x80, 0x80, 0x80, 0x80, 0x00],
  [0],
  [0x7f],
  [0x80],
  [0xff, 0xff],
  [0, 0, 0, 0x80],
  [0xff, 0xff, 0xff, 0x7f],
];

/** One input for a target: a sample with some damage, or noise. */
export function mutated({ samples, form }: FuzzTarget, random: Random): Uint8Array {
  if (form === 'JSON' && random.below(4) !== 0) return mutatedJson(samples, random);
  if (random.below(12) === 0 || samples.length === 0) {
    return Uint8Array.from({ length: random.below(200) }, () => random.next() & 0xff);
  }
  let bytes: Uint8Array = samples[random.below(samples.length)]!.slice();
  for (let left = 1 + random.below(5); left > 0; left--) bytes = damaged(bytes, samples, random);
  return random.below(32) === 0 ? repeated(bytes, random) : bytes;
}

/** A piece of the input again and again: many parts, long numbers, deep nesting. */
function repeated(bytes: Uint8Array, random: Random): Uint8Array {
  const at = random.below(bytes.length + 1);
  const piece = bytes.subarray(at, at + 1 + random.below(24));
  if (piece.length === 0) return bytes;
  const count = 1 + random.below(Math.max(1, Math.floor((INPUT_BYTES_MAX - bytes.length) / piece.length)));
  return join(bytes.subarray(0, at), ...Array.from({ length: count }, () => piece), bytes.subarray(at));
}

function damaged(bytes: Uint8Array, samples: readonly Uint8Array[], random: Random): Uint8Array {
  const at = random.below(bytes.length + 1);
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  const number = Uint8Array.from(interesting[random.below(interesting.length)]!);
  switch (random.below(7)) {
    case 0:
      return before.slice();
    case 1:
      return join(before, Uint8Array.of(random.next() & 0xff), after.subarray(1));
    case 2:
      return join(before, Uint8Array.of((after[0] ?? 0) ^ (1 << random.below(8))), after.subarray(1));
    case 3:
      return join(before, number, after);
    case 4:
      return join(before, after.subarray(1 + random.below(8)));
    case 5: {
      const other = samples[random.below(samples.length)]!;
      return join(before, other.subarray(random.below(other.length + 1)));
    }
    default:
      return join(before, number, after.subarray(number.length));
  }
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Junk that is short enough to be put anywhere. */
const junk: readonly Json[] = junkValues.filter((text) => text.length < 3000).map((text) => JSON.parse(text) as Json);
const replacements: readonly Json[] = [
  ...junk,
  'é'.repeat(300),
  '😀'.repeat(70),
  'a'.repeat(70_000),
  '00'.repeat(70_000),
];

/** Sound JSON with other values in some places: what byte damage seldom makes, since most of it is no JSON. */
function mutatedJson(samples: readonly Uint8Array[], random: Random): Uint8Array {
  let text = Buffer.from(random.pick(samples)).toString();
  for (let left = 1 + random.below(3); left > 0 && text.length < INPUT_BYTES_MAX; left--) {
    text = JSON.stringify(changed(JSON.parse(text) as Json, random));
  }
  return new TextEncoder().encode(text);
}

function changed(value: Json, random: Random): Json {
  const isInner = typeof value === 'object' && value !== null && Object.keys(value).length > 0;
  if (!isInner || random.below(12) === 0) return structuredClone(random.pick(replacements));
  if (Array.isArray(value)) {
    const at = random.below(value.length);
    const item = value[at]!;
    const choice = random.below(8);
    if (choice === 0) return value.filter((_, index) => index !== at);
    if (choice === 1) return Array.from({ length: 1 + random.below(50) }, () => item);
    return value.map((one, index) => (index === at ? changed(one, random) : one));
  }
  const key = random.pick(Object.keys(value));
  const { [key]: field, ...others } = value;
  return random.below(10) === 0 ? others : { ...value, [key]: changed(field!, random) };
}
