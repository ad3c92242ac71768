/** Rows of `snap.ca`, and its actions, in the CA's own terms. */
import { roleName, roleOfName } from '@snapscale/api';
import {
  equalBytes,
  formatPublicKey,
  fromHex,
  type PrivateKey,
  type PublicKey,
  parsePublicKey,
  sha256,
  toHex,
} from '@snapscale/crypto';
import { type JsonObject, parseName } from '@snapscale/protocol';
import type { Certificate } from '@snapscale/sdk/certificates';
import { type ChainAccess, contract } from './chain-access.js';

/** An organisation, as the consortium has it. */
export type OrganisationRow = {
  readonly status: 'active' | 'suspended' | 'expelled';
  readonly validUntilSec: number;
  readonly quota: number;
  /** Roles as in certificates. */
  readonly scope: readonly string[];
  /** Keys of its issuing CAs, the newest last. */
  readonly authorities: readonly string[];
  readonly terms: JsonObject;
};

/** A certificate that was entered. */
export type MemberRow = {
  readonly status: 'active' | 'superseded' | 'revoked';
  readonly validUntilSec: number;
  readonly digest: Uint8Array;
  readonly subjectKey: PublicKey;
  readonly account: string | undefined;
  readonly node: string | undefined;
  readonly roles: readonly string[];
  readonly serial: Uint8Array;
  readonly notBeforeSec: number;
  readonly notAfterSec: number;
  /** Key of its row in `revocations`; `0`: none. */
  readonly revocation: string;
};

/** An entry of the revocation list. */
export type RevocationRow = {
  readonly serial: Uint8Array;
  readonly revokedSec: number;
  readonly reason: number;
  readonly number: string;
};

/** A certificate of a root or an issuing CA. */
export type AuthorityRow = {
  readonly digest: Uint8Array;
  readonly organisation: string | undefined;
  readonly status: 'active' | 'retired' | 'revoked';
  readonly validUntilSec: number;
  readonly revokedSec: number;
  readonly reason: number;
  readonly der: Uint8Array;
};

/** Somebody who has applied on chain. */
export type ChainApplication = {
  readonly applicant: string;
  readonly subjectKey: PublicKey;
  readonly node: string | undefined;
  readonly roles: readonly string[];
  readonly request: Uint8Array;
  readonly expiresSec: number;
};

/** A proposal to make a certificate an authority. */
export type RotationProposal = {
  readonly id: number;
  readonly status: 'open' | 'executed' | 'cancelled';
  readonly expiresSec: number;
};

const proposalStatus = ['open', 'executed', 'cancelled'] as const;
const memberStatus = ['active', 'superseded', 'revoked'] as const;
const organisationStatus = ['active', 'suspended', 'expelled'] as const;
const authorityStatus = ['active', 'retired', 'revoked'] as const;
/** More applications at a time than this are looked at in the next round. */
const APPLICATIONS_MAX = 200;

/** What one organisation's CA asks of the chain and tells it. */
export class Consortium {
  readonly #chain: ChainAccess;
  readonly #organisation: string;
  readonly #key: PrivateKey;

  constructor(chain: ChainAccess, organisation: string, key: PrivateKey) {
    this.#chain = chain;
    this.#organisation = organisation;
    this.#key = key;
  }

  async organisation(): Promise<OrganisationRow | undefined> {
    const row = await this.#one('orgs', contract, this.#organisation);
    if (row === undefined) return undefined;
    const { quota, weight, valid_until, scope } = row;
    return {
      status: organisationStatus[Number(row.status)] ?? 'expelled',
      validUntilSec: seconds(row.valid_until),
      quota: Number(quota),
      scope: (scope as string[]).map(labelOf),
      authorities: (row.authorities as unknown[]).map(String),
      terms: { quota: quota!, weight: weight!, valid_until: valid_until!, scope: scope! },
    };
  }

