/** The key that tokens for this node name: that of its identity, or one of its own where it has none (ACC-8). */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type PublicJwk, thumbprintOf } from '@snapscale/api/identity';
import { compactDecrypt } from 'jose';
import { writeFileAtomicSync } from '../../store/atomic-write.js';

/** A key of the node. */
type NodeKey = { readonly privateKey: KeyObject; readonly jwk: PublicJwk; readonly thumbprint: string };

/** Time for which the key before the newest one is still good: clients learn of a new one when a token is refused. */
const OVERLAP_MS = 10 * 60_000;

export class NodeKeys {
  /** `aud` of tokens for this node. */
  readonly audience: string;
  readonly #nowMs: () => number;
  #current: NodeKey;
  #previous: NodeKey | undefined;
  #previousUntilMs = 0;

  /** @param pem private key; @throws Error when it is not one of P-256 or secp256k1 */
  constructor(audience: string, pem: string, nowMs: () => number) {
    this.audience = audience;
    this.#nowMs = nowMs;
    this.#current = nodeKeyOf(pem);
  }

  get jwk(): PublicJwk {
    return this.#current.jwk;
  }

  get thumbprint(): string {
    return this.#current.thumbprint;
  }

  /** Takes another key into use. @throws Error when it is not one of P-256 or secp256k1; the old one stays */
  replace(pem: string): void {
    const next = nodeKeyOf(pem);
    if (next.thumbprint === this.#current.thumbprint) return;
    this.#previous = this.#current;
    this.#previousUntilMs = this.#nowMs() + OVERLAP_MS;
    this.#current = next;
  }

  /** Whether tokens may name a key by this thumbprint. */
  accepts(thumbprint: string): boolean {
    return this.#usable().some((key) => key.thumbprint === thumbprint);
  }

  /** The token inside an encrypted one (ECDH-ES to this node's key, A256GCM); undefined when it cannot be opened. */
  async decrypt(text: string): Promise<string | undefined> {
    for (const { privateKey, jwk } of this.#usable()) {
      if (jwk.crv !== 'P-256') continue;
      try {
        const { plaintext } = await compactDecrypt(text, privateKey, {
          keyManagementAlgorithms: ['ECDH-ES'],
          contentEncryptionAlgorithms: ['A256GCM'],
        });
        return Buffer.from(plaintext).toString('latin1');
      } catch {
        // For another key, or for none.
      }
    }
    return undefined;
  }

  #usable(): readonly NodeKey[] {
    if (this.#previous === undefined || this.#nowMs() >= this.#previousUntilMs) return [this.#current];
    return [this.#current, this.#previous];
  }
}

function nodeKeyOf(pem: string): NodeKey {
  const privateKey = createPrivateKey(pem);
  const { kty, crv, x, y } = createPublicKey(privateKey).export({ format: 'jwk' });
  if (kty !== 'EC' || (crv !== 'P-256' && crv !== 'secp256k1') || x === undefined || y === undefined) {
    throw new Error(`the key of the node is a ${crv ?? kty} key: tokens need one of P-256 or secp256k1`);
  }
  const jwk: PublicJwk = { kty, crv, x, y };
  return { privateKey, jwk, thumbprint: thumbprintOf(jwk) };
}

/** A new private key of P-256, PEM. */
export function newNodeKey(): string {
  return generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey.export({
    type: 'pkcs8',
    format: 'pem',
  }) as string;
}

/** The key in a file, PEM; made at the first time, readable by the owner alone. */
export function keepNodeKey(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw new Error(`${path} cannot be read`, { cause: error });
    const pem = newNodeKey();
    writeFileAtomicSync(path, new TextEncoder().encode(pem));
    return pem;
  }
}
