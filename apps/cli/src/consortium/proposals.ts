/** `proposal …`: what the consortium is asked to decide, and the organisations' words on it. */
import type { Json } from '@snapscale/protocol';
import type { Client } from '@snapscale/sdk';
import type { Handler } from '../program/command.js';
import { CommandError, cancelled, exitCodes, usageError } from '../program/failures.js';
import type { Session } from '../program/session.js';
import { type Values, wholeNumber } from '../program/values.js';
import { fields, table } from '../terminal/layout.js';
import { ask } from '../terminal/prompt.js';
import type { Style } from '../terminal/style.js';
import { jsonInput } from '../transacting/json-input.js';
import { act, consortiumAction, type Speaker, type Step, speaker } from './acting.js';
import { decisionFromJson, decisionFromOptions } from './decision-input.js';
import { decisionLines, decisionTitle } from './decision-text.js';
import { momentForPeople } from './human-values.js';
import { consortiumRows, type Decision, type ProposalRow, proposalRow } from './rows.js';
import { readElectorate, readStanding, type Standing } from './standing.js';

/** A proposal with how it stands. */
export type Considered = { readonly proposal: ProposalRow; readonly standing: Standing };

export const createProposal: Handler = async (session, values) => {
  const client = await session.client();
  const file = values.text('file');
  const kind = values.optionalArgument('kind');
  if ((file === undefined) === (kind === undefined)) {
    throw usageError(
      'a proposal is given by its KIND, or as a file with --file',
      'See: snapscale proposal create --help',
    );
  }
  const content =
    file === undefined
      ? await decisionFromOptions(client, kind!, values.optionalArgument('subject'), values, Date.now())
      : decisionFromJson((await jsonInput(`@${file}`, '--file')) as Json);
  await propose(session, values, content);
};

/** Shows a content, asks, and proposes it. */
export async function propose(session: Session, values: Values, content: Decision): Promise<void> {
  const client = await session.client();
  const { output } = session;
  const by = await speaker(session, values);
  if (values.flag('dryRun')) return void (await showOnly(session, content));
  await showContent(session, content);
  await confirm(values, `Propose this for ${by.organisation}?`);
  const step = await act(session, values, [
    consortiumAction('propose', by.by, { organisation: by.organisation, content: content as unknown as Json }),
  ]);
  const id = proposalIdOf(step) ?? (await newestProposalOf(client, by.organisation));
  const considered = await consider(client, id);
  const { executed, problem } = await executeIfPassed(session, values, considered, by);
  const shown = executed === undefined ? considered : await consider(client, id);
  output.result(resultOf(shown, [step, executed]), () => [
    `${output.style.green('✓')} proposal ${id}: ${decisionTitle(content)}`,
    ...standingLines(shown, output.style),
  ]);
  if (problem !== undefined) throw problem;
  if (executed === undefined) output.note(`The others approve it with: snapscale proposal approve ${id}`);
}

export const listProposals: Handler = async (session, values) => {
  const client = await session.client();
  const { output } = session;
  const electorate = await readElectorate(client);
  const rows = await consortiumRows<ProposalRow>(client, 'proposals');
  const considered: Considered[] = [];
  for (const proposal of rows) {
    const standing = await readStanding(client, electorate, proposal, Date.now());
    if (values.flag('all') || standing.state === 'open' || standing.state === 'passed') {
      considered.push({ proposal, standing });
    }
  }
  output.result(
    considered.map((one) => resultOf(one, [])),
    () =>
      considered.length === 0
        ? []
        : table(
            [
              { title: 'id', right: true },
              { title: 'by' },
              { title: 'what' },
              { title: 'approve' },
              { title: 'state' },
              { title: 'until' },
            ],
            considered.map(({ proposal, standing }) => [
              String(proposal.id),
              proposal.organisation,
              decisionTitle(proposal.content),
              `${standing.approving} of ${standing.total}, ${standing.needed} needed`,
              stateText(standing, output.style),
              standing.state === 'open' || standing.state === 'passed'
                ? momentForPeople(proposal.expires, Date.now())
                : '',
            ]),
            output.style,
          ),
  );
  if (considered.length === 0) {
    output.note(values.flag('all') || rows.length === 0 ? 'There are no proposals.' : 'No proposal is open.');
    if (rows.length > 0 && !values.flag('all')) output.next('proposal list --all');
  } else output.next(`proposal show ${considered[0]!.proposal.id}`);
};

export const showProposal: Handler = async (session, values) => {
  const client = await session.client();
  const { output } = session;
  const id = idOf(values);
  const considered = await consider(client, id);
  const lines = await proposalLines(session, considered);
  output.result(resultOf(considered, []), () => lines);
  if (considered.standing.state === 'open') output.next(`proposal approve ${id}`);
  if (considered.standing.state === 'passed') output.next(`proposal execute ${id}`);
};

export const approveProposal: Handler = (session, values) => approve(session, values, idOf(values));

