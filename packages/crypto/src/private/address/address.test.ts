import { x25519 } from '@noble/curves/ed25519.js';
import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../../bytes.js';
import { CryptoError } from '../../errors.js';
import { seal, unseal } from '../chacha20-poly1305.js';
import { BASE, encodePoint, multiply } from '../group.js';
import { commit, commitVisible } from '../pedersen.js';
import { flipped, readVectors, seeded } from '../testing/fixtures.js';
import { decodeBech32m, encodeBech32m } from './bech32m.js';
import { contextOfAccount, contextOfImage } from './derivations.js';
import { makeChange, makePayment, openOutput, type PrivateOutput, sharedSecretOf, spendSecretOf } from './output.js';
import { agree, deriveWalletKeys, formatAddress, parseAddress, type WalletKeys } from './wallet-keys.js';

const vectors = readVectors<{
  x25519: Record<'secret' | 'publicKey' | 'otherSecret' | 'otherPublicKey' | 'shared', string> & { lowOrder: string[] };
  chacha20Poly1305: Record<'key' | 'nonce' | 'data' | 'text' | 'cipher' | 'tag', string>;
  bech32m: { valid: [string, string][]; invalid: [string, string][] };
}>('address.json');

const wallet = (name: string) => deriveWalletKeys(seeded(name).bytes(32), 2);
const [alice, bob, carol] = [wallet('alice'), wallet('bob'), wallet('carol')];
const context = contextOfImage(encodePoint(multiply(BASE, 5n)));
const anchor = new Uint8Array(16).fill(9);
const memo = new Uint8Array(64).fill(0x6d);

function pay(to: WalletKeys = bob, amount = 1234n, index = 1) {
  return makePayment(to.address, { amount, memo }, { context, index, anchor });
}

function open(
  keys: WalletKeys,
  output: PrivateOutput,
  ephemeralKey: Uint8Array,
  place: { index?: number; context?: Uint8Array } = {},
) {
  const shared = sharedSecretOf(keys, ephemeralKey);
  return shared && openOutput(keys, output, { context, index: 1, ...place, ephemeralKey }, shared);
}

describe('X25519, ChaCha20-Poly1305, Bech32m', () => {
  test('X25519 as in RFC 7748; keys of low order agree with nobody', () => {
    const { secret, publicKey, otherSecret, otherPublicKey, shared, lowOrder } = vectors.x25519;
    expect(toHex(x25519.getPublicKey(fromHex(secret)))).toBe(publicKey);
    expect(toHex(agree(fromHex(secret), fromHex(otherPublicKey))!)).toBe(shared);
    expect(toHex(agree(fromHex(otherSecret), fromHex(publicKey))!)).toBe(shared);
    for (const point of lowOrder) expect(agree(fromHex(secret), fromHex(point))).toBeUndefined();
    expect(() => agree(fromHex(secret), new Uint8Array(31))).toThrow(CryptoError);
  });

  test('ChaCha20-Poly1305 as in RFC 8439; a changed bit anywhere opens nothing', () => {
    const { key, nonce, data, text, cipher, tag } = vectors.chacha20Poly1305;
    const sealed = seal(fromHex(key), fromHex(text), fromHex(data), fromHex(nonce));
    expect(toHex(sealed)).toBe(cipher + tag);
    expect(toHex(unseal(fromHex(key), sealed, fromHex(data), fromHex(nonce))!)).toBe(text);
    for (const at of [0, 60, sealed.length - 1]) {
      expect(unseal(fromHex(key), flipped(sealed, at), fromHex(data), fromHex(nonce))).toBeUndefined();
    }
    expect(unseal(fromHex(key), sealed, flipped(fromHex(data), 0), fromHex(nonce))).toBeUndefined();
    expect(unseal(fromHex(key), sealed.subarray(0, 15), fromHex(data))).toBeUndefined();
  });

  test('Bech32m as in BIP 350', () => {
    for (const [prefix, text] of vectors.bech32m.valid) {
      expect(encodeBech32m(prefix, decodeBech32m(prefix, text))).toBe(text.toLowerCase());
    }
    for (const [prefix, text] of vectors.bech32m.invalid)
      expect(() => decodeBech32m(prefix, text)).toThrow(CryptoError);
    expect(() => decodeBech32m('a', `a1${'q'.repeat(200)}`)).toThrow(/more than/);
    expect(() => decodeBech32m('a', 'A1lqfn3a')).toThrow(/mixed case/);
  });
});

