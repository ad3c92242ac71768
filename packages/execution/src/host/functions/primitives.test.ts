import { secp256k1 } from '@noble/curves/secp256k1.js';
import { fromHex, keccak256, privateKeyFromBytes, publicKeyOf, sha3_256, sha256, sign } from '@snapscale/crypto';
import { describe, expect, it } from 'vitest';
import { bn254Add, bn254Mul } from '../arithmetic/bn254.js';
import { Harness } from '../testing/harness.js';

const word = (value: bigint): Uint8Array => fromHex(value.toString(16).padStart(64, '0'));
const point = Uint8Array.from([...word(1n), ...word(2n)]);
const notOnCurve = Uint8Array.from([...word(1n), ...word(3n)]);
const ALIAS = 'wasm_exception: pointers not allowed to alias';

describe('sha3', () => {
  const data = Uint8Array.from({ length: 200 }, (_, i) => i);

  it('hashes as SHA3-256, or Keccak-256 if the flag is 1, cut to the buffer', () => {
    const host = new Harness();
    const [at, out] = [host.put(data), host.alloc(48)];
    host.call('sha3', at, 200, out, 32, 0);
    expect(host.read(out, 32)).toEqual(sha3_256(data));
    host.call('sha3', at, 200, out, 48, 1);
    expect(host.read(out, 33)).toEqual(Uint8Array.from([...keccak256(data), 0]));
    host.bytes.fill(0, out, out + 48);
    host.call('sha3', at, 200, out, 5, 2);
    expect(host.read(out, 6)).toEqual(Uint8Array.from([...sha3_256(data).slice(0, 5), 0]));
  });

  it('refuses aliased and bad spans', () => {
    const host = new Harness();
    expect(host.refusal('sha3', 1024, 100, 1100, 32, 0)).toBe(ALIAS);
    expect(host.code('sha3', host.size, 1, 1024, 32, 0)).toBe('wasm_execution_error');
    expect(host.code('sha3', 1024, 1, host.size, 32, 0)).toBe('wasm_execution_error');
  });
});

describe('k1_recover', () => {
  const key = privateKeyFromBytes('K1', new Uint8Array(32).fill(3));
  const digest = sha256(Uint8Array.of(1));
  const compact = sign(key, digest).slice(1);
  const uncompressed = secp256k1.Point.fromBytes(publicKeyOf(key).slice(1)).toBytes(false);

  it('writes the uncompressed key', () => {
    const host = new Harness();
    const [sig, hash, out] = [host.put(compact), host.put(digest), host.alloc(65)];
    expect(host.call('k1_recover', sig, 65, hash, 32, out, 65)).toBe(0);
    expect(host.read(out, 65)).toEqual(uncompressed);
    host.bytes[sig] = compact[0]! - 4;
    host.bytes.fill(0, out, out + 65);
    expect(host.call('k1_recover', sig, 65, hash, 32, out, 65)).toBe(0);
    expect(host.read(out, 65)).toEqual(uncompressed);
  });

  it('fails for headers, sizes and signatures that are wrong', () => {
    const host = new Harness();
    const [sig, hash, out] = [host.put(compact), host.put(digest), host.alloc(66)];
    expect(host.call('k1_recover', sig, 64, hash, 32, out, 65)).toBe(-1);
    expect(host.call('k1_recover', sig, 65, hash, 31, out, 65)).toBe(-1);
    expect(host.call('k1_recover', sig, 65, hash, 32, out, 64)).toBe(-1);
    for (const header of [0, 26, 35, 255]) {
      host.bytes[sig] = header;
      expect(host.call('k1_recover', sig, 65, hash, 32, out, 65)).toBe(-1);
    }
    host.bytes[sig] = compact[0]!;
    host.bytes.fill(0xff, sig + 1, sig + 33);
    expect(host.call('k1_recover', sig, 65, hash, 32, out, 65)).toBe(-1);
    expect(host.read(out, 65).every((byte) => byte === 0)).toBe(true);
    expect(host.refusal('k1_recover', 2000, 65, 2064, 32, 3000, 65)).toBe(ALIAS);
  });
});

