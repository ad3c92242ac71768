/** Private keys in files: PKCS#8 as PEM, and encrypted with a passphrase (PBES2, RFC 8018), as OpenSSL reads and writes them. */
import { concatBytes, type PrivateKey, pointOf, privateKeyFromBytes, publicKeyOf } from '@snapscale/crypto';
import { CertificateError, failCertificate } from './certificate-error.js';
import {
  bitString,
  contextTag,
  DerReader,
  der,
  octetString,
  oid,
  sequence,
  smallInteger,
  tags,
} from './encoding/der.js';
import { encodePem, pemBlocks } from './encoding/pem.js';
import { curveOids, ecPublicKeyOid } from './keys.js';

type AesCbc = { readonly name: 'AES-CBC'; readonly iv: Uint8Array };
type Pbkdf2 = {
  readonly name: 'PBKDF2';
  readonly hash: 'SHA-256';
  readonly salt: Uint8Array;
  readonly iterations: number;
};

/** What is used of Web Cryptography: `crypto` of browsers and `webcrypto` of Node fit. */
export type WebCrypto = {
  readonly subtle: {
    importKey(
      format: 'raw',
      bytes: Uint8Array,
      algorithm: string,
      extractable: boolean,
      usages: ('deriveBits' | 'encrypt' | 'decrypt')[],
    ): Promise<object>;
    deriveBits(parameters: Pbkdf2, key: object, bits: number): Promise<ArrayBuffer>;
    encrypt(parameters: AesCbc, key: object, bytes: Uint8Array): Promise<ArrayBuffer>;
    decrypt(parameters: AesCbc, key: object, bytes: Uint8Array): Promise<ArrayBuffer>;
  };
  getRandomValues(bytes: Uint8Array): Uint8Array;
};

const pbes2Oid = '1.2.840.113549.1.5.13';
const pbkdf2Oid = '1.2.840.113549.1.5.12';
const hmacSha256Oid = '1.2.840.113549.2.9';
const aes256CbcOid = '2.16.840.1.101.3.4.1.42';
/** As OWASP recommends for PBKDF2 with SHA-256: about a fifth of a second. */
const ITERATIONS = 600_000;
/** A file with more would only serve to keep a program busy. */
const ITERATIONS_MAX = 10_000_000;
const what = 'private key';

/** A key as PKCS#8 in PEM, not encrypted. */
export function privateKeyPem(key: PrivateKey): string {
  return encodePem('PRIVATE KEY', encodePrivateKey(key));
}

/**
 * Reads a key that is not encrypted: PKCS#8 or SEC 1 in PEM.
 * @throws CertificateError `wrong_passphrase` when it is encrypted
 */
export function parsePrivateKeyPem(pem: string): PrivateKey {
  const blocks = pemBlocks(pem);
  const plain = blocks.find(({ label }) => label === 'PRIVATE KEY');
  if (plain !== undefined) return decodePrivateKey(plain.der);
  const sec1 = blocks.find(({ label }) => label === 'EC PRIVATE KEY');
  if (sec1 !== undefined) return decodeSec1(sec1.der, undefined);
  if (blocks.some(({ label }) => label === 'ENCRYPTED PRIVATE KEY')) {
    return failCertificate('wrong_passphrase', 'the private key is encrypted: its passphrase is needed');
  }
  return failCertificate('malformed', 'the text has no private key (PKCS#8 or SEC 1 in PEM)');
}

/** Encrypts a key with a passphrase: PBKDF2 with SHA-256, AES-256 in CBC mode. `openssl pkey -in FILE` opens it. */
export async function encryptPrivateKey(
  key: PrivateKey,
  passphrase: string,
  { crypto: web, iterations = ITERATIONS }: { readonly crypto: WebCrypto; readonly iterations?: number | undefined },
): Promise<string> {
  const salt = web.getRandomValues(new Uint8Array(16));
  const iv = web.getRandomValues(new Uint8Array(16));
  const aes = await derivedKey(web, passphrase, salt, iterations, 'encrypt');
  const encrypted = await web.subtle.encrypt({ name: 'AES-CBC', iv }, aes, encodePrivateKey(key));
  const derivation = sequence(
    oid(pbkdf2Oid),
    sequence(octetString(salt), smallInteger(iterations), sequence(oid(hmacSha256Oid), der(tags.null))),
  );
  const scheme = sequence(oid(pbes2Oid), sequence(derivation, sequence(oid(aes256CbcOid), octetString(iv))));
  return encodePem('ENCRYPTED PRIVATE KEY', sequence(scheme, octetString(new Uint8Array(encrypted))));
}

