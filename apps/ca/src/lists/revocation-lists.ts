/**
 * Revocation lists of chain state, signed by the CA so that OpenSSL and other software can use them. A list is made when somebody
 * asks and the chain has news, or when the last one is getting old; it is kept in a file, so that it can be served while
 * the chain is out of reach.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { toHex } from '@snapscale/crypto';
import {
  type Certificate,
  CertificateError,
  createCrl,
  isCrlOf,
  isIssuedBy,
  parseCertificate,
  parseCrl,
  type RevokedCertificate,
  type Signer,
} from '@snapscale/sdk/certificates';
import type { Logger } from 'pino';
import type { Consortium } from '../chain/consortium.js';
import { ChainUnavailable } from '../failures.js';
import { writeFileAtomic } from '../files/atomic-file.js';

/** A list in DER. */
export type PublishedList = { readonly der: Uint8Array; readonly nextUpdateMs: number };

/** A list is good for so long; a new one is made after a quarter of it. */
const LIFE_MS = 4 * 3_600_000;
/** The chain is asked for news at most this often. */
const LOOK_MS = 2000;

/** What a list is made of. `mark` changes when the entries do. */
type ListSource = {
  mark(): Promise<string>;
  entries(): Promise<readonly RevokedCertificate[]>;
  number(): Promise<number>;
};

export class RevocationListPublisher {
  readonly #path: string;
  readonly #issuer: Certificate;
  readonly #signer: Signer;
  readonly #source: ListSource;
  readonly #nowMs: () => number;
  readonly #log: Logger;
  #list: PublishedList | undefined;
  #number = 0n;
  #mark = '';
  #lookedMs = Number.NEGATIVE_INFINITY;
  #madeMs = Number.NEGATIVE_INFINITY;
  #making: Promise<void> | undefined;

  constructor(options: {
    readonly path: string;
    readonly issuer: Certificate;
    readonly signer: Signer;
    readonly source: ListSource;
    readonly nowMs: () => number;
    readonly log: Logger;
  }) {
    this.#path = options.path;
    this.#issuer = options.issuer;
    this.#signer = options.signer;
    this.#source = options.source;
    this.#nowMs = options.nowMs;
    this.#log = options.log;
    this.#load();
  }

  /** The newest list. @throws ChainUnavailable when there is none, or only one that has run out */
  async current(): Promise<PublishedList> {
    if (this.#nowMs() >= this.#lookedMs + LOOK_MS) {
      this.#making ??= this.#refresh().finally(() => {
        this.#making = undefined;
      });
      await this.#making;
    }
    if (this.#list !== undefined && this.#list.nextUpdateMs > this.#nowMs()) return this.#list;
    throw new ChainUnavailable(
      'there is no revocation list that is still good, and the chain cannot be asked for a new one',
    );
  }

  async #refresh(): Promise<void> {
    this.#lookedMs = this.#nowMs();
    try {
      const mark = await this.#source.mark();
      if (mark === this.#mark && this.#nowMs() < this.#madeMs + LIFE_MS / 4) return;
      await this.#make(mark);
    } catch (error) {
      this.#log.warn({ err: error }, 'the revocation list cannot be made anew');
    }
  }

  async #make(mark: string): Promise<void> {
    const [entries, final] = [await this.#source.entries(), await this.#source.number()];
    const nowMs = this.#nowMs();
    const nextUpdateMs = nowMs + LIFE_MS;
    // Greater than the last one, also where two are made of one block.
    const number = BigInt(final) > this.#number ? BigInt(final) : this.#number + 1n;
    const der = await createCrl({ issuer: this.#issuer, signer: this.#signer, entries, number, nowMs, nextUpdateMs });
    writeFileAtomic(this.#path, der, 0o644);
    this.#list = { der, nextUpdateMs };
    this.#number = number;
    this.#mark = mark;
    this.#madeMs = nowMs;
  }

  #load(): void {
    if (!existsSync(this.#path)) return;
    try {
      const der = new Uint8Array(readFileSync(this.#path));
      const list = parseCrl(der);
      if (!isCrlOf(list, this.#issuer)) return;
      this.#number = list.number;
      this.#list = { der, nextUpdateMs: (list.nextUpdateSec ?? 0) * 1000 };
    } catch (error) {
      if (!(error instanceof CertificateError)) throw error;
      this.#log.warn({ err: error }, 'the stored revocation list cannot be read; a new one will be made');
    }
  }
}

/** The list of an organisation's issuing CA. */
export function memberListSource(consortium: Consortium, issuer: Certificate): ListSource {
  return {
    mark: async () => (await consortium.usage()).lastRevocation,
    entries: () => consortium.revocations(issuer.digest),
    number: () => consortium.finalNumber(),
  };
}

/** The list of a root: issuing CAs that were revoked. */
export function rootListSource(consortium: Consortium, root: Certificate): ListSource {
  const revoked = async (): Promise<RevokedCertificate[]> =>
    (await consortium.authorities())
      .filter(({ status, organisation }) => status === 'revoked' && organisation !== undefined)
      .flatMap(({ der, revokedSec, reason }) => {
        const certificate = readable(der);
        const isOurs = certificate !== undefined && isIssuedBy(certificate, root);
        return isOurs ? [{ serial: certificate.serial, revokedSec, reason }] : [];
      });
  return {
    mark: async () => (await revoked()).map(({ serial }) => Buffer.from(serial).toString('hex')).join(),
    entries: revoked,
    number: () => consortium.finalNumber(),
  };
}

function readable(der: Uint8Array): Certificate | undefined {
  try {
    return parseCertificate(der);
  } catch {
    return undefined;
  }
}

/** The file of the list of an authority. */
export function listPath(folder: string, { digest }: Certificate): string {
  return join(folder, `revoked-${toHex(digest.subarray(0, 8))}.crl`);
}
