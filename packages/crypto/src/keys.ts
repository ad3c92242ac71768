/**
 * Keys and signatures in the packed forms of Antelope, and their text forms.
 *
 * Packed public key: u8 type, 33 bytes of compressed point; for WebAuthn also u8 user presence, varuint length, relying party id.
 * Packed signature: u8 type, 65 bytes (27 + 4 + recovery id, r, s); for WebAuthn also two length-prefixed byte strings:
 * authenticator data and client data JSON. Types: 0 K1 (secp256k1), 1 R1 (P-256), 2 WA (WebAuthn).
 *
 * Parsing checks form and checksum, not that the point is on its curve: the chain stores keys that nobody can use
 * (the all-zero key is common), and a signature by such a key cannot exist.
 */
import { decodeBase58Check, decodeBase58DoubleSha, encodeBase58Check, encodeBase58DoubleSha } from './base58.js';
import { failCrypto } from './errors.js';

/** Key families, in the order of their type byte. */
export type KeyType = 'K1' | 'R1' | 'WA';

declare const brand: unique symbol;

/** A packed public key whose form has been checked. */
export type PublicKey = Uint8Array & { readonly [brand]: 'PublicKey' };

/** A packed signature whose form has been checked; it may still recover to no key. */
export type Signature = Uint8Array & { readonly [brand]: 'Signature' };

/** A private key: 32 secret bytes, big-endian, below the order of the curve and not zero. Never log one. */
export type PrivateKey = { readonly type: 'K1' | 'R1'; readonly secret: Uint8Array };

/** Size of a packed K1 or R1 public key. */
export const PUBLIC_KEY_BYTES = 34;

/** Size of a packed K1 or R1 signature. */
export const SIGNATURE_BYTES = 66;

/** Longest relying party id in a WebAuthn key, in bytes: a DNS name has at most 253. */
export const RELYING_PARTY_BYTES_MAX = 255;

/** Longest authenticator data and longest client data JSON in a WebAuthn signature, in bytes each. */
export const WEBAUTHN_PART_BYTES_MAX = 2048;

const KEY_TYPES: readonly KeyType[] = ['K1', 'R1', 'WA'];
const PUBLIC_KEY_CHARS_MAX = 460;
const SIGNATURE_CHARS_MAX = 5_800;
const PRIVATE_KEY_CHARS_MAX = 64;
const WIF_VERSION = 0x80;
const K1_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const R1_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** Family of a packed key or signature. */
export function keyTypeOf(packed: PublicKey | Signature): KeyType {
  return KEY_TYPES[packed[0]!]!;
}

/** Checks and copies a packed public key that fills `bytes` exactly. @throws CryptoError */
export function publicKeyFromBytes(bytes: Uint8Array): PublicKey {
  const size = publicKeySize(bytes, 0);
  if (size !== bytes.length) failCrypto(`cannot read public key: ${bytes.length - size} bytes too many`);
  return bytes.slice() as PublicKey;
}

/** Checks and copies a packed signature that fills `bytes` exactly. @throws CryptoError */
export function signatureFromBytes(bytes: Uint8Array): Signature {
  const size = signatureSize(bytes, 0);
  if (size !== bytes.length) failCrypto(`cannot read signature: ${bytes.length - size} bytes too many`);
  return bytes.slice() as Signature;
}

/** Length of the packed public key that starts at `offset`; checks its form. @throws CryptoError when it is cut short or malformed. */
export function publicKeySize(bytes: Uint8Array, offset: number): number {
  const type = readKeyType(bytes, offset, 'public key');
  const fixed = offset + PUBLIC_KEY_BYTES;
  requireLength(bytes, fixed, 'public key');
  if (type !== 'WA') return PUBLIC_KEY_BYTES;
  requireLength(bytes, fixed + 1, 'WebAuthn public key');
  if (bytes[fixed]! > 2) failCrypto(`cannot read WebAuthn public key: unknown user presence ${bytes[fixed]}`);
  const rpid = readBlock(bytes, fixed + 1, RELYING_PARTY_BYTES_MAX, 'WebAuthn public key');
  if (rpid.end === rpid.start) failCrypto('cannot read WebAuthn public key: the relying party id is empty');
  return rpid.end - offset;
}

