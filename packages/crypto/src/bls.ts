/**
 * BLS signatures over BLS12-381 as Antelope's finalizers use them: public keys in G1, signatures in G2
 * (draft-irtf-cfrg-bls-signature, minimal public key size, the scheme with proofs of possession: the one that prebuilt native
 * libraries speak).
 *
 * Bytes are those of the chain: affine coordinates, each field element 48 bytes little-endian and not in Montgomery form;
 * a G2 coordinate is c0 then c1. Text is a prefix and base64url of the bytes with four bytes of ripemd160 behind them.
 * The identity is never accepted as a key or signature. Curve work is @noble/curves: 12 ms to sign, 40 ms to verify; a
 * host that has a native library gets the bytes it wants from {@link blsUncompressed}.
 */
import { bls12_381 } from '@noble/curves/bls12-381.js';
import { decodeBase64Url, encodeBase64Url } from './base64url.js';
import { concatBytes, equalBytes, toHex } from './bytes.js';
import { CryptoError, failCrypto } from './errors.js';
import { ripemd160 } from './hash.js';

declare const brand: unique symbol;

/** A public key: 96 bytes, x and y. Parsing checks that it is a point of the group. */
export type BlsPublicKey = Uint8Array & { readonly [brand]: 'BlsPublicKey' };

/** A signature, of one key or an aggregate: 192 bytes, x.c0, x.c1, y.c0, y.c1. Parsing checks that it is a point of the group. */
export type BlsSignature = Uint8Array & { readonly [brand]: 'BlsSignature' };

/** A private key: a scalar of 32 bytes, little-endian. Never log one. */
export type BlsPrivateKey = { readonly secret: Uint8Array };

/** Sizes of the binary forms. */
export const BLS_PUBLIC_KEY_BYTES = 96;
export const BLS_SIGNATURE_BYTES = 192;
export const BLS_PRIVATE_KEY_BYTES = 32;

/** Random bytes that {@link generateBlsPrivateKey} wants: half again as many as a scalar, so that the remainder is unbiased. */
export const BLS_SEED_BYTES = 48;

type Point1 = InstanceType<typeof bls12_381.G1.Point>;
type Point2 = InstanceType<typeof bls12_381.G2.Point>;

const FIELD_BYTES = 48;
const CHECKSUM_BYTES = 4;
const MESSAGE_DOMAIN = 'BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_';
const POSSESSION_DOMAIN = 'BLS_POP_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_';
const FIELD_ORDER = bls12_381.fields.Fp.ORDER;
const GROUP_ORDER = bls12_381.fields.Fr.ORDER;
const scheme = bls12_381.longSignatures;

/** Reads 'PUB_BLS_…'. @throws CryptoError; also for a point outside the group. Cost: some milliseconds. */
export function parseBlsPublicKey(text: string): BlsPublicKey {
  return blsPublicKeyFromBytes(decodeText(text, 'PUB_BLS_', BLS_PUBLIC_KEY_BYTES, 'BLS public key'));
}

/** Text of a public key: 'PUB_BLS_…'. */
export function formatBlsPublicKey(key: BlsPublicKey): string {
  return encodeText('PUB_BLS_', key);
}

/** Reads 'SIG_BLS_…'. @throws CryptoError; also for a point outside the group. Cost: some milliseconds. */
export function parseBlsSignature(text: string): BlsSignature {
  return blsSignatureFromBytes(decodeText(text, 'SIG_BLS_', BLS_SIGNATURE_BYTES, 'BLS signature'));
}

/** Text of a signature: 'SIG_BLS_…'. */
export function formatBlsSignature(signature: BlsSignature): string {
  return encodeText('SIG_BLS_', signature);
}

/** Reads 'PVT_BLS_…'. @throws CryptoError, whose text never holds the input. */
export function parseBlsPrivateKey(text: string): BlsPrivateKey {
  return blsPrivateKeyFromBytes(decodeText(text, 'PVT_BLS_', BLS_PRIVATE_KEY_BYTES, 'BLS private key'));
}

/** Text of a private key: 'PVT_BLS_…'. */
export function formatBlsPrivateKey(key: BlsPrivateKey): string {
  return encodeText('PVT_BLS_', key.secret);
}

/** Checks and copies the 96 bytes of a public key. @throws CryptoError */
export function blsPublicKeyFromBytes(bytes: Uint8Array): BlsPublicKey {
  readPublicKey(bytes);
  return bytes.slice() as BlsPublicKey;
}