/** Opens an encrypted key. @throws CertificateError `wrong_passphrase` */
export async function decryptPrivateKey(pem: string, passphrase: string, web: WebCrypto): Promise<PrivateKey> {
  const block = pemBlocks(pem).find(({ label }) => label === 'ENCRYPTED PRIVATE KEY');
  if (block === undefined) return failCertificate('malformed', 'the text has no encrypted private key');
  const { salt, iterations, iv, encrypted } = readEncrypted(block.der);
  const aes = await derivedKey(web, passphrase, salt, iterations, 'decrypt');
  let plain: Uint8Array;
  try {
    plain = new Uint8Array(await web.subtle.decrypt({ name: 'AES-CBC', iv }, aes, encrypted));
  } catch {
    return failCertificate('wrong_passphrase', 'the passphrase does not open the private key');
  }
  try {
    return decodePrivateKey(plain);
  } catch (error) {
    // One wrong passphrase in 256 leaves a padding that looks right.
    if (error instanceof CertificateError) {
      return failCertificate('wrong_passphrase', 'the passphrase does not open the private key');
    }
    throw error;
  }
}

function encodePrivateKey(key: PrivateKey): Uint8Array {
  const point = bitString(pointOf(publicKeyOf(key)));
  const sec1 = sequence(smallInteger(1), octetString(key.secret), der(contextTag(1), point));
  return sequence(smallInteger(0), sequence(oid(ecPublicKeyOid), oid(curveOids[key.type])), octetString(sec1));
}

function decodePrivateKey(bytes: Uint8Array): PrivateKey {
  const outer = new DerReader(bytes, what);
  const info = outer.enter(tags.sequence);
  outer.end();
  info.small();
  const algorithm = info.enter(tags.sequence);
  const kind = algorithm.oid();
  if (kind !== ecPublicKeyOid)
    failCertificate('weak_key', 'the private key is not of an elliptic curve: use P-256 or secp256k1');
  return decodeSec1(info.value(tags.octetString).content, algorithm.oid());
}

function decodeSec1(bytes: Uint8Array, curve: string | undefined): PrivateKey {
  const outer = new DerReader(bytes, what);
  const key = outer.enter(tags.sequence);
  outer.end();
  if (key.small() !== 1) failCertificate('malformed', 'the private key is of an unknown version');
  const secret = key.value(tags.octetString).content;
  const named = key.isNext(contextTag(0)) ? key.enter(contextTag(0)).oid() : curve;
  const type = named === curveOids.R1 ? 'R1' : named === curveOids.K1 ? 'K1' : undefined;
  if (type === undefined)
    return failCertificate('weak_key', 'the private key is on another curve than P-256 or secp256k1');
  if (secret.length > 32) return failCertificate('malformed', 'the private key is too long for its curve');
  try {
    return privateKeyFromBytes(type, concatBytes(new Uint8Array(32 - secret.length), secret));
  } catch {
    return failCertificate('malformed', 'the private key is not a number of its curve');
  }
}

function readEncrypted(bytes: Uint8Array) {
  const outer = new DerReader(bytes, what);
  const info = outer.enter(tags.sequence);
  outer.end();
  const scheme = info.enter(tags.sequence);
  const encrypted = info.value(tags.octetString).content;
  if (scheme.oid() !== pbes2Oid) return refuseScheme();
  const parameters = scheme.enter(tags.sequence);
  const derivation = parameters.enter(tags.sequence);
  if (derivation.oid() !== pbkdf2Oid) return refuseScheme();
  const pbkdf2 = derivation.enter(tags.sequence);
  const salt = pbkdf2.value(tags.octetString).content;
  const iterations = pbkdf2.small();
  if (pbkdf2.isNext(tags.integer)) pbkdf2.small();
  if (pbkdf2.isAtEnd || pbkdf2.enter(tags.sequence).oid() !== hmacSha256Oid) return refuseScheme();
  const encryption = parameters.enter(tags.sequence);
  if (encryption.oid() !== aes256CbcOid) return refuseScheme();
  const iv = encryption.value(tags.octetString).content;
  if (iv.length !== 16 || iterations < 1 || iterations > ITERATIONS_MAX) {
    return failCertificate('malformed', 'the encryption of the private key has impossible parameters');
  }
  return { salt, iterations, iv, encrypted };
}

function refuseScheme(): never {
  return failCertificate(
    'malformed',
    'the private key is encrypted in another way than PBKDF2 with SHA-256 and AES-256: convert it with `openssl pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA256`',
  );
}

async function derivedKey(
  web: WebCrypto,
  passphrase: string,
  salt: Uint8Array,
  iterations: number,
  usage: 'encrypt' | 'decrypt',
): Promise<object> {
  const secret = await web.subtle.importKey('raw', new TextEncoder().encode(passphrase), 'PBKDF2', false, [
    'deriveBits',
  ]);
  const bits = await web.subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt, iterations }, secret, 256);
  return web.subtle.importKey('raw', new Uint8Array(bits), 'AES-CBC', false, [usage]);
}
