/**
 * Finalizers' signatures: native where the package has a library for this machine (blst: 0.4 ms to sign, 0.9 ms to verify),
 * portable elsewhere, correct but some thirty times slower.
 */
import { createRequire } from 'node:module';
import {
  type BlsPrivateKey,
  type BlsPublicKey,
  type BlsSignature,
  blsAggregate,
  blsSign,
  blsSignatureFromUncompressed,
  blsUncompressed,
  blsVerifyAggregate,
  CryptoError,
  toHex,
} from '@snapscale/crypto';

/** Signing and verifying votes. */
export type BlsSigning = {
  /** Which implementation it is, for the log. */
  readonly description: string;
  sign(key: BlsPrivateKey, digest: Uint8Array): BlsSignature;
  /**
   * The aggregate of `signatures`, if it is valid on `digest` under the sum of `keys`. A key that stands several times counts
   * as often. Undefined also for malformed keys or signatures, or none. Each key must have come with a proof of possession.
   */
  verifyAggregate(
    keys: readonly BlsPublicKey[],
    signatures: readonly BlsSignature[],
    digest: Uint8Array,
  ): BlsSignature | undefined;
};

type Blst = typeof import('@chainsafe/blst');

/** The native implementation where it loads, else the portable one. */
export function loadBlsSigning(): BlsSigning {
  try {
    return nativeBls(createRequire(import.meta.url)('@chainsafe/blst') as Blst);
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    return { ...portableBls, description: `${portableBls.description} (no native one: ${reason})` };
  }
}

/** In JavaScript alone. */
export const portableBls: BlsSigning = {
  description: 'BLS: portable',
  sign: blsSign,
  verifyAggregate(keys, signatures, digest) {
    try {
      const aggregate = blsAggregate(signatures);
      return blsVerifyAggregate(keys, digest, aggregate) ? aggregate : undefined;
    } catch (error) {
      if (error instanceof CryptoError) return undefined;
      throw error;
    }
  },
};

/** Keys that are held ready. A schedule has 125 at most, and two may vote together. */
const KEYS_KEPT = 512;

function nativeBls(blst: Blst): BlsSigning {
  // Finalizers vote with the same keys in every block, and the check of a key takes as long as that of a signature.
  const checked = new Map<string, InstanceType<Blst['PublicKey']>>();
  const publicKey = (key: BlsPublicKey) => {
    const name = toHex(key);
    let known = checked.get(name);
    if (known === undefined) {
      known = blst.PublicKey.fromBytes(blsUncompressed(key), true);
      if (checked.size >= KEYS_KEPT) checked.clear();
      checked.set(name, known);
    }
    return known;
  };
  return {
    description: 'BLS: native (blst)',
    sign(key, digest) {
      const secret = blst.SecretKey.fromBytes(key.secret.slice().reverse());
      return blsSignatureFromUncompressed(secret.sign(digest).toBytes(false));
    },
    verifyAggregate(keys, signatures, digest) {
      if (keys.length === 0 || signatures.length === 0) return undefined;
      try {
        // Whether each part is of the group need not be known, only whether the sum is: that is what is used, and what
        // verifies. (Half of the time for 15 signatures.)
        const aggregate = blst.aggregateSerializedSignatures(signatures.map(blsUncompressed), false);
        aggregate.sigValidate(true);
        if (!blst.fastAggregateVerify(digest, keys.map(publicKey), aggregate)) return undefined;
        return blsSignatureFromUncompressed(aggregate.toBytes(false));
      } catch {
        // The library throws for whatever is no point of the group; nothing else can go wrong in these calls.
        return undefined;
      }
    },
  };
}
