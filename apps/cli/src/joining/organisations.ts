/** `org create|invite|admit|list|show`: organisations, seen from the outside and by members that let another one in. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { JoiningOrganisation } from '@snapscale/api';
import { formatPublicKey, generatePrivateKey, publicKeyOf } from '@snapscale/crypto';
import {
  type Client,
  createAccountAction,
  findAccount,
  inTokenDecimals,
  parseAuthority,
  tokenContract,
  transferAction,
} from '@snapscale/sdk';
import { act, isPublicKey, speaker } from '../consortium/acting.js';
import { authorityFromPem, newTerms } from '../consortium/decision-input.js';
import { momentForPeople, momentMs, roleLabel } from '../consortium/human-values.js';
import { approve, propose } from '../consortium/proposals.js';
import {
  type AuthorityRow,
  consortiumRow,
  consortiumRows,
  type Decision,
  type OrganisationRow,
  organisationRow,
  organisationStates,
  type ProposalRow,
} from '../consortium/rows.js';
import type { CaClient } from '../membership/ca-client.js';
import { expiryOf, withPeers } from '../membership/operator.js';
import { caOf } from '../membership/which-ca.js';
import type { Handler } from '../program/command.js';
import { CommandError, configurationError, exitCodes, usageError } from '../program/failures.js';
import { defaultUrl, type Session } from '../program/session.js';
import type { Values } from '../program/values.js';
import { fields, table } from '../terminal/layout.js';
import { printable, type Style } from '../terminal/style.js';
import { handedOverKey } from './account-key.js';
import { OrganisationDirectory } from './organisation-directory.js';
import { writePrivate } from './walk.js';

/** Between two looks whether the invited one has come. */
const POLL_MS = 2000;

/** Time that a CA gets to propose what its root has just signed. */
const CA_MOMENT_MS = 3000;

/** Row of `usage`. */
type UsageRow = { readonly active: number; readonly members: number; readonly revocations: number };

export const createOrganisation: Handler = async (session, values) => {
  const { output } = session;
  const name = accountName(values.argument('name'));
  const path = resolve(values.text('data') ?? name);
  const directory = new OrganisationDirectory(path, name);
  const isNew = await directory.makeCa({ title: values.text('title') ?? name, url: values.text('caUrl') });
  output.result({ organisation: name, data: path, request: directory.requestPath, made: isNew }, () => [
    `${output.style.green('✓')} ${isNew ? 'keys of' : 'there are keys already of'} the issuing CA of ${name}, in ${path}`,
    ...fields([['request for the root', directory.requestPath]], output.style),
  ]);
  output.note('Its private key stays there, encrypted; the passphrase lies beside it. Copy both to a safe place.');
  output.next(`org join CODE --data ${path}`);
};

export const inviteOrganisation: Handler = async (session, values) => {
  const client = await session.client();
  const { output } = session;
  const name = accountName(values.argument('name'));
  const by = await speaker(session, values);
  const { ca, organisation } = await caOf(session, values.with({ organisation: by.organisation }));
  const known = (await consortiumRows<OrganisationRow>(client, 'orgs')).find(({ account }) => account === name);
  if (known !== undefined && organisationStates[known.status] !== 'expelled') {
    throw new CommandError(
      'organisation_exists',
      exitCodes.failed,
      `${name} is an organisation of the consortium already`,
    );
  }
  const terms = { roles: [], organisation: name, expires: expiryOf(values) };
  const { code, expires } = await ca.invite(organisation, terms);
  const keyFile = await ensureAccount(session, values, name, by.by);
  const whole = withPeers(code, values);
  if (!values.flag('stay')) {
    output.result(
      { code: whole, organisation: name, invited_by: organisation, expires, key_file: keyFile ?? null },
      () => [whole],
    );
  } else output.talk(`${whole}\n`);
  if (keyFile !== undefined) {
    output.note(
      `The key of the account ${name} is in ${keyFile}: hand it over with the code, in private, and delete it.`,
    );
  }
  const options = [
    `--name ${name} --data DIR`,
    ...(keyFile === undefined ? [] : [`--account-key ${keyFile}`]),
    ...(session.url === defaultUrl ? [] : [`-u ${session.url}`]),
  ];
  output.note(
    `Valid until ${momentForPeople(expires, Date.now())}. ${name} runs: snapscale org join CODE ${options.join(' ')}`,
  );
  if (!values.flag('stay')) {
    output.note(
      `When the root has signed its CA, approve it, or propose it where your CA has not: snapscale org admit ${name}`,
    );
    return;
  }
  await proposeAdmission(session, values, await untilJoining(session, ca, name), CA_MOMENT_MS);
};

