/** Signing as fast as this machine can: libsecp256k1 where it is installed, else the portable code. */
import { createRequire } from 'node:module';
import { isCanonicalK1, type PrivateKey, type Signature, sign } from '@snapscale/crypto';

type NativeK1 = {
  ecdsaSign(
    digest: Uint8Array,
    secret: Uint8Array,
    options: { data?: Uint8Array },
  ): { readonly signature: Uint8Array; readonly recid: number };
  ecdsaRecover(compact64: Uint8Array, recoveryId: number, digest: Uint8Array, compressed: boolean): Uint8Array;
};

/** The binding, undefined on machines without a binary of it. */
export const nativeK1 = loadNative();

/** Signs a digest canonically. About 25 µs for each of two attempts on average, natively. */
export function signFast(key: PrivateKey, digest: Uint8Array): Signature {
  if (nativeK1 === undefined) return sign(key, digest);
  const packed = new Uint8Array(66);
  const noise = new Uint8Array(32);
  for (let attempt = 0; ; attempt++) {
    noise[0] = attempt;
    const { signature, recid } = nativeK1.ecdsaSign(digest, key.secret, attempt === 0 ? {} : { data: noise });
    packed[1] = 31 + recid;
    packed.set(signature, 2);
    if (isCanonicalK1(packed.subarray(1))) return packed as Signature;
  }
}

/**
 * Signature recoveries per CPU-second of one core, measured now for about `milliseconds`; undefined without the binding.
 * CPU time, not wall time, so that other work on the machine disturbs it less.
 */
export function recoveriesPerCpuSecond(key: PrivateKey, milliseconds: number): number | undefined {
  if (nativeK1 === undefined) return undefined;
  const samples = Array.from({ length: 256 }, (_, i) => {
    const digest = new Uint8Array(32).fill(7);
    new DataView(digest.buffer).setUint32(0, i);
    return { digest, signature: signFast(key, digest) };
  });
  const began = performance.now();
  const cpuBefore = process.cpuUsage();
  let count = 0;
  for (; performance.now() - began < milliseconds; ) {
    for (const { digest, signature } of samples) {
      nativeK1.ecdsaRecover(signature.subarray(2), (signature[1]! - 27) & 3, digest, true);
    }
    count += samples.length;
  }
  const { user, system } = process.cpuUsage(cpuBefore);
  return (count * 1e6) / (user + system);
}

function loadNative(): NativeK1 | undefined {
  try {
    const require = createRequire(new URL('../../../apps/node/package.json', import.meta.url));
    return require('secp256k1/bindings.js') as NativeK1;
  } catch {
    return undefined;
  }
}
