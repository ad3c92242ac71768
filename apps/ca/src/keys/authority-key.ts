/** The key of an authority: in an encrypted file, or in a device that never gives it away. */
import { randomBytes, webcrypto } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { equalBytes } from '@snapscale/crypto';
import {
  type Certificate,
  CertificateError,
  decryptPrivateKey,
  encryptPrivateKey,
  newPrivateKey,
  parsePrivateKeyPem,
  type Signer,
  signerOf,
} from '@snapscale/sdk/certificates';
import { ConfigurationError, Refusal } from '../failures.js';
import { readAs } from '../files/ca-files.js';
import { devicePublicKey, deviceSigner, parseDeviceKey } from './pkcs11.js';

/** How keys are opened. */
export type KeyAccess = {
  /** What opens encrypted files; undefined: they cannot be opened. */
  readonly passphrase: string | undefined;
  /** `pkcs11:…` for each authority whose key is in a device, by folder. */
  readonly devices: ReadonlyMap<string, string>;
  /** Rounds of PBKDF2 for new keys, where not the usual ones. */
  readonly iterations?: number | undefined;
  /** PIN of the device. */
  readonly pin: string | undefined;
};

/**
 * Opens the key of the authority with this certificate.
 * @param name folder of the organisation, or `root`
 * @param file of the key, in that folder
 * @throws ConfigurationError saying what is missing
 */
export async function openAuthorityKey(
  directory: string,
  name: string,
  file: string,
  certificate: Certificate,
  access: KeyAccess,
): Promise<Signer> {
  if (access.devices.has(name)) return openDeviceKey(name, certificate, access);
  const path = join(directory, name, file);
  const signer = signerOf(await readKey(path, access.passphrase));
  if (!equalBytes(signer.publicKey, certificate.publicKey)) {
    throw new ConfigurationError(`${path} is not the key of the certificate beside it`);
  }
  return signer;
}

/** What the key in a device that is to follow is called in the configuration. */
export function nextDevice(name: string): string {
  return `${name}+next`;
}

/**
 * A new key for the authority that follows: made here for a file, or the one that lies ready in the device.
 * @throws Refusal saying what to do first
 */
export async function newAuthorityKey(
  name: string,
  access: KeyAccess,
): Promise<{ readonly signer: Signer; readonly pem: string | undefined }> {
  if (access.devices.has(name)) {
    const uri = access.devices.get(nextDevice(name));
    if (uri === undefined) {
      throw new Refusal(
        409,
        'device_key',
        `the key of ${name} is in a device: make the next one there, start the CA with --key '${nextDevice(name)}=pkcs11:…' too, and ask again`,
      );
    }
    try {
      const publicKey = await devicePublicKey(parseDeviceKey(uri), access.pin ?? '');
      return { signer: await deviceSigner(uri, access.pin, publicKey), pem: undefined };
    } catch (error) {
      if (error instanceof ConfigurationError) throw new Refusal(409, 'device_key', error.message);
      throw error;
    }
  }
  if (access.passphrase === undefined) {
    throw new Refusal(409, 'no_passphrase', 'the next key cannot be encrypted: start the CA with a passphrase');
  }
  const key = newPrivateKey('R1', (size) => new Uint8Array(randomBytes(size)));
  const { passphrase, iterations } = access;
  return { signer: signerOf(key), pem: await encryptPrivateKey(key, passphrase, { crypto: webcrypto, iterations }) };
}

/** The key in a device that fits the certificate: after a rotation that may be the one that was the next. */
async function openDeviceKey(name: string, certificate: Certificate, access: KeyAccess): Promise<Signer> {
  const uris = [name, nextDevice(name)].flatMap((key) => access.devices.get(key) ?? []);
  let problem: unknown;
  for (const uri of uris) {
    try {
      return await deviceSigner(uri, access.pin, certificate.publicKey);
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      problem ??= error;
    }
  }
  throw problem;
}

/** The passphrase: of the environment, of a file, or of the file in the directory. */
export function readPassphrase(
  directory: string,
  file: string | undefined,
  environment: string | undefined,
): string | undefined {
  if (environment !== undefined && environment !== '') return environment;
  const path = file ?? join(directory, 'passphrase');
  if (file === undefined && !existsSync(path)) return undefined;
  return readAs(path, (text) => text.replace(/\r?\n$/, ''));
}

async function readKey(path: string, passphrase: string | undefined) {
  const pem = readAs(path, (text) => text);
  try {
    if (!pem.includes('ENCRYPTED')) return parsePrivateKeyPem(pem);
    if (passphrase === undefined) {
      throw new ConfigurationError(`${path} is encrypted: give --passphrase-file FILE or SNAPSCALE_CA_PASSPHRASE`);
    }
    return await decryptPrivateKey(pem, passphrase, webcrypto);
  } catch (error) {
    if (error instanceof CertificateError) throw new ConfigurationError(`${path}: ${error.message}`);
    throw error;
  }
}

/** PIN of a device: of the environment, or of a file. */
export function readPin(file: string | undefined, environment: string | undefined): string | undefined {
  if (environment !== undefined && environment !== '') return environment;
  return file === undefined ? undefined : readFileSync(file, 'utf8').trim();
}