export const admitOrganisation: Handler = async (session, values) => {
  const name = accountName(values.argument('name'));
  const by = await speaker(session, values);
  const { ca } = await caOf(session, values.with({ organisation: by.organisation }));
  const joining = (await ca.joining()).findLast(({ organisation }) => organisation === name);
  if (joining === undefined) {
    throw new CommandError(
      'not_joining',
      exitCodes.notFound,
      `the root has signed no issuing CA of ${name} yet`,
      `It is invited with: snapscale org invite ${name}. Then it runs: snapscale org join CODE --data DIR`,
    );
  }
  await proposeAdmission(session, values.with({ organisation: by.organisation }), joining);
};

export const listOrganisations: Handler = async (session, values) => {
  const client = await session.client();
  const { output } = session;
  const nowMs = Date.now();
  const rows = (await consortiumRows<OrganisationRow>(client, 'orgs')).filter(
    ({ status }) => values.flag('all') || organisationStates[status] !== 'expelled',
  );
  output.result(rows.map(organisationResult), () =>
    table(
      [
        { title: 'organisation' },
        { title: 'title' },
        { title: 'state' },
        { title: 'weight', right: true },
        { title: 'quota', right: true },
        { title: 'producers' },
        { title: 'valid until' },
      ],
      rows.map((row) => [
        row.account,
        printable(row.title),
        stateText(row, output.style),
        String(row.weight),
        String(row.quota),
        row.producers.join(', '),
        organisationStates[row.status] === 'expelled' ? '' : momentForPeople(row.valid_until, nowMs),
      ]),
      output.style,
    ),
  );
};

export const showOrganisation: Handler = async (session, values) => {
  const client = await session.client();
  const { output } = session;
  const nowMs = Date.now();
  const row = await organisationRow(client, values.argument('name'));
  const usage = await consortiumRow<UsageRow>(client, 'usage', row.account);
  const authorities = (await Promise.all(
    row.authorities.map((key) => consortiumRow<AuthorityRow>(client, 'authorities', key)),
  ).then((found) => found.filter((one) => one !== undefined))) as AuthorityRow[];
  const shown = authorities.map(({ certificate: _certificate, ...authority }) => authority);
  output.result({ ...(organisationResult(row) as object), usage: usage ?? null, authorities: shown }, () =>
    fields(
      [
        ['organisation', `${row.account} (${printable(row.title)})`],
        ['state', `${stateText(row, output.style)} since ${momentForPeople(row.status_since, nowMs)}`],
        ['valid until', momentForPeople(row.valid_until, nowMs)],
        ['weight of its vote', String(row.weight)],
        ['certificates', `${usage?.active ?? 0} of ${row.quota}`],
        ['may give', row.scope.map(roleLabel).join(', ')],
        ['producers', row.producers.join(', ') || 'none'],
        [
          'issuing CAs',
          authorities
            .map(
              ({ digest, status, valid_until }) =>
                `${['active', 'replaced', 'revoked'][status]}, until ${momentForPeople(valid_until, nowMs)}\n  SHA-256 ${digest}`,
            )
            .join('\n') || 'none',
        ],
      ],
      output.style,
    ),
  );
};

/** An account name. @throws CommandError */
export function accountName(text: string): string {
  if (/^[a-z1-5.]{1,12}$/.test(text) && !text.endsWith('.')) return text;
  throw usageError(
    `${JSON.stringify(text)} is no name of an account`,
    'Names have 1 to 12 characters out of a-z, 1-5 and dots. A title of any kind is given with --title.',
  );
}

