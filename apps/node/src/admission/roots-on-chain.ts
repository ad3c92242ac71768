/** What the final state says of a node's own papers: which roots are trusted now, and until when its certificate counts. */

import { equalBytes } from '@snapscale/crypto';
import type { StateReader } from '@snapscale/execution';
import {
  checkMembership,
  getMember,
  keyOfSerial,
  type PresentedCertificate,
  readConsortium,
} from '@snapscale/execution/consortium';
import { parseName } from '@snapscale/protocol';
import { chainOf, checkMember, encodePem, parseCertificates } from '@snapscale/sdk/certificates';
import type { Identity } from '../p2p/identity.js';
import { readIdentity } from '../p2p/identity-files.js';
import { writeAuthorities } from './identity-folder.js';

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
  const shown = shownOf(state, identity, nowMs);
  const verdict = shown && checkMembership(state, shown, Math.floor(nowMs / 1000));
  return verdict?.kind === 'member' ? verdict.validUntilSec : undefined;
}

/** Whether the chain has another certificate in the place of this one, which then counts for a while only. */
export function isSupersededOnChain(state: StateReader, identity: Identity): boolean {
  const [own] = parseCertificates(identity.certificate);
  const { organisation } = checkMember(own!);
  const row = getMember(state, parseName(organisation), keyOfSerial(own!.serial));
  return row?.isSuperseded === true && equalBytes(row.certificate, own!.digest);
}

function shownOf(state: StateReader, identity: Identity, nowMs: number): PresentedCertificate | undefined {
  const [own, ...others] = parseCertificates(identity.certificate);
  const roots = (rootsOnChain(state, nowMs) ?? identity.authorities).flatMap(parseCertificates);
  const [leaf, issuer, root] = chainOf(own!, [...others, ...roots]);
  if (leaf === undefined || issuer === undefined || root === undefined) return undefined;
  return { issuer: issuer.digest, root: root.digest, serial: leaf.serial, digest: leaf.digest };
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
  writeAuthorities(directory, roots);
  return true;
}

function digestsOf(pems: readonly string[]): string {
  return pems
    .flatMap(parseCertificates)
    .map(({ digest }) => Buffer.from(digest).toString('hex'))
    .sort()
    .join(' ');
}
