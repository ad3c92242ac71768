/** What `snap.ca` keeps, read through a node: the consortium's organisations, proposals, votes and certificates. */
import { type Client, findAccount, SnapError, tableRows } from '@snapscale/sdk';
import { CommandError, exitCodes } from '../program/failures.js';

/** The account of the consortium. */
export const consortiumAccount = 'snap.ca';

/** Row of `orgs`. */
export type OrganisationRow = {
  readonly account: string;
  /** Position in `organisationStates`. */
  readonly status: number;
  readonly valid_until: string;
  readonly status_since: string;
  readonly quota: number;
  readonly weight: number;
  readonly admission: number;
  readonly title: string;
  readonly scope: readonly string[];
  readonly authorities: readonly (string | number)[];
  readonly producers: readonly string[];
};

/** Row of `authorities`. */
export type AuthorityRow = {
  readonly key: string | number;
  readonly digest: string;
  readonly organisation: string;
  readonly status: number;
  readonly valid_until: string;
  readonly not_after: string;
  /** DER in hex. */
  readonly certificate: string;
};

/** Row of `members`. */
export type MemberRow = {
  readonly status: number;
  readonly valid_until: string;
  readonly certificate: string;
  readonly subject_key: string;
  readonly account: string;
  readonly not_before: string;
  readonly not_after: string;
  readonly revocation: string | number;
  readonly serial: string;
  readonly node: string;
  readonly roles: readonly string[];
};

/** Row of `requests`. */
export type ApplicationRow = {
  readonly applicant: string;
  readonly subject_key: string;
  readonly node: string;
  readonly roles: readonly string[];
  readonly expires: string;
};

/** Row of `proposals`. */
export type ProposalRow = {
  readonly id: string | number;
  readonly organisation: string;
  /** Position in `proposalStates`. */
  readonly status: number;
  readonly created: string;
  readonly expires: string;
  readonly digest: string;
  readonly decided: string;
  readonly decided_by: string;
  readonly approving_weight: number;
  readonly total_weight: number;
  readonly content: Decision;
};

/** What a proposal is about: its kind and the fields that the contract demands. */
export type Decision = readonly [kind: string, fields: DecisionFields];
// biome-ignore lint/suspicious/noExplicitAny: fields by the contract's ABI, which differ by kind
export type DecisionFields = Readonly<Record<string, any>>;

/** Row of `votes`. */
export type VoteRow = { readonly organisation: string; readonly admission: number; readonly voted: string };

/** Row of `params`. */
export type ParametersRow = {
  readonly reads: number;
  readonly approval_numerator: number;
  readonly approval_denominator: number;
  readonly proposal_life_sec: number;
  readonly application_life_sec: number;
  readonly overlap_sec: number;
  readonly keep_expired_sec: number;
  readonly keep_decided_sec: number;
};

export const organisationStates = ['active', 'suspended', 'expelled'] as const;
export const memberStates = ['active', 'superseded', 'revoked'] as const;
export const proposalStates = ['open', 'executed', 'cancelled'] as const;
export const readPolicies = ['open', 'members', 'roles'] as const;

/** Rows of a table of `snap.ca`, all of them. @throws CommandError where the chain has no consortium */
export async function consortiumRows<Row>(
  client: Client,
  table: string,
  scope: string = consortiumAccount,
): Promise<Row[]> {
  try {
    const rows: Row[] = [];
    for await (const row of tableRows(client, { code: consortiumAccount, scope, table })) rows.push(row as Row);
    return rows;
  } catch (error) {
    throw (await isWithoutConsortium(client, error)) ? noConsortium(client.url) : error;
  }
}

/** One row by its key; undefined when there is none. @param key a name or a number */
export async function consortiumRow<Row>(
  client: Client,
  table: string,
  key: string | number,
  scope: string = consortiumAccount,
): Promise<Row | undefined> {
  const bound = String(key);
  try {
    const { rows } = await client.api.chain.getTableRows({
      code: consortiumAccount,
      scope,
      table,
      lower_bound: bound,
      upper_bound: bound,
      json: true,
      limit: 1,
    });
    return rows[0] as Row | undefined;
  } catch (error) {
    throw (await isWithoutConsortium(client, error)) ? noConsortium(client.url) : error;
  }
}

/** An organisation that must be there. @throws CommandError that names those there are */
export async function organisationRow(client: Client, account: string): Promise<OrganisationRow> {
  const rows = await consortiumRows<OrganisationRow>(client, 'orgs');
  const found = rows.find((row) => row.account === account);
  if (found !== undefined) return found;
  throw new CommandError(
    'organisation_not_found',
    exitCodes.notFound,
    `${account} is no organisation of the consortium`,
    `Its organisations: ${rows.map((row) => row.account).join(', ') || 'none'}.`,
  );
}

/** A proposal that must be there. @throws CommandError */
export async function proposalRow(client: Client, id: number): Promise<ProposalRow> {
  const row = await consortiumRow<ProposalRow>(client, 'proposals', id);
  if (row !== undefined) return row;
  throw new CommandError(
    'proposal_not_found',
    exitCodes.notFound,
    `there is no proposal ${id}`,
    'See which there are: snapscale proposal list --all',
  );
}

/** The rules; those at first where nothing was set. */
export async function parametersRow(client: Client): Promise<ParametersRow> {
  const [row] = await consortiumRows<ParametersRow>(client, 'params');
  if (row === undefined) throw noConsortium(client.url);
  return row;
}

/** Whether an error comes from there being no contract to ask. Where the account cannot be looked at, the error stands. */
async function isWithoutConsortium(client: Client, error: unknown): Promise<boolean> {
  if (!(error instanceof SnapError) || error.kind === 'unreachable' || error.kind === 'unauthorized') return false;
  try {
    const account = await findAccount(client, consortiumAccount);
    return account === undefined || account.last_code_update === undefined || isNever(account.last_code_update);
  } catch {
    return false;
  }
}

function isNever(time: string): boolean {
  return time.startsWith('1970-01-01');
}

function noConsortium(url: string): CommandError {
  return new CommandError(
    'no_consortium',
    exitCodes.notFound,
    `no consortium was founded on the chain of ${url}`,
    'Networks of "npm start" have one. Single nodes have none.',
  );
}