/** Checks and copies the 192 bytes of a signature. @throws CryptoError */
export function blsSignatureFromBytes(bytes: Uint8Array): BlsSignature {
  readSignature(bytes);
  return bytes.slice() as BlsSignature;
}

/** Private key of 32 little-endian bytes. @throws CryptoError when they are zero or not below the order of the group. */
export function blsPrivateKeyFromBytes(secret: Uint8Array): BlsPrivateKey {
  if (secret.length !== BLS_PRIVATE_KEY_BYTES) {
    failCrypto(`cannot read BLS private key: ${secret.length} bytes instead of ${BLS_PRIVATE_KEY_BYTES}`);
  }
  const scalar = readLittleEndian(secret);
  if (scalar === 0n || scalar >= GROUP_ORDER) failCrypto('cannot read BLS private key: not a scalar of the group');
  return { secret: secret.slice() };
}

/** Private key of 48 random bytes from the caller's secure source. @throws CryptoError for another number of bytes. */
export function generateBlsPrivateKey(random48: Uint8Array): BlsPrivateKey {
  if (random48.length !== BLS_SEED_BYTES) {
    failCrypto(`cannot generate BLS private key: ${random48.length} random bytes instead of ${BLS_SEED_BYTES}`);
  }
  const scalar = (readLittleEndian(random48) % (GROUP_ORDER - 1n)) + 1n;
  return { secret: writeLittleEndian(scalar, BLS_PRIVATE_KEY_BYTES) };
}

/** Public key of a private key. Cost: about 3 ms. */
export function blsPublicKeyOf(key: BlsPrivateKey): BlsPublicKey {
  return writePublicKey(scheme.getPublicKey(bigEndianSecret(key)));
}

/** Signs a message of any length. Cost: about 12 ms. */
export function blsSign(key: BlsPrivateKey, message: Uint8Array): BlsSignature {
  return writeSignature(scheme.sign(scheme.hash(message, MESSAGE_DOMAIN), bigEndianSecret(key)));
}

/** Whether `signature` is that of `key` on `message`. False for malformed input. Cost: about 40 ms. */
export function blsVerify(key: BlsPublicKey, message: Uint8Array, signature: BlsSignature): boolean {
  return verifyUnder(MESSAGE_DOMAIN, [key], message, signature);
}

/**
 * Whether `signature` aggregates the signatures of all `keys` on the one `message`. False for no keys or malformed input.
 * Sound only when each key came with a proof of possession: otherwise one signer can forge for the others.
 */
export function blsVerifyAggregate(
  keys: readonly BlsPublicKey[],
  message: Uint8Array,
  signature: BlsSignature,
): boolean {
  return verifyUnder(MESSAGE_DOMAIN, keys, message, signature);
}

/** Aggregate of one or more signatures. @throws CryptoError for none, a malformed one, or when they cancel out. */
export function blsAggregate(signatures: readonly BlsSignature[]): BlsSignature {
  if (signatures.length === 0) failCrypto('cannot aggregate BLS signatures: there is none');
  const sum = signatures.map(readSignature).reduce((total, point) => total.add(point));
  if (sum.is0()) failCrypto('cannot aggregate BLS signatures: they cancel out');
  return writeSignature(sum);
}

/** Proof that the signer has the private key: its signature on the 96 bytes of its public key, in a domain of its own. */
export function blsProofOfPossession(key: BlsPrivateKey): BlsSignature {
  return writeSignature(scheme.sign(scheme.hash(blsPublicKeyOf(key), POSSESSION_DOMAIN), bigEndianSecret(key)));
}

/** Whether `proof` is the proof of possession of `key`. False for malformed input. Cost: about 40 ms. */
export function blsVerifyProofOfPossession(key: BlsPublicKey, proof: BlsSignature): boolean {
  return verifyUnder(POSSESSION_DOMAIN, [key], key, proof);
}

/**
 * The uncompressed big-endian form of a key or signature that native libraries read (IETF draft, ZCash flags zero):
 * field elements reversed, and c1 before c0 in a signature.
 */
export function blsUncompressed(point: BlsPublicKey | BlsSignature): Uint8Array {
  const elements = fieldElements(point).map((element) => element.slice().reverse());
  const [a, b, c, d] = elements as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
  return point.length === BLS_PUBLIC_KEY_BYTES ? concatBytes(a, b) : concatBytes(b, a, d, c);
}

