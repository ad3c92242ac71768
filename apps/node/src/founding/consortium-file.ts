/**
 * `consortium.json` in the founder's data directory: who forms the consortium of a new chain, and which certificates their CAs
 * have given to the nodes. Certificates only; the keys of the CAs stay with them.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatPublicKey, type PublicKey, parsePublicKey } from '@snapscale/crypto';
import { type Name, name } from '@snapscale/protocol';
import { writeFileAtomicSync } from '../store/atomic-write.js';

/** The account that keeps the consortium. */
export const consortiumAccount: Name = name('snap.ca');
/** Below `active` of an organisation, held by its CA. */
export const caPermission: Name = name('ca');
/** Actions of `snap.ca` that are linked to it; `nominate` proposes whom a member has invited, and is no vote. */
export const caActions = ['issue', 'renew', 'revoke', 'reject', 'nominate', 'prune'] as const;

/** An organisation that founds the consortium; `account` is also its name in certificates. */
export type CertifiedOrganisation = {
  readonly account: string;
  readonly title: string;
  /** Certificate of its issuing CA, PEM. */
  readonly issuer: string;
  /** With which its CA signs transactions. */
  readonly caKey: PublicKey;
};

/** A node's certificate. */
export type CertifiedNode = {
  readonly organisation: string;
  readonly account: string;
  readonly node: string;
  /** As the chain names them, sorted. */
  readonly roles: readonly string[];
  /** PEM. */
  readonly certificate: string;
};

export type ConsortiumFile = {
  /** PEM. */
  readonly roots: readonly string[];
  readonly organisations: readonly CertifiedOrganisation[];
  readonly nodes: readonly CertifiedNode[];
};

const FILE = 'consortium.json';

/** Reads it; undefined where the node founds no consortium. @throws Error that names the file */
export function readConsortiumFile(directory: string): ConsortiumFile | undefined {
  const path = join(directory, FILE);
  if (!existsSync(path)) return undefined;
  try {
    const { roots, organisations, nodes } = JSON.parse(readFileSync(path, 'utf8'));
    return {
      roots,
      organisations: organisations.map(({ ca_key: caKey, ...rest }: { readonly ca_key: string }) => ({
        ...rest,
        caKey: parsePublicKey(caKey),
      })),
      nodes,
    };
  } catch (cause) {
    throw new Error(`${path} cannot be read`, { cause });
  }
}

/** Writes it, in one step. */
export function writeConsortiumFile(directory: string, { roots, organisations, nodes }: ConsortiumFile): void {
  const content = {
    roots,
    organisations: organisations.map(({ caKey, ...rest }) => ({ ...rest, ca_key: formatPublicKey(caKey) })),
    nodes,
  };
  const text = `${JSON.stringify(content, null, 2)}\n`;
  writeFileAtomicSync(join(directory, FILE), new TextEncoder().encode(text));
}
