/**
 * The roots that the consortium has, followed into `roots.pem` of each organisation: a new one is there before anybody shows a
 * certificate that leads to it, and one that was revoked or is over leaves.
 */
import { join } from 'node:path';
import { toHex } from '@snapscale/crypto';
import {
  type Certificate,
  CertificateError,
  checkRoot,
  encodePem,
  parseCertificate,
} from '@snapscale/sdk/certificates';
import type { Logger } from 'pino';
import type { AuthorityRow } from '../chain/consortium.js';
import { writeFileAtomic } from '../files/atomic-file.js';
import type { OrganisationCa } from '../issuing/organisation-ca.js';

/** Brings the roots of the chain's final state to organisations. Tells whether any was changed. @throws ChainUnavailable */
export async function followRoots(
  organisations: readonly OrganisationCa[],
  nowMs: number,
  log: Logger,
): Promise<boolean> {
  const { consortium } = organisations[0]!;
  const isOld = (roots: readonly Certificate[]) =>
    organisations.filter(({ files }) => digestsOf(files.roots) !== digestsOf(roots));
  const seen = validRoots(await consortium.authorities(), nowMs);
  // A chain without a consortium, or one that was cut off: what is in the files stays.
  if (seen.length === 0 || isOld(seen).length === 0) return false;
  await consortium.seenIsFinal();
  const roots = validRoots(await consortium.authorities(), nowMs);
  if (digestsOf(roots) !== digestsOf(seen)) return false;
  const text = roots.map(({ der }) => encodePem('CERTIFICATE', der)).join('');
  for (const organisation of isOld(roots)) {
    writeFileAtomic(join(organisation.files.folder, 'roots.pem'), Buffer.from(text), 0o644);
    organisation.replaceRoots(roots);
    log.info({ organisation: organisation.account, roots: roots.length }, 'the roots of the consortium have changed');
  }
  return true;
}

/** The newest first. */
function validRoots(rows: readonly AuthorityRow[], nowMs: number): Certificate[] {
  return rows
    .filter((row) => row.organisation === undefined && row.status !== 'revoked' && row.validUntilSec > nowMs / 1000)
    .flatMap(({ der }) => readRoot(der) ?? [])
    .sort((a, b) => b.notBeforeSec - a.notBeforeSec || (toHex(a.digest) < toHex(b.digest) ? -1 : 1));
}

function readRoot(der: Uint8Array): Certificate | undefined {
  try {
    const certificate = parseCertificate(der);
    checkRoot(certificate);
    return certificate;
  } catch (error) {
    if (error instanceof CertificateError) return undefined;
    throw error;
  }
}

function digestsOf(roots: readonly Certificate[]): string {
  return roots
    .map(({ digest }) => toHex(digest))
    .sort()
    .join();
}
