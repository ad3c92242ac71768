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

/** A root that ends of itself is noticed after this. */
const LOOK_MS = 60_000;

export class RootsFollower {
  readonly #organisations: readonly OrganisationCa[];
  readonly #nowMs: () => number;
  readonly #log: Logger;
  #version: string | undefined;
  #lookedMs = 0;

  constructor(organisations: readonly OrganisationCa[], nowMs: () => number, log: Logger) {
    this.#organisations = organisations;
    this.#nowMs = nowMs;
    this.#log = log;
  }

  /** Brings the roots of the chain's final state to the organisations. Tells whether any was changed. @throws ChainUnavailable */
  async follow(): Promise<boolean> {
    const { consortium } = this.#organisations[0]!;
    const version = await consortium.version();
    if (version === this.#version && this.#nowMs() < this.#lookedMs + LOOK_MS) return false;
    const seen = validRoots(await consortium.authorities(), this.#nowMs());
    const isChanged = this.#outdated(seen).length > 0;
    // A chain without a consortium: what is in the files stays.
    if (seen.length > 0 && isChanged) {
      await consortium.seenIsFinal();
      const roots = validRoots(await consortium.authorities(), this.#nowMs());
      if (digestsOf(roots) !== digestsOf(seen)) return false;
      this.#bring(roots);
    }
    this.#version = version;
    this.#lookedMs = this.#nowMs();
    return isChanged && seen.length > 0;
  }

  #bring(roots: readonly Certificate[]): void {
    const text = roots.map(({ der }) => encodePem('CERTIFICATE', der)).join('');
    for (const organisation of this.#outdated(roots)) {
      writeFileAtomic(join(organisation.files.folder, 'roots.pem'), Buffer.from(text), 0o644);
      organisation.replaceRoots(roots);
      this.#log.info(
        { organisation: organisation.account, roots: roots.length },
        'the roots of the consortium have changed',
      );
    }
  }

  #outdated(roots: readonly Certificate[]): OrganisationCa[] {
    return this.#organisations.filter(({ files }) => digestsOf(files.roots) !== digestsOf(roots));
  }
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