describe('addresses', () => {
  test('UTXO-42: text and back; every mistyped letter is noticed', () => {
    const text = formatAddress(bob.address);
    expect(text).toMatch(/^snap1[02-9ac-hj-np-z]{112}$/);
    expect(parseAddress(text, 2)).toEqual(bob.address);
    expect(parseAddress(text.toUpperCase(), 2)).toEqual(bob.address);
    for (let i = 5; i < text.length; i++) {
      const wrong = text[i] === 'q' ? 'p' : 'q';
      expect(() => parseAddress(text.slice(0, i) + wrong + text.slice(i + 1), 2)).toThrow(/checksum/);
    }
  });

  test('other networks, versions, sizes and impossible keys are refused', () => {
    const { spendKey, viewKey } = bob.address;
    const address = (bytes: number[]) => encodeBech32m('snap', Uint8Array.from(bytes));
    expect(() => parseAddress(formatAddress(bob.address), 1)).toThrow(/network 2, not 1/);
    expect(() => parseAddress(address([2, 2, ...spendKey, ...viewKey]), 2)).toThrow(/version/);
    expect(() => parseAddress(address([1, 2, ...spendKey]), 2)).toThrow(/bytes/);
    expect(() => parseAddress(address([1, 2, ...new Uint8Array(32), ...viewKey]), 2)).toThrow(/identity/);
    expect(() => parseAddress(address([1, 2, ...new Uint8Array(32).fill(255), ...viewKey]), 2)).toThrow(/canonical/);
    expect(() => parseAddress(address([1, 2, ...spendKey, ...fromHex(vectors.x25519.lowOrder[2]!)]), 2)).toThrow(
      /low order/,
    );
    expect(() => parseAddress('', 2)).toThrow(CryptoError);
  });

  test('UTXO-40: one master gives one wallet; both keys depend on it and not on each other', () => {
    expect(wallet('bob')).toEqual(bob);
    expect(toHex(bob.viewSecret)).not.toBe(toHex(carol.viewSecret));
    expect(bob.spendSecret).not.toBe(carol.spendSecret);
    for (const size of [0, 15, 65]) expect(() => deriveWalletKeys(new Uint8Array(size), 2)).toThrow(/16 to 64/);
  });
});

