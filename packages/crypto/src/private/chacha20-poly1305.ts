/** ChaCha20-Poly1305 (RFC 8439): the seal of memos and of auditors' fields. Short messages only; each key is used once, so the nonce is zero. */
import { concatBytes } from '../bytes.js';

const KEY_BYTES = 32;
const TAG_BYTES = 16;
const BLOCK_BYTES = 64;
const PRIME_1305 = 2n ** 130n - 5n;
const CLAMP = 0x0ffffffc0ffffffc0ffffffc0fffffffn;
const ZERO_NONCE = new Uint8Array(12);

/** Sizes that callers frame with. */
export const SEAL_TAG_BYTES: number = TAG_BYTES;

/** Ciphertext and tag. A secret path: key and text. */
export function seal(key: Uint8Array, text: Uint8Array, data: Uint8Array, nonce: Uint8Array = ZERO_NONCE): Uint8Array {
  const cipher = xorStream(key, nonce, text);
  return concatBytes(cipher, tagOf(key, nonce, cipher, data));
}

/** The text, or undefined where the tag does not fit. */
export function unseal(
  key: Uint8Array,
  sealed: Uint8Array,
  data: Uint8Array,
  nonce: Uint8Array = ZERO_NONCE,
): Uint8Array | undefined {
  if (sealed.length < TAG_BYTES) return undefined;
  const cipher = sealed.subarray(0, sealed.length - TAG_BYTES);
  const tag = tagOf(key, nonce, cipher, data);
  let difference = 0;
  for (let i = 0; i < TAG_BYTES; i++) difference |= tag[i]! ^ sealed[cipher.length + i]!;
  return difference === 0 ? xorStream(key, nonce, cipher) : undefined;
}

/** RFC 8439, 2.4: blocks from 1 on; block 0 is the key of the tag. */
function xorStream(key: Uint8Array, nonce: Uint8Array, data: Uint8Array): Uint8Array {
  const output = new Uint8Array(data.length);
  for (let start = 0; start < data.length; start += BLOCK_BYTES) {
    const stream = block(key, nonce, 1 + start / BLOCK_BYTES);
    for (let i = start; i < Math.min(start + BLOCK_BYTES, data.length); i++) output[i] = data[i]! ^ stream[i - start]!;
  }
  return output;
}

/** RFC 8439, 2.8. */
function tagOf(key: Uint8Array, nonce: Uint8Array, cipher: Uint8Array, data: Uint8Array): Uint8Array {
  const padding = (bytes: Uint8Array) => new Uint8Array((16 - (bytes.length % 16)) % 16);
  const lengths = new Uint8Array(16);
  new DataView(lengths.buffer).setUint32(0, data.length, true);
  new DataView(lengths.buffer).setUint32(8, cipher.length, true);
  return poly1305(
    block(key, nonce, 0).subarray(0, KEY_BYTES),
    concatBytes(data, padding(data), cipher, padding(cipher), lengths),
  );
}

/** RFC 8439, 2.5. */
function poly1305(key: Uint8Array, message: Uint8Array): Uint8Array {
  const r = littleEndian(key.subarray(0, 16)) & CLAMP;
  const s = littleEndian(key.subarray(16, 32));
  let sum = 0n;
  for (let start = 0; start < message.length; start += 16) {
    const part = message.subarray(start, start + 16);
    sum = ((sum + littleEndian(part) + 2n ** BigInt(8 * part.length)) * r) % PRIME_1305;
  }
  const tag = new Uint8Array(TAG_BYTES);
  for (let i = 0, rest = sum + s; i < TAG_BYTES; i++, rest >>= 8n) tag[i] = Number(rest & 0xffn);
  return tag;
}

/** One block of key stream; RFC 8439, 2.3. */
function block(key: Uint8Array, nonce: Uint8Array, counter: number): Uint8Array {
  const input = new Uint32Array(16);
  const word = (bytes: Uint8Array, index: number) =>
    new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(4 * index, true);
  input.set([0x61707865, 0x3320646e, 0x79622d32, 0x6b206574]);
  for (let i = 0; i < 8; i++) input[4 + i] = word(key, i);
  input[12] = counter;
  for (let i = 0; i < 3; i++) input[13 + i] = word(nonce, i);
  const state = input.slice();
  for (let round = 0; round < 10; round++) {
    for (const [a, b, c, d] of QUARTERS) quarterRound(state, a!, b!, c!, d!);
  }
  const output = new Uint8Array(BLOCK_BYTES);
  const view = new DataView(output.buffer);
  for (let i = 0; i < 16; i++) view.setUint32(4 * i, (state[i]! + input[i]!) >>> 0, true);
  return output;
}

/** Columns, then diagonals. */
const QUARTERS: readonly (readonly number[])[] = [
  [0, 4, 8, 12],
  [1, 5, 9, 13],
  [2, 6, 10, 14],
  [3, 7, 11, 15],
  [0, 5, 10, 15],
  [1, 6, 11, 12],
  [2, 7, 8, 13],
  [3, 4, 9, 14],
];

function quarterRound(state: Uint32Array, a: number, b: number, c: number, d: number): void {
  const mix = (target: number, source: number, other: number, bits: number) => {
    state[target] = state[target]! + state[source]!;
    const mixed = state[other]! ^ state[target]!;
    state[other] = (mixed << bits) | (mixed >>> (32 - bits));
  };
  mix(a, b, d, 16);
  mix(c, d, b, 12);
  mix(a, b, d, 8);
  mix(c, d, b, 7);
}

function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
  return value;
}
