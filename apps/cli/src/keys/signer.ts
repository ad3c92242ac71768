/** The keys of the user as a source of signatures: the key store, and on development networks the development key. */
import { formatPublicKey, type PublicKey, parsePrivateKey, parsePublicKey, sign } from '@snapscale/crypto';
import { combinedKeys, type KeySource, keysInMemory } from '@snapscale/sdk';
import type { Session } from '../program/session.js';
import { developmentPrivateKey, isDevelopmentNetwork } from './development.js';
import { keyStorePath, privateKeyOf, readKeyStore, type UnlockedStore, unlock } from './key-store.js';
import { passphrase } from './passphrase.js';

/** Keys that can be signed with. The passphrase is asked for only when a key of the store is really needed. */
export async function userKeys(session: Session): Promise<KeySource> {
  const { api } = await session.client();
  const sources = [storedKeys(session)];
  if (await isDevelopmentNetwork(api)) sources.push(keysInMemory([parsePrivateKey(developmentPrivateKey)]));
  return combinedKeys(sources);
}

/** Only those of a source's keys that are named; all of them must be there. */
export function onlyKeys(source: KeySource, names: readonly string[]): KeySource {
  const wanted = names.map(parsePublicKey);
  return { ...source, publicKeys: async () => wanted };
}

function storedKeys(session: Session): KeySource {
  const store = readKeyStore(keyStorePath(session.environment));
  let unlocked: Promise<UnlockedStore> | undefined;
  return {
    publicKeys: async () => (store?.keys ?? []).map(({ publicKey }) => parsePublicKey(publicKey)),
    async sign(key: PublicKey, digest) {
      if (store === undefined) throw new Error('there is no key store');
      unlocked ??= passphrase(session).then((text) => unlock(store, text));
      const text = privateKeyOf(await unlocked, formatPublicKey(key));
      if (text === undefined) throw new Error(`the key store has no ${formatPublicKey(key)}`);
      return sign(parsePrivateKey(text), digest);
    },
  };
}
