/** The rotations of the authorities of a CA: of each organisation, and of the root where it is here. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import {
  type Certificate,
  commonNameOf,
  createRequest,
  createRoot,
  formatVouchedRequest,
  isIssuedBy,
} from '@snapscale/sdk/certificates';
import type { Logger } from 'pino';
import { rootFolder } from '../files/ca-files.js';
import type { OrganisationCa } from '../issuing/organisation-ca.js';
import type { RootAuthority } from '../issuing/root-authority.js';
import { type KeyAccess, newAuthorityKey, openAuthorityKey } from '../keys/authority-key.js';
import { AuthorityFiles } from './authority-files.js';
import { type NextAuthority, Rotation, type RotationParts } from './rotation.js';

/** Where rotations take place. */
export type RotationPlace = {
  readonly directory: string;
  readonly organisations: ReadonlyMap<string, OrganisationCa>;
  readonly root: RootAuthority | undefined;
  readonly keys: KeyAccess;
  readonly nowMs: () => number;
  readonly log: Logger;
  /** Something has been replaced. */
  readonly changed: () => Promise<void>;
};

/** So long what an old root has signed counts: each organisation has to replace its issuing CA in this time. */
const ROOT_OVERLAP_SEC = 365 * 86_400;

/** The files of an authority. `name`: account of an organisation, or `root`. */
export function authorityFiles(directory: string, name: string): AuthorityFiles {
  return new AuthorityFiles(join(directory, name), name === rootFolder ? 'root' : 'issuing');
}

/** Rotations by account, and `root`. */
export function rotationsOf(place: RotationPlace): Map<string, Rotation> {
  const rotations = new Map<string, Rotation>();
  for (const organisation of place.organisations.values()) {
    rotations.set(organisation.account, new Rotation(issuingParts(place, organisation)));
  }
  if (place.root !== undefined) rotations.set(rootFolder, new Rotation(rootParts(place, place.root)));
  return rotations;
}

function issuingParts(place: RotationPlace, organisation: OrganisationCa): RotationParts {
  const { root, changed } = place;
  const { account } = organisation;
  return {
    ...commonParts(place, account),
    previousUntilSec: () => {
      const { issuing, configuration } = organisation.files;
      const longest = Math.max(...Object.values(configuration.policy.lives));
      return boundedEnd(issuing, place.nowMs(), longest);
    },
    make: async () => {
      const { signer, pem: key } = await newAuthorityKey(account, place.keys);
      const { title } = organisation.files.configuration;
      const der = await createRequest(signer, { commonName: title, organisation: account });
      const request = formatVouchedRequest({ der, signature: await organisation.signer.sign(der) });
      const certificate = await root?.sign(account, title, signer.publicKey);
      return { key, request, certificate };
    },
    install: async (certificate, signer) => {
      organisation.replaceIssuing(certificate, signer);
      await changed();
    },
    isByRoot: (certificate) => organisation.files.roots.some((one) => isIssuedBy(certificate, one)),
  };
}

function rootParts(place: RotationPlace, root: RootAuthority): RotationParts {
  const { nowMs, changed } = place;
  return {
    ...commonParts(place, rootFolder),
    previousUntilSec: () => boundedEnd(root.certificate, nowMs(), ROOT_OVERLAP_SEC),
    make: async (): Promise<NextAuthority> => {
      const { signer, pem: key } = await newAuthorityKey(rootFolder, place.keys);
      const random = (size: number) => new Uint8Array(randomBytes(size));
      const title = nextTitle(commonNameOf(root.certificate.subject) || 'root');
      return { key, certificate: await createRoot({ title, signer, nowMs: nowMs(), random }) };
    },
    install: async (certificate, signer) => {
      root.replace(certificate, signer);
      await changed();
    },
    // A root signs itself.
    isByRoot: () => false,
  };
}

function commonParts({ directory, organisations, keys, nowMs, log }: RotationPlace, authority: string) {
  const files = authorityFiles(directory, authority);
  const [first] = organisations.values();
  return {
    authority,
    files,
    consortium: (account: string) => (organisations.get(account) ?? first!).consortium,
    openNext: (certificate: Certificate) => openAuthorityKey(directory, authority, files.nextKey, certificate, keys),
    nowMs,
    log,
  };
}

/** Nothing that an authority has issued outlives it. */
function boundedEnd({ notAfterSec }: Certificate, nowMs: number, overlapSec: number): number {
  return Math.min(notAfterSec, Math.floor(nowMs / 1000) + overlapSec);
}

/** Roots differ by name, too: software that looks for an issuer by name alone finds the right one. */
function nextTitle(title: string): string {
  const [, name, number] = /^(.*?)(?: (\d{1,4}))?$/.exec(title)!;
  return `${name} ${Number(number ?? 1) + 1}`;
}
