import { bls12_381 } from '@noble/curves/bls12-381.js';
import { toHex } from '@snapscale/crypto';
import { describe, expect, it } from 'vitest';
import {
  BLS_FP_BYTES,
  BLS_G1_BYTES,
  BLS_G2_BYTES,
  BLS_GT_BYTES,
  BLS_WIDE_BYTES,
  blsFpExp,
  blsFpMod,
  blsFpMul,
  blsG1Add,
  blsG1Map,
  blsG1WeightedSum,
  blsG2Add,
  blsG2Map,
  blsG2WeightedSum,
  blsIsG1Point,
  blsPairing,
} from './bls12-381.js';

const { Fp } = bls12_381.fields;

function little(value: bigint, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
}

function bigint(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(bytes.slice().reverse())}`);
}

function join(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

type G1 = typeof bls12_381.G1.Point.BASE;
type G2 = typeof bls12_381.G2.Point.BASE;

function g1(point: G1): Uint8Array {
  const { x, y } = point.toAffine();
  return join(little(x, 48), little(y, 48));
}

function g2(point: G2): Uint8Array {
  const { x, y } = point.toAffine();
  return join(little(x.c0, 48), little(x.c1, 48), little(y.c0, 48), little(y.c1, 48));
}

const G1 = bls12_381.G1.Point.BASE;
const G2 = bls12_381.G2.Point.BASE;
const ORDER = bls12_381.fields.Fr.ORDER;
const ZERO_G1 = new Uint8Array(BLS_G1_BYTES);
const ZERO_G2 = new Uint8Array(BLS_G2_BYTES);
const ONE_GT = join(little(1n, 48), new Uint8Array(BLS_GT_BYTES - 48));

describe('layout', () => {
  it('is affine little-endian, the constant coefficient first', () => {
    expect(toHex(g1(G1))).toBe(
      'bbc622db0af03afbef1a7af93fe8556c58ac1b173f3a4ea105b974974f8c68c30faca94f8c63952694d79731a7d3f117' +
        'e1e7c5462923aa0ce48a88a244c73cd0edb3042ccb18db00f60ad0d595e0f5fce48a1d74ed309ea0f1a0aae381f4b308',
    );
    expect(toHex(g2(G2)).slice(0, 96)).toBe(
      'b8bd21c1c85680d4efbb05a82603ac0b77d1e37a640b51b4023b40fad47ae4c65110c52d27050826910a8ff0b2a24a02',
    );
  });
});

describe('group operations', () => {
  it('add, with infinity as zeros', () => {
    expect(blsG1Add(g1(G1), g1(G1))).toEqual(g1(G1.double()));
    expect(blsG1Add(g1(G1), ZERO_G1)).toEqual(g1(G1));
    expect(blsG1Add(g1(G1), g1(G1.negate()))).toEqual(ZERO_G1);
    expect(blsG2Add(g2(G2), g2(G2.double()))).toEqual(g2(G2.multiply(3n)));
    expect(blsG2Add(ZERO_G2, ZERO_G2)).toEqual(ZERO_G2);
  });

  it('sum with weights of 256 bits, not reduced', () => {
    const p = G1.multiply(77n);
    const weights = [3n, ORDER + 2n, (1n << 256n) - 1n, 0n];
    const points = [G1, p, G1, p];
    const expected = G1.multiply((3n + 77n * (ORDER + 2n) + (1n << 256n) - 1n) % ORDER);
    expect(blsG1WeightedSum(join(...points.map(g1)), join(...weights.map((w) => little(w, 32))))).toEqual(g1(expected));
    const q = G2.multiply(5n);
    expect(blsG2WeightedSum(join(g2(G2), g2(q)), join(little(4n, 32), little(ORDER - 1n, 32)))).toEqual(
      g2(G2.multiply(ORDER - 1n)),
    );
    expect(blsG1WeightedSum(g1(G1), little(0n, 32))).toEqual(ZERO_G1);
    expect(blsG1WeightedSum(ZERO_G1, little(9n, 32))).toEqual(ZERO_G1);
  });

  it('take points outside of the subgroup, whose order the weights must not be reduced by', () => {
    const outside = pointOutsideG1();
    expect(outside.isTorsionFree()).toBe(false);
    let doubled = outside;
    for (let i = 0; i < 255; i++) doubled = doubled.double();
    expect(blsG1WeightedSum(g1(outside), little(1n << 255n, 32))).toEqual(g1(doubled));
    expect(blsG1Add(g1(outside), g1(outside))).toEqual(g1(outside.double()));
    expect(blsIsG1Point(g1(outside))).toBe(true);
  });

  it('refuse what is no point', () => {
    const offCurve = join(little(1n, 48), little(1n, 48));
    const tooBig = join(little(Fp.ORDER, 48), little(0n, 48));
    const aliased = join(little(G1.x + Fp.ORDER, 48), little(G1.y, 48));
    for (const bad of [offCurve, tooBig, aliased, new Uint8Array(96).fill(255)]) {
      expect(blsG1Add(bad, g1(G1))).toBeUndefined();
      expect(blsG1Add(g1(G1), bad)).toBeUndefined();
      expect(blsG1WeightedSum(bad, little(1n, 32))).toBeUndefined();
      expect(blsPairing(bad, g2(G2))).toBeUndefined();
      expect(blsIsG1Point(bad)).toBe(false);
    }
    const bad = g2(G2);
    bad[0]! ^= 1;
    expect(blsG2Add(bad, g2(G2))).toBeUndefined();
    expect(blsG2WeightedSum(join(g2(G2), bad), new Uint8Array(64))).toBeUndefined();
    expect(blsPairing(g1(G1), bad)).toBeUndefined();
    expect(blsIsG1Point(ZERO_G1)).toBe(false);
    expect(blsIsG1Point(g1(G1).subarray(1))).toBe(false);
  });
});

/** A point of the curve with a cofactor in its order: the image of the map before the cofactor is cleared. */
function pointOutsideG1(): G1 {
  for (let x = 1n; ; x++) {
    const square = Fp.add(Fp.mul(Fp.sqr(x), x), 4n);
    if (Fp.pow(square, (Fp.ORDER - 1n) / 2n) !== 1n) continue;
    const point = bls12_381.G1.Point.fromAffine({ x, y: Fp.sqrt(square) });
    if (!point.isTorsionFree()) return point;
  }
}

describe('pairing', () => {
  /** e(G1, G2) as other implementations publish it, from its first coefficient. */
  const FIRST = 0x1250ebd871fc0a92a7b2d83168d0d727272d441befa15c503dd8e90ce98db3e7b6d194f60839c508a84305aaca1789b6n;
  const LAST = 0x0f41e58663bf08cf068672cbd01a7ec73baca4d72ca93544deff686bfd6df543d48eaa24afe47e1efde449383b676631n;

  it('of the generators has the published value', () => {
    const value = blsPairing(g1(G1), g2(G2))!;
    expect(value).toHaveLength(BLS_GT_BYTES);
    expect(bigint(value.subarray(0, 48))).toBe(FIRST);
    expect(bigint(value.subarray(BLS_GT_BYTES - 48))).toBe(LAST);
  });

  it('is bilinear, and a product over pairs', () => {
    const left = blsPairing(g1(G1.multiply(6n)), g2(G2));
    expect(blsPairing(g1(G1.multiply(2n)), g2(G2.multiply(3n)))).toEqual(left);
    expect(blsPairing(join(g1(G1.multiply(2n)), g1(G1.multiply(4n))), join(g2(G2), g2(G2)))).toEqual(left);
    expect(blsPairing(join(g1(G1), g1(G1.negate())), join(g2(G2), g2(G2)))).toEqual(ONE_GT);
  });

  it('with infinity is one', () => {
    expect(blsPairing(ZERO_G1, g2(G2))).toEqual(ONE_GT);
    expect(blsPairing(g1(G1), ZERO_G2)).toEqual(ONE_GT);
    expect(blsPairing(join(ZERO_G1, g1(G1)), join(g2(G2), g2(G2)))).toEqual(blsPairing(g1(G1), g2(G2)));
  });

  it('gives zeros where a point of small order makes the product vanish', () => {
    // A point of G2's curve of order 13.
    const x = {
      c0: 0x9c801b1c24e6662e6c94f9b8f0ac01768d0b974fe1ad3d3727c7afc77bafd60e086aeed8a678de31267be27fd73543bn,
      c1: 0x3a58fd8e0c4b1a4025da5ca3176405ed7fa11dcf55003b1ceae958a7a62815f5f3a79792d91eebf83ccffc228784a45n,
    };
    const y = {
      c0: 0xc3fb4169126d38f3c761513b8db8ef50b597fdecae99d587116975f6cb4cc664b4904adc4d043a1ceb49f566d2de75dn,
      c1: 0x134387d7a75fe7e266d680c4b59af7e97aa125ac02132de4e35378973c34fb96e2e9b6c00d2b770590d9c67f680185d0n,
    };
    const small = bls12_381.G2.Point.fromAffine({ x, y });
    let multiple = small;
    for (let i = 1; i < 13; i++) multiple = multiple.add(small);
    expect(multiple.is0()).toBe(true);
    expect(blsPairing(g1(G1), g2(small))).toEqual(new Uint8Array(BLS_GT_BYTES));
  });

  it('takes points outside of the subgroups', () => {
    const value = blsPairing(g1(pointOutsideG1()), g2(G2))!;
    expect(value).toHaveLength(BLS_GT_BYTES);
    expect(value).not.toEqual(ONE_GT);
  });
});

describe('maps (RFC 9380 appendix J.9.2 and J.10.2, of one field element each)', () => {
  it('to G1', () => {
    const u = 0x156c8a6a2c184569d69a76be144b5cdc5141d2d2ca4fe341f011e25e3969c55ad9e9b9ce2eb833c81a908e5fa4ac5f03n;
    const point = blsG1Map(little(u, 48))!;
    expect(toHex(point.slice(0, 48).reverse())).toBe(
      '184bb665c37ff561a89ec2122dd343f20e0f4cbcaec84e3c3052ea81d1834e192c426074b02ed3dca4e7676ce4ce48ba',
    );
    expect(toHex(point.slice(48).reverse())).toBe(
      '04407b8d35af4dacc809927071fc0405218f1401a6d15af775810e4e460064bcc9468beeba82fdc751be70476c888bf3',
    );
    expect(blsG1Map(little(Fp.ORDER, 48))).toBeUndefined();
    expect(blsG1Map(new Uint8Array(48))).toHaveLength(96);
  });

  it('to G2', () => {
    const c0 = 0x07355d25caf6e7f2f0cb2812ca0e513bd026ed09dda65b177500fa31714e09ea0ded3a078b526bed3307f804d4b93b04n;
    const c1 = 0x02829ce3c021339ccb5caf3e187f6370e1e2a311dec9b75363117063ab2015603ff52c3d3b98f19c2f65575e99e8b78cn;
    const point = blsG2Map(join(little(c0, 48), little(c1, 48)))!;
    expect(toHex(point.slice(0, 48).reverse())).toBe(
      '00e7f4568a82b4b7dc1f14c6aaa055edf51502319c723c4dc2688c7fe5944c213f510328082396515734b6612c4e7bb7',
    );
    expect(toHex(point.slice(48, 96).reverse())).toBe(
      '126b855e9e69b1f691f816e48ac6977664d24d99f8724868a184186469ddfd4617367e94527d4b74fc86413483afb35b',
    );
    expect(blsG2Map(join(little(c0, 48), little(Fp.ORDER, 48)))).toBeUndefined();
  });
});

describe('field', () => {
  it('reduces, multiplies and raises', () => {
    const wide = (1n << 512n) - 1n;
    expect(bigint(blsFpMod(little(wide, BLS_WIDE_BYTES)))).toBe(wide % Fp.ORDER);
    const a = little(Fp.ORDER - 1n, BLS_FP_BYTES);
    expect(blsFpMul(a, a)).toEqual(little(1n, 48));
    expect(blsFpExp(a, little(Fp.ORDER - 1n, 64))).toEqual(little(1n, 48));
    expect(blsFpExp(little(2n, 48), little(10n, 64))).toEqual(little(1024n, 48));
    expect(blsFpExp(little(0n, 48), little(0n, 64))).toEqual(little(1n, 48));
    expect(blsFpExp(little(0n, 48), little(5n, 64))).toEqual(little(0n, 48));
  });

  it('refuses values that are not reduced', () => {
    const p = little(Fp.ORDER, 48);
    expect(blsFpMul(p, little(1n, 48))).toBeUndefined();
    expect(blsFpMul(little(1n, 48), p)).toBeUndefined();
    expect(blsFpExp(p, little(1n, 64))).toBeUndefined();
  });
});
