/** Where signatures come from: keys in memory, or anything that can sign a digest for a public key. */
import { formatPublicKey, type PrivateKey, type PublicKey, publicKeyOf, type Signature, sign } from '@snapscale/crypto';
import { SnapError } from '../errors.js';

/** Something that can sign: keys in memory, an encrypted file, a browser wallet, a hardware device. */
export type KeySource = {
  /** Keys that it can sign with. */
  publicKeys(): Promise<readonly PublicKey[]>;
  /** Signs a digest of 32 bytes with one of them. */
  sign(key: PublicKey, digest: Uint8Array): Promise<Signature>;
};

/** A source of keys that are at hand. */
export function keysInMemory(privateKeys: readonly PrivateKey[]): KeySource {
  const byPublicKey = new Map(privateKeys.map((key) => [formatPublicKey(publicKeyOf(key)), key]));
  return {
    publicKeys: async () => privateKeys.map(publicKeyOf),
    async sign(key, digest) {
      const privateKey = byPublicKey.get(formatPublicKey(key));
      if (privateKey === undefined) throw missingKey(key);
      return sign(privateKey, digest);
    },
  };
}

/** Several sources as one; the first that has a key signs with it. */
export function combinedKeys(sources: readonly KeySource[]): KeySource {
  const keysOf = () => Promise.all(sources.map(async (source) => ({ source, keys: await source.publicKeys() })));
  return {
    async publicKeys() {
      const texts = new Map<string, PublicKey>();
      for (const { keys } of await keysOf()) for (const key of keys) texts.set(formatPublicKey(key), key);
      return [...texts.values()];
    },
    async sign(key, digest) {
      const text = formatPublicKey(key);
      const holder = (await keysOf()).find(({ keys }) => keys.some((known) => formatPublicKey(known) === text));
      if (holder === undefined) throw missingKey(key);
      return holder.source.sign(key, digest);
    },
  };
}

function missingKey(key: PublicKey): SnapError {
  return new SnapError({
    kind: 'unauthorized',
    code: 0,
    name: 'missing_key',
    what: 'Private key is not available',
    details: [`the private key of ${formatPublicKey(key)} is not at hand`],
  });
}
