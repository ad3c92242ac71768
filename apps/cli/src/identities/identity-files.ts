/**
 * Identities of the user as folders: a certificate, its private key, the roots that it chains to, and where it came from.
 * They lie beside the key store. A private key is readable by its owner alone, and sealed as keys of the key store are where
 * a passphrase was given.
 */
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { keyStorePath } from '../keys/key-store.js';
import { COST_DEFAULT, deriveKey, isDerivation, isSealed, newDerivation, open, seal } from '../keys/sealing.js';
import { CommandError, configurationError, exitCodes, usageError } from '../program/failures.js';
import type { Environment } from '../program/session.js';

/** Where an identity came from, so that it can be asked for again. */
export type IdentityOrigin = {
  /** Address of the CA. */
  readonly ca: string;
  readonly organisation: string;
  /** Id of the request there. */
  readonly request: string;
};

/** What the folder holds. */
export type IdentityFolder = {
  /** PKCS#8 in PEM, or sealed: see `unsealed`. */
  readonly privateKey: string;
  /** The certificate, then that of the issuing CA, in PEM. Undefined: it was asked for and has not come yet. */
  readonly certificate?: string | undefined;
  /** Roots in PEM. */
  readonly authorities: readonly string[];
  readonly origin?: IdentityOrigin | undefined;
};

/** Names of the files in an identity's folder. */
export const identityFileNames = {
  certificate: 'certificate.pem',
  privateKey: 'private.key',
  authorities: 'authorities.pem',
  origin: 'origin.json',
} as const;

const nameForm = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const pemForm = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
/** What a private key is sealed under. */
const SEAL_LABEL = 'snapscale identity';

/** The folder of all identities. */
export function identitiesPath(environment: Environment): string {
  return join(dirname(keyStorePath(environment)), 'identities');
}

/** The folder of one. @throws CommandError when it is no name */
export function identityPath(environment: Environment, name: string): string {
  if (nameForm.test(name)) return join(identitiesPath(environment), name);
  throw usageError(
    `${JSON.stringify(name)} is no name of an identity`,
    'A name has letters, digits, dots, hyphens and underscores: 64 at most.',
  );
}

/** Names of the identities that there are, those included whose certificate has not come yet. */
export function identityNames(environment: Environment): string[] {
  const folder = identitiesPath(environment);
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  // A renewal that was interrupted has left the earlier folder under another name.
  return [...new Set(names.map((entry) => entry.name.replace(/\.(before|next)$/, '')))].filter((name) =>
    existsSync(readable(join(folder, name), identityFileNames.privateKey)),
  );
}

/** Reads an identity as it lies there. @throws CommandError when there is none, or a file of it cannot be read */
export function readIdentityFolder(environment: Environment, name: string): IdentityFolder {
  const path = identityPath(environment, name);
  const privateKey = readText(readable(path, identityFileNames.privateKey));
  if (privateKey === undefined) throw noSuchIdentity(environment, name);
  const origin = readText(readable(path, identityFileNames.origin));
  return {
    privateKey,
    certificate: readText(readable(path, identityFileNames.certificate)),
    authorities: readText(readable(path, identityFileNames.authorities))?.match(pemForm) ?? [],
    origin: origin === undefined ? undefined : parseOrigin(path, origin),
  };
}

/**
 * Writes an identity, new or in place of the one of that name. At every moment one of the two is there whole: the new
 * folder is written beside the old one, and then takes its place.
 */
export function writeIdentityFolder(environment: Environment, name: string, content: IdentityFolder): string {
  const path = identityPath(environment, name);
  const next = `${path}.next`;
  const before = `${path}.before`;
  const spare = `${next}.${randomUUID()}`;
  mkdirSync(spare, { recursive: true, mode: 0o700 });
  try {
    for (const [file, text] of Object.entries(filesOf(content))) {
      writeFileSync(join(spare, file), text, { mode: 0o600, flag: 'wx', flush: true });
    }
    if (existsSync(before) && existsSync(path)) rmSync(before, { recursive: true });
    if (existsSync(path)) renameSync(path, before);
    renameSync(spare, path);
    rmSync(before, { recursive: true, force: true });
  } catch (error) {
    rmSync(spare, { recursive: true, force: true });
    throw configurationError(`the identity ${name} cannot be written to ${path}: ${messageOf(error)}`);
  }
  return path;
}

/** A private key as it is written: sealed where there is a passphrase. @param cost of scrypt */
export async function sealed(pem: string, passphrase: string | undefined, cost = COST_DEFAULT): Promise<string> {
  if (passphrase === undefined) return pem;
  const derivation = newDerivation(cost);
  const secret = seal(await deriveKey(passphrase, derivation), SEAL_LABEL, pem);
  return `${JSON.stringify({ version: 1, derivation, secret }, null, 2)}\n`;
}

/** The private key in PEM. @throws CommandError when the passphrase is another, or the file holds something else */
export async function unsealed(
  name: string,
  { privateKey }: IdentityFolder,
  passphrase: () => Promise<string>,
): Promise<string> {
  if (privateKey.startsWith('-----BEGIN')) return privateKey;
  let json: { readonly derivation?: unknown; readonly secret?: unknown } | null;
  try {
    json = JSON.parse(privateKey) as typeof json;
  } catch {
    json = null;
  }
  if (json === null || typeof json !== 'object' || !isDerivation(json.derivation) || !isSealed(json.secret)) {
    throw configurationError(`the private key of the identity ${name} is damaged`);
  }
  const key = await deriveKey(await passphrase(), json.derivation);
  const pem = open(key, SEAL_LABEL, json.secret);
  if (pem !== undefined) return pem;
  throw new CommandError(
    'wrong_passphrase',
    exitCodes.unauthorized,
    `this is not the passphrase of the identity ${name}`,
  );
}

function filesOf({ privateKey, certificate, authorities, origin }: IdentityFolder): Record<string, string> {
  return {
    [identityFileNames.privateKey]: privateKey,
    [identityFileNames.authorities]: `${authorities.map((pem) => pem.trim()).join('\n')}\n`,
    ...(certificate === undefined ? {} : { [identityFileNames.certificate]: certificate }),
    ...(origin === undefined ? {} : { [identityFileNames.origin]: `${JSON.stringify(origin, null, 2)}\n` }),
  };
}

/** The file, or the one of the earlier folder where a change was interrupted between two renamings. */
function readable(path: string, file: string): string {
  return existsSync(path) ? join(path, file) : join(`${path}.before`, file);
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw configurationError(`${path} cannot be read: ${messageOf(error)}`);
  }
}

function parseOrigin(path: string, text: string): IdentityOrigin {
  try {
    const { ca, organisation, request } = JSON.parse(text) as IdentityOrigin;
    if ([ca, organisation, request].every((value) => typeof value === 'string')) return { ca, organisation, request };
  } catch {
    // Said below.
  }
  throw configurationError(`${join(path, identityFileNames.origin)} is damaged`);
}

function noSuchIdentity(environment: Environment, name: string): CommandError {
  const names = identityNames(environment);
  return new CommandError(
    'identity_not_found',
    exitCodes.notFound,
    `there is no identity ${name} in ${identitiesPath(environment)}`,
    names.length === 0
      ? 'Get one with an invitation: snapscale member apply CODE'
      : `There are: ${names.join(', ')}. A new one: snapscale member apply CODE`,
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
