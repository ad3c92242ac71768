/** A node's identity as files of one folder. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Identity } from './identity.js';

/** Where they are. */
export function identityFiles(directory: string) {
  return {
    certificate: join(directory, 'node.pem'),
    privateKey: join(directory, 'node.key'),
    authorities: join(directory, 'authorities.pem'),
  } as const;
}

/** Reads them. @throws Error that names the file which is missing or holds something else */
export function readIdentity(directory: string): Identity {
  const files = identityFiles(directory);
  const authorities = readPem(files.authorities).match(CERTIFICATES) ?? [];
  if (authorities.length === 0) throw new Error(`${files.authorities} holds no certificate in PEM form`);
  return { certificate: readPem(files.certificate), privateKey: readPem(files.privateKey), authorities };
}

const CERTIFICATES = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

function readPem(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new Error(
      `the node's identity cannot be read from ${path}: links to other nodes need its certificate (--identity DIR)`,
      { cause },
    );
  }
}
