/**
 * The pairing-friendly curve alt_bn128 of EIP-196 and EIP-197, on byte strings.
 *
 * Points of G1 are x ‖ y, of G2 x.imaginary ‖ x.real ‖ y.imaginary ‖ y.real, 32 big-endian bytes each; all zeros are the
 * point at infinity. Coordinates must be below the field's order and on the curve; G2 points also in the subgroup.
 */
import { bn254 } from '@noble/curves/bn254.js';
import { fromBigEndian, writeBigEndian } from './integers.js';

type G1 = InstanceType<typeof bn254.G1.Point>;
type G2 = InstanceType<typeof bn254.G2.Point>;

/** Size of a point of G1. */
export const BN254_G1_BYTES = 64;
/** Size of a scalar. */
export const BN254_SCALAR_BYTES = 32;
/** Size of a pair of points of G1 and G2. */
export const BN254_PAIR_BYTES = 192;

const { Fp, Fp12, Fr } = bn254.fields;
const WORD = 32;

/** a + b, or undefined when an input is no point. */
export function bn254Add(a: Uint8Array, b: Uint8Array): Uint8Array | undefined {
  const p = readG1(a);
  const q = readG1(b);
  return p === undefined || q === undefined ? undefined : writeG1(p.add(q));
}

/** scalar · a for any 256-bit scalar, or undefined when `a` is no point. */
export function bn254Mul(a: Uint8Array, scalar: Uint8Array): Uint8Array | undefined {
  const p = readG1(a);
  return p === undefined ? undefined : writeG1(p.multiplyUnsafe(Fr.create(fromBigEndian(scalar))));
}

/** Whether the product of the pairings is one; undefined when an input is no point. No pairs: true. */
export function bn254PairingCheck(pairs: Uint8Array): boolean | undefined {
  if (pairs.length % BN254_PAIR_BYTES !== 0) return undefined;
  const points: { g1: G1; g2: G2 }[] = [];
  for (let at = 0; at < pairs.length; at += BN254_PAIR_BYTES) {
    const g1 = readG1(pairs.subarray(at, at + BN254_G1_BYTES));
    const g2 = readG2(pairs.subarray(at + BN254_G1_BYTES, at + BN254_PAIR_BYTES));
    if (g1 === undefined || g2 === undefined) return undefined;
    if (!g1.is0() && !g2.is0()) points.push({ g1, g2 });
  }
  return Fp12.eql(bn254.pairingBatch(points), Fp12.ONE);
}

function readG1(bytes: Uint8Array): G1 | undefined {
  const x = readField(bytes, 0);
  const y = readField(bytes, 1);
  if (x === undefined || y === undefined) return undefined;
  return checked(() => bn254.G1.Point.fromAffine({ x, y }));
}

function readG2(bytes: Uint8Array): G2 | undefined {
  const words = [readField(bytes, 0), readField(bytes, 1), readField(bytes, 2), readField(bytes, 3)];
  const [xImaginary, xReal, yImaginary, yReal] = words;
  if (xImaginary === undefined || xReal === undefined || yImaginary === undefined || yReal === undefined) {
    return undefined;
  }
  const x = { c0: xReal, c1: xImaginary };
  const y = { c0: yReal, c1: yImaginary };
  return checked(() => bn254.G2.Point.fromAffine({ x, y }));
}

function readField(bytes: Uint8Array, word: number): bigint | undefined {
  const value = fromBigEndian(bytes.subarray(WORD * word, WORD * (word + 1)));
  return Fp.isValid(value) ? value : undefined;
}

/** The library reports coordinates of no point of the subgroup by exceptions only, when making or when checking it. */
function checked<P extends { assertValidity(): void }>(make: () => P): P | undefined {
  try {
    const point = make();
    point.assertValidity();
    return point;
  } catch {
    return undefined;
  }
}

function writeG1(point: G1): Uint8Array {
  const out = new Uint8Array(BN254_G1_BYTES);
  const { x, y } = point.toAffine();
  writeBigEndian(out.subarray(0, WORD), x);
  writeBigEndian(out.subarray(WORD), y);
  return out;
}
