/** What the routes of a CA have in common. */
import type { ApplicationAnswer } from '@snapscale/api';
import { encodePem, parseCertificate } from '@snapscale/sdk/certificates';
import type { FastifyRequest } from 'fastify';
import { Refusal } from '../failures.js';
import type { Application } from '../issuing/application.js';
import { howToApply, type OrganisationCa } from '../issuing/organisation-ca.js';
import type { RootAuthority } from '../issuing/root-authority.js';
import type { RevocationListPublisher } from '../lists/revocation-lists.js';
import type { Rotation } from '../rotation/rotation.js';
import type { Allowance } from './allowance.js';
import type { AskerCheck } from './member-token.js';

/** A running CA, as its routes see it. */
export type CaParts = {
  /** By account; at least one. */
  readonly organisations: ReadonlyMap<string, OrganisationCa>;
  readonly root: RootAuthority | undefined;
  /** By account, and `root`. */
  readonly rotations: ReadonlyMap<string, Rotation>;
  /** By account and `roots`: of the present authorities; by `crlNameOf`: of those and of earlier ones. */
  readonly lists: ReadonlyMap<string, RevocationListPublisher>;
  readonly askers: AskerCheck;
  readonly allowance: Allowance;
  readonly nowMs: () => number;
  /** Where others reach this CA. */
  readonly url: () => string;
};

/** The CA of an organisation. Without a name: the only one. @throws Refusal */
export function organisationOf({ organisations }: CaParts, account: string | undefined): OrganisationCa {
  const [only] = organisations.values();
  if (account === undefined && organisations.size === 1) return only!;
  const found = account === undefined ? undefined : organisations.get(account);
  if (found !== undefined) return found;
  throw new Refusal(
    404,
    'unknown_organisation',
    `this CA is that of ${[...organisations.keys()].join(', ')}: name one of them in the path`,
  );
}

/** Counts a request that costs something. @throws Refusal */
export function spend({ allowance }: CaParts, request: FastifyRequest): void {
  const waitSec = allowance.take(request.ip);
  if (waitSec !== undefined)
    throw new Refusal(429, 'rate_limited', `too many requests from ${request.ip}: wait ${waitSec} s`);
}

/** A certificate and that of the issuing CA which has issued it, in DER. */
export function chainFrom(ca: OrganisationCa, der: Uint8Array): Uint8Array[] {
  return [der, (ca.issuerOf(parseCertificate(der)) ?? ca.files.issuing).der];
}

/** The rotation of an authority. @throws Refusal */
export function rotationOf({ rotations }: CaParts, authority: string): Rotation {
  const found = rotations.get(authority);
  if (found !== undefined) return found;
  throw new Refusal(404, 'unknown_authority', `here are the authorities ${[...rotations.keys()].join(', ')}`);
}

/** What is said of an application. */
export function answerOf(ca: OrganisationCa, application: Application): ApplicationAnswer {
  const { id, status, reason, certificate, grant, renews } = application;
  if (status === 'issued') {
    const chain = chainFrom(ca, certificate!)
      .map((der) => encodePem('CERTIFICATE', der))
      .join('');
    const authorities = ca.files.roots.map(({ der }) => encodePem('CERTIFICATE', der));
    return { id, status, certificate: chain, authorities };
  }
  if (status === 'refused') return { id, status, ...(reason === undefined ? {} : { reason }) };
  if (status === 'waiting') return { id, status, reason: reason ?? 'an operator has to approve it' };
  const needsAccount = status === 'approved' && grant.account !== undefined && renews === undefined;
  return {
    id,
    status: 'waiting',
    reason: needsAccount ? howToApply(ca.account, application) : 'it is being entered on chain',
  };
}
