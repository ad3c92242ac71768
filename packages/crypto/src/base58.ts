/**
 * Base58 with the Bitcoin alphabet, and the four-byte checksums that Antelope appends to keys and signatures.
 *
 * Keys and short signatures are converted limb by limb, which is quadratic; from `HALVED_BYTES_MIN` on numbers are halved
 * with the engine's big integers instead, since a request can carry hundreds of WebAuthn signatures of 4 kB.
 */
import { equalBytes, fromHex, toHex } from './bytes.js';
import { failCrypto } from './errors.js';
import { ripemd160, sha256 } from './hash.js';

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
const DIGIT_OF_CODE = digitTable();
const CHECKSUM_BYTES = 4;

/** Numbers are lists of limbs, least first; both sizes keep limb·factor + carry below 2^53. */
const DIGITS_PER_LIMB = 5;
const LIMB_58 = 58 ** DIGITS_PER_LIMB;
const BYTES_PER_LIMB = 2;
const LIMB_BYTES = 256 ** BYTES_PER_LIMB;

/** Longer numbers are halved. */
const HALVED_BYTES_MIN = 160;
const HALVED_DIGITS_MIN = 220;
/** Digits that a number below 2^53 holds. */
const PLAIN_DIGITS = 9;

/** Base58 text of `bytes`; each leading zero byte becomes a leading '1'. Cost: 2 µs for a key, 0.3 ms for 4 kB. */
export function encodeBase58(bytes: Uint8Array): string {
  let zeros = 0;
  while (zeros < bytes.length && bytes[zeros] === 0) zeros++;
  const digits = bytes.length < HALVED_BYTES_MIN ? digitsByLimbs(bytes, zeros) : digitsByHalves(bytes);
  return ALPHABET[0]!.repeat(zeros) + digits.replace(/^1+/, '');
}

function digitsByHalves(bytes: Uint8Array): string {
  const powers = [58n ** BigInt(PLAIN_DIGITS)];
  while (PLAIN_DIGITS * 2 ** powers.length < bytes.length * 1.4) powers.push(powers.at(-1)! ** 2n);
  const write = (value: bigint, level: number): string => {
    if (level < 0) return plainDigits(Number(value), PLAIN_DIGITS);
    const high = value / powers[level]!;
    return write(high, level - 1) + write(value - high * powers[level]!, level - 1);
  };
  return write(BigInt(`0x0${toHex(bytes)}`), powers.length - 1);
}

function plainDigits(value: number, count: number): string {
  let text = '';
  for (let rest = value, k = 0; k < count; k++, rest = Math.floor(rest / 58)) text = ALPHABET[rest % 58] + text;
  return text;
}

function digitsByLimbs(bytes: Uint8Array, zeros: number): string {
  const limbs: number[] = [];
  for (let i = zeros; i < bytes.length; i += 2) {
    const odd = i + 1 === bytes.length;
    const value = odd ? bytes[i]! : bytes[i]! * 256 + bytes[i + 1]!;
    multiplyAdd(limbs, odd ? 256 : 65536, value, LIMB_58);
  }
  let digits = '';
  for (let j = limbs.length - 1; j >= 0; j--) digits += plainDigits(limbs[j]!, DIGITS_PER_LIMB);
  return digits;
}

/**
 * Bytes of a base58 text of at most `charsMax` characters.
 * @param what what is being read, for the error text; the text itself is never repeated, since it may be a private key.
 * Cost: as `encodeBase58`.
 * @throws CryptoError on a character outside the alphabet or an overlong text.
 */
export function decodeBase58(text: string, charsMax: number, what: string): Uint8Array {
  if (text.length > charsMax) failCrypto(`cannot read ${what}: ${text.length} base58 characters, at most ${charsMax}`);
  let zeros = 0;
  while (zeros < text.length && text.charCodeAt(zeros) === 49) zeros++;
  const number = text.length < HALVED_DIGITS_MIN ? bytesByLimbs(text, zeros, what) : bytesByHalves(text, zeros, what);
  let start = 0;
  while (start < number.length && number[start] === 0) start++;
  const bytes = new Uint8Array(zeros + number.length - start);
  bytes.set(number.subarray(start), zeros);
  return bytes;
}

/** The value of the digits [begin, end), at most 9 of them. */
function plainValue(text: string, begin: number, end: number, what: string): number {
  let value = 0;
  for (let k = begin; k < end; k++) {
    const digit = DIGIT_OF_CODE[text.charCodeAt(k)] ?? -1;
    if (digit < 0) failCrypto(`cannot read ${what}: character ${k + 1} is not a base58 digit`);
    value = value * 58 + digit;
  }
  return value;
}

