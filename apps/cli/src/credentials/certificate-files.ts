/** Certificates, requests and revocation lists from files: PEM or DER, whichever it is. */
import { readFileSync } from 'node:fs';
import {
  type Certificate,
  type CertificateRequest,
  checkRequest,
  decodePemAll,
  parseCertificate,
  parseCrl,
  type RevocationList,
} from '@snapscale/sdk/certificates';
import { CommandError, configurationError, exitCodes, usageError } from '../program/failures.js';
import type { Session } from '../program/session.js';

/** What a file holds. */
export type CertificateFile = {
  readonly certificates: readonly Certificate[];
  readonly requests: readonly CertificateRequest[];
  readonly lists: readonly RevocationList[];
};

const BYTES_MAX = 16_000_000;

/** Reads a file, or standard input for `-`. @throws CommandError that says what is wrong with it */
export async function readCertificateFile(path: string): Promise<CertificateFile> {
  const bytes = await bytesOf(path);
  const where = path === '-' ? 'standard input' : path;
  if (bytes.length > BYTES_MAX) throw configurationError(`${where} is too large for a certificate`);
  try {
    const found = isPem(bytes) ? fromPem(bytes.toString('latin1')) : fromDer(bytes);
    if (found.certificates.length + found.requests.length + found.lists.length > 0) return found;
  } catch (error) {
    throw configurationError(`${where}: ${error instanceof Error ? error.message : String(error)}`);
  }
  throw configurationError(
    `${where} holds no certificate, no request and no revocation list`,
    isPem(bytes) && bytes.includes('PRIVATE KEY')
      ? 'It holds a private key: keep it to yourself.'
      : 'They are PEM (-----BEGIN CERTIFICATE-----) or DER.',
  );
}

/** The certificates that a command is about: those of a file, or of the session's identity. @throws CommandError */
export async function certificatesFor(session: Session, path: string | undefined): Promise<readonly Certificate[]> {
  if (path !== undefined) {
    const { certificates } = await readCertificateFile(path);
    if (certificates.length > 0) return certificates;
    throw configurationError(`${path} holds no certificate`, 'Look what it holds: snapscale cert show FILE');
  }
  const { readIdentityFolder } = await import('../identities/identity-files.js');
  const name = await chosenIdentity(session);
  const { certificate } = readIdentityFolder(session.environment, name);
  if (certificate !== undefined) return decodePemAll(certificate, 'CERTIFICATE').map(parseCertificate);
  throw new CommandError(
    'identity_waiting',
    exitCodes.unauthorized,
    `the certificate of the identity ${name} has not been issued yet`,
  );
}

/** The identity that was named, or the only one there is. @throws CommandError */
export async function chosenIdentity(session: Session): Promise<string> {
  const { identity } = session.options;
  if (identity !== undefined) return identity;
  const { identityNames } = await import('../identities/identity-store.js');
  const names = identityNames(session.environment);
  if (names.length === 1) return names[0]!;
  throw usageError(
    names.length === 0 ? 'there is no identity' : 'which identity is not said',
    names.length === 0
      ? 'Get one with an invitation: snapscale member apply CODE'
      : `Say which: --identity NAME. There are: ${names.join(', ')}.`,
  );
}

async function bytesOf(path: string): Promise<Buffer> {
  try {
    if (path !== '-') return readFileSync(path);
    const pieces: Buffer[] = [];
    for await (const piece of process.stdin) pieces.push(piece as Buffer);
    return Buffer.concat(pieces);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw configurationError(
      `${path} cannot be read: ${code === 'ENOENT' ? 'there is no such file' : error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function isPem(bytes: Buffer): boolean {
  return bytes.includes('-----BEGIN ');
}

function fromPem(text: string): CertificateFile {
  return {
    certificates: decodePemAll(text, 'CERTIFICATE').map(parseCertificate),
    requests: decodePemAll(text, 'CERTIFICATE REQUEST').map(checkRequest),
    lists: decodePemAll(text, 'X509 CRL').map(parseCrl),
  };
}

/** DER does not say what it is: it is what it can be read as. The error is that of a certificate. */
function fromDer(bytes: Uint8Array): CertificateFile {
  const none = { certificates: [], requests: [], lists: [] };
  try {
    return { ...none, certificates: [parseCertificate(bytes)] };
  } catch (error) {
    for (const [kind, read] of [['requests', checkRequest] as const, ['lists', parseCrl] as const]) {
      try {
        return { ...none, [kind]: [read(bytes)] };
      } catch {
        // Then it is another kind, or none.
      }
    }
    throw error;
  }
}
