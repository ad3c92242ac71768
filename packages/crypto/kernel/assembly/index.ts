/** What the kernel offers to its host (src/private/kernel/kernel.ts). */
export { sumOfProducts, sumScratchBytes, multiplyPair, multiplySecret } from './multiply';
export { addPoints } from './point';
export { decodePoint, encodePoint, isIdentity } from './ristretto';

/** The first address that the host may use. */
export function heapStart(): usize {
  return __heap_base;
}
