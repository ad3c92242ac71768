import { x25519 } from '@noble/curves/ed25519.js';
import { describe, expect, test } from 'vitest';
import { contextOfImage } from './address/derivations.js';
import { makePayment } from './address/output.js';
import { deriveWalletKeys } from './address/wallet-keys.js';
import {
  imageStatement,
  openAuditorSeal,
  ownershipStatement,
  paidTo,
  proveLogarithm,
  readDisclosure,
  sealForAuditor,
  verifyLogarithm,
} from './disclosure.js';
import { BASE, encodePoint, IDENTITY, multiply } from './group.js';
import { keyImage } from './key-image.js';
import { flipped, seeded, stuckAtZero } from './testing/fixtures.js';

const wallet = (name: string) => deriveWalletKeys(seeded(name).bytes(32), 2);
const [bob, carol] = [wallet('bob'), wallet('carol')];
const context = contextOfImage(encodePoint(multiply(BASE, 5n)));
const paid = makePayment(bob.address, { amount: 42n }, { context, index: 2, anchor: new Uint8Array(16).fill(1) });
const message = new TextEncoder().encode('invoice 7');

describe('showing one payment', () => {
  test('UTXO-60: the secret of an output shows amount and receiver; another secret, place or output shows nothing', () => {
    const shown = readDisclosure(paid.secret, paid.output, 2)!;
    expect(shown).toMatchObject({ amount: 42n, blinding: paid.blinding, kind: 'payment' });
    expect(paidTo(shown, bob.address.spendKey)).toBe(true);
    expect(paidTo(shown, carol.address.spendKey)).toBe(false);
    expect(readDisclosure(flipped(paid.secret, 0), paid.output, 2)).toBeUndefined();
    expect(readDisclosure(paid.secret, paid.output, 1)).toBeUndefined();
    const other = { ...paid.output, encryptedAmount: flipped(paid.output.encryptedAmount, 0) };
    expect(readDisclosure(paid.secret, other, 2)).toBeUndefined();
  });

  test('UTXO-63: the auditor opens, others do not', () => {
    const auditor = seeded('auditor').bytes(32);
    const sealed = sealForAuditor(
      x25519.getPublicKey(auditor),
      paid.ephemeralSecret,
      paid.ephemeralKey,
      paid.output,
      paid.secret,
    )!;
    expect(sealed.length).toBe(48);
    const secret = openAuditorSeal(auditor, paid.ephemeralKey, paid.output, sealed)!;
    expect(readDisclosure(secret, paid.output, 2)).toMatchObject({ amount: 42n });
    expect(openAuditorSeal(carol.viewSecret, paid.ephemeralKey, paid.output, sealed)).toBeUndefined();
    expect(openAuditorSeal(auditor, paid.ephemeralKey, paid.output, flipped(sealed, 40))).toBeUndefined();
    const moved = { ...paid.output, key: encodePoint(BASE) };
    expect(openAuditorSeal(auditor, paid.ephemeralKey, moved, sealed)).toBeUndefined();
    expect(
      sealForAuditor(new Uint8Array(32), paid.ephemeralSecret, paid.ephemeralKey, paid.output, paid.secret),
    ).toBeUndefined();
  });
});

describe('proofs of a logarithm', () => {
  const secret = seeded('x').scalar();
  const key = multiply(BASE, secret);
  const image = keyImage(secret, key);

  test('UTXO-61, UTXO-62: who knows the key proves ownership and the image; others and other statements do not hold', () => {
    for (const statement of [ownershipStatement(key), imageStatement(key, image)]) {
      const proof = proveLogarithm(statement, secret, message, stuckAtZero);
      expect(verifyLogarithm(statement, message, proof)).toBe(true);
      expect(verifyLogarithm(statement, flipped(message, 0), proof)).toBe(false);
      expect(verifyLogarithm(statement, message, { ...proof, response: proof.response + 1n })).toBe(false);
      expect(verifyLogarithm(ownershipStatement(multiply(BASE, 9n)), message, proof)).toBe(false);
    }
    const forged = imageStatement(key, multiply(BASE, 7n));
    expect(verifyLogarithm(forged, message, proveLogarithm(forged, secret, message, stuckAtZero))).toBe(false);
    const nothing = ownershipStatement(IDENTITY);
    expect(verifyLogarithm(nothing, message, proveLogarithm(nothing, 0n, message, stuckAtZero))).toBe(false);
  });

  test('nonce failure: two messages with a stuck generator share no nonce', () => {
    const statement = ownershipStatement(key);
    const [first, second] = ['a', 'b'].map((text) =>
      proveLogarithm(statement, secret, new TextEncoder().encode(text), stuckAtZero),
    );
    const nonce = (proof: { challenge: bigint; response: bigint }) =>
      multiply(BASE, proof.response).add(multiply(key, proof.challenge));
    expect(nonce(first!).equals(nonce(second!))).toBe(false);
  });
});
