import { createHash } from 'node:crypto';
import {
  makeWebAuthnSignature,
  portableRecover,
  privateKeyFromBytes,
  publicKeyOf,
  type RecoverPort,
  sha256,
  sign,
} from '@snapscale/crypto';
import { describe, expect, it } from 'vitest';
import { FakeContext } from '../testing/fake-context.js';
import { Harness } from '../testing/harness.js';

const key = privateKeyFromBytes('K1', new Uint8Array(32).fill(3));
const r1Key = privateKeyFromBytes('R1', new Uint8Array(32).fill(4));
const digest = sha256(Uint8Array.of(1, 2, 3));
const signature = sign(key, digest);
const publicKey = publicKeyOf(key);

describe('recover_key', () => {
  it('writes the packed key of K1 and R1 signatures and returns its size', () => {
    const host = new Harness();
    const buffer = host.alloc(40);
    const at = host.put(digest);
    expect(host.call('recover_key', at, host.put(signature), 66, buffer, 40)).toBe(34);
    expect(host.read(buffer, 34)).toEqual(publicKey.slice());
    expect(host.call('recover_key', at, host.put(sign(r1Key, digest)), 66, buffer, 34)).toBe(34);
    expect(host.read(buffer, 34)).toEqual(publicKeyOf(r1Key).slice());
  });

  it('does not demand canonical signatures, and ignores bytes behind them', () => {
    const host = new Harness();
    const loose = makeLoose();
    const buffer = host.alloc(40);
    const padded = Uint8Array.from([...loose, 1, 2]);
    expect(host.call('recover_key', host.put(digest), host.put(padded), 68, buffer, 34)).toBe(34);
    expect(host.read(buffer, 34)).toEqual(publicKey.slice());
  });

  it('refuses small buffers, malformed signatures, and signatures of nobody', () => {
    const host = new Harness();
    const at = host.put(digest);
    const buffer = host.alloc(40);
    const good = host.put(signature);
    expect(host.code('recover_key', at, good, 66, buffer, 33)).toBe('out_of_range_exception');
    expect(host.code('recover_key', at, good, 65, buffer, 34)).toBe('crypto_api_exception');
    const type = signature.slice();
    type[0] = 9;
    expect(host.code('recover_key', at, host.put(type), 66, buffer, 34)).toBe('crypto_api_exception');
    const zero = signature.slice().fill(0, 2);
    expect(host.code('recover_key', at, host.put(zero), 66, buffer, 34)).toBe('crypto_api_exception');
    expect(host.code('recover_key', at, 0, 0, buffer, 34)).toBe('crypto_api_exception');
    expect(host.refusal('recover_key', 0, good, 66, buffer, 34)).toMatch(/null pointers/);
    expect(host.refusal('recover_key', at, good, 66, host.size - 3, 34)).toMatch(/access violation/);
  });

  it('cuts WebAuthn keys to the buffer, which must hold an elliptic curve point', () => {
    const recovered = publicKeyOf(r1Key).slice(1);
    const port: RecoverPort = { recoverK1: portableRecover.recoverK1, recoverR1: () => recovered };
    const host = new Harness(new FakeContext(), port);
    const assertion = webAuthn(digest);
    const at = host.put(digest);
    const buffer = host.alloc(80);
    const size = host.call('recover_key', at, host.put(assertion), assertion.length, buffer, 80) as number;
    const whole = host.read(buffer, size);
    expect(size).toBeGreaterThan(36);
    expect(whole.slice(0, 34)).toEqual(Uint8Array.from([2, ...recovered]));
    host.bytes.fill(0, buffer, buffer + 80);
    expect(host.call('recover_key', at, host.put(assertion), assertion.length, buffer, 35)).toBe(size);
    expect(host.read(buffer, 36)).toEqual(Uint8Array.from([...whole.slice(0, 35), 0]));
    expect(host.refusal('recover_key', at, host.put(assertion), assertion.length, buffer, 32)).toBe(
      'wasm_execution_error: destination buffer must at least be able to hold an ECC public key',
    );
  });

  it('uses the port of the host and charges R1 more', () => {
    let calls = 0;
    const port: RecoverPort = {
      recoverK1: (...args) => {
        calls++;
        return portableRecover.recoverK1(...args);
      },
      recoverR1: (...args) => {
        calls++;
        return portableRecover.recoverR1(...args);
      },
    };
    const host = new Harness(new FakeContext(), port);
    const [at, buffer] = [host.put(digest), host.alloc(34)];
    const k1 = host.gasOf('recover_key', at, host.put(signature), 66, buffer, 34);
    const r1 = host.gasOf('recover_key', at, host.put(sign(r1Key, digest)), 66, buffer, 34);
    expect(calls).toBe(2);
    expect(r1 - k1).toBe(1_550_000);
  });
});

