import { fromHex, toHex } from '@snapscale/crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blake2f } from './blake2f.js';
import { bn254Add, bn254Mul, bn254PairingCheck } from './bn254.js';
import { fromBigEndian, fromLittleEndian, writeBigEndian, writeLittleEndian } from './integers.js';
import { modexp, modexpSize } from './modexp.js';

const hex = (text: string): Uint8Array => fromHex(text.replace(/\s/g, ''));
const word = (value: bigint): string => value.toString(16).padStart(64, '0');
const shown = (bytes: Uint8Array | undefined): string | undefined => (bytes === undefined ? undefined : toHex(bytes));

describe('integers as bytes', () => {
  it('read and write both orders', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const out = new Uint8Array(bytes.length);
        writeBigEndian(out, fromBigEndian(bytes));
        expect(out).toEqual(bytes);
        writeLittleEndian(out, fromLittleEndian(bytes));
        expect(out).toEqual(bytes);
        expect(fromBigEndian(bytes)).toBe(fromLittleEndian(bytes.slice().reverse()));
      }),
    );
  });
});

describe('EIP-152: BLAKE2b compression', () => {
  const state = hex(
    '48c9bdf267e6096a3ba7ca8485ae67bb2bf894fe72f36e3cf1361d5f3af54fa5d182e6ad7f520e511f6c3e2b8c68059b6bbd41fbabd9831f79217e1319cde05b',
  );
  const message = hex('616263'.padEnd(256, '0'));
  const low = hex('0300000000000000');
  const high = new Uint8Array(8);
  const run = (rounds: number, final: boolean) => shown(blake2f(rounds, state, message, low, high, final));

  it('vectors 4 to 7', () => {
    expect(run(0, true)).toBe(
      '08c9bcf367e6096a3ba7ca8485ae67bb2bf894fe72f36e3cf1361d5f3af54fa5d282e6ad7f520e511f6c3e2b8c68059b9442be0454267ce079217e1319cde05b',
    );
    expect(run(12, true)).toBe(
      'ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d17d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923',
    );
    expect(run(12, false)).toBe(
      '75ab69d3190a562c51aef8d88f1c2775876944407270c42c9844252c26d2875298743e7f6d5ea2f2d3e8d226039cd31b4e426ac4f2d3d666a610c2116fde4735',
    );
    expect(run(1, true)).toBe(
      'b63a380cb2897d521994a85234ee2c181b5f844d2c624c002677e9703449d2fba551b3a8333bcdf5f2f7e08993d53923de3d64fcc68c034e717b9293fed7a421',
    );
  });

  it('needs inputs of the right sizes', () => {
    expect(blake2f(1, state.subarray(1), message, low, high, true)).toBeUndefined();
    expect(blake2f(1, state, message.subarray(1), low, high, true)).toBeUndefined();
    expect(blake2f(1, state, message, low.subarray(1), high, true)).toBeUndefined();
    expect(blake2f(1, state, message, low, new Uint8Array(9), true)).toBeUndefined();
  });
});

