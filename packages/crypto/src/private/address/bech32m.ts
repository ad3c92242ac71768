/** Bech32m text (BIP 350): a prefix, '1', data in 32 letters, and a checksum of 30 bits that finds up to three wrong letters. */
import { failCrypto } from '../../errors.js';

const LETTERS = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const CHECKSUM_LETTERS = 6;
const CHECKSUM_CONSTANT = 0x2bc830a3;
const GENERATOR: readonly number[] = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
/** Longer than BIP 350's 90 letters, as addresses of two keys are; nothing here is longer than this. */
const TEXT_LETTERS_MAX = 160;

/** Lower-case text of the bytes. `prefix` has lower-case letters only. */
export function encodeBech32m(prefix: string, bytes: Uint8Array): string {
  const data = toGroups(bytes);
  const checksum = polynomial([...expand(prefix), ...data, ...new Array<number>(CHECKSUM_LETTERS).fill(0)]);
  const tail = Array.from(
    { length: CHECKSUM_LETTERS },
    (_, i) => ((checksum ^ CHECKSUM_CONSTANT) >>> (5 * (5 - i))) & 31,
  );
  return `${prefix}1${[...data, ...tail].map((group) => LETTERS[group]).join('')}`;
}

/** Bytes of a text with the prefix, all lower or all upper case. @throws CryptoError for anything else. */
export function decodeBech32m(prefix: string, text: string): Uint8Array {
  if (text.length > TEXT_LETTERS_MAX)
    failCrypto(`cannot read an address: ${text.length} letters, more than ${TEXT_LETTERS_MAX}`);
  if (text !== text.toLowerCase() && text !== text.toUpperCase()) failCrypto('cannot read an address: mixed case');
  const lower = text.toLowerCase();
  if (!lower.startsWith(`${prefix}1`)) failCrypto(`cannot read an address: it does not begin with ${prefix}1`);
  const groups = [...lower.slice(prefix.length + 1)].map((letter) => LETTERS.indexOf(letter));
  if (groups.length < CHECKSUM_LETTERS) failCrypto('cannot read an address: too short');
  const wrong = groups.indexOf(-1);
  if (wrong >= 0) failCrypto(`cannot read an address: no bech32 letter at position ${prefix.length + 1 + wrong}`);
  if (polynomial([...expand(prefix), ...groups]) !== CHECKSUM_CONSTANT) {
    failCrypto('cannot read an address: wrong checksum, a letter is mistyped');
  }
  return fromGroups(groups.slice(0, -CHECKSUM_LETTERS));
}

function expand(prefix: string): number[] {
  const codes = [...prefix].map((letter) => letter.charCodeAt(0));
  return [...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31)];
}

function polynomial(groups: readonly number[]): number {
  let checksum = 1;
  for (const group of groups) {
    const top = checksum >>> 25;
    checksum = ((checksum & 0x1ffffff) << 5) ^ group;
    GENERATOR.forEach((term, bit) => {
      if (((top >>> bit) & 1) === 1) checksum ^= term;
    });
  }
  return checksum >>> 0;
}

function toGroups(bytes: Uint8Array): number[] {
  const groups: number[] = [];
  let buffer = 0;
  let bits = 0;
  for (const byte of bytes) {
    buffer = ((buffer << 8) | byte) & 0xfff;
    for (bits += 8; bits >= 5; bits -= 5) groups.push((buffer >>> (bits - 5)) & 31);
  }
  if (bits > 0) groups.push((buffer << (5 - bits)) & 31);
  return groups;
}

function fromGroups(groups: readonly number[]): Uint8Array {
  const bytes: number[] = [];
  let buffer = 0;
  let bits = 0;
  for (const group of groups) {
    buffer = ((buffer << 5) | group) & 0xfff;
    bits += 5;
    if (bits >= 8) bytes.push((buffer >>> (bits -= 8)) & 0xff);
  }
  if (bits >= 5 || (buffer & ((1 << bits) - 1)) !== 0) failCrypto('cannot read an address: its padding is not zero');
  return Uint8Array.from(bytes);
}