  /** A number that grows with every decision; undefined where no consortium was founded. */
  async version(): Promise<string | undefined> {
    const [row] = await this.#chain.rows('state', contract, { limit: 1 });
    return row === undefined ? undefined : String(row.version);
  }

  /** Title of an organisation that was not expelled. */
  async titleOf(organisation: string): Promise<string | undefined> {
    const row = await this.#one('orgs', contract, organisation);
    return row === undefined || organisationStatus[Number(row.status)] === 'expelled' ? undefined : String(row.title);
  }

  /** Active certificates, whether expired or not: what the quota limits. And the number of the last revocation. */
  async usage(): Promise<{ readonly active: number; readonly lastRevocation: string }> {
    const row = await this.#one('usage', contract, this.#organisation);
    return { active: Number(row?.active ?? 0), lastRevocation: String(row?.last_revocation ?? 0) };
  }

  /** The longest life of a certificate by role, in seconds. Roles that are not given any more are left out. */
  async roleLives(): Promise<ReadonlyMap<string, number>> {
    const rows = await this.#chain.rows('roles', contract);
    return new Map(
      rows.filter((row) => Boolean(row.is_given)).map((row) => [labelOf(String(row.role)), Number(row.life_sec)]),
    );
  }

  async authority(digest: Uint8Array): Promise<AuthorityRow | undefined> {
    const row = await this.#one('authorities', contract, rowKey(digest));
    const authority = row === undefined ? undefined : authorityOf(row);
    return authority !== undefined && equalBytes(authority.digest, digest) ? authority : undefined;
  }

