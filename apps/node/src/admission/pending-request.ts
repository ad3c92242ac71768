/**
 * The request for a successor that is under way. It stays in the identity folder until it is answered: the CA may have entered its
 * key on chain although no answer came, and gives no certificate to another one then.
 */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { equalBytes } from '@snapscale/crypto';
import { checkRequest, decodePem, encodePem, parsePrivateKeyPem, signerOf } from '@snapscale/sdk/certificates';
import { fsyncDirectorySync, writeFileAtomicSync } from '../store/atomic-write.js';

/** A request with its key, both as PEM. */
export type PendingRequest = { readonly privateKey: string; readonly request: string };

const PENDING = 'pending';
const KEY = 'node.key';
const REQUEST = 'request.pem';
/** SHA-256 of the certificate that is to get a successor. It is there once the others are. */
const OF = 'certificate';

/** Writes a request in place of the one in the folder, if any. @throws Error; none is there then */
export function writePending(directory: string, of: string, { privateKey, request }: PendingRequest): void {
  removePending(directory);
  const folder = join(directory, PENDING);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const write = (name: string, text: string) => writeFileAtomicSync(join(folder, name), new TextEncoder().encode(text));
  write(KEY, privateKey);
  write(REQUEST, request);
  write(OF, of);
  fsyncDirectorySync(directory);
}

/** The request for a successor of this certificate. Undefined where there is none, or only a part of it after a crash. */
export function readPending(directory: string, of: string): PendingRequest | undefined {
  const folder = join(directory, PENDING);
  const read = (name: string) => readFileSync(join(folder, name), 'utf8');
  try {
    if (!existsSync(join(folder, OF)) || read(OF) !== of) return undefined;
    const found = { privateKey: read(KEY), request: read(REQUEST) };
    const { publicKey } = checkRequest(requestBytes(found));
    return equalBytes(publicKey, signerOf(parsePrivateKeyPem(found.privateKey)).publicKey) ? found : undefined;
  } catch {
    // Damaged: nothing of it can be used.
    return undefined;
  }
}

export function removePending(directory: string): void {
  rmSync(join(directory, PENDING), { recursive: true, force: true });
}

/** The request in DER. */
export function requestBytes({ request }: PendingRequest): Uint8Array {
  return decodePem(request, LABEL);
}

/** The request as PEM. */
export function requestText(der: Uint8Array): string {
  return encodePem(LABEL, der);
}

const LABEL = 'CERTIFICATE REQUEST';