/** A signature from the form that {@link blsUncompressed} gives. It is taken to be valid: native libraries have checked it. */
export function blsSignatureFromUncompressed(bytes: Uint8Array): BlsSignature {
  if (bytes.length !== BLS_SIGNATURE_BYTES) {
    failCrypto(`cannot read BLS signature: ${bytes.length} bytes instead of ${BLS_SIGNATURE_BYTES}`);
  }
  const [b, a, d, c] = fieldElements(bytes).map((element) => element.slice().reverse()) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  return concatBytes(a, b, c, d) as BlsSignature;
}

function verifyUnder(
  domain: string,
  keys: readonly BlsPublicKey[],
  message: Uint8Array,
  signature: BlsSignature,
): boolean {
  if (keys.length === 0) return false;
  try {
    const sum = keys.map(readPublicKey).reduce((total, point) => total.add(point));
    return !sum.is0() && scheme.verify(readSignature(signature), scheme.hash(message, domain), sum);
  } catch (error) {
    if (error instanceof CryptoError) return false;
    throw error;
  }
}

function readPublicKey(bytes: Uint8Array): Point1 {
  const [x, y] = readElements(bytes, BLS_PUBLIC_KEY_BYTES, 'BLS public key') as [bigint, bigint];
  return checkedPoint(() => bls12_381.G1.Point.fromAffine({ x, y }), 'BLS public key');
}

function readSignature(bytes: Uint8Array): Point2 {
  const [x0, x1, y0, y1] = readElements(bytes, BLS_SIGNATURE_BYTES, 'BLS signature') as [
    bigint,
    bigint,
    bigint,
    bigint,
  ];
  return checkedPoint(
    () => bls12_381.G2.Point.fromAffine({ x: { c0: x0, c1: x1 }, y: { c0: y0, c1: y1 } }),
    'BLS signature',
  );
}

function checkedPoint<T extends { assertValidity(): void; is0(): boolean }>(make: () => T, what: string): T {
  try {
    const point = make();
    point.assertValidity();
    if (!point.is0()) return point;
  } catch (cause) {
    return failCrypto(`cannot read ${what}: not a point of the group`, cause);
  }
  return failCrypto(`cannot read ${what}: the identity is not one`);
}

function readElements(bytes: Uint8Array, size: number, what: string): bigint[] {
  if (bytes.length !== size) failCrypto(`cannot read ${what}: ${bytes.length} bytes instead of ${size}`);
  const values = fieldElements(bytes).map(readLittleEndian);
  if (values.some((value) => value >= FIELD_ORDER)) failCrypto(`cannot read ${what}: a coordinate is not reduced`);
  return values;
}

function fieldElements(bytes: Uint8Array): Uint8Array[] {
  const elements: Uint8Array[] = [];
  for (let i = 0; i < bytes.length; i += FIELD_BYTES) elements.push(bytes.subarray(i, i + FIELD_BYTES));
  return elements;
}

function writePublicKey(point: Point1): BlsPublicKey {
  const { x, y } = point.toAffine();
  return concatBytes(...[x, y].map((value) => writeLittleEndian(value, FIELD_BYTES))) as BlsPublicKey;
}

function writeSignature(point: Point2): BlsSignature {
  const { x, y } = point.toAffine();
  return concatBytes(...[x.c0, x.c1, y.c0, y.c1].map((value) => writeLittleEndian(value, FIELD_BYTES))) as BlsSignature;
}

function bigEndianSecret(key: BlsPrivateKey): Uint8Array {
  return key.secret.slice().reverse();
}

function readLittleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(bytes.slice().reverse())}`);
}

function writeLittleEndian(value: bigint, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let rest = value;
  for (let i = 0; i < size; i++, rest >>= 8n) bytes[i] = Number(rest & 0xffn);
  return bytes;
}

function encodeText(prefix: string, bytes: Uint8Array): string {
  return prefix + encodeBase64Url(concatBytes(bytes, ripemd160(bytes).subarray(0, CHECKSUM_BYTES)));
}

function decodeText(text: string, prefix: string, size: number, what: string): Uint8Array {
  if (!text.startsWith(prefix)) failCrypto(`cannot read ${what}: the text does not begin with ${prefix}`);
  const chars = Math.ceil(((size + CHECKSUM_BYTES) * 4) / 3);
  if (text.length !== prefix.length + chars) {
    failCrypto(`cannot read ${what}: ${text.length - prefix.length} characters instead of ${chars}`);
  }
  const bytes = decodeBase64Url(text.slice(prefix.length), what);
  const payload = bytes.subarray(0, size);
  if (!equalBytes(bytes.subarray(size), ripemd160(payload).subarray(0, CHECKSUM_BYTES))) {
    failCrypto(`cannot read ${what}: the checksum does not match`);
  }
  return payload;
}
