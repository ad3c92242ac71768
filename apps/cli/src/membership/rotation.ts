/** `org rotate`: replaces the issuing CA of an organisation, or a root of the consortium. */
import { writeFileSync } from 'node:fs';
import type { RotationState } from '@snapscale/api';
import { decodePem, encodePem, formatVouchedRequest, parseVouchedRequest } from '@snapscale/sdk/certificates';
import { momentForPeople, parseMoment, readTextFile } from '../consortium/human-values.js';
import { type Considered, confirm, consider, standingLines } from '../consortium/proposals.js';
import type { Handler } from '../program/command.js';
import { CommandError, configurationError, exitCodes } from '../program/failures.js';
import type { Session } from '../program/session.js';
import type { Values } from '../program/values.js';
import { fields } from '../terminal/layout.js';
import { printable, type Style } from '../terminal/style.js';
import type { CaClient } from './ca-client.js';
import { caOf } from './which-ca.js';

const statusTexts: Readonly<Record<RotationState['status'], string>> = {
  none: 'there was none',
  unsigned: 'waits for the signature of the root',
  unproposed: 'not proposed yet',
  proposed: 'waits for the organisations',
  done: 'done: the new one is in use',
  refused: 'refused: everything is as it was',
  given_up: 'given up: everything is as it was',
};

export const rotateAuthority: Handler = async (session, values) => {
  const named = values.optionalArgument('organisation');
  const chosen = named === undefined ? values : values.with({ organisation: named });
  const { ca, organisation } = await caOf(session, chosen);
  if (values.text('sign') !== undefined) return signRequest(session, values, ca);
  const authority = values.flag('root') ? 'root' : organisation;
  const state = await stateAfter(ca, authority, values);
  if (state.status === 'unsigned' || state.status === 'unproposed') saveFor(state, values);
  await show(session, state, values);
};

/** Does what was asked for. Without an option: begins a rotation where none is under way. */
async function stateAfter(ca: CaClient, authority: string, values: Values): Promise<RotationState> {
  const file = values.text('certificate');
  if (file !== undefined) return ca.bringCertificate(authority, { certificate: readTextFile(file, '--certificate') });
  if (values.flag('giveUp')) return ca.giveUpRotation(authority);
  const present = await ca.rotation(authority);
  if (values.flag('status') || isUnderWay(present)) return present;
  const date = values.text('previousUntil');
  const order = date === undefined ? {} : { previous_until: `${parseMoment(date, '--previous-until', Date.now())}Z` };
  await confirm(values, `Replace ${what(authority)}?`);
  return ca.beginRotation(authority, order);
}

async function show(session: Session, state: RotationState, values: Values): Promise<void> {
  const { output } = session;
  const { authority, status, proposal } = state;
  const standing = proposal === undefined ? undefined : await standingOf(session, proposal);
  output.result({ ...state, missing: standing?.standing.silent.map(({ organisation }) => organisation) ?? [] }, () => [
    `${mark(status, output.style)} rotation of ${what(authority)}: ${statusTexts[status]}`,
    ...fields(entriesOf(state), output.style),
    ...(standing === undefined ? [] : standingLines(standing, output.style)),
  ]);
  const saved = values.text('save');
  if (status === 'unsigned') {
    const file = saved ?? 'FILE';
    if (saved === undefined) output.note(`The request is written by: snapscale org rotate ${authority} --save FILE`);
    output.note(`Whoever has the root signs it: snapscale org rotate --sign ${file} --save SIGNED`);
    output.note(`Then it is brought here: snapscale org rotate ${authority} --certificate SIGNED`);
  }
  if (status === 'unproposed') {
    const subject = authority === 'root' ? '--root' : authority;
    if (saved === undefined) output.note(`The certificate is written by: snapscale org rotate ${subject} --save FILE`);
    output.note(
      `Where the CA may not propose, you do: snapscale proposal create rotate ${authority} --certificate ${saved ?? 'FILE'} --previous-until ${state.previous_until?.slice(0, 10) ?? 'DATE'} -o ${state.organisation ?? authority}`,
    );
  }
  if (status === 'done' && authority === 'root') {
    output.note('Each organisation now has its issuing CA signed by the new root: snapscale org rotate');
  }
  if (status === 'proposed') {
    output.note(`Each approves it with: snapscale proposal approve ${proposal}. The CA then changes over by itself.`);
  }
}

/** The proposal as the chain has it; undefined where it cannot be asked: what the CA says is shown all the same. */
async function standingOf(session: Session, proposal: number): Promise<Considered | undefined> {
  try {
    return await consider(await session.client(), proposal);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    session.output.warn(`who has approved proposal ${proposal} is not known: ${error.message}`);
    return undefined;
  }
}

async function signRequest(session: Session, values: Values, ca: CaClient): Promise<void> {
  const { certificate } = await ca.signNext({ request: readTextFile(values.text('sign')!, '--sign') });
  const file = values.text('save');
  if (file !== undefined) write(file, certificate);
  session.output.result({ certificate, file: file ?? null }, () => [
    file === undefined ? certificate.trimEnd() : `${session.output.style.green('✓')} signed by the root, in ${file}`,
  ]);
  session.output.note('It counts when the organisations have approved it.');
}

/** Writes what somebody else needs for the next step. */
function saveFor({ status, request, certificate }: RotationState, values: Values): void {
  const file = values.text('save');
  const pem = status === 'unsigned' ? request : certificate;
  if (file === undefined || pem === undefined) return;
  // What a server sends is not written as it comes.
  const isRequest = status === 'unsigned';
  let text: string;
  try {
    text = isRequest
      ? formatVouchedRequest(parseVouchedRequest(pem))
      : encodePem('CERTIFICATE', decodePem(pem, 'CERTIFICATE'));
  } catch {
    const what = isRequest ? 'request' : 'certificate';
    throw new CommandError('ca_answer', exitCodes.unreachable, `what the CA has sent is no ${what}`);
  }
  write(file, text);
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw configurationError(`${file} cannot be written: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function entriesOf(state: RotationState): [string, string | undefined][] {
  const moment = (text: string | undefined) => (text === undefined ? undefined : momentForPeople(text, Date.now()));
  return [
    ['begun', moment(state.started)],
    ['ended', moment(state.ended)],
    ['old one until', moment(state.previous_until)],
    ['proposal', state.proposal === undefined ? undefined : String(state.proposal)],
    ['reason', state.reason === undefined ? undefined : printable(state.reason)],
  ];
}

function isUnderWay({ status }: RotationState): boolean {
  return status === 'unsigned' || status === 'unproposed' || status === 'proposed';
}

function mark(status: RotationState['status'], style: Style): string {
  return status === 'done' ? style.green('✓') : style.yellow('·');
}

function what(authority: string): string {
  return authority === 'root' ? 'the root' : `the issuing CA of ${authority}`;
}
