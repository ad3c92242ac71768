/** What a wallet does for every output of the chain: X25519 (RFC 7748) and the view tag (UTXO-48). Secrets, in constant time. */
import { ONE, ZERO } from '../group/constants';
import { add, copy, fromBytes, invert, subtract, swapIf, toBytes } from '../group/field';
import { multiply, square } from '../group/field-products';
import { append, challenge, startTranscript } from '../hash/strobe';

const SCALAR: usize = memory.data(32, 8);
const X1: usize = memory.data(40, 8);
const X2: usize = memory.data(40, 8);
const Z2: usize = memory.data(40, 8);
const X3: usize = memory.data(40, 8);
const Z3: usize = memory.data(40, 8);
const A: usize = memory.data(40, 8);
const B: usize = memory.data(40, 8);
const C: usize = memory.data(40, 8);
const D: usize = memory.data(40, 8);
const E: usize = memory.data(40, 8);
const STREAM: usize = memory.data(208, 8);
const TAG: usize = memory.data(8, 8);
/** (486662 - 2)/4. */
const A24: usize = memory.data<i32>([121665, 0, 0, 0, 0, 0, 0, 0, 0, 0]);

/** One step of the ladder: (X2 : Z2) doubled, (X3 : Z3) their sum. */
function step(): void {
  add(A, X2, Z2);
  subtract(B, X2, Z2);
  add(C, X3, Z3);
  subtract(D, X3, Z3);
  multiply(D, D, A);
  multiply(C, C, B);
  add(X3, D, C);
  square(X3, X3);
  subtract(Z3, D, C);
  square(Z3, Z3);
  multiply(Z3, Z3, X1);
  square(A, A);
  square(B, B);
  multiply(X2, A, B);
  subtract(E, A, B);
  multiply(Z2, E, A24);
  add(Z2, Z2, A);
  multiply(Z2, Z2, E);
}

/** X25519 of a secret and a u-coordinate: 1, or 0 where the result is all zero, which a key of low order gives. */
export function x25519(output: usize, secret: usize, u: usize): i32 {
  memory.copy(SCALAR, secret, 32);
  store<u8>(SCALAR, <u8>(<i32>load<u8>(SCALAR) & 248));
  store<u8>(SCALAR, <u8>((<i32>load<u8>(SCALAR, 31) & 127) | 64), 31);
  fromBytes(X1, u);
  copy(X2, ONE);
  copy(Z2, ZERO);
  copy(X3, X1);
  copy(Z3, ONE);
  let swapped: i32 = 0;
  for (let i: i32 = 254; i >= 0; i--) {
    const bit = (<i32>load<u8>(SCALAR + <usize>(i >> 3)) >> (i & 7)) & 1;
    swapIf(X2, X3, -(swapped ^ bit));
    swapIf(Z2, Z3, -(swapped ^ bit));
    swapped = bit;
    step();
  }
  swapIf(X2, X3, -swapped);
  swapIf(Z2, Z3, -swapped);
  invert(A, Z2);
  multiply(A, A, X2);
  toBytes(output, A);
  const any = load<u64>(output) | load<u64>(output, 8) | load<u64>(output, 16) | load<u64>(output, 24);
  return any === 0 ? 0 : 1;
}

/** The view tag of an output, from the shared secret. */
export function viewTag(shared: usize, context: usize, contextSize: usize, key: usize): i32 {
  startTranscript(STREAM, 'SnapScale/v1/stealth/tag');
  append(STREAM, 'ss', shared, 32);
  append(STREAM, 'context', context, contextSize);
  append(STREAM, 'P', key, 32);
  challenge(STREAM, 'tag', TAG, 1);
  return load<u8>(TAG);
}
