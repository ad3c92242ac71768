/** The key of an authority: in an encrypted file, or in a device that never gives it away. */
import { webcrypto } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { equalBytes } from '@snapscale/crypto';
import {
  type Certificate,
  CertificateError,
  decryptPrivateKey,
  parsePrivateKeyPem,
  type Signer,
  signerOf,
} from '@snapscale/sdk/certificates';
import { ConfigurationError } from '../failures.js';
import { readAs } from '../files/ca-files.js';
import { deviceSigner } from './pkcs11.js';

/** How keys are opened. */
export type KeyAccess = {
  /** What opens encrypted files; undefined: they cannot be opened. */
  readonly passphrase: string | undefined;
  /** `pkcs11:…` for each authority whose key is in a device, by folder. */
  readonly devices: ReadonlyMap<string, string>;
  /** PIN of the device. */
  readonly pin: string | undefined;
};

/**
 * Opens the key of the authority with this certificate.
 * @param name folder of the organisation, or `root`
 * @throws ConfigurationError saying what is missing
 */
export async function openAuthorityKey(
  directory: string,
  name: string,
  file: string,
  certificate: Certificate,
  access: KeyAccess,
): Promise<Signer> {
  const uri = access.devices.get(name);
  if (uri !== undefined) return deviceSigner(uri, access.pin, certificate.publicKey);
  const path = join(directory, name, file);
  const signer = signerOf(await readKey(path, access.passphrase));
  if (!equalBytes(signer.publicKey, certificate.publicKey)) {
    throw new ConfigurationError(`${path} is not the key of the certificate beside it`);
  }
  return signer;
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
