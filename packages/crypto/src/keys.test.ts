import { readFileSync } from 'node:fs';
import * as wharfkit from '@wharfkit/antelope';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeBase58, encodeBase58, encodeBase58Check, encodeBase58DoubleSha } from './base58.js';
import { concatBytes, fromHex, toHex } from './bytes.js';
import { publicKeyOf } from './ecdsa.js';
import { CryptoError } from './errors.js';
import {
  formatLegacyPublicKey,
  formatPrivateKey,
  formatPublicKey,
  formatSignature,
  formatWif,
  generatePrivateKey,
  keyTypeOf,
  makeWebAuthnPublicKey,
  makeWebAuthnSignature,
  parsePrivateKey,
  parsePublicKey,
  parseSignature,
  privateKeyFromBytes,
  publicKeyFromBytes,
  publicKeySize,
  signatureFromBytes,
  signatureSize,
  webAuthnParts,
} from './keys.js';

type Pair = { wif?: string; privateKey?: string; secret?: string; publicKey: string; legacy: string; point?: string };
type Vectors = {
  pairs: Pair[];
  publicKeys: { what: string; text: string; packed?: string }[];
  badPrivateKeys: { why: string; text: string }[];
};
const vectors: Vectors = JSON.parse(
  readFileSync(new URL('../../../vectors/crypto/keys.json', import.meta.url), 'utf8'),
);

const secret = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => {
  const below = bytes.slice();
  below[0]! &= 0x7f;
  below[31]! |= 1;
  return below;
});
const point = fc.uint8Array({ minLength: 33, maxLength: 33 });
const type = fc.constantFrom(0, 1);
const publicKey = fc.oneof(
  fc.tuple(type, point).map(([t, p]) => publicKeyFromBytes(concatBytes(Uint8Array.of(t), p))),
  fc
    .tuple(point, fc.integer({ min: 0, max: 2 }), fc.uint8Array({ minLength: 1, maxLength: 255 }))
    .map(([p, presence, id]) => makeWebAuthnPublicKey(p, presence, id)),
);
const compact = fc.uint8Array({ minLength: 65, maxLength: 65 });
const part = fc.uint8Array({ maxLength: 300 });
const signature = fc.oneof(
  fc.tuple(type, compact).map(([t, c]) => signatureFromBytes(concatBytes(Uint8Array.of(t), c))),
  fc.tuple(compact, part, part).map(([c, a, j]) => makeWebAuthnSignature(c, a, j)),
);

describe('published keys', () => {
  test.each(vectors.pairs)('$publicKey', (pair) => {
    const key = parsePrivateKey(pair.wif ?? pair.privateKey!);
    expect(formatPublicKey(publicKeyOf(key))).toBe(pair.publicKey);
    expect(formatLegacyPublicKey(publicKeyOf(key))).toBe(pair.legacy);
    expect(parsePublicKey(pair.publicKey)).toEqual(parsePublicKey(pair.legacy));
    if (pair.wif !== undefined) expect(formatWif(key)).toBe(pair.wif);
    if (pair.privateKey !== undefined) expect(formatPrivateKey(key)).toBe(pair.privateKey);
    if (pair.secret !== undefined) expect(toHex(key.secret)).toBe(pair.secret);
    if (pair.point !== undefined) expect(toHex(parsePublicKey(pair.publicKey))).toBe(`00${pair.point}`);
  });

  test.each(vectors.publicKeys)('$what', ({ text, packed }) => {
    const key = parsePublicKey(text);
    expect(formatLegacyPublicKey(key)).toBe(text);
    if (packed !== undefined) expect(toHex(key)).toBe(packed);
  });

  test.each(vectors.badPrivateKeys)('rejects $text: $why', ({ why, text }) => {
    expect(() => parsePrivateKey(text)).toThrow(why);
  });
});