describe('EIP-196: addition and multiplication on alt_bn128', () => {
  const one = hex(word(1n) + word(2n));
  const infinity = new Uint8Array(64);

  it('adds published points', () => {
    const a = hex(
      '18b18acfb4c2c30276db5411368e7185b311dd124691610c5d3b74034e093dc9063c909c4720840cb5134cb9f59fa749755796819658d32efc0d288198f37266',
    );
    const b = hex(
      '07c2b7f58a84bd6145f00c9c2bc0bb1a187f20ff2c92963a88019e7c6a014eed06614e20c147e940f2d70da3f74c9a17df361706a4485c742bd6788478fa17d7',
    );
    expect(shown(bn254Add(a, b))).toBe(
      '2243525c5efd4b9c3d3c45ac0ca3fe4dd85e830a4ce6b65fa1eeaee202839703301d1d33be6da8e509df21cc35964723180eed7532537db9ae5e7d48f195c915',
    );
    expect(shown(bn254Add(one, one))).toBe(
      '030644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd315ed738c0e0a7c92e7845f96b2ae9c0a68a6a449e3538fc7ff3ebf7a5a18a2c4',
    );
  });

  it('takes infinity as zeros and gives it back as zeros', () => {
    const minus = hex(word(1n) + word(0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd45n));
    expect(bn254Add(one, infinity)).toEqual(one);
    expect(bn254Add(infinity, infinity)).toEqual(infinity);
    expect(bn254Add(one, minus)).toEqual(infinity);
    expect(bn254Mul(infinity, new Uint8Array(32).fill(255))).toEqual(infinity);
    expect(bn254Mul(one, new Uint8Array(32))).toEqual(infinity);
  });

  it('multiplies published points, by scalars of any size', () => {
    const a = hex(
      '2bd3e6d0f3b142924f5ca7b49ce5b9d54c4703d7ae5648e61d02268b1a0a9fb721611ce0a6af85915e2f1d70300909ce2e49dfad4a4619c8390cae66cefdb204',
    );
    const b =
      '070a8d6a982153cae4be29d434e8faef8a47b274a053f5a4ee2a6c9c13c31e5c031b8ce914eba3a9ffb989f9cdd5b0f01943074bf4f0f315690ec3cec6981afc';
    expect(shown(bn254Mul(a, hex(word(0x11138ce750fa15c2n))))).toBe(b);
    expect(shown(bn254Mul(hex(b), hex('30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd46')))).toBe(
      '025a6f4181d2b4ea8b724290ffb40156eb0adb514c688556eb79cdea0752c2bb2eff3f31dea215f1eb86023a133a996eb6300b44da664d64251d05381bb8a02e',
    );
    const order = 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001n;
    expect(bn254Mul(one, hex(word(order + 5n)))).toEqual(bn254Mul(one, hex(word(5n))));
  });

  it('refuses what is no point', () => {
    const p = 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47n;
    for (const bad of [
      word(1n) + word(3n),
      word(p + 1n) + word(2n),
      word(1n) + word(p + 2n),
      word(p) + word(0n),
      word(5n) + word(0n),
    ]) {
      expect(bn254Add(hex(bad), one)).toBeUndefined();
      expect(bn254Add(one, hex(bad))).toBeUndefined();
      expect(bn254Mul(hex(bad), hex(word(1n)))).toBeUndefined();
    }
  });
});

describe('EIP-197: pairing check on alt_bn128', () => {
  const g2 =
    '198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c21800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa';
  const one = word(1n) + word(2n);
  const minus = word(1n) + word(0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd45n);
  const none = '0'.repeat(128);

  it('accepts a published product and its kin', () => {
    const published =
      '1c76476f4def4bb94541d57ebba1193381ffa7aa76ada664dd31c16024c43f593034dd2920f673e204fee2811c678745fc819b55d3e9d294e45c9b03a76aef41209dd15ebff5d46c4bd888e51a93cf99a7329636c63514396b4a452003a35bf704bf11ca01483bfa8b34b43561848d28905960114c8ac04049af4b6315a416782bb8324af6cfc93537a2ad1a445cfd0ca2a71acd7ac41fadbf933c2a51be344d120a2a4cf30c1bf9845f20c6fe39e07ea2cce61f0c9bb048165fe5e4de877550111e129f1cf1097710d41c4ac70fcdfa5ba2023c6ff1cbeac322de49d1b6df7c2032c61a830e3c17286de9462bf242fca2883585b93870a73853face6a6bf411';
    expect(bn254PairingCheck(hex(published + g2))).toBe(true);
    expect(bn254PairingCheck(hex(one + g2 + minus + g2))).toBe(true);
    expect(bn254PairingCheck(hex(one + g2))).toBe(false);
    expect(bn254PairingCheck(new Uint8Array(0))).toBe(true);
  });

  it('takes infinity on either side as one', () => {
    expect(bn254PairingCheck(hex(none + g2))).toBe(true);
    expect(bn254PairingCheck(hex(one + none + none))).toBe(true);
    expect(bn254PairingCheck(hex(one + none + none + one + g2))).toBe(false);
  });

  it('refuses cut pairs, points off the curve, and points of G2 outside of the subgroup', () => {
    expect(bn254PairingCheck(hex(`${one + g2}00`))).toBeUndefined();
    expect(bn254PairingCheck(hex(word(1n) + word(3n) + g2))).toBeUndefined();
    expect(bn254PairingCheck(hex(`${one + g2.slice(0, -2)}ab`))).toBeUndefined();
    expect(bn254PairingCheck(hex(one + word(5n) + word(7n) + word(0n) + word(0n)))).toBeUndefined();
    // On the twist, but of another order: x = 1 with y the square root of 1 + 3/(9+u).
    const outside = g2OutsideSubgroup();
    expect(bn254PairingCheck(hex(one + outside))).toBeUndefined();
  });
});