/** The account of the new organisation, unless it exists. @returns the file with its key, where one was made */
async function ensureAccount(
  session: Session,
  values: Values,
  name: string,
  by: readonly string[],
): Promise<string | undefined> {
  const client = await session.client();
  if ((await findAccount(client, name)) !== undefined) return undefined;
  const given = values.optionalArgument('key');
  if (given !== undefined && !isPublicKey(given)) {
    throw usageError(`${given} is no public key`, `${name} makes one with: snapscale create key --save`);
  }
  const fresh = given === undefined ? generatePrivateKey('K1', randomBytes(32)) : undefined;
  const publicKey = given ?? formatPublicKey(publicKeyOf(fresh!));
  const file = fresh === undefined ? undefined : resolve(`${name}.key`);
  if (file !== undefined && existsSync(file)) {
    throw configurationError(
      `${file} is there already, and may hold the only copy of a key`,
      `Move it away; or use its public key: snapscale org invite ${name} PUB_K1_…`,
    );
  }
  if (file !== undefined) writePrivate(file, handedOverKey(fresh!, publicKey));
  const [creator = ''] = (values.text('creator') ?? by[0] ?? '').split('@');
  const actions = [createAccountAction(creator, name, parseAuthority(publicKey))];
  await act(session, values, actions);
  const funds = values.text('fund');
  if (funds !== undefined) {
    const quantity = await inTokenDecimals(client, funds, tokenContract);
    await act(session, values, [transferAction({ from: creator, to: name, quantity, memo: 'to join the consortium' })]);
  }
  session.output.note(`Account ${name} created by ${creator}.`);
  return file;
}

/** Waits until the root has signed the CA of the one that was invited. */
async function untilJoining(session: Session, ca: CaClient, name: string): Promise<JoiningOrganisation> {
  const stop = session.output.progress(`Waiting for ${name} to join`);
  try {
    for (;;) {
      const joining = (await ca.joining()).findLast(({ organisation }) => organisation === name);
      if (joining !== undefined) return joining;
      if (session.signal.aborted) throw stoppedWaiting(name);
      await new Promise((done) => setTimeout(done, POLL_MS));
    }
  } finally {
    stop();
  }
}

/** The open proposal of a certificate. @param patienceMs the inviter's CA may be about to make it */
async function openProposal(client: Client, certificate: string, patienceMs: number): Promise<ProposalRow | undefined> {
  const began = performance.now();
  for (;;) {
    const found = (await consortiumRows<ProposalRow>(client, 'proposals')).find(
      ({ status, expires, content: [kind, { issuer }] }) =>
        status === 0 &&
        momentMs(expires) > Date.now() &&
        kind === 'admit_organisation' &&
        issuer.certificate === certificate,
    );
    if (found !== undefined || performance.now() - began >= patienceMs) return found;
    await new Promise((done) => setTimeout(done, patienceMs / 4));
  }
}

/** The proposal that lets an organisation in whose CA the root has signed. */
async function proposeAdmission(
  session: Session,
  values: Values,
  joining: JoiningOrganisation,
  patienceMs = 0,
): Promise<void> {
  const issuer = authorityFromPem(joining.certificate, 'the certificate that the root has signed');
  const present = await openProposal(await session.client(), issuer.certificate, patienceMs);
  if (present !== undefined) {
    // The CA proposes by itself where its key may.
    session.output.note(`${present.organisation} has proposed it already.`);
    return approve(session, values, Number(present.id));
  }
  const content: Decision = [
    'admit_organisation',
    {
      organisation: joining.organisation,
      title: joining.title,
      terms: newTerms(values, Date.now(), issuer.not_after),
      issuer,
    },
  ];
  await propose(session, values, content);
}

function stoppedWaiting(name: string): CommandError {
  return new CommandError(
    'unfinished',
    exitCodes.notFinal,
    `${name} has not joined yet`,
    `The code stays valid. When it has joined, propose it: snapscale org admit ${name}`,
  );
}

function stateText({ status }: OrganisationRow, style: Style): string {
  const state = organisationStates[status] ?? String(status);
  return state === 'active' ? style.green(state) : style.red(state);
}

function organisationResult({ status, authorities: _authorities, ...row }: OrganisationRow): unknown {
  return { ...row, status: organisationStates[status] ?? status };
}
