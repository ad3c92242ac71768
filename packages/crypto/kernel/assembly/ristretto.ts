/** Encodings of ristretto255 (RFC 9496, 4.3.1 and 4.3.2). */
import {
  absoluteField,
  addField,
  copyField,
  decodeField,
  encodeField,
  equalMask,
  inverseRoot,
  multiplyField,
  negateField,
  negativeMask,
  ROOT_OF_MINUS_ONE,
  selectField,
  setField,
  squareField,
  subtractField,
} from './field';

const D: usize = memory.data<i64>([
  56195235, 13857412, 51736253, 6949390, 114729, 24766616, 60832955, 30306712, 48412415, 21499315,
]);

/** 1 / sqrt(a - d). */
const INVERSE_ROOT_OF_A_MINUS_D: usize = memory.data<i64>([
  6111466, 4156064, 39310137, 12243467, 41204824, 120896, 20826367, 26493656, 6093567, 31568420,
]);

/** Point from its 32 bytes; false for every encoding that is not canonical. Public data: stops at the first fault. */
export function decodePoint(p: usize, bytes: usize): boolean {
  const s = scratch;
  const u1 = scratch + 80;
  const u2 = scratch + 160;
  const v = scratch + 240;
  const root = scratch + 320;
  const square = scratch + 400;
  decodeField(s, bytes);
  encodeField(byteScratch, s);
  for (let i: usize = 0; i < 32; i += 8) if (load<u64>(byteScratch + i) != load<u64>(bytes + i)) return false;
  if ((load<u8>(bytes) & 1) != 0) return false;

  squareField(square, s);
  setField(u1, 1);
  addField(u2, u1, square);
  subtractField(u1, u1, square);
  squareField(square, u2);
  squareField(v, u1);
  multiplyField(v, v, D);
  addField(v, v, square);
  negateField(v, v);
  multiplyField(root, v, square);
  const isSquare = inverseRoot(root, root);

  const x = p;
  const y = p + 80;
  multiplyField(square, root, u2);
  multiplyField(y, square, root);
  multiplyField(y, y, v);
  multiplyField(y, y, u1);
  multiplyField(x, square, s);
  addField(x, x, x);
  absoluteField(x, x);
  setField(p + 160, 1);
  multiplyField(p + 240, x, y);
  setField(square, 0);
  return isSquare != 0 && negativeMask(p + 240) == 0 && equalMask(y, square) == 0;
}

/** The 32 bytes of a point. Constant time. */
export function encodePoint(bytes: usize, p: usize): void {
  const u1 = scratch;
  const u2 = scratch + 80;
  const root = scratch + 160;
  const inverse = scratch + 240;
  const x = scratch + 320;
  const y = scratch + 400;
  const t = scratch + 480;
  addField(u1, p + 160, p + 80);
  subtractField(t, p + 160, p + 80);
  multiplyField(u1, u1, t);
  multiplyField(u2, p, p + 80);
  squareField(root, u2);
  multiplyField(root, root, u1);
  inverseRoot(root, root);
  multiplyField(u1, root, u1);
  multiplyField(u2, root, u2);
  multiplyField(inverse, u1, u2);
  multiplyField(inverse, inverse, p + 240);

  multiplyField(t, p + 240, inverse);
  const rotate = negativeMask(t);
  copyField(x, p);
  copyField(y, p + 80);
  multiplyField(t, p + 80, ROOT_OF_MINUS_ONE);
  selectField(x, t, rotate);
  multiplyField(t, p, ROOT_OF_MINUS_ONE);
  selectField(y, t, rotate);
  multiplyField(t, u1, INVERSE_ROOT_OF_A_MINUS_D);
  selectField(u2, t, rotate);

  multiplyField(t, x, inverse);
  const flip = negativeMask(t);
  negateField(t, y);
  selectField(y, t, flip);
  subtractField(t, p + 160, y);
  multiplyField(t, t, u2);
  absoluteField(t, t);
  encodeField(bytes, t);
}

/** Whether p represents the identity: X = 0 or Y = 0 (RFC 9496, 4.3.3, against the identity). Public data. */
export function isIdentity(p: usize): boolean {
  setField(scratch, 0);
  return (equalMask(p, scratch) | equalMask(p + 80, scratch)) != 0;
}

const scratch: usize = memory.data(560, 8);
const byteScratch: usize = memory.data(32, 8);