/** Shows a proposal, asks, approves it, and carries it out when that was enough. */
export async function approve(session: Session, values: Values, id: number): Promise<void> {
  const client = await session.client();
  const { output } = session;
  const considered = await consider(client, id);
  requireOpen(considered);
  const by = await speaker(session, values);
  const steps: (Step | undefined)[] = [];
  if (considered.standing.votes.some((vote) => vote.organisation === by.organisation && vote.void === undefined)) {
    output.note(`${by.organisation} approves proposal ${id} already.`);
  } else {
    if (!values.flag('yes')) output.talk(`${(await proposalLines(session, considered)).join('\n')}\n`);
    await confirm(values, `Approve this for ${by.organisation}?`);
    const { digest } = considered.proposal;
    const data = { organisation: by.organisation, proposal: id, digest };
    steps.push(await act(session, values, [consortiumAction('approve', by.by, data)]));
  }
  const { executed, problem } = await executeIfPassed(session, values, await consider(client, id), by);
  steps.push(executed);
  const after = await consider(client, id);
  output.result(resultOf(after, steps), () => [
    `${output.style.green('✓')} ${by.organisation} approves proposal ${id}: ${decisionTitle(after.proposal.content)}`,
    ...standingLines(after, output.style),
  ]);
  if (problem !== undefined) throw problem;
}

export const unapproveProposal: Handler = async (session, values) => {
  const id = idOf(values);
  const by = await speaker(session, values);
  await settle(session, values, id, 'unapprove', by, { organisation: by.organisation, proposal: id }, 'takes it back');
};

export const cancelProposal: Handler = async (session, values) => {
  const id = idOf(values);
  const by = await speaker(session, values);
  await settle(session, values, id, 'cancel', by, { account: by.organisation, proposal: id }, 'cancels it');
};

export const executeProposal: Handler = async (session, values) => {
  const id = idOf(values);
  const considered = await consider(await session.client(), id);
  requireOpen(considered);
  if (considered.standing.state !== 'passed') throw notPassed(considered);
  const by = await speaker(session, values);
  await settle(session, values, id, 'execute', by, { account: by.organisation, proposal: id }, 'carries it out');
};

/** `org expel|suspend|resume NAME`. */
export function proposeFor(kind: 'expel' | 'suspend' | 'resume'): Handler {
  return async (session, values) => {
    const client = await session.client();
    const organisation = values.argument('name');
    await propose(session, values, await decisionFromOptions(client, kind, organisation, values, Date.now()));
  };
}

/** Reads a proposal and how it stands. @throws CommandError when there is none */
export async function consider(client: Client, id: number): Promise<Considered> {
  const [proposal, electorate] = await Promise.all([proposalRow(client, id), readElectorate(client)]);
  return { proposal, standing: await readStanding(client, electorate, proposal, Date.now()) };
}

/** One action on a proposal, and what it looks like afterwards. */
async function settle(
  session: Session,
  values: Values,
  id: number,
  action: string,
  { organisation, by }: Speaker,
  data: { readonly [name: string]: Json },
  what: string,
): Promise<void> {
  const client = await session.client();
  const step = await act(session, values, [consortiumAction(action, by, data)]);
  const after = await consider(client, id);
  const { output } = session;
  output.result(resultOf(after, [step]), () => [
    `${output.style.green('✓')} proposal ${id}: ${organisation} ${what}`,
    ...standingLines(after, output.style),
  ]);
}

/**
 * Carries a proposal out when enough approve it. That it could not be is told apart from the approval, which stands: the
 * problem is returned, not thrown.
 */
async function executeIfPassed(
  session: Session,
  values: Values,
  { proposal, standing }: Considered,
  { organisation, by }: Speaker,
): Promise<{ readonly executed?: Step; readonly problem?: unknown }> {
  if (standing.state !== 'passed' || !values.unlessNot('execute')) return {};
  const data = { account: organisation, proposal: Number(proposal.id) };
  try {
    return { executed: await act(session, values, [consortiumAction('execute', by, data)]) };
  } catch (error) {
    // Another approver may have been faster.
    const after = await proposalRow(await session.client(), Number(proposal.id));
    if (after.status === 1) return {};
    session.output.warn(`proposal ${proposal.id} has enough approval, but could not be carried out.`);
    return { problem: error };
  }
}

/** What would be proposed. */
async function showOnly(session: Session, content: Decision): Promise<void> {
  const { output } = session;
  const client = await session.client();
  const lines = await decisionLines(content, { client, nowMs: Date.now(), style: output.style });
  output.result(content, () => [output.style.bold(decisionTitle(content)), ...lines]);
  output.note('Dry run: nothing was sent.');
}

async function showContent(session: Session, content: Decision): Promise<void> {
  const { output } = session;
  const client = await session.client();
  const lines = await decisionLines(content, { client, nowMs: Date.now(), style: output.style });
  output.talk(`${[output.style.bold(decisionTitle(content)), ...lines].join('\n')}\n`);
}