describe('round trips', () => {
  test('public keys, packed and as text', () => {
    fc.assert(
      fc.property(publicKey, (key) => {
        expect(parsePublicKey(formatPublicKey(key))).toEqual(key);
        expect(parsePublicKey(formatLegacyPublicKey(key))).toEqual(key);
        expect(publicKeyFromBytes(key)).toEqual(key);
        expect(publicKeySize(concatBytes(Uint8Array.of(7), key, Uint8Array.of(7)), 1)).toBe(key.length);
      }),
    );
  });

  test('signatures, packed and as text', () => {
    fc.assert(
      fc.property(signature, (sig) => {
        expect(parseSignature(formatSignature(sig))).toEqual(sig);
        expect(signatureFromBytes(sig)).toEqual(sig);
        expect(signatureSize(concatBytes(Uint8Array.of(7), sig, Uint8Array.of(7)), 1)).toBe(sig.length);
      }),
    );
  });

  test('private keys in each text form', () => {
    fc.assert(
      fc.property(secret, (bytes) => {
        const k1 = privateKeyFromBytes('K1', bytes);
        const r1 = privateKeyFromBytes('R1', bytes);
        expect(parsePrivateKey(formatWif(k1))).toEqual(k1);
        expect(parsePrivateKey(formatPrivateKey(k1))).toEqual(k1);
        expect(parsePrivateKey(formatPrivateKey(r1))).toEqual(r1);
      }),
    );
  });

  test('texts are those of another implementation', () => {
    fc.assert(
      fc.property(publicKey, secret, (key, bytes) => {
        const other = new wharfkit.PublicKey(keyTypeOf(key) as wharfkit.KeyType, new wharfkit.Bytes(key.slice(1)));
        expect(other.toString()).toBe(formatPublicKey(key));
        const k1 = new wharfkit.PrivateKey('K1' as wharfkit.KeyType, new wharfkit.Bytes(bytes));
        expect(k1.toWif()).toBe(formatWif(privateKeyFromBytes('K1', bytes)));
        expect(k1.toString()).toBe(formatPrivateKey(privateKeyFromBytes('K1', bytes)));
      }),
    );
  });

  test('a WebAuthn signature comes apart as it was put together', () => {
    fc.assert(
      fc.property(compact, part, part, (c, authenticatorData, clientDataJson) => {
        const made = makeWebAuthnSignature(c, authenticatorData, clientDataJson);
        expect(webAuthnParts(made)).toEqual({ authenticatorData, clientDataJson });
      }),
    );
  });
});

describe('bad public keys', () => {
  const good = 'PUB_K1_6RrvujLQN1x5Tacbep1KAk8zzKpSThAQXBCKYFfGUYeACcSRFs';
  const short = encodeBase58Check(new Uint8Array(32), 'K1');
  const long = encodeBase58Check(new Uint8Array(34), 'K1');
  test.each([
    ['nothing', ''],
    ['a prefix alone', 'PUB_K1_'],
    ['no prefix', good.slice(7)],
    ['an unknown type', good.replace('K1', 'K2')],
    ['a signature prefix', good.replace('PUB', 'SIG')],
    ['lower case', good.toLowerCase()],
    ['the checksum of another type', good.replace('K1', 'R1')],
    ['a changed character', good.replace('6Rr', '6Rs')],
    ['a character too few', good.slice(0, -1)],
    ['a character too many', `${good}1`],
    ['white space', `${good} `],
    ['a leading 1', good.replace('K1_', 'K1_1')],
    ['32 bytes', `PUB_K1_${short}`],
    ['34 bytes', `PUB_K1_${long}`],
    ['a huge text', `PUB_K1_${'2'.repeat(100_000)}`],
    ['a legacy text with a K1 checksum', `EOS${good.slice(7)}`],
    ['WebAuthn without its last part', `PUB_WA_${encodeBase58Check(new Uint8Array(33), 'WA')}`],
    ['WebAuthn with an empty relying party', `PUB_WA_${encodeBase58Check(new Uint8Array(35), 'WA')}`],
  ])('%s', (_, text) => {
    expect(() => parsePublicKey(text)).toThrow(CryptoError);
  });

  test('every truncation of packed forms is noticed, and so is each extra byte', () => {
    const wa = makeWebAuthnPublicKey(new Uint8Array(33), 1, new TextEncoder().encode('example.com'));
    for (const key of [parsePublicKey(good), wa]) {
      for (let size = 0; size < key.length; size++) {
        expect(() => publicKeyFromBytes(key.subarray(0, size))).toThrow(CryptoError);
      }
      expect(() => publicKeyFromBytes(concatBytes(key, Uint8Array.of(0)))).toThrow(/too many/);
    }
  });

  test('packed WebAuthn keys with a bad presence, an overlong length or an overlong id are rejected', () => {
    const head = concatBytes(Uint8Array.of(2), new Uint8Array(33));
    expect(() => publicKeyFromBytes(concatBytes(head, fromHex('030161')))).toThrow(/presence/);
    expect(() => publicKeyFromBytes(concatBytes(head, fromHex('01810061')))).toThrow(/overlong/);
    expect(() => publicKeyFromBytes(concatBytes(head, fromHex('01818061')))).toThrow(/overlong/);
    expect(() => makeWebAuthnPublicKey(new Uint8Array(33), 1, new Uint8Array(256))).toThrow(/at most 255/);
    expect(() => publicKeyFromBytes(concatBytes(Uint8Array.of(3), new Uint8Array(33)))).toThrow(/unknown type 3/);
  });
});

