/**
 * Sealing secrets with a passphrase: scrypt makes a key of it, AES-256-GCM encrypts. Each secret is bound to a label (its
 * public key), so that no one can swap two of them in the file.
 */
import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto';

/** Parameters of scrypt, with the salt in hex. */
export type Derivation = {
  readonly name: 'scrypt';
  /** Cost: power of two. Memory is 128 · N · r bytes. */
  readonly n: number;
  readonly r: number;
  readonly p: number;
  readonly salt: string;
};

/** An encrypted secret; all in hex. */
export type Sealed = { readonly iv: string; readonly data: string; readonly tag: string };

/** Cost of new stores: 128 MiB and about half a second for each guess. */
export const COST_DEFAULT = 2 ** 17;
/** Bounds on what a file may demand: it could be someone else's. */
const COST_MAX = 2 ** 20;
const SALT_BYTES = 32;
const IV_BYTES = 12;
const KEY_BYTES = 32;

/** Parameters for a new store. */
export function newDerivation(n: number = COST_DEFAULT): Derivation {
  return { name: 'scrypt', n, r: 8, p: 1, salt: randomBytes(SALT_BYTES).toString('hex') };
}

/** Whether parameters read from a file are sound. */
export function isDerivation(value: unknown): value is Derivation {
  if (typeof value !== 'object' || value === null) return false;
  const { name, n, r, p, salt } = value as Partial<Derivation>;
  const isCost = typeof n === 'number' && Number.isInteger(n) && n >= 2 && n <= COST_MAX && (n & (n - 1)) === 0;
  return name === 'scrypt' && isCost && r === 8 && p === 1 && typeof salt === 'string' && /^[0-9a-f]{64}$/.test(salt);
}

/** Whether a value read from a file has the form of a sealed secret. */
export function isSealed(value: unknown): value is Sealed {
  if (typeof value !== 'object' || value === null) return false;
  const { iv, data, tag } = value as Partial<Sealed>;
  const isHex = (text: unknown, pattern: RegExp) => typeof text === 'string' && pattern.test(text);
  return isHex(iv, /^[0-9a-f]{24}$/) && isHex(data, /^([0-9a-f]{2})*$/) && isHex(tag, /^[0-9a-f]{32}$/);
}

/** The key that a passphrase stands for. Takes as long as the parameters say. */
export function deriveKey(passphrase: string, { n, r, p, salt }: Derivation): Promise<Buffer> {
  const options = { N: n, r, p, maxmem: 256 * n * r };
  return new Promise((resolve, reject) => {
    scrypt(passphrase.normalize('NFKC'), Buffer.from(salt, 'hex'), KEY_BYTES, options, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
}

/** Encrypts a secret under a label. */
export function seal(key: Buffer, label: string, secret: string): Sealed {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  cipher.setAAD(Buffer.from(label));
  const data = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
  return { iv: iv.toString('hex'), data: data.toString('hex'), tag: cipher.getAuthTag().toString('hex') };
}

/** Decrypts a secret; undefined when the key or the label is another, or the data was changed. */
export function open(key: Buffer, label: string, { iv, data, tag }: Sealed): string | undefined {
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(iv, 'hex'));
  decipher.setAAD(Buffer.from(label));
  decipher.setAuthTag(Buffer.from(tag, 'hex'));
  try {
    return Buffer.concat([decipher.update(Buffer.from(data, 'hex')), decipher.final()]).toString('utf8');
  } catch {
    return undefined;
  }
}