/** A point of the twist of alt_bn128 that is not in G2, found by trying x = 1, 2, … and taking a square root in Fp2. */
function g2OutsideSubgroup(): string {
  const p = 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47n;
  type F = readonly [bigint, bigint];
  const mod = (a: bigint): bigint => ((a % p) + p) % p;
  const mul = (a: F, b: F): F => [mod(a[0] * b[0] - a[1] * b[1]), mod(a[0] * b[1] + a[1] * b[0])];
  const pow = (a: F, e: bigint): F => {
    let result: F = [1n, 0n];
    for (let base = a, rest = e; rest > 0n; rest >>= 1n, base = mul(base, base)) {
      if (rest & 1n) result = mul(result, base);
    }
    return result;
  };
  const inverse = (a: F): F => pow(a, p * p - 2n);
  const b = mul([3n, 0n], inverse([9n, 1n]));
  for (let x = 1n; ; x++) {
    const cube = pow([x, 0n], 3n);
    const square: F = [mod(cube[0] + b[0]), mod(cube[1] + b[1])];
    const root = squareRoot(square, mul, pow, p);
    if (root === undefined) continue;
    return word(0n) + word(x) + word(root[1]) + word(root[0]);
  }
}

/** Square root in Fp2 for p = 3 mod 4 (Adj and Rodríguez-Henríquez, algorithm 9). */
function squareRoot(
  a: readonly [bigint, bigint],
  mul: (a: readonly [bigint, bigint], b: readonly [bigint, bigint]) => readonly [bigint, bigint],
  pow: (a: readonly [bigint, bigint], e: bigint) => readonly [bigint, bigint],
  p: bigint,
): readonly [bigint, bigint] | undefined {
  const a1 = pow(a, (p - 3n) / 4n);
  const x0 = mul(a1, a);
  const alpha = mul(a1, x0);
  const candidate =
    alpha[0] === p - 1n && alpha[1] === 0n
      ? ([(p - x0[1]) % p, x0[0]] as const)
      : mul(pow([(alpha[0] + 1n) % p, alpha[1]], (p - 1n) / 2n), x0);
  const back = mul(candidate, candidate);
  return back[0] === a[0] && back[1] === a[1] ? candidate : undefined;
}

describe('EIP-198: modular exponentiation', () => {
  const bytes = (value: bigint, size: number): Uint8Array => {
    const out = new Uint8Array(size);
    writeBigEndian(out, value);
    return out;
  };

  it('computes the examples of the proposal', () => {
    const p = 2n ** 256n - 2n ** 32n - 977n;
    expect(fromBigEndian(modexp(bytes(3n, 1), bytes(p - 1n, 32), bytes(p, 32))!)).toBe(1n);
    expect(modexp(new Uint8Array(0), bytes(p - 1n, 32), bytes(p, 32))).toEqual(new Uint8Array(32));
    expect(shown(modexp(bytes(3n, 1), Uint8Array.of(0xff, 0xff), bytes(1n << 255n, 32)))).toBe(
      '3b01b01ac41f2d6e917c6d6a221ce793802469026d9ab7578fa2e79e4da6aaab',
    );
  });

  it('agrees with exponentiation by squaring', () => {
    const part = fc.uint8Array({ maxLength: 12 });
    fc.assert(
      fc.property(part, part, part, (base, exponent, modulus) => {
        const m = fromBigEndian(modulus);
        const result = modexp(base, exponent, modulus);
        if (modulus.length === 0) expect(result).toBeUndefined();
        else {
          expect(result).toHaveLength(modulus.length);
          expect(fromBigEndian(result!)).toBe(
            m === 0n ? 0n : slowPower(fromBigEndian(base), fromBigEndian(exponent), m),
          );
        }
      }),
    );
  });

  it('gives 1 for the power 0, reduced', () => {
    expect(modexp(Uint8Array.of(0), new Uint8Array(0), Uint8Array.of(7))).toEqual(Uint8Array.of(1));
    expect(modexp(Uint8Array.of(5), Uint8Array.of(0), Uint8Array.of(1))).toEqual(Uint8Array.of(0));
    expect(modexp(Uint8Array.of(5), Uint8Array.of(0), Uint8Array.of(0))).toEqual(Uint8Array.of(0));
  });

  it('is measured by the bits of the exponent and the words of the longer number', () => {
    expect(modexpSize(new Uint8Array(9), Uint8Array.of(0, 1, 0), new Uint8Array(8))).toEqual({
      exponentBits: 9,
      words: 2,
    });
    expect(modexpSize(new Uint8Array(0), new Uint8Array(5), new Uint8Array(64))).toEqual({ exponentBits: 0, words: 8 });
    expect(modexpSize(new Uint8Array(1), Uint8Array.of(0xff), new Uint8Array(1)).exponentBits).toBe(8);
  });
});

function slowPower(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n % modulus;
  for (let rest = exponent, square = base % modulus; rest > 0n; rest >>= 1n, square = (square * square) % modulus) {
    if (rest & 1n) result = (result * square) % modulus;
  }
  return result;
}