describe('assert_recover_key', () => {
  it('accepts the key that signed and rejects others', () => {
    const host = new Harness();
    const at = host.put(digest);
    const args = [at, host.put(signature), 66] as const;
    host.call('assert_recover_key', ...args, host.put(publicKey), 34);
    expect(host.refusal('assert_recover_key', ...args, host.put(publicKeyOf(r1Key)), 34)).toBe(
      'crypto_api_exception: Error expected key different than recovered key',
    );
    expect(host.code('assert_recover_key', ...args, host.put(publicKey), 33)).toBe('crypto_api_exception');
    expect(host.code('assert_recover_key', at, 0, 0, host.put(publicKey), 34)).toBe('crypto_api_exception');
    expect(host.code('assert_recover_key', 0, args[1], 66, host.put(publicKey), 34)).toBe('wasm_execution_error');
  });
});

describe.each([
  ['sha256', 32],
  ['sha1', 20],
  ['sha512', 64],
  ['ripemd160', 20],
])('%s', (name, size) => {
  const data = Uint8Array.from({ length: 300 }, (_, i) => i & 0xff);
  const expected = Uint8Array.from(createHash(name).update(data).digest());

  it('hashes and compares', () => {
    const host = new Harness();
    const at = host.put(data);
    const out = host.alloc(size);
    host.call(name, at, 300, out);
    expect(host.read(out, size)).toEqual(expected);
    host.call(`assert_${name}`, at, 300, out);
    expect(host.refusal(`assert_${name}`, at, 299, out)).toBe('crypto_api_exception: hash mismatch');
    host.call(name, 0, 0, out);
    expect(host.read(out, size)).toEqual(Uint8Array.from(createHash(name).digest()));
  });

  it('may overwrite its own input', () => {
    const host = new Harness();
    const at = host.put(data);
    host.call(name, at, 300, at);
    expect(host.read(at, size)).toEqual(expected);
  });

  it('refuses bad pointers and charges by the byte', () => {
    const host = new Harness();
    for (const one of [name, `assert_${name}`]) {
      expect(host.refusal(one, 100, 10, 0)).toMatch(/null pointers/);
      expect(host.refusal(one, 100, 10, host.size - size + 1)).toMatch(/access violation/);
      expect(host.refusal(one, host.size, 1, 100)).toMatch(/access violation/);
    }
    expect(host.gasOf(name, 0, 1000, 2000)).toBeGreaterThanOrEqual(3000);
  });
});

/** The signature with s replaced by n - s, which is valid and not canonical. */
function makeLoose(): Uint8Array {
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
  const s = BigInt(`0x${Buffer.from(signature.slice(34)).toString('hex')}`);
  const loose = Uint8Array.from(signature);
  loose.set(Buffer.from((order - s).toString(16).padStart(64, '0'), 'hex'), 34);
  loose[1] = 31 + ((loose[1]! - 31) ^ 1);
  return loose;
}

/** A WebAuthn signature over the digest as challenge, whose curve part nobody made. */
function webAuthn(challenge: Uint8Array): Uint8Array {
  const compact = new Uint8Array(65).fill(1);
  compact[0] = 31;
  const relyingParty = sha256(new TextEncoder().encode('example.org'));
  const authenticatorData = Uint8Array.from([...relyingParty, 1, 0, 0, 0, 0]);
  const client = JSON.stringify({
    type: 'webauthn.get',
    challenge: Buffer.from(challenge).toString('base64url'),
    origin: 'https://example.org',
  });
  return makeWebAuthnSignature(compact, authenticatorData, new TextEncoder().encode(client));
}