/** Asks, unless told not to. @throws CommandError when the answer is no */
export async function confirm(values: Values, question: string): Promise<void> {
  if (values.flag('yes')) return;
  const answer = await ask(`${question} [y/N]`, { otherwise: 'To go on without being asked: --yes' });
  if (!/^y(es)?$/i.test(answer.trim())) throw cancelled('nothing was sent');
}

async function proposalLines(session: Session, considered: Considered): Promise<string[]> {
  const client = await session.client();
  const { style } = session.output;
  const { proposal } = considered;
  const nowMs = Date.now();
  return [
    style.bold(`proposal ${proposal.id}: ${decisionTitle(proposal.content)}`),
    ...(await decisionLines(proposal.content, { client, nowMs, style })),
    '',
    ...fields(
      [
        ['proposed', `by ${proposal.organisation}, ${momentForPeople(proposal.created, nowMs)}`],
        ['digest', proposal.digest],
        ...standingEntries(considered, style),
      ],
      style,
    ),
  ];
}

/** How a proposal stands, for people. */
export function standingLines(considered: Considered, style: Style): string[] {
  return fields(standingEntries(considered, style), style);
}

/** Who approves, what is missing, and the state. */
function standingEntries({ proposal, standing }: Considered, style: Style): [string, string | undefined][] {
  const nowMs = Date.now();
  const isOpen = standing.state === 'open' || standing.state === 'passed';
  const votes = standing.votes.map(
    (vote) =>
      `${vote.organisation}${vote.weight === 1 ? '' : ` (weight ${vote.weight})`}${vote.void === undefined ? '' : `, not counted: ${vote.void}`}`,
  );
  const missing = standing.needed - standing.approving;
  return [
    ['state', stateText(standing, style)],
    ['approved by', votes.join(', ') || 'nobody'],
    ['weight', `${standing.approving} of ${standing.total}; ${standing.needed} needed`],
    [
      'missing',
      isOpen && missing > 0
        ? `weight ${missing}, of ${standing.silent.map(({ organisation }) => organisation).join(', ') || 'nobody'}`
        : undefined,
    ],
    ['expires', isOpen ? momentForPeople(proposal.expires, nowMs) : undefined],
    [
      'decided',
      proposal.status === 0 ? undefined : `by ${proposal.decided_by}, ${momentForPeople(proposal.decided, nowMs)}`,
    ],
  ];
}

function stateText({ state }: Standing, style: Style): string {
  switch (state) {
    case 'executed':
      return style.green('carried out');
    case 'passed':
      return style.green('approved, not carried out yet');
    case 'open':
      return style.yellow('open');
    default:
      return style.dim(state);
  }
}

/** A proposal as JSON. */
function resultOf({ proposal, standing }: Considered, steps: readonly (Step | undefined)[]): unknown {
  const { state, votes, approving, total, needed, silent } = standing;
  const transactions = steps.flatMap((step) => (step === undefined ? [] : [step.transactionId]));
  return {
    ...proposal,
    id: Number(proposal.id),
    state,
    title: decisionTitle(proposal.content),
    votes: votes.map(({ void: reason, ...vote }) => ({ ...vote, counts: reason === undefined })),
    approving_weight: approving,
    total_weight: total,
    needed_weight: needed,
    missing: silent.map(({ organisation }) => organisation),
    ...(transactions.length > 0 ? { transactions } : {}),
  };
}

function requireOpen({ proposal, standing: { state } }: Considered): void {
  if (state === 'open' || state === 'passed') return;
  const what = { executed: 'was carried out already', cancelled: 'was cancelled', expired: 'has expired' }[state];
  throw new CommandError(
    'proposal_closed',
    exitCodes.contract,
    `proposal ${proposal.id} ${what}`,
    state === 'expired' ? 'Propose it again: snapscale proposal create' : undefined,
  );
}

function notPassed({ proposal, standing }: Considered): CommandError {
  return new CommandError(
    'proposal_not_passed',
    exitCodes.contract,
    `proposal ${proposal.id} has the approval of weight ${standing.approving} of ${standing.total}; ${standing.needed} are needed`,
    `Missing: ${standing.silent.map(({ organisation }) => organisation).join(', ')}. Each approves with: snapscale proposal approve ${proposal.id}`,
  );
}

function idOf(values: Values): number {
  return wholeNumber(values.argument('id'), 'ID', 1, 2 ** 48);
}

/** What `propose` has returned. */
function proposalIdOf({ result }: Step): number | undefined {
  const hex = result.processed.action_traces[0]?.return_value_hex_data;
  if (typeof hex !== 'string' || hex.length !== 16) return undefined;
  return Number(Buffer.from(hex, 'hex').readBigUInt64LE());
}

async function newestProposalOf(client: Client, organisation: string): Promise<number> {
  const own = (await consortiumRows<ProposalRow>(client, 'proposals')).filter(
    (row) => row.organisation === organisation,
  );
  const newest = own.at(-1);
  if (newest === undefined) throw new Error(`the proposal of ${organisation} is not in the table`);
  return Number(newest.id);
}
