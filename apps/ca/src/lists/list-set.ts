/** The revocation lists that a CA publishes: of each issuing CA and root here, and of those before them whose keys are kept. */
import { join } from 'node:path';
import { type Certificate, crlNameOf, type Signer } from '@snapscale/sdk/certificates';
import type { Logger } from 'pino';
import { rootFolder } from '../files/ca-files.js';
import type { OrganisationCa } from '../issuing/organisation-ca.js';
import type { RootAuthority } from '../issuing/root-authority.js';
import { type KeyAccess, openAuthorityKey } from '../keys/authority-key.js';
import { authorityFiles } from '../rotation/authority-rotations.js';
import { listPath, memberListSource, RevocationListPublisher, rootListSource } from './revocation-lists.js';

type ListSetOptions = {
  readonly directory: string;
  readonly organisations: ReadonlyMap<string, OrganisationCa>;
  readonly root: RootAuthority | undefined;
  readonly keys: KeyAccess;
  readonly nowMs: () => number;
  readonly log: Logger;
};

export class ListSet {
  /** By account and `roots`: of the present authorities; by `crlNameOf`: of those and of earlier ones. */
  readonly lists = new Map<string, RevocationListPublisher>();
  readonly #options: ListSetOptions;

  constructor(options: ListSetOptions) {
    this.#options = options;
  }

  /** Opens the lists that are missing, and makes those of the present authorities the ones without a digest. */
  async follow(): Promise<void> {
    const { organisations, root } = this.#options;
    for (const ca of organisations.values()) {
      await this.#add(ca.account, ca.account, ca.files.issuing, ca.signer, ca);
    }
    const [first] = organisations.values();
    if (root !== undefined) await this.#add('roots', rootFolder, root.certificate, root.signer, first!);
  }

  async #add(name: string, folder: string, present: Certificate, signer: Signer, ca: OrganisationCa): Promise<void> {
    this.lists.set(name, this.#open(name, folder, present, signer, ca));
    const { directory, keys, log, nowMs } = this.#options;
    for (const { certificate, key } of authorityFiles(directory, folder).previous) {
      if (this.lists.has(crlNameOf(name, certificate)) || certificate.notAfterSec <= nowMs() / 1000) continue;
      try {
        const earlier = await openAuthorityKey(directory, folder, key, certificate, keys);
        this.#open(name, folder, certificate, earlier, ca);
      } catch (error) {
        log.warn({ authority: name, err: error }, 'the revocation list of an earlier authority cannot be signed');
      }
    }
  }

  #open(
    name: string,
    folder: string,
    issuer: Certificate,
    signer: Signer,
    { consortium }: OrganisationCa,
  ): RevocationListPublisher {
    const known = this.lists.get(crlNameOf(name, issuer));
    if (known !== undefined) return known;
    const { directory, nowMs, log } = this.#options;
    const source = name === 'roots' ? rootListSource(consortium, issuer) : memberListSource(consortium, issuer);
    const path = listPath(join(directory, folder), issuer);
    const list = new RevocationListPublisher({ path, issuer, signer, source, nowMs, log });
    this.lists.set(crlNameOf(name, issuer), list);
    return list;
  }
}
