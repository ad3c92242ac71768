/** Base64 with the URL alphabet and no padding (RFC 4648 section 5), as WebAuthn challenges and BLS texts use it. */
import { failCrypto } from './errors.js';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Text of `bytes`, without padding. */
export function encodeBase64Url(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const group = (bytes[i]! << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    const chars = Math.min(4, bytes.length - i + 1);
    for (let c = 0; c < chars; c++) text += ALPHABET[(group >>> (18 - 6 * c)) & 63];
  }
  return text;
}

/**
 * Bytes of a text. Exactly one text is accepted for each byte string: no padding, no stray bits at the end.
 * @param what what is being read, for the error text; the text itself is not repeated, since it may be a private key.
 * @throws CryptoError
 */
export function decodeBase64Url(text: string, what: string): Uint8Array {
  if (text.length % 4 === 1) failCrypto(`cannot read ${what}: ${text.length} base64url characters cannot be`);
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let bits = 0;
  let bitCount = 0;
  let size = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = ALPHABET.indexOf(text[i]!);
    if (digit < 0) failCrypto(`cannot read ${what}: character ${i + 1} is not a base64url digit`);
    bits = ((bits << 6) | digit) & 0xfff;
    bitCount += 6;
    if (bitCount < 8) continue;
    bitCount -= 8;
    bytes[size++] = (bits >>> bitCount) & 0xff;
  }
  if ((bits & ((1 << bitCount) - 1)) !== 0) failCrypto(`cannot read ${what}: stray bits after the last byte`);
  return bytes;
}
