/** What the final state says of a node's own papers: which roots are trusted now, and until when its certificate counts. */

import type { StateReader } from '@snapscale/execution';
import { checkMembership, readConsortium } from '@snapscale/execution/consortium';
import { chainOf, encodePem, parseCertificates } from '@snapscale/sdk/certificates';
import type { Identity } from '../p2p/identity.js';
import { readIdentity } from '../p2p/identity-files.js';
import { writeIdentity } from './identity-folder.js';

/** The roots, PEM; undefined where no consortium was founded, or none of them is valid. */
export function rootsOnChain(state: StateReader, nowMs: number): readonly string[] | undefined {
  const valid = readConsortium(state)?.roots.filter(({ validUntilSec }) => validUntilSec * 1000 > nowMs) ?? [];
  return valid.length === 0 ? undefined : valid.map(({ der }) => encodePem('CERTIFICATE', der));
}

/**
 * When the chain ends an identity's certificate, which is sooner than the certificate says where its CA or its root was replaced.
 * Seconds since 1970; undefined where the chain does not know it.
 */
export function endOnChain(state: StateReader, identity: Identity, nowMs: number): number | undefined {
  const [own, ...others] = parseCertificates(identity.certificate);
  const roots = (rootsOnChain(state, nowMs) ?? identity.authorities).flatMap(parseCertificates);
  const [leaf, issuer, root] = chainOf(own!, [...others, ...roots]);
  if (leaf === undefined || issuer === undefined || root === undefined) return undefined;
  const shown = { issuer: issuer.digest, root: root.digest, serial: leaf.serial, digest: leaf.digest };
  const verdict = checkMembership(state, shown, Math.floor(nowMs / 1000));
  return verdict.kind === 'member' ? verdict.validUntilSec : undefined;
}

/**
 * Writes the roots of the chain into `authorities.pem`, so that a node that comes back after a long time knows whom to trust, and
 * so that its next certificate may be under a root that is newer than the folder. Returns whether they were others.
 */
export function followRoots(directory: string, state: StateReader, nowMs: number): boolean {
  const roots = rootsOnChain(state, nowMs);
  if (roots === undefined) return false;
  const identity = readIdentity(directory);
  if (digestsOf(roots) === digestsOf(identity.authorities)) return false;
  writeIdentity(directory, { ...identity, authorities: roots });
  return true;
}

function digestsOf(pems: readonly string[]): string {
  return pems
    .flatMap(parseCertificates)
    .map(({ digest }) => Buffer.from(digest).toString('hex'))
    .sort()
    .join(' ');
}