  async authorities(): Promise<AuthorityRow[]> {
    return (await this.#chain.rows('authorities', contract)).map(authorityOf);
  }

  /** The certificate with this serial. */
  async member(serial: Uint8Array): Promise<MemberRow | undefined> {
    const row = await this.#one('members', this.#organisation, rowKey(sha256(serial)));
    const member = row === undefined ? undefined : memberOf(row);
    return member !== undefined && equalBytes(member.serial, serial) ? member : undefined;
  }

  /** The newest certificate with this key. */
  async memberByKey(key: PublicKey): Promise<MemberRow | undefined> {
    const digest = sha256(key);
    const row = await this.#one('keys', this.#organisation, rowKey(digest));
    if (row === undefined || !equalBytes(fromHex(String(row.digest)), digest)) return undefined;
    const member = await this.#one('members', this.#organisation, String(row.member));
    return member === undefined ? undefined : memberOf(member);
  }

  async members(): Promise<MemberRow[]> {
    return (await this.#chain.rows('members', this.#organisation)).map(memberOf);
  }

  /** Why a certificate was revoked. */
  async revocationReason(number: string): Promise<number | undefined> {
    const row = await this.#one('revocations', this.#organisation, number);
    return row === undefined ? undefined : Number(row.reason);
  }

  /** What this authority, or without one any of the organisation's, has issued and is revoked. */
  async revocations(authority?: Uint8Array): Promise<RevocationRow[]> {
    const key = authority === undefined ? undefined : rowKey(authority);
    const rows = await this.#chain.rows('revocations', this.#organisation);
    return rows
      .filter((row) => key === undefined || String(row.authority) === key)
      .map((row) => ({
        serial: fromHex(String(row.serial)),
        revokedSec: seconds(row.revoked),
        reason: Number(row.reason),
        number: String(row.number),
      }));
  }

  /** The application of an account. */
  async application(applicant: string): Promise<ChainApplication | undefined> {
    const row = await this.#one('requests', this.#organisation, applicant);
    return row === undefined ? undefined : applicationOf(row);
  }

  /** Applications, from an applicant on; `next`: where more of them are, or the first ones again. */
  async applications(
    from?: string,
  ): Promise<{ readonly applications: readonly ChainApplication[]; readonly next: string | undefined }> {
    const query = { limit: APPLICATIONS_MAX, ...(from === undefined ? {} : { lower: from }) };
    const applications = (await this.#chain.rows('requests', this.#organisation, query)).map(applicationOf);
    const isLast = applications.length < APPLICATIONS_MAX;
    return { applications, next: isLast ? undefined : String(parseName(applications.at(-1)!.applicant) + 1n) };
  }

  /** What can be removed from the tables of the organisation: it is over, and was kept for as long as the chain wants. */
  async over(
    nowSec: number,
  ): Promise<{ readonly serials: readonly Uint8Array[]; readonly applicants: readonly string[] }> {
    const [[parameters], members, applications] = await Promise.all([
      this.#chain.rows('params', contract, { limit: 1 }),
      this.members(),
      this.#chain.rows('requests', this.#organisation),
    ]);
    if (parameters === undefined) return { serials: [], applicants: [] };
    const keptSec = Number(parameters.keep_expired_sec);
    const isOver = ({ status, notAfterSec, validUntilSec }: MemberRow) =>
      (status === 'revoked' ? notAfterSec : validUntilSec) + keptSec < nowSec;
    return {
      serials: members.filter(isOver).map(({ serial }) => serial),
      applicants: applications.filter((row) => seconds(row.expires) < nowSec).map((row) => String(row.applicant)),
    };
  }

  finalNumber(): Promise<number> {
    return this.#chain.finalNumber();
  }

  seenIsFinal(): Promise<void> {
    return this.#chain.seenIsFinal();
  }

  /** Enters a certificate. Resolves when that is final. */
  issue(issuing: Certificate, certificate: Certificate): Promise<void> {
    const { accounts, nodes, roles } = certificate.names;
    const member = { account: accounts[0] ?? '', node: nodes[0] ?? '', roles: roleNames(roles) };
    return this.#push('issue', { certificate: entryOf(issuing, certificate), member });
  }

  /** Enters the successor of the certificate with this serial. */
  renew(issuing: Certificate, serial: Uint8Array, successor: Certificate): Promise<void> {
    return this.#push('renew', { serial: toHex(serial), successor: entryOf(issuing, successor) });
  }

  revoke(serial: Uint8Array, reason: number): Promise<void> {
    return this.#push('revoke', { serials: [toHex(serial)], reason });
  }

  /** Removes rows that are over, 100 at most. */
  prune(serials: readonly Uint8Array[], applicants: readonly string[]): Promise<void> {
    const rows = { serials: serials.map(toHex), applicants: [...applicants], authorities: [], proposals: [] };
    const data = { organisation: this.#organisation, rows };
    return this.#chain.push('prune', `${this.#organisation}@ca`, this.#key, data);
  }

  /** Turns an application on chain down. `reason`: 64 printable characters of ASCII at most. */
  reject(applicant: string, reason: string): Promise<void> {
    return this.#push('reject', { applicant, reason: reason.replace(/[^\x20-\x7e]/g, '?').slice(0, 64) });
  }

  /** Proposes to let an organisation in: without the own vote, which is for people to give. */
  async proposeAdmission(organisation: string, title: string, terms: JsonObject, issuing: Certificate): Promise<void> {
    const issuer = { certificate: toHex(issuing.der), not_after: text(issuing.notAfterSec) };
    const content = ['admit_organisation', { organisation, title, terms, issuer }];
    const permission = `${this.#organisation}@ca`;
    const data = { organisation: this.#organisation, content } as JsonObject;
    await this.#chain.push('nominate', permission, this.#key, data);
  }

  /** Proposals to make this certificate an authority, the newest last; with `id` that one alone. */
  async rotationProposals(next: Certificate, id?: number): Promise<RotationProposal[]> {
    const query = id === undefined ? {} : { lower: String(id), upper: String(id) };
    const certificate = toHex(next.der);
    return (await this.#chain.rows('proposals', contract, query))
      .filter((row) => {
        const [kind, decision] = row.content as [string, { next?: { certificate?: unknown } }];
        return kind === 'rotate_authority' && decision.next?.certificate === certificate;
      })
      .map((row) => ({
        id: Number(row.id),
        status: proposalStatus[Number(row.status)] ?? 'cancelled',
        expiresSec: seconds(row.expires),
      }));
  }

  /** Proposes a new issuing CA, or without an organisation a new root; without the own vote. */
  async proposeRotation(organisation: string | undefined, next: Certificate, previousUntilSec: number): Promise<void> {
    const content = [
      'rotate_authority',
      {
        organisation: organisation ?? '',
        next: { certificate: toHex(next.der), not_after: text(next.notAfterSec) },
        previous_until: text(previousUntilSec),
      },
    ];
    const data = { organisation: this.#organisation, content } as JsonObject;
    await this.#chain.push('nominate', `${this.#organisation}@ca`, this.#key, data);
  }

  #push(action: string, data: JsonObject): Promise<void> {
    const by = { by: this.#organisation, organisation: this.#organisation };
    return this.#chain.push(action, `${this.#organisation}@ca`, this.#key, { ...by, ...data });
  }

  async #one(table: string, scope: string, key: string): Promise<JsonObject | undefined> {
    const [row] = await this.#chain.rows(table, scope, { lower: key, upper: key, limit: 1 });
    return row;
  }
}

/** Roles as the chain has them, sorted as it wants them: by the value of the name, which is not the order of the text. */
export function roleNames(roles: readonly string[]): string[] {
  const names = [...new Set(roles.map((role) => roleName(role as Parameters<typeof roleName>[0])))];
  return names.sort((a, b) => (parseName(a) < parseName(b) ? -1 : 1));
}

function entryOf(issuing: Certificate, certificate: Certificate): JsonObject {
  return {
    issuer: toHex(issuing.digest),
    serial: toHex(certificate.serial),
    certificate: toHex(certificate.digest),
    subject_key: formatPublicKey(certificate.publicKey),
    not_before: text(certificate.notBeforeSec),
    not_after: text(certificate.notAfterSec),
  };
}

/** Key of a row: the first eight bytes of a SHA-256 as a number. */
function rowKey(digest: Uint8Array): string {
  return BigInt(`0x${toHex(digest.subarray(0, 8))}`).toString();
}

function memberOf(row: JsonObject): MemberRow {
  return {
    status: memberStatus[Number(row.status)] ?? 'revoked',
    validUntilSec: seconds(row.valid_until),
    digest: fromHex(String(row.certificate)),
    subjectKey: parsePublicKey(String(row.subject_key)),
    account: String(row.account) || undefined,
    node: String(row.node) || undefined,
    roles: (row.roles as string[]).map(labelOf),
    serial: fromHex(String(row.serial)),
    notBeforeSec: seconds(row.not_before),
    notAfterSec: seconds(row.not_after),
    revocation: String(row.revocation),
  };
}

function authorityOf(row: JsonObject): AuthorityRow {
  return {
    digest: fromHex(String(row.digest)),
    organisation: String(row.organisation) || undefined,
    status: authorityStatus[Number(row.status)] ?? 'revoked',
    validUntilSec: seconds(row.valid_until),
    revokedSec: seconds(row.revoked),
    reason: Number(row.reason),
    der: fromHex(String(row.certificate)),
  };
}

function applicationOf(row: JsonObject): ChainApplication {
  return {
    applicant: String(row.applicant),
    subjectKey: parsePublicKey(String(row.subject_key)),
    node: String(row.node) || undefined,
    roles: (row.roles as string[]).map(labelOf),
    request: fromHex(String(row.request)),
    expiresSec: seconds(row.expires),
  };
}

/** A role as certificates have it; one that is defined on chain alone keeps its name. */
function labelOf(name: string): string {
  return roleOfName(name) ?? name;
}

function seconds(value: unknown): number {
  return Math.floor(Date.parse(`${String(value)}Z`) / 1000);
}

function text(sec: number): string {
  return new Date(sec * 1000).toISOString().slice(0, 19);
}
