/**
 * Who is let in, at both doors of a node: X.509, then the consortium's profile, then the final state of the chain
 * (ADR 0022, docs/spec/peers.md NET-17 to NET-22). Each thread has one of its own, over its own view of the state.
 */
import { roleOfName } from '@snapscale/api';
import { equalBytes, toHex } from '@snapscale/crypto';
import type { StateReader } from '@snapscale/execution';
import {
  checkMembership,
  consortiumVersion,
  getAuthority,
  getOrganisation,
  type Member,
  memberPermissions,
  readConsortium,
} from '@snapscale/execution/consortium';
import { formatName } from '@snapscale/protocol';
import { encodePem } from '@snapscale/sdk/certificates';
import { BoundedMap } from './bounded-map.js';
import { type ParsedCertificate, readCertificate } from './certificate.js';
import { accountOf, checkProfile, type Profile } from './profile.js';
import { PutOut } from './put-out.js';
import { ChainVerifier, type Roots, rootsOf, type TrustedChain } from './trust.js';
import {
  type AdmissionBasis,
  type AdmissionNeed,
  type AdmittedMember,
  type Refusal,
  refused,
  type Verdict,
} from './verdict.js';

export type AdmissionOptions = {
  /** The final state; each read sees the newest. */
  readonly state: StateReader;
  /** Time of the final block whose state this is; undefined before there is one. */
  readonly finalTimeSec: () => number | undefined;
  /** Roots of the identity folder, each as PEM. They count alone where no consortium was founded. */
  readonly authorities: readonly string[];
  readonly nowMs: () => number;
};

/** A state that is older cannot know who was let in since (NET-19). */
export const CATCHING_UP_SEC = 5 * 60;
/**
 * One that has just caught up is still taken for old for so long: certificates that expired while the whole network stood still
 * were replaced without the chain, and their successors are entered by the first blocks that follow.
 */
const SETTLING_MS = 60_000;

const ISSUERS_MAX = 1_024;

export class Admission {
  readonly #options: AdmissionOptions;
  readonly #verifier = new ChainVerifier((organisation) => this.#issuersOf(organisation));
  /** Issuing CAs of the chain that were read, by their keys. */
  readonly #issuers = new BoundedMap<ParsedCertificate>(ISSUERS_MAX);
  readonly #putOut: PutOut;
  #configured: Roots;
  #onChain: Roots = new Map();
  /** Of the state that `#onChain` was read from. */
  #version: bigint | undefined;
  #basis: AdmissionBasis;
  /** Until when a state that was old is taken for old. */
  #behindUntilMs = 0;
  #rootsVersion = 0;
  #roots: Roots = new Map();
  #pems: readonly string[] = [];

  /** @throws Error when one of the authorities is no certificate */
  constructor(options: AdmissionOptions) {
    this.#options = options;
    this.#putOut = new PutOut(options.state);
    this.#configured = rootsOf(options.authorities);
    this.#version = consortiumVersion(options.state);
    this.#basis = this.#basisNow();
    this.#readRoots();
  }

  /** The trusted roots now, as PEM: for TLS. */
  roots(): readonly string[] {
    return this.#pems;
  }

  /** Grows when `roots` changes. */
  get version(): number {
    return this.#rootsVersion;
  }

  /** What verdicts rest on now. */
  get basis(): AdmissionBasis {
    return this.#basis;
  }

  /**
   * Whether members must show the certificate of their CA: the chain has all of them unless it is old or has no consortium. To
   * ask a TLS connection for more than its own certificate costs as much as the client likes.
   */
  get needsIssuers(): boolean {
    return this.#basis !== 'chain';
  }

  /** Takes the roots of an identity folder that has changed. @throws Error when one is no certificate; nothing has changed then */
  setAuthorities(authorities: readonly string[]): void {
    this.#configured = rootsOf(authorities);
    this.#chooseRoots();
  }