describe('payments', () => {
  test('UTXO-51: the receiver finds, opens and can spend; nobody else finds', () => {
    const { output, ephemeralKey, blinding } = pay();
    const found = open(bob, output, ephemeralKey)!;
    expect(found).toMatchObject({ amount: 1234n, blinding, kind: 'payment', memoText: memo });
    expect(toHex(encodePoint(multiply(BASE, spendSecretOf(found, bob.spendSecret))))).toBe(toHex(output.key));
    expect(toHex(encodePoint(commit({ value: 1234n, blinding })))).toBe(toHex(output.commitment));
    expect(open(carol, output, ephemeralKey)).toBeUndefined();
    expect(open(alice, output, ephemeralKey)).toBeUndefined();
  });

  test('UTXO-49: change under the ephemeral key of a payment', () => {
    const { ephemeralKey } = pay();
    const change = makeChange(alice, { amount: 77n, memo }, { context, ephemeralKey, index: 0 });
    expect(open(alice, change.output, ephemeralKey, { index: 0 })).toMatchObject({ amount: 77n, kind: 'change' });
    expect(open(bob, change.output, ephemeralKey, { index: 0 })).toBeUndefined();
    const twin = makeChange(alice, { amount: 77n }, { context, ephemeralKey, index: 1 });
    expect(toHex(twin.output.commitment)).not.toBe(toHex(change.output.commitment));
    expect(toHex(twin.output.key)).not.toBe(toHex(change.output.key));
  });

  test('UTXO-7: a visible amount has the commitment that everybody computes', () => {
    const place = { context: contextOfAccount(new Uint8Array(32).fill(1), 5n, 0n), index: 0, anchor };
    const { output, ephemeralKey } = makePayment(bob.address, { amount: 500n, visible: true }, place);
    expect(toHex(output.commitment)).toBe(toHex(encodePoint(commitVisible(500n))));
    expect(open(bob, output, ephemeralKey, place)).toMatchObject({ amount: 500n, blinding: 1n, memoText: undefined });
  });

  test('duplicate one-time key (burning): another context or place gives another key, and a replayed output is not found', () => {
    const { output, ephemeralKey } = pay();
    const elsewhere = contextOfImage(encodePoint(multiply(BASE, 6n)));
    const again = makePayment(bob.address, { amount: 1234n, memo }, { context: elsewhere, index: 1, anchor });
    expect(toHex(again.output.key)).not.toBe(toHex(output.key));
    expect(toHex(pay(bob, 1234n, 0).output.key)).not.toBe(toHex(output.key));
    expect(open(bob, output, ephemeralKey, { context: elsewhere })).toBeUndefined();
    expect(open(bob, output, ephemeralKey, { index: 0 })).toBeUndefined();
  });

  test('unspendable outputs: a sender who changes any field is not credited', () => {
    const { output, ephemeralKey } = pay();
    const changes: Partial<PrivateOutput>[] = [
      { key: encodePoint(multiply(BASE, 3n)) },
      { commitment: encodePoint(commit({ value: 9999n, blinding: 1n })) },
      { viewTag: output.viewTag ^ 1 },
      { encryptedAmount: flipped(output.encryptedAmount, 0) },
      { encryptedAnchor: flipped(output.encryptedAnchor, 15) },
    ];
    for (const change of changes) expect(open(bob, { ...output, ...change }, ephemeralKey)).toBeUndefined();
    expect(open(bob, { ...output, memo: flipped(output.memo!, 3) }, ephemeralKey)).toMatchObject({
      memoText: undefined,
    });
  });

  test('Janus: an address mixed of two does not tell that both are one wallet', () => {
    // The sender uses Bob's view key with Carol's spend key. If Bob and Carol are one owner, neither view key credits it.
    const mixed = { network: 2, spendKey: carol.address.spendKey, viewKey: bob.address.viewKey };
    const { output, ephemeralKey } = makePayment(mixed, { amount: 5n }, { context, index: 1, anchor });
    expect(open(bob, output, ephemeralKey)).toBeUndefined();
    expect(open({ ...carol, viewSecret: bob.viewSecret }, output, ephemeralKey)).toBeUndefined();
    expect(open(carol, output, ephemeralKey)).toBeUndefined();
  });

  test('keys of low order and fields of other sizes are refused', () => {
    const [zero] = vectors.x25519.lowOrder;
    expect(sharedSecretOf(bob, fromHex(zero!))).toBeUndefined();
    const address = { ...bob.address, viewKey: fromHex(zero!) };
    expect(() => makePayment(address, { amount: 1n }, { context, index: 0, anchor })).toThrow(/low order/);
    expect(() => makeChange(bob, { amount: 1n }, { context, index: 0, ephemeralKey: fromHex(zero!) })).toThrow(
      /low order/,
    );
    expect(() => makePayment(bob.address, { amount: 1n }, { context, index: 0, anchor: new Uint8Array(15) })).toThrow(
      /anchor/,
    );
    expect(() => makePayment(bob.address, { amount: 2n ** 64n }, { context, index: 0, anchor })).toThrow(/64-bit/);
    expect(() => makePayment(bob.address, { amount: -1n }, { context, index: 0, anchor })).toThrow(/64-bit/);
    expect(() => makePayment(bob.address, { amount: 1n, memo: anchor }, { context, index: 0, anchor })).toThrow(/memo/);
  });
});