/** Length of the packed signature that starts at `offset`; checks its form. @throws CryptoError when it is cut short or malformed. */
export function signatureSize(bytes: Uint8Array, offset: number): number {
  const type = readKeyType(bytes, offset, 'signature');
  const fixed = offset + SIGNATURE_BYTES;
  requireLength(bytes, fixed, 'signature');
  if (type !== 'WA') return SIGNATURE_BYTES;
  const authenticatorData = readBlock(bytes, fixed, WEBAUTHN_PART_BYTES_MAX, 'WebAuthn signature');
  return readBlock(bytes, authenticatorData.end, WEBAUTHN_PART_BYTES_MAX, 'WebAuthn signature').end - offset;
}

/** The two variable parts of a WebAuthn signature. @throws CryptoError for other types. */
export function webAuthnParts(signature: Signature): { authenticatorData: Uint8Array; clientDataJson: Uint8Array } {
  if (keyTypeOf(signature) !== 'WA') failCrypto('cannot take WebAuthn parts: the signature is of another type');
  const first = readBlock(signature, SIGNATURE_BYTES, WEBAUTHN_PART_BYTES_MAX, 'WebAuthn signature');
  const second = readBlock(signature, first.end, WEBAUTHN_PART_BYTES_MAX, 'WebAuthn signature');
  return {
    authenticatorData: signature.subarray(first.start, first.end),
    clientDataJson: signature.subarray(second.start, second.end),
  };
}

/** Packed WebAuthn public key of its parts; `userPresence` is 0 none, 1 present, 2 verified. @throws CryptoError */
export function makeWebAuthnPublicKey(point: Uint8Array, userPresence: number, relyingPartyId: Uint8Array): PublicKey {
  return publicKeyFromBytes(joinParts([2], point, [userPresence], varuint(relyingPartyId.length), relyingPartyId));
}

/** Packed WebAuthn signature of its parts; `compact` has 65 bytes. @throws CryptoError */
export function makeWebAuthnSignature(
  compact: Uint8Array,
  authenticatorData: Uint8Array,
  clientDataJson: Uint8Array,
): Signature {
  if (compact.length !== 65) failCrypto(`cannot make WebAuthn signature: ${compact.length} bytes instead of 65`);
  const first = [...varuint(authenticatorData.length)];
  return signatureFromBytes(
    joinParts([2], compact, first, authenticatorData, varuint(clientDataJson.length), clientDataJson),
  );
}

/** Reads 'PUB_K1_…', 'PUB_R1_…', 'PUB_WA_…' and the legacy 'EOS…'. @throws CryptoError */
export function parsePublicKey(text: string): PublicKey {
  if (text.startsWith('EOS')) {
    const what = 'legacy public key';
    return tagged(0, decodeBase58Check(text.slice(3), '', PUBLIC_KEY_CHARS_MAX, what), publicKeyFromBytes);
  }
  const type = textKeyType(text, 'PUB_', KEY_TYPES, 'public key');
  const payload = decodeBase58Check(text.slice(7), type, PUBLIC_KEY_CHARS_MAX, `public key PUB_${type}_`);
  return tagged(KEY_TYPES.indexOf(type), payload, publicKeyFromBytes);
}

/** Text with its type named: 'PUB_K1_…', 'PUB_R1_…' or 'PUB_WA_…'. */
export function formatPublicKey(key: PublicKey): string {
  const type = keyTypeOf(key);
  return `PUB_${type}_${encodeBase58Check(key.subarray(1), type)}`;
}

/** Text as nodeos prints it: 'EOS…' for K1, otherwise as {@link formatPublicKey}. */
export function formatLegacyPublicKey(key: PublicKey): string {
  return keyTypeOf(key) === 'K1' ? `EOS${encodeBase58Check(key.subarray(1), '')}` : formatPublicKey(key);
}

/** Reads 'SIG_K1_…', 'SIG_R1_…' and 'SIG_WA_…'. @throws CryptoError */
export function parseSignature(text: string): Signature {
  const type = textKeyType(text, 'SIG_', KEY_TYPES, 'signature');
  const payload = decodeBase58Check(text.slice(7), type, SIGNATURE_CHARS_MAX, `signature SIG_${type}_`);
  return tagged(KEY_TYPES.indexOf(type), payload, signatureFromBytes);
}

/** Text of a signature: 'SIG_K1_…', 'SIG_R1_…' or 'SIG_WA_…'. */
export function formatSignature(signature: Signature): string {
  const type = keyTypeOf(signature);
  return `SIG_${type}_${encodeBase58Check(signature.subarray(1), type)}`;
}