function bytesByLimbs(text: string, zeros: number, what: string): Uint8Array {
  const limbs: number[] = [];
  for (let i = zeros; i < text.length; i += DIGITS_PER_LIMB) {
    const end = Math.min(i + DIGITS_PER_LIMB, text.length);
    multiplyAdd(limbs, 58 ** (end - i), plainValue(text, i, end, what), LIMB_BYTES);
  }
  const bytes = new Uint8Array(BYTES_PER_LIMB * limbs.length);
  limbs.forEach((limb, j) => {
    for (let k = 0; k < BYTES_PER_LIMB; k++) bytes[bytes.length - 1 - BYTES_PER_LIMB * j - k] = limb >>> (8 * k);
  });
  return bytes;
}

function bytesByHalves(text: string, zeros: number, what: string): Uint8Array {
  /** Groups from the right, so that only the first can be short; then neighbours are joined until one is left. */
  let parts: bigint[] = [];
  for (let end = text.length; end > zeros; end -= PLAIN_DIGITS) {
    parts.push(BigInt(plainValue(text, Math.max(zeros, end - PLAIN_DIGITS), end, what)));
  }
  for (let power = 58n ** BigInt(PLAIN_DIGITS); parts.length > 1; power *= power) {
    const joined: bigint[] = [];
    for (let i = 0; i < parts.length; i += 2) joined.push((parts[i + 1] ?? 0n) * power + parts[i]!);
    parts = joined;
  }
  const hex = (parts[0] ?? 0n).toString(16);
  return fromHex(hex.length % 2 === 0 ? hex : `0${hex}`);
}

/** Base58 of `bytes` followed by the first 4 bytes of ripemd160(bytes ‖ ascii suffix); the suffix is 'K1', 'R1', 'WA' or ''. */
export function encodeBase58Check(bytes: Uint8Array, suffix: string): string {
  return encodeBase58(withChecksum(bytes, ripemdChecksum(bytes, suffix)));
}

/** Inverse of {@link encodeBase58Check}. @throws CryptoError also when the checksum does not match. */
export function decodeBase58Check(text: string, suffix: string, charsMax: number, what: string): Uint8Array {
  return splitChecksum(decodeBase58(text, charsMax, what), (payload) => ripemdChecksum(payload, suffix), what);
}

/** Base58 of `bytes` followed by the first 4 bytes of sha256(sha256(bytes)), as in wallet import format. */
export function encodeBase58DoubleSha(bytes: Uint8Array): string {
  return encodeBase58(withChecksum(bytes, shaChecksum(bytes)));
}

/** Inverse of {@link encodeBase58DoubleSha}. @throws CryptoError also when the checksum does not match. */
export function decodeBase58DoubleSha(text: string, charsMax: number, what: string): Uint8Array {
  return splitChecksum(decodeBase58(text, charsMax, what), shaChecksum, what);
}

/** limbs := limbs·factor + value, in the base `limb`. */
function multiplyAdd(limbs: number[], factor: number, value: number, limb: number): void {
  let carry = value;
  for (let j = 0; j < limbs.length; j++) {
    const sum = limbs[j]! * factor + carry;
    carry = Math.floor(sum / limb);
    limbs[j] = sum - carry * limb;
  }
  while (carry > 0) {
    limbs.push(carry % limb);
    carry = Math.floor(carry / limb);
  }
}

function digitTable(): Int8Array {
  const table = new Int8Array(128).fill(-1);
  for (let i = 0; i < ALPHABET.length; i++) table[ALPHABET.charCodeAt(i)] = i;
  return table;
}

function withChecksum(bytes: Uint8Array, checksum: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length + CHECKSUM_BYTES);
  out.set(bytes);
  out.set(checksum, bytes.length);
  return out;
}

function splitChecksum(bytes: Uint8Array, checksumOf: (payload: Uint8Array) => Uint8Array, what: string): Uint8Array {
  if (bytes.length <= CHECKSUM_BYTES) failCrypto(`cannot read ${what}: too short to hold a checksum`);
  const payload = bytes.slice(0, bytes.length - CHECKSUM_BYTES);
  if (!equalBytes(bytes.subarray(payload.length), checksumOf(payload))) {
    failCrypto(`cannot read ${what}: the checksum does not match`);
  }
  return payload;
}

function ripemdChecksum(bytes: Uint8Array, suffix: string): Uint8Array {
  const input = new Uint8Array(bytes.length + suffix.length);
  input.set(bytes);
  for (let i = 0; i < suffix.length; i++) input[bytes.length + i] = suffix.charCodeAt(i);
  return ripemd160(input).subarray(0, CHECKSUM_BYTES);
}

function shaChecksum(bytes: Uint8Array): Uint8Array {
  return sha256(sha256(bytes)).subarray(0, CHECKSUM_BYTES);
}