describe('bad signatures', () => {
  const good = formatSignature(signatureFromBytes(concatBytes(Uint8Array.of(0, 31), new Uint8Array(64).fill(1))));
  test.each([
    ['nothing', ''],
    ['an unknown type', good.replace('K1', 'XX')],
    ['the checksum of another type', good.replace('K1', 'R1')],
    ['a character too few', good.slice(0, -1)],
    ['a huge text', `SIG_WA_${'2'.repeat(20_000)}`],
  ])('%s', (_, text) => {
    expect(() => parseSignature(text)).toThrow(CryptoError);
  });

  test('every truncation of packed forms is noticed, and so is each extra byte', () => {
    const wa = makeWebAuthnSignature(new Uint8Array(65), new Uint8Array(200), new Uint8Array(3));
    for (const sig of [parseSignature(good), wa]) {
      for (let size = 0; size < sig.length; size++) {
        expect(() => signatureFromBytes(sig.subarray(0, size))).toThrow(CryptoError);
      }
      expect(() => signatureFromBytes(concatBytes(sig, Uint8Array.of(0)))).toThrow(/too many/);
    }
  });

  test('parts of WebAuthn signatures are bounded', () => {
    expect(() => makeWebAuthnSignature(new Uint8Array(65), new Uint8Array(2049), new Uint8Array(1))).toThrow(/at most/);
    expect(() => makeWebAuthnSignature(new Uint8Array(64), new Uint8Array(37), new Uint8Array(1))).toThrow(/of 65/);
    expect(() => webAuthnParts(parseSignature(good))).toThrow(CryptoError);
    const largest = makeWebAuthnSignature(
      new Uint8Array(65).fill(255),
      new Uint8Array(2048).fill(255),
      new Uint8Array(2048),
    );
    expect(parseSignature(formatSignature(largest))).toEqual(largest);
  });
});

describe('bad private keys', () => {
  const wif = '5KQvfsPJ9YvGuVbLRLXVWPNubed6FWvV8yax6cNSJEzB4co3zFu';
  const order = 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141';
  const orderR1 = 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551';
  const compressed = encodeBase58DoubleSha(concatBytes(decodeBase58(wif, 99, '').slice(0, 33), Uint8Array.of(1)));
  test.each([
    ['nothing', ''],
    ['a truncated text', wif.slice(0, -2)],
    ['another version byte', encodeBase58DoubleSha(concatBytes(Uint8Array.of(0x81), new Uint8Array(32).fill(1)))],
    ['the compressed form, which the chain does not use', compressed],
    ['zero', `PVT_K1_${encodeBase58Check(new Uint8Array(32), 'K1')}`],
    ['the order of K1', `PVT_K1_${encodeBase58Check(fromHex(order), 'K1')}`],
    ['the order of R1', `PVT_R1_${encodeBase58Check(fromHex(orderR1), 'R1')}`],
    ['a WebAuthn private key', `PVT_WA_${encodeBase58Check(new Uint8Array(32).fill(1), 'WA')}`],
    ['a huge text', '5'.repeat(100_000)],
    ['31 bytes', `PVT_K1_${encodeBase58Check(new Uint8Array(31).fill(1), 'K1')}`],
  ])('%s', (_, text) => {
    expect(() => parsePrivateKey(text)).toThrow(CryptoError);
  });

  test('no error text holds any part of the key', () => {
    const broken = [`${wif.slice(0, -1)}1`, `${wif}0`, encodeBase58(fromHex('8001')), `PVT_K1_${wif}`, ` ${wif}`];
    for (const text of broken) {
      const error = captured(() => parsePrivateKey(text));
      expect(error).toBeInstanceOf(CryptoError);
      expect(String((error as Error).stack)).not.toContain(wif.slice(8, 20));
      expect((error as Error).message).not.toMatch(/[1-9A-HJ-NP-Za-km-z]{16}/);
    }
  });

  test('R1 keys have no wallet import format, and random bytes must be 32', () => {
    expect(() => formatWif(privateKeyFromBytes('R1', new Uint8Array(32).fill(1)))).toThrow(CryptoError);
    expect(() => generatePrivateKey('K1', new Uint8Array(31))).toThrow(CryptoError);
    expect(generatePrivateKey('K1', fromHex(`${order.slice(0, -1)}0`)).type).toBe('K1');
  });
});

function captured(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}
