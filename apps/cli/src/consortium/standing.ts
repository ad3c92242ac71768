/** How a proposal stands: who approves it, and what is missing. Counted as the contract counts when it is executed. */
import type { Client } from '@snapscale/sdk';
import { momentMs } from './human-values.js';
import {
  consortiumRows,
  type OrganisationRow,
  type ParametersRow,
  type ProposalRow,
  parametersRow,
  proposalStates,
  type VoteRow,
} from './rows.js';

/** An organisation's word on a proposal. */
export type Vote = {
  readonly organisation: string;
  readonly weight: number;
  readonly voted: string;
  /** Why it does not count now; undefined where it does. */
  readonly void: string | undefined;
};

/** How a proposal stands. */
export type Standing = {
  readonly state: 'open' | 'passed' | 'expired' | 'executed' | 'cancelled';
  readonly votes: readonly Vote[];
  readonly approving: number;
  readonly total: number;
  /** The least weight that suffices. */
  readonly needed: number;
  /** Organisations that count and have not approved. */
  readonly silent: readonly { readonly organisation: string; readonly weight: number }[];
};

/** What all proposals are counted with. */
export type Electorate = { readonly organisations: readonly OrganisationRow[]; readonly parameters: ParametersRow };

/** Reads organisations and rules. */
export async function readElectorate(client: Client): Promise<Electorate> {
  const [organisations, parameters] = await Promise.all([
    consortiumRows<OrganisationRow>(client, 'orgs'),
    parametersRow(client),
  ]);
  return { organisations, parameters };
}

/** Reads the votes on a proposal and counts them. */
export async function readStanding(
  client: Client,
  electorate: Electorate,
  proposal: ProposalRow,
  nowMs: number,
): Promise<Standing> {
  const votes = await consortiumRows<VoteRow>(client, 'votes', String(proposal.id));
  return standingOf(electorate, proposal, votes, nowMs);
}

/** Counts votes. What was decided keeps the weights of its decision. */
export function standingOf(
  { organisations, parameters }: Electorate,
  proposal: ProposalRow,
  rows: readonly VoteRow[],
  nowMs: number,
): Standing {
  const electors = electorsOf(organisations, parameters, nowMs);
  const votes = rows.map((vote) => voteOf(vote, organisations, electors));
  const isExecuted = proposalStates[proposal.status] === 'executed';
  const counted = votes.reduce((sum, vote) => sum + (vote.void === undefined ? vote.weight : 0), 0);
  const approving = isExecuted ? proposal.approving_weight : counted;
  const total = isExecuted ? proposal.total_weight : weightOf(electors);
  const needed = neededOf(total, parameters);
  const voters = new Set(votes.filter((vote) => vote.void === undefined).map(({ organisation }) => organisation));
  return {
    state: stateOf(proposal, approving >= needed, nowMs),
    votes,
    approving,
    total,
    needed,
    silent: electors
      .filter(({ account }) => !voters.has(account))
      .map(({ account, weight }) => ({ organisation: account, weight })),
  };
}

/**
 * The organisations that count: all that are active and valid, as long as they could decide among all that are active. Else these
 * (`count_votes` of the contract).
 */
function electorsOf(
  organisations: readonly OrganisationRow[],
  parameters: ParametersRow,
  nowMs: number,
): readonly OrganisationRow[] {
  const active = organisations.filter(({ status }) => status === 0);
  const valid = active.filter(({ valid_until }) => momentMs(valid_until) > nowMs);
  return weightOf(valid) >= neededOf(weightOf(active), parameters) ? valid : active;
}

const weightOf = (organisations: readonly OrganisationRow[]) =>
  organisations.reduce((sum, { weight }) => sum + weight, 0);

function neededOf(total: number, { approval_numerator, approval_denominator }: ParametersRow): number {
  return Math.floor((total * approval_numerator) / approval_denominator) + 1;
}

function stateOf(proposal: ProposalRow, passes: boolean, nowMs: number): Standing['state'] {
  const decided = proposalStates[proposal.status];
  if (decided !== undefined && decided !== 'open') return decided;
  if (momentMs(proposal.expires) <= nowMs) return 'expired';
  return passes ? 'passed' : 'open';
}

function voteOf(row: VoteRow, organisations: readonly OrganisationRow[], electors: readonly OrganisationRow[]): Vote {
  const { organisation, voted } = row;
  const voter = organisations.find(({ account }) => account === organisation);
  const reason =
    voter === undefined || voter.status === 2
      ? 'was expelled'
      : voter.status === 1
        ? 'is suspended'
        : voter.admission !== row.admission
          ? 'of an earlier membership'
          : electors.includes(voter)
            ? undefined
            : 'is valid no more';
  return { organisation, weight: voter?.weight ?? 0, voted, void: reason };
}
