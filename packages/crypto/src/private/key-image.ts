/** Key images: what makes a second spend of an output visible without telling which output it was. */
import { encodePoint, hashToGroup, multiplySecret, type Point, type Scalar } from './group.js';

const DOMAIN = 'SnapScale-v1-keyimage-ristretto255';

/** Hp(P): the point of a one-time key P that its image is made on (UTXO-8). Cost: a hash to the group, 0.3 ms. */
export function imageBase(oneTimeKey: Point): Point {
  return hashToGroup(encodePoint(oneTimeKey), DOMAIN);
}

/** I = x·Hp(x·G) (UTXO-8). A secret path. */
export function keyImage(secret: Scalar, oneTimeKey: Point): Point {
  return multiplySecret(imageBase(oneTimeKey), secret);
}