describe('alt_bn128', () => {
  it('adds and multiplies', () => {
    const host = new Harness();
    const [a, b, scalar, out] = [host.put(point), host.put(point), host.put(word(9n)), host.alloc(70)];
    expect(host.call('alt_bn128_add', a, 64, b, 64, out, 64)).toBe(0);
    expect(host.read(out, 64)).toEqual(bn254Add(point, point));
    expect(host.call('alt_bn128_mul', a, 64, scalar, 32, out, 70)).toBe(0);
    expect(host.read(out, 65)).toEqual(Uint8Array.from([...bn254Mul(point, word(9n))!, 0]));
  });

  it('fails for wrong sizes and points off the curve', () => {
    const host = new Harness();
    const [a, b, scalar, out] = [host.put(point), host.put(notOnCurve), host.put(word(9n)), host.alloc(64)];
    expect(host.call('alt_bn128_add', a, 63, a + 64, 64, out, 64)).toBe(-1);
    expect(host.call('alt_bn128_add', a, 64, b, 64, out, 64)).toBe(-1);
    expect(host.call('alt_bn128_add', a, 64, b, 63, out, 64)).toBe(-1);
    expect(host.call('alt_bn128_add', a, 64, host.put(point), 64, out, 63)).toBe(-1);
    expect(host.call('alt_bn128_mul', b, 64, scalar, 32, out, 64)).toBe(-1);
    expect(host.call('alt_bn128_mul', a, 64, scalar, 31, out, 64)).toBe(-1);
    expect(host.call('alt_bn128_mul', a, 64, scalar, 32, out, 63)).toBe(-1);
    expect(host.read(out, 64).every((byte) => byte === 0)).toBe(true);
    expect(host.refusal('alt_bn128_add', a, 64, a, 64, out, 64)).toBe(ALIAS);
    expect(host.refusal('alt_bn128_mul', a, 64, scalar, 32, a, 64)).toBe(ALIAS);
  });

  it('checks pairings: 0 true, 1 false, -1 unacceptable', () => {
    const host = new Harness();
    const pair = host.put(
      Uint8Array.from([
        ...point,
        ...fromHex(
          '198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c21800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa',
        ),
      ]),
    );
    expect(host.call('alt_bn128_pair', pair, 192)).toBe(1);
    expect(host.call('alt_bn128_pair', pair, 0)).toBe(0);
    expect(host.call('alt_bn128_pair', pair, 191)).toBe(-1);
    host.bytes[pair + 63]! += 1;
    expect(host.call('alt_bn128_pair', pair, 192)).toBe(-1);
    expect(host.gasOf('alt_bn128_pair', host.alloc(384), 384)).toBe(2 * 9_500_000);
    expect(host.code('alt_bn128_pair', host.size - 100, 192)).toBe('wasm_execution_error');
  });
});

describe('mod_exp', () => {
  it('writes as many bytes as the modulus has', () => {
    const host = new Harness();
    const [base, exponent, modulus] = [host.put(Uint8Array.of(3)), host.put(Uint8Array.of(5)), host.put(word(100n))];
    const out = host.alloc(33);
    expect(host.call('mod_exp', base, 1, exponent, 1, modulus, 32, out, 33)).toBe(0);
    expect(host.read(out, 33)).toEqual(Uint8Array.from([...word(43n), 0]));
  });

  it('fails without modulus or room, and refuses aliased spans', () => {
    const host = new Harness();
    const at = host.put(word(7n));
    const out = host.alloc(32);
    expect(host.call('mod_exp', at, 1, at + 1, 1, at + 2, 0, out, 32)).toBe(-1);
    expect(host.call('mod_exp', at, 1, at + 1, 1, at + 2, 30, out, 29)).toBe(-1);
    expect(host.refusal('mod_exp', at, 2, at + 1, 1, at + 3, 4, out, 32)).toBe(ALIAS);
    expect(host.code('mod_exp', at, 1, at + 1, 1, host.size, 1, out, 32)).toBe('wasm_execution_error');
  });

  it('charges by the square of the words and the bits of the exponent', () => {
    const host = new Harness();
    const small = host.gasOf('mod_exp', 1024, 32, 2048, 32, 3072, 32, 4096, 32);
    host.bytes.fill(255, 2048, 2080);
    const large = host.gasOf('mod_exp', 1024, 32, 2048, 32, 3072, 32, 4096, 32);
    expect(small).toBe(96 * 20 + 16 * (450 + 16 * 9));
    expect(large).toBe(96 * 20 + 272 * (450 + 16 * 9));
  });
});

describe('blake2_f', () => {
  it('compresses, and takes final only as 1', () => {
    const host = new Harness();
    const state = host.put(
      fromHex(
        '48c9bdf267e6096a3ba7ca8485ae67bb2bf894fe72f36e3cf1361d5f3af54fa5d182e6ad7f520e511f6c3e2b8c68059b6bbd41fbabd9831f79217e1319cde05b',
      ),
    );
    const message = host.put(fromHex('616263'.padEnd(256, '0')));
    const low = host.put(Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 0));
    const [high, out] = [host.alloc(8), host.alloc(64)];
    const call = (final: number, size = 64) =>
      host.call('blake2_f', 12, state, 64, message, 128, low, 8, high, 8, final, out, size);
    expect(call(1)).toBe(0);
    expect(host.read(out, 4)).toEqual(fromHex('ba80a53f'));
    expect(call(2)).toBe(0);
    expect(host.read(out, 4)).toEqual(fromHex('75ab69d3'));
    expect(call(1, 63)).toBe(-1);
    expect(host.call('blake2_f', 1, state, 63, message, 128, low, 8, high, 8, 1, out, 64)).toBe(-1);
    expect(host.gasOf('blake2_f', 12, state, 64, message, 128, low, 8, high, 8, 1, out, 64)).toBe(3000);
    expect(host.refusal('blake2_f', 1, state, 64, message, 128, low, 8, high, 8, 1, state, 64)).toBe(ALIAS);
  });
});
