import { readFileSync } from 'node:fs';
import { bls12_381 } from '@noble/curves/bls12-381.js';
import { describe, expect, test } from 'vitest';
import {
  type BlsPublicKey,
  type BlsSignature,
  blsAggregate,
  blsPrivateKeyFromBytes,
  blsProofOfPossession,
  blsPublicKeyFromBytes,
  blsPublicKeyOf,
  blsSign,
  blsSignatureFromBytes,
  blsUncompressed,
  blsVerify,
  blsVerifyAggregate,
  blsVerifyProofOfPossession,
  formatBlsPrivateKey,
  formatBlsPublicKey,
  formatBlsSignature,
  generateBlsPrivateKey,
  parseBlsPrivateKey,
  parseBlsPublicKey,
  parseBlsSignature,
} from './bls.js';
import { concatBytes, fromHex, toHex } from './bytes.js';
import { CryptoError } from './errors.js';
import { sha256, sha512 } from './hash.js';

type Pair = { privateKey?: string; publicKey: string; proofOfPossession: string };
type Vectors = { pairs: Pair[]; texts: string[]; badTexts: { why: string; text: string }[] };
const vectors: Vectors = JSON.parse(readFileSync(new URL('../../../vectors/crypto/bls.json', import.meta.url), 'utf8'));

const ascii = (text: string) => new TextEncoder().encode(text);
const message = ascii('a block');
const keys = [0, 1, 2].map((i) => generateBlsPrivateKey(sha512(Uint8Array.of(i)).slice(0, 48)));
const publicKeys = keys.map(blsPublicKeyOf);
const signatures = keys.map((key) => blsSign(key, message));

function roundTrip(text: string): string {
  if (text.startsWith('PVT_')) return formatBlsPrivateKey(parseBlsPrivateKey(text));
  if (text.startsWith('PUB_')) return formatBlsPublicKey(parseBlsPublicKey(text));
  return formatBlsSignature(parseBlsSignature(text));
}

describe('published keys', () => {
  test.each(vectors.pairs)('$publicKey', ({ privateKey, publicKey, proofOfPossession }) => {
    const key = parseBlsPublicKey(publicKey);
    const proof = parseBlsSignature(proofOfPossession);
    expect(formatBlsPublicKey(key)).toBe(publicKey);
    expect(formatBlsSignature(proof)).toBe(proofOfPossession);
    expect(blsVerifyProofOfPossession(key, proof)).toBe(true);
    if (privateKey === undefined) return;
    const secret = parseBlsPrivateKey(privateKey);
    expect(formatBlsPrivateKey(secret)).toBe(privateKey);
    expect(formatBlsPublicKey(blsPublicKeyOf(secret))).toBe(publicKey);
    expect(formatBlsSignature(blsProofOfPossession(secret))).toBe(proofOfPossession);
  });

  test.each(vectors.texts)('%s comes back as it was', (text) => {
    expect(roundTrip(text)).toBe(text);
  });

  test.each(vectors.badTexts)('rejects $text: $why', ({ text }) => {
    const parse = text.startsWith('PUB')
      ? parseBlsPublicKey
      : text.startsWith('SIG')
        ? parseBlsSignature
        : parseBlsPrivateKey;
    expect(() => parse(text)).toThrow(CryptoError);
  });

  test('the proof of one key is not that of another', () => {
    const [, a, b] = vectors.pairs as [Pair, Pair, Pair];
    expect(blsVerifyProofOfPossession(parseBlsPublicKey(a.publicKey), parseBlsSignature(b.proofOfPossession))).toBe(
      false,
    );
  });
});

describe('signatures', () => {
  test('verify for their key and message only', () => {
    expect(blsVerify(publicKeys[0]!, message, signatures[0]!)).toBe(true);
    expect(blsVerify(publicKeys[1]!, message, signatures[0]!)).toBe(false);
    expect(blsVerify(publicKeys[0]!, ascii('another block'), signatures[0]!)).toBe(false);
  });

  test('a signature on the key is no proof of possession, and a proof is no signature', () => {
    expect(blsVerifyProofOfPossession(publicKeys[0]!, blsSign(keys[0]!, publicKeys[0]!))).toBe(false);
    expect(blsVerify(publicKeys[0]!, publicKeys[0]!, blsProofOfPossession(keys[0]!))).toBe(false);
  });

  test('aggregate for exactly the keys that signed', () => {
    const aggregate = blsAggregate(signatures);
    expect(blsVerifyAggregate(publicKeys, message, aggregate)).toBe(true);
    expect(blsVerifyAggregate(publicKeys.slice(1), message, aggregate)).toBe(false);
    expect(blsVerifyAggregate([...publicKeys, publicKeys[0]!], message, aggregate)).toBe(false);
    expect(blsVerifyAggregate([], message, aggregate)).toBe(false);
    expect(parseBlsSignature(formatBlsSignature(aggregate))).toEqual(aggregate);
  });

  test('that cancel out, or none at all, do not aggregate', () => {
    const opposite = blsSignatureFromBytes(negated(signatures[0]!));
    expect(() => blsAggregate([signatures[0]!, opposite])).toThrow(/cancel/);
    expect(() => blsAggregate([])).toThrow(/none/);
  });

  test('do not verify for keys that cancel out', () => {
    const opposite = blsPublicKeyFromBytes(negated(publicKeys[0]!));
    expect(blsVerifyAggregate([publicKeys[0]!, opposite], message, signatures[0]!)).toBe(false);
  });

  /** The point with the opposite y; works on the bytes. */
  function negated(point: Uint8Array): Uint8Array {
    const field = bls12_381.fields.Fp.ORDER;
    const half = point.length / 2;
    const elements = [point.subarray(0, half)];
    for (let i = half; i < point.length; i += 48) {
      const value = BigInt(`0x${toHex(point.slice(i, i + 48).reverse())}`);
      elements.push(fromHex((field - value).toString(16).padStart(96, '0')).reverse());
    }
    return concatBytes(...elements);
  }

  test('the forms for native libraries are those that the curve library reads', () => {
    expect(toHex(blsUncompressed(publicKeys[0]!))).toBe(
      toHex(bls12_381.longSignatures.getPublicKey(keys[0]!.secret.slice().reverse()).toBytes(false)),
    );
    const point = bls12_381.longSignatures.Signature.fromBytes(compressed(signatures[0]!));
    expect(toHex(blsUncompressed(signatures[0]!))).toBe(toHex(point.toBytes(false)));
  });

  /** Compressed form by way of the uncompressed one, to leave our own conversion out on the way back. */
  function compressed(signature: BlsSignature): Uint8Array {
    return bls12_381.G2.Point.fromBytes(blsUncompressed(signature)).toBytes(true);
  }
});