/** Reads 'PVT_K1_…', 'PVT_R1_…' and the wallet import format of a K1 key ('5…'). @throws CryptoError, whose text never holds the input. */
export function parsePrivateKey(text: string): PrivateKey {
  if (text.startsWith('PVT_')) {
    const type = textKeyType(text, 'PVT_', ['K1', 'R1'] as const, 'private key');
    const secret = decodeBase58Check(text.slice(7), type, PRIVATE_KEY_CHARS_MAX, `private key PVT_${type}_`);
    return privateKeyFromBytes(type, secret);
  }
  const payload = decodeBase58DoubleSha(text, PRIVATE_KEY_CHARS_MAX, 'private key in wallet import format');
  if (payload[0] !== WIF_VERSION) failCrypto('cannot read private key in wallet import format: wrong version byte');
  return privateKeyFromBytes('K1', payload.subarray(1));
}

/** Text of a private key: 'PVT_K1_…' or 'PVT_R1_…'. */
export function formatPrivateKey(key: PrivateKey): string {
  return `PVT_${key.type}_${encodeBase58Check(key.secret, key.type)}`;
}

/** Wallet import format ('5…') of a K1 key. @throws CryptoError for an R1 key, which has none. */
export function formatWif(key: PrivateKey): string {
  if (key.type !== 'K1') failCrypto(`cannot write a ${key.type} private key in wallet import format: only K1 has one`);
  return encodeBase58DoubleSha(joinParts([WIF_VERSION], key.secret));
}

/** Private key of 32 big-endian bytes. @throws CryptoError when they are zero or not below the order of the curve. */
export function privateKeyFromBytes(type: 'K1' | 'R1', secret: Uint8Array): PrivateKey {
  if (secret.length !== 32) failCrypto(`cannot read private key: ${secret.length} bytes instead of 32`);
  let value = 0n;
  for (const byte of secret) value = (value << 8n) | BigInt(byte);
  if (value === 0n || value >= (type === 'K1' ? K1_ORDER : R1_ORDER)) {
    failCrypto(`cannot read private key: not a scalar of ${type}`);
  }
  return { type, secret: secret.slice() };
}

/**
 * Private key of 32 random bytes from the caller's secure source.
 * @throws CryptoError in the one of 2^32 (R1) or 2^127 (K1) cases that the bytes are no scalar: draw again.
 */
export function generatePrivateKey(type: 'K1' | 'R1', random32: Uint8Array): PrivateKey {
  return privateKeyFromBytes(type, random32);
}

function tagged<T>(type: number, payload: Uint8Array, check: (bytes: Uint8Array) => T): T {
  return check(joinParts([type], payload));
}

function textKeyType<T extends KeyType>(text: string, prefix: string, types: readonly T[], what: string): T {
  const type = types.find((candidate) => text.startsWith(`${prefix}${candidate}_`));
  if (type === undefined) {
    const wanted = types.map((candidate) => `${prefix}${candidate}_`).join(', ');
    return failCrypto(`cannot read ${what}: the text begins with none of ${wanted}`);
  }
  return type;
}

function readKeyType(bytes: Uint8Array, offset: number, what: string): KeyType {
  requireLength(bytes, offset + 1, what);
  const type = KEY_TYPES[bytes[offset]!];
  return type ?? failCrypto(`cannot read ${what}: unknown type ${bytes[offset]}`);
}

function requireLength(bytes: Uint8Array, end: number, what: string): void {
  if (end > bytes.length) failCrypto(`cannot read ${what}: cut short, ${end - bytes.length} bytes are missing`);
}

/** Bounds of a length-prefixed byte string; two bytes of prefix suffice for every bound used here. */
function readBlock(bytes: Uint8Array, offset: number, sizeMax: number, what: string): { start: number; end: number } {
  requireLength(bytes, offset + 1, what);
  let length = bytes[offset]!;
  let start = offset + 1;
  if (length >= 0x80) {
    requireLength(bytes, offset + 2, what);
    const high = bytes[offset + 1]!;
    if (high === 0 || high >= 0x80) failCrypto(`cannot read ${what}: bad or overlong length prefix`);
    length = (length & 0x7f) | (high << 7);
    start = offset + 2;
  }
  if (length > sizeMax) failCrypto(`cannot read ${what}: a part has ${length} bytes, at most ${sizeMax}`);
  requireLength(bytes, start + length, what);
  return { start, end: start + length };
}

function varuint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, value >>> 7];
}

function joinParts(...parts: readonly ArrayLike<number>[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}
