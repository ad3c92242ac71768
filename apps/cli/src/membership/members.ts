/** `member list|show|revoke`: certificates as the chain has them. */
import type { Client } from '@snapscale/sdk';
import { act, consortiumAction, speaker } from '../consortium/acting.js';
import {
  momentForPeople,
  momentMs,
  parseReason,
  parseSerial,
  reasonText,
  roleLabel,
} from '../consortium/human-values.js';
import { confirm } from '../consortium/proposals.js';
import {
  consortiumRow,
  consortiumRows,
  type MemberRow,
  memberStates,
  type OrganisationRow,
  organisationRow,
  organisationStates,
} from '../consortium/rows.js';
import type { Handler } from '../program/command.js';
import { CommandError, exitCodes, usageError } from '../program/failures.js';
import type { Session } from '../program/session.js';
import type { Values } from '../program/values.js';
import { fields, table } from '../terminal/layout.js';
import { printable, type Style } from '../terminal/style.js';
import { caOf } from './which-ca.js';

/** A certificate with the organisation that issued it. */
type Member = MemberRow & {
  readonly organisation: string;
  /** Of the organisation: what it has issued is good only while it is active. */
  readonly organisationState: (typeof organisationStates)[number];
};

/** Row of `accounts`. */
type AccountRow = { readonly account: string; readonly organisation: string };

/** Serials of revocations that one action takes. */
const REVOKED_AT_ONCE = 100;
/** Digits of a serial in a list. */
const SERIAL_DIGITS = 16;

export const listMembers: Handler = async (session, values) => {
  if (values.flag('waiting')) return listWaiting(session, values);
  const client = await session.client();
  const { output } = session;
  const nowMs = Date.now();
  const members = (await membersOf(client, await organisationsOf(session, client, values))).filter(
    (member) =>
      values.flag('all') ||
      (member.organisationState === 'active' && member.status !== 2 && momentMs(member.valid_until) > nowMs),
  );
  output.result(members.map(memberResult), () =>
    members.length === 0
      ? []
      : table(
          ['organisation', 'holder', 'roles', 'valid until', 'state', 'serial'].map((title) => ({ title })),
          members.map((member) => [
            member.organisation,
            holderText(member),
            member.roles.map(roleLabel).join(', '),
            momentForPeople(member.valid_until, nowMs),
            stateText(member, nowMs, output.style),
            member.serial.slice(0, SERIAL_DIGITS) + (member.serial.length > SERIAL_DIGITS ? '…' : ''),
          ]),
          output.style,
        ),
  );
  if (members.length === 0) {
    output.note(values.flag('all') ? 'There are no certificates.' : 'No certificate is valid.');
    output.next('member invite', 'member list --all');
  }
};

export const showMember: Handler = async (session, values) => {
  const client = await session.client();
  const { output } = session;
  const nowMs = Date.now();
  const found = await findMembers(client, await organisationsOf(session, client, values), values.argument('member'));
  output.result(found.map(memberResult), () =>
    found.flatMap((member, index) => [
      ...(index > 0 ? [''] : []),
      ...fields(
        [
          ['organisation', member.organisation],
          ['account', member.account === '' ? undefined : member.account],
          ['node', member.node === '' ? undefined : printable(member.node)],
          ['roles', member.roles.map(roleLabel).join(', ')],
          ['state', stateText(member, nowMs, output.style)],
          ['valid', `${momentForPeople(member.not_before, nowMs)} – ${momentForPeople(member.valid_until, nowMs)}`],
          ['serial', member.serial],
          ['key', member.subject_key],
          ['SHA-256', member.certificate],
        ],
        output.style,
      ),
    ]),
  );
};

export const revokeMember: Handler = async (session, values) => {
  const client = await session.client();
  const { output } = session;
  const reason = parseReason(values.text('reason'));
  const chosen = await chosenMembers(session, client, values);
  const [first] = chosen;
  if (first === undefined) throw new Error('nothing was chosen');
  const { organisation } = first;
  output.talk(
    `${chosen.map((member) => `${holderText(member)} (${member.roles.map(roleLabel).join(', ')}), serial ${member.serial}`).join('\n')}\n`,
  );
  await confirm(values, `Revoke for good (${reasonText(reason)})?`);
  const transactions: string[] = [];
  if (values.text('ca') === undefined) {
    const by = await revoker(session, values, organisation);
    for (let at = 0; at < chosen.length; at += REVOKED_AT_ONCE) {
      const serials = chosen.slice(at, at + REVOKED_AT_ONCE).map(({ serial }) => serial);
      const data = { by: by.split('@')[0]!, organisation, serials, reason };
      transactions.push((await act(session, values, [consortiumAction('revoke', [by], data)])).transactionId);
    }
  } else {
    const { ca } = await caOf(session, values.with({ organisation }));
    for (const { serial } of chosen) await ca.revoke(organisation, serial, reasonText(reason));
  }
  output.result(
    { organisation, reason: reasonText(reason), revoked: chosen.map(({ serial }) => serial), transactions },
    () => chosen.map((member) => `${output.style.green('✓')} revoked: ${holderText(member)}, serial ${member.serial}`),
  );
  output.note('Nodes cut its connections and refuse its tokens from the next final block on.');
};