describe('malformed input', () => {
  const key = publicKeys[0]!;
  const signature = signatures[0]!;
  const field = bls12_381.fields.Fp.ORDER;
  const unreduced = (bytes: Uint8Array) => {
    const value = BigInt(`0x${toHex(bytes.slice(0, 48).reverse())}`) + field;
    return concatBytes(fromHex(value.toString(16).padStart(96, '0')).reverse(), bytes.subarray(48));
  };
  const flipped = (bytes: Uint8Array) => bytes.map((byte, i) => (i === 3 ? byte ^ 1 : byte));

  test.each([
    ['empty', new Uint8Array(0)],
    ['too short', key.subarray(1)],
    ['too long', concatBytes(key, Uint8Array.of(0))],
    ['zero', new Uint8Array(96)],
    ['all ones', new Uint8Array(96).fill(255)],
    ['off the curve', flipped(key)],
    ['x not reduced', unreduced(key)],
    ['big-endian', blsUncompressed(key)],
  ])('public key: %s', (_, bytes) => {
    expect(() => blsPublicKeyFromBytes(bytes)).toThrow(CryptoError);
    expect(blsVerify(bytes as BlsPublicKey, message, signature)).toBe(false);
  });

  test('public key: on the curve but outside the group', () => {
    const { Fp } = bls12_381.fields;
    let x = 1n;
    while (true) {
      const square = Fp.add(Fp.mul(Fp.sqr(x), x), 4n);
      const root = Fp.pow(square, (field + 1n) / 4n);
      if (Fp.eql(Fp.sqr(root), square) && !bls12_381.G1.Point.fromAffine({ x, y: root }).isTorsionFree()) {
        const bytes = concatBytes(...[x, root].map((v) => fromHex(v.toString(16).padStart(96, '0')).reverse()));
        expect(() => blsPublicKeyFromBytes(bytes)).toThrow(/not a point of the group/);
        return;
      }
      x += 1n;
    }
  });

  test.each([
    ['too short', signature.subarray(1)],
    ['zero', new Uint8Array(192)],
    ['off the curve', flipped(signature)],
    ['x not reduced', unreduced(signature)],
  ])('signature: %s', (_, bytes) => {
    expect(() => blsSignatureFromBytes(bytes)).toThrow(CryptoError);
    expect(blsVerify(key, message, bytes as BlsSignature)).toBe(false);
  });

  test.each([
    ['31 bytes', new Uint8Array(31).fill(1)],
    ['zero', new Uint8Array(32)],
    ['the order', fromHex(bls12_381.fields.Fr.ORDER.toString(16)).reverse()],
  ])('private key: %s', (_, bytes) => {
    expect(() => blsPrivateKeyFromBytes(bytes)).toThrow(CryptoError);
  });

  test('keys come of 48 random bytes only', () => {
    expect(() => generateBlsPrivateKey(new Uint8Array(32))).toThrow(CryptoError);
    expect(generateBlsPrivateKey(new Uint8Array(48)).secret[0]).toBe(1);
  });

  test('padding, truncation, other alphabets and other kinds of text', () => {
    const text = formatBlsPublicKey(key);
    for (const bad of [`${text}=`, text.slice(0, -1), `${text}AAAA`, text.replace('PUB', 'SIG'), '', 'PUB_BLS_']) {
      expect(() => parseBlsPublicKey(bad)).toThrow(CryptoError);
    }
    const secret = formatBlsPrivateKey(keys[0]!);
    for (const bad of [secret.slice(0, -1), `${secret.slice(0, 20)}*${secret.slice(21)}`, secret.slice(0, -4)]) {
      expect(() => parseBlsPrivateKey(bad)).toThrow(CryptoError);
      expect(() => parseBlsPrivateKey(bad)).not.toThrow(secret.slice(8, 18));
    }
  });

  test('a mixture of good and bad keys does not verify', () => {
    const bad = new Uint8Array(96) as BlsPublicKey;
    expect(blsVerifyAggregate([key, bad], message, signature)).toBe(false);
    expect(() => blsAggregate([signature, sha256(message) as unknown as BlsSignature])).toThrow(CryptoError);
  });
});
