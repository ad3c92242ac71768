/** A chain in memory with a founded consortium: the stage of the tests of `snap.ca`. */
import { createHash } from 'node:crypto';
import { formatPublicKey, type PublicKey } from '@snapscale/crypto';
import type { Json, JsonObject } from '@snapscale/protocol';
import { type ActionResult, type Actors, ContractTest, systemContract } from '../../../testing/index.js';

const self = 'snap.ca';
export const organisations = ['alpha', 'beta', 'gamma', 'delta'] as const;
export const people = ['alice', 'bob', 'carol', 'omega'] as const;
const startMs = Date.parse('2030-01-01T00:00:00Z');

export const parameters = {
  reads: 0,
  approval_numerator: 2,
  approval_denominator: 3,
  proposal_life_sec: 604_800,
  application_life_sec: 2_592_000,
  overlap_sec: 604_800,
  keep_expired_sec: 86_400,
  keep_decided_sec: 31_622_400,
};

/** A moment so many days after the chain's first, as contracts' JSON has it. */
export function day(days: number): string {
  return new Date(startMs + Math.round(days * 86_400_000)).toISOString().slice(0, 19);
}

/** Bytes that have the outer form of a certificate, as hex. */
export function der(label: string, size = 300): string {
  const bytes = Buffer.alloc(size, label);
  bytes.set([0x30, 0x82, (size - 4) >> 8, (size - 4) & 0xff]);
  return bytes.toString('hex');
}

export function sha256(hex: string): string {
  return createHash('sha256').update(Buffer.from(hex, 'hex')).digest('hex');
}

/** A public key by number: of the right form, with nobody who could sign with it. */
export function subjectKey(number: number, type: 'K1' | 'R1' = 'R1'): string {
  const bytes = Buffer.alloc(34);
  bytes[0] = type === 'K1' ? 0 : 1;
  bytes[1] = 2;
  bytes.writeUInt32BE(number, 30);
  return formatPublicKey(new Uint8Array(bytes) as PublicKey);
}

/** Serial by number: eight bytes, the first of them not zero. */
export function serialOf(number: number): string {
  return `5a${number.toString(16).padStart(14, '0')}`;
}

export const terms = {
  quota: 100,
  weight: 1,
  valid_until: day(730),
  scope: ['auditor', 'ca.operator', 'client', 'device', 'edge', 'observer', 'producer'],
};

export function admission(organisation: string, changed: Partial<typeof terms> = {}): JsonObject {
  const issuer = { certificate: der(organisation), not_after: day(1000) };
  return { organisation, title: `${organisation} Ltd`, terms: { ...terms, ...changed }, issuer };
}

/** The certificate with a number; `changed` may replace any field. */
export function certificate(organisation: string, number: number, changed: JsonObject = {}): JsonObject {
  return {
    issuer: sha256(der(organisation)),
    serial: serialOf(number),
    certificate: sha256(der(`${organisation}${number}`)),
    subject_key: subjectKey(number),
    not_before: day(0),
    not_after: day(30),
    ...changed,
  };
}

export function member(account: string, roles: readonly string[] = ['client'], node = ''): JsonObject {
  return { account, node, roles: [...roles] };
}

export class Consortium {
  readonly chain: ContractTest;

  private constructor(chain: ContractTest) {
    this.chain = chain;
  }

  /** The contract is deployed, and nothing is founded. */
  static async empty(): Promise<Consortium> {
    const chain = await ContractTest.start({ accounts: [self, ...organisations, ...people] });
    chain.deploy(self, systemContract(self));
    return new Consortium(chain);
  }

  /** Four organisations with a vote each. */
  static async founded(changed: Partial<typeof parameters> = {}): Promise<Consortium> {
    const consortium = await Consortium.empty();
    consortium.push('init', self, Consortium.founding(changed));
    return consortium;
  }

  static founding(changed: Partial<typeof parameters> = {}): JsonObject {
    return {
      founders: organisations.map((organisation) => admission(organisation)),
      roots: [{ certificate: der('root'), not_after: day(3000) }],
      parameters: { ...parameters, ...changed },
    };
  }

  push(action: string, actors: Actors, data: Json): ActionResult {
    return this.chain.push(self, action, actors, data);
  }

  fails(action: string, actors: Actors, data: Json, message: RegExp): void {
    this.chain.fails(self, action, actors, data, message);
  }

  /** Proposes, and has `voters` approve. Returns the id. */
  propose(
    kind: string,
    content: JsonObject,
    voters: readonly string[] = ['beta', 'gamma'],
    proposer = 'alpha',
  ): number {
    const { returnValue } = this.push('propose', proposer, { organisation: proposer, content: [kind, content] });
    const id = Number(returnValue);
    for (const voter of voters) this.approve(voter, id);
    return id;
  }

  approve(organisation: string, proposal: number): void {
    this.push('approve', organisation, { organisation, proposal, digest: this.proposal(proposal).digest! });
  }

  /** Proposes something, has it approved by three of four, and carries it out. */
  decide(kind: string, content: JsonObject, voters?: readonly string[]): ActionResult {
    return this.push('execute', 'carol', { account: 'carol', proposal: this.propose(kind, content, voters) });
  }

  /** Has a decision approved, which must then be refused. */
  undecidable(kind: string, content: JsonObject, message: RegExp): void {
    const proposal = this.propose(kind, content);
    this.fails('execute', 'carol', { account: 'carol', proposal }, message);
    this.push('cancel', 'alpha', { account: 'alpha', proposal });
  }

  /** Issues the certificate with a number: to an account, which signs too, or without one. */
  issue(
    organisation: string,
    number: number,
    { account = '', roles = ['client'], ...changed }: Issued = {},
  ): ActionResult {
    return this.push('issue', account === '' ? organisation : [organisation, account], {
      by: organisation,
      organisation,
      certificate: certificate(organisation, number, changed),
      member: member(account, roles),
    });
  }

  revoke(by: string, organisation: string, numbers: readonly number[], reason = 1): ActionResult {
    return this.push('revoke', by, { by, organisation, serials: numbers.map(serialOf), reason });
  }

  prune(organisation: string, rows: JsonObject): ActionResult {
    return this.push('prune', 'carol', { organisation, rows: { ...prunable, ...rows } });
  }

  rows(table: string, scope: string | bigint = self): JsonObject[] {
    return this.chain.table(self, scope, table) as JsonObject[];
  }

  organisation(account: string): JsonObject {
    return this.chain.row(self, self, 'orgs', account) as JsonObject;
  }

  usage(organisation: string): JsonObject {
    return this.chain.row(self, self, 'usage', organisation) as JsonObject;
  }

  member(organisation: string, number: number): JsonObject | undefined {
    return this.rows('members', organisation).find(({ serial }) => serial === serialOf(number));
  }

  proposal(id: number): JsonObject {
    return this.chain.row(self, self, 'proposals', id) as JsonObject;
  }

  /** Grows with all that can end or narrow what a certificate allows. */
  get version(): number {
    return Number(this.state.version);
  }

  get state(): JsonObject {
    return this.rows('state')[0]!;
  }

  /** Accounts that may be elected. */
  get producers(): string[] {
    return this.rows('producers').map(({ account }) => String(account));
  }
}

export const prunable = { serials: [], applicants: [], authorities: [], proposals: [] };

type Issued = JsonObject & { readonly account?: string; readonly roles?: string[] };