/** Requests that wait at the CA. */
async function listWaiting(session: Session, values: Values): Promise<void> {
  const { output } = session;
  const { ca, organisation } = await caOf(session, values);
  const waiting = (await ca.queue(organisation)).filter(({ status }) => status === 'waiting');
  output.result(waiting, () =>
    waiting.length === 0
      ? []
      : table(
          ['id', 'received', 'from', 'holder', 'roles', 'not signed', 'why it waits'].map((title) => ({ title })),
          waiting.map((one) => [
            one.id,
            momentForPeople(one.received, Date.now()),
            one.address ?? '',
            printable([one.account, one.node].filter(Boolean).join(', ') || '-'),
            one.roles.join(', '),
            one.unsigned.join(', '),
            printable(one.reason ?? ''),
          ]),
          output.style,
        ),
  );
  if (waiting.length === 0) output.note(`Nothing waits at the CA of ${organisation}.`);
  if (waiting.some(({ unsigned }) => unsigned.length > 0)) {
    output.note(
      'What is “not signed” stands beside the request of the key’s holder: anybody may have written it. Ask who it is.',
    );
  }
  if (waiting.length > 0) output.next(`member approve ${waiting[0]!.id}`, `member reject ${waiting[0]!.id}`);
}

/** The organisation that is named or that of the identity; else all. */
async function organisationsOf(session: Session, client: Client, values: Values): Promise<OrganisationRow[]> {
  const named = values.text('organisation') ?? (await session.organisation());
  return named === undefined ? consortiumRows(client, 'orgs') : [await organisationRow(client, named)];
}

async function membersOf(client: Client, organisations: readonly OrganisationRow[]): Promise<Member[]> {
  const lists = await Promise.all(
    organisations.map(async ({ account: organisation, status }) => {
      const organisationState = organisationStates[status] ?? 'expelled';
      const rows = await consortiumRows<MemberRow>(client, 'members', organisation);
      return rows.map((row) => ({ ...row, organisation, organisationState }));
    }),
  );
  return lists.flat().sort((a, b) => holderText(a).localeCompare(holderText(b)));
}

/** Certificates by serial (or its beginning), account or node. @throws CommandError when there is none */
async function findMembers(client: Client, organisations: readonly OrganisationRow[], text: string): Promise<Member[]> {
  const members = await membersOf(client, organisations);
  const serial = /^[0-9a-fA-F:]{4,}$/.test(text) ? parseSerial(text) : undefined;
  const found = members.filter(
    (member) =>
      member.account === text || isCalled(member, text) || (serial !== undefined && member.serial.startsWith(serial)),
  );
  if (found.length > 0) return found;
  throw notFound(`no certificate has ${text} as its serial, account or node`);
}

/** What `revoke` is to revoke: one by serial, or all that an account or a node still has. */
async function chosenMembers(session: Session, client: Client, values: Values): Promise<Member[]> {
  const [serial, account, node] = [values.optionalArgument('serial'), values.text('account'), values.text('node')];
  if ([serial, account, node].filter((one) => one !== undefined).length !== 1) {
    throw usageError('revoke what? Name one of SERIAL, --account and --node', 'Serials: snapscale member list');
  }
  const holder = account === undefined ? undefined : await consortiumRow<AccountRow>(client, 'accounts', account);
  if (account !== undefined && holder === undefined) throw notFound(`${account} holds no certificate`);
  const organisations =
    holder === undefined
      ? await organisationsOf(session, client, values)
      : [await organisationRow(client, holder.organisation)];
  const members = (await membersOf(client, organisations)).filter(({ status }) => status !== 2);
  const wanted = serial === undefined ? undefined : parseSerial(serial);
  const found = members.filter((member) =>
    wanted !== undefined
      ? member.serial.startsWith(wanted)
      : account !== undefined
        ? member.account === account
        : isCalled(member, node ?? ''),
  );
  if (found.length === 0) {
    throw notFound(
      `no certificate that is not revoked yet has ${serial === undefined ? (account ?? node) : `the serial ${serial}`}`,
    );
  }
  if (wanted !== undefined && found.length > 1)
    throw usageError(`several serials begin with ${serial}: write more of it`);
  if (new Set(found.map(({ organisation }) => organisation)).size > 1) {
    throw usageError('certificates of several organisations are meant', 'Name one with --organisation.');
  }
  return found;
}

/** Who revokes: whom `-p` names, else the organisation. */
async function revoker(session: Session, values: Values, organisation: string): Promise<string> {
  const { by } = await speaker(session, values.with({ organisation }));
  const [permission = `${organisation}@active`] = by;
  return permission.includes('@') ? permission : `${permission}@active`;
}

/** Whether a certificate is that of a node, by its whole name or without the account before it. */
function isCalled({ node, organisation }: Member, name: string): boolean {
  return node !== '' && (node === name || node === `${organisation}-${name}`);
}

function holderText({ account, node, subject_key }: MemberRow): string {
  const names = [account, node].filter((name) => name !== '');
  return printable(names.length > 0 ? [...new Set(names)].join(', ') : `…${subject_key.slice(-8)}`);
}

function stateText(member: Member, nowMs: number, style: Style): string {
  const state = memberStates[member.status] ?? String(member.status);
  if (state === 'revoked') return style.red('revoked');
  if (member.organisationState !== 'active') return style.red(`${member.organisation} is ${member.organisationState}`);
  if (momentMs(member.valid_until) <= nowMs) return style.dim('expired');
  return state === 'active' ? style.green('valid') : style.yellow('renewed');
}

function memberResult(member: Member): unknown {
  const { status, organisationState, ...rest } = member;
  return { ...rest, status: memberStates[status] ?? status, organisation_status: organisationState };
}

function notFound(message: string): CommandError {
  return new CommandError('certificate_not_found', exitCodes.notFound, message, 'All: snapscale member list --all');
}