  /**
   * To be called with each final block, and now and then without one: true when everything that is open must be checked
   * anew. Cost: one read.
   */
  changed(): boolean {
    const version = consortiumVersion(this.#options.state);
    const basis = this.#basisNow();
    if (version === this.#version && basis === this.#basis) return false;
    const isNew = version !== this.#version;
    this.#version = version;
    this.#basis = basis;
    if (isNew) this.#readRoots();
    else this.#chooseRoots();
    return true;
  }

  /**
   * Chain of trust, dates, profile, role, chain state, in this order.
   * @param chain DER, the member's certificate first, then its issuing CA, which may be left out where the chain of blocks
   * has it; a root at the end is not needed
   */
  check(chain: readonly Uint8Array[], need: AdmissionNeed = 'member'): Verdict {
    const trusted = this.#verifier.verify(chain, this.#roots);
    if ('kind' in trusted) return trusted;
    const nowMs = this.#options.nowMs();
    const dates = checkDates(trusted, nowMs);
    if (dates !== undefined) return dates;
    const profile = checkProfile(trusted, need);
    if ('kind' in profile) return profile;
    return this.#checkState(trusted, profile, need, nowMs);
  }

  #checkState(trusted: TrustedChain, profile: Profile, need: AdmissionNeed, nowMs: number): Verdict {
    const { leaf, issuer, root } = trusted;
    const basis = this.#basis;
    const member = memberOf(trusted, profile, basis);
    if (basis === 'certificate') return { kind: 'admitted', member };
    const { state, finalTimeSec } = this.#options;
    if (basis === 'catching_up') {
      return this.#putOut.refusalOf(trusted, profile, finalTimeSec() ?? 0) ?? { kind: 'admitted', member };
    }
    const nowSec = Math.max(finalTimeSec() ?? 0, Math.floor(nowMs / 1000));
    const shown = { issuer: issuer.digest, root: root.digest, serial: leaf.serial, digest: leaf.digest };
    const verdict = checkMembership(state, shown, nowSec);
    if (verdict.kind === 'refused') return refused(verdict.code, verdict.message);
    return (
      rowRefusal(profile, verdict, need) ?? { kind: 'admitted', member: { ...member, ...factsOf(member, verdict) } }
    );
  }

  /** Those that the chain has. At most 17 reads. */
  #issuersOf(organisation: string): readonly ParsedCertificate[] {
    const account = accountOf(organisation);
    if (this.#basis === 'certificate' || account === undefined) return [];
    const { state } = this.#options;
    const keys = getOrganisation(state, account)?.authorities ?? [];
    return keys.flatMap((key) => {
      const known = this.#issuers.get(String(key));
      if (known !== undefined) return [known];
      const der = getAuthority(state, key)?.der;
      const parsed = der === undefined ? undefined : readCertificate(der);
      if (parsed === undefined) return [];
      this.#issuers.set(String(key), parsed);
      return [parsed];
    });
  }

  #basisNow(): AdmissionBasis {
    const { finalTimeSec, nowMs } = this.#options;
    if (this.#version === undefined) return 'certificate';
    const now = nowMs();
    if (now / 1000 - (finalTimeSec() ?? 0) > CATCHING_UP_SEC) this.#behindUntilMs = now + SETTLING_MS;
    return now < this.#behindUntilMs ? 'catching_up' : 'chain';
  }

  #readRoots(): void {
    const consortium = readConsortium(this.#options.state);
    // What the contract holds was parsed by nobody: a root that is none is passed over.
    const roots = consortium?.roots.map(({ der }) => readCertificate(der)) ?? [];
    this.#onChain = new Map(roots.flatMap((root) => (root === undefined ? [] : [[root.digestHex, root]])));
    this.#chooseRoots();
  }

  #chooseRoots(): void {
    const chosen = this.#basis === 'certificate' ? this.#configured : this.#rootsOfConsortium();
    const isSame = chosen.size === this.#roots.size && [...chosen.keys()].every((digest) => this.#roots.has(digest));
    if (isSame) return;
    this.#roots = chosen;
    this.#pems = [...chosen.values()].map(({ der }) => encodePem('CERTIFICATE', der));
    this.#rootsVersion++;
  }

  #rootsOfConsortium(): Roots {
    return this.#basis === 'chain' ? this.#onChain : new Map([...this.#configured, ...this.#onChain]);
  }
}

/** Expired and not yet valid are told apart, and a CA's end from the member's own. */
function checkDates({ leaf, issuer, root }: TrustedChain, nowMs: number): Verdict | undefined {
  for (const certificate of [leaf, issuer, root]) {
    const what = certificate === leaf ? 'the certificate' : 'the certificate of a CA above it';
    if (certificate.notBeforeSec * 1000 > nowMs) {
      return refused('not_yet_valid', `${what} is valid from ${timeText(certificate.notBeforeSec)} on`);
    }
    if (certificate.notAfterSec * 1000 <= nowMs) {
      const code = certificate === leaf ? 'certificate_expired' : 'issuer_expired';
      return refused(code, `${what} was valid until ${timeText(certificate.notAfterSec)}`);
    }
  }
  return undefined;
}

function memberOf({ leaf, issuer, root }: TrustedChain, profile: Profile, basis: AdmissionBasis): AdmittedMember {
  return {
    ...profile,
    permissions: [],
    validFromMs: leaf.notBeforeSec * 1000,
    validUntilMs: Math.min(leaf.notAfterSec, issuer.notAfterSec, root.notAfterSec) * 1000,
    digest: leaf.digestHex,
    serial: toHex(leaf.serial),
    key: leaf.x509.publicKey,
    basis,
  };
}

function timeText(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}

/** Why the row that the chain has of a certificate does not let it in. */
function rowRefusal(profile: Profile, row: Member, need: AdmissionNeed): Refusal | undefined {
  const organisation = formatName(row.organisation);
  if (organisation !== profile.organisation) {
    return refused(
      'wrong_profile',
      `the certificate names the organisation ${profile.organisation}, the chain has it under ${organisation}`,
    );
  }
  if (!equalBytes(row.subjectKey, profile.publicKey)) {
    return refused('wrong_profile', 'the key of the certificate is not the one that the chain has for it');
  }
  const node = profile.node ?? '';
  if (row.node !== node) {
    return refused(
      'wrong_profile',
      `the certificate names the node ${JSON.stringify(node)}, the chain has ${JSON.stringify(row.node.slice(0, 64))} for it`,
    );
  }
  if (need === 'member' || row.permissions.includes(memberPermissions.peer)) return undefined;
  const roles = row.roles.map(formatName).join(', ');
  return refused('wrong_role', `the roles of ${node} on chain, [${roles}], do not let it link with nodes`);
}

/** What the chain says of a member in place of its certificate. */
function factsOf(member: AdmittedMember, row: Member) {
  return {
    account: row.account === undefined ? undefined : formatName(row.account),
    roles: row.roles.map(formatName).map((role) => roleOfName(role) ?? role),
    permissions: row.permissions.map(formatName),
    validUntilMs: Math.min(member.validUntilMs, row.validUntilSec * 1000),
  };
}
