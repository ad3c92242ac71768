/** `member apply`: a certificate for the user, stored as an identity. */
import type { ApplicationAnswer, InvitationCode } from '@snapscale/api';
import type { PrivateKey } from '@snapscale/crypto';
import { describeCertificate, parseCertificates, parsePrivateKeyPem } from '@snapscale/sdk/certificates';
import { act, consortiumAction } from '../consortium/acting.js';
import { listed, momentForPeople, parseSpan, roleLabel, roleNames } from '../consortium/human-values.js';
import { type ApplicationRow, consortiumRow } from '../consortium/rows.js';
import {
  type IdentityFolder,
  identityNames,
  readIdentityFolder,
  sealed,
  unsealed,
  writeIdentityFolder,
} from '../identities/identity-files.js';
import { givenPassphrase, passphrase } from '../keys/passphrase.js';
import type { Handler } from '../program/command.js';
import { CommandError, exitCodes } from '../program/failures.js';
import type { Session } from '../program/session.js';
import type { Values } from '../program/values.js';
import { fields } from '../terminal/layout.js';
import type { CaClient } from './ca-client.js';
import { givenCode, readCode } from './code-input.js';
import { applyAt, newSubjectKey, nodeOf, pemOf, publicKeyText, untilDecided, type Wish } from './enrolment.js';
import { caOf, publicCa } from './which-ca.js';

/** Time for an operator to decide, unless told otherwise. */
const WAIT_DEFAULT = '10m';

export const applyMember: Handler = async (session, values) => {
  const text = await givenCode(values.optionalArgument('code'));
  const code = text === undefined ? undefined : readCode(text);
  const typed = wishOf(values, code);
  const named = values.text('name') ?? typed.node ?? typed.account;
  const earlier = named === undefined ? undefined : pendingIdentity(session, named);
  const { ca, organisation } = await askedCa(session, values, code, earlier);
  const wish = typed.node === undefined ? typed : { ...typed, node: nodeOf(session, organisation, typed.node) };
  const name = named ?? `${organisation}-${(wish.roles ?? ['member'])[0]}`;
  const pending = earlier ?? pendingIdentity(session, name);
  const { output } = session;
  const key =
    pending === undefined ? newSubjectKey(values.flag('k1') ? 'K1' : 'R1') : await keyOf(session, name, pending);
  const privateKey = pending?.privateKey ?? (await sealed(pemOf(key), givenPassphrase(session)));
  if (pending === undefined) {
    writeIdentityFolder(session.environment, name, { privateKey, authorities: [] });
    output.note(`Key made: ${publicKeyText(key)}`);
  } else output.note(`Going on with the key of ${name}, which was made before.`);
  if (wish.account !== undefined) await consent(session, values, organisation, wish.account, key, wish);

  const known = pending?.origin?.organisation === organisation ? pending.origin.request : undefined;
  const first =
    known === undefined ? await applyAt(ca, organisation, key, wish) : await ca.request(organisation, known);
  const origin = { ca: ca.url, organisation, request: first.id };
  writeIdentityFolder(session.environment, name, { privateKey, authorities: [], origin });
  const timeoutMs = values.unlessNot('wait')
    ? parseSpan(values.text('patience') ?? WAIT_DEFAULT, '--patience') * 1000
    : 0;
  const answer = await untilDecided(session, ca, organisation, first, timeoutMs);
  if (answer.status === 'waiting') throw stillWaiting(name, organisation, answer);
  const folder = { privateKey, origin, certificate: answer.certificate, authorities: answer.authorities ?? [] };
  const path = writeIdentityFolder(session.environment, name, folder);
  showIdentity(session, name, path, folder);
};

/** What `member apply` and `member renew` end with. */
export function showIdentity(session: Session, name: string, path: string, folder: IdentityFolder): void {
  const { output } = session;
  const [certificate] = parseCertificates(folder.certificate ?? '');
  const described = describeCertificate(certificate!, Date.now());
  output.result({ identity: name, path, ...described }, () => [
    `${output.style.green('✓')} identity ${name}`,
    ...fields(
      [
        ['organisation', described.organisation],
        ['roles', described.roles.join(', ')],
        ['valid until', momentForPeople(described.not_after, Date.now())],
        ['serial', described.serial],
        ['stored in', path],
      ],
      output.style,
    ),
  ]);
  output.next(`--identity ${name} status`, `token create --identity ${name}`);
}

async function askedCa(
  session: Session,
  values: Values,
  code: InvitationCode | undefined,
  earlier: IdentityFolder | undefined,
): Promise<{ readonly ca: CaClient; readonly organisation: string }> {
  if (code !== undefined) return { ca: publicCa(session, code.url), organisation: code.organisation };
  const { origin } = earlier ?? {};
  if (origin !== undefined && values.text('ca') === undefined) {
    return { ca: publicCa(session, origin.ca), organisation: origin.organisation };
  }
  return caOf(session, values);
}

/** What is asked for. What an invitation says already need not be said again. */
function wishOf(values: Values, code: InvitationCode | undefined): Wish {
  const roles = roleNames(values.list('role')).map(roleLabel);
  const [node, account] = [values.text('node'), values.text('account')];
  const hosts = listed(values.list('host'));
  return {
    ...(code === undefined ? {} : { invitation: code.secret }),
    ...(roles.length > 0 ? { roles } : code === undefined ? { roles: ['client'] } : {}),
    ...(node === undefined ? {} : { node }),
    ...(account === undefined ? {} : { account }),
    ...(hosts.length === 0 ? {} : { hosts }),
  };
}

/** An identity of this name that waits for its certificate. @throws CommandError when it has one */
function pendingIdentity(session: Session, name: string): IdentityFolder | undefined {
  if (!identityNames(session.environment).includes(name)) return undefined;
  const folder = readIdentityFolder(session.environment, name);
  if (folder.certificate === undefined) return folder;
  throw new CommandError(
    'identity_exists',
    exitCodes.failed,
    `there is an identity ${name} already`,
    `Give the new one another name with --name, or renew it: snapscale member renew --identity ${name}`,
  );
}

async function keyOf(session: Session, name: string, folder: IdentityFolder): Promise<PrivateKey> {
  return parsePrivateKeyPem(await unsealed(name, folder, () => passphrase(session)));
}

/** The account says on chain that it wants this certificate: nobody can be made a member without its word. */
async function consent(
  session: Session,
  values: Values,
  organisation: string,
  account: string,
  key: PrivateKey,
  { node = '', roles = [] }: Wish,
): Promise<void> {
  const client = await session.client();
  const subjectKey = publicKeyText(key);
  const row = await consortiumRow<ApplicationRow>(client, 'requests', account, organisation);
  if (row?.subject_key === subjectKey) return;
  const data = {
    applicant: account,
    organisation,
    subject_key: subjectKey,
    node,
    roles: roles.length > 0 ? roleNames(roles) : ['client'],
    request: '',
  };
  // `--no-wait` is about the operator; the CA goes by what is final.
  await act(session, values.with({ wait: true }), [consortiumAction('apply', [`${account}@active`], data)]);
  session.output.note(`${account} has applied to ${organisation} on chain.`);
}

function stillWaiting(name: string, organisation: string, { id, reason }: ApplicationAnswer): CommandError {
  return new CommandError(
    'application_waiting',
    exitCodes.notFinal,
    `request ${id} waits for an operator of ${organisation}${reason === undefined ? '' : `: ${reason}`}`,
    `It goes on with: snapscale member apply --name ${name}. The operator says: snapscale member approve ${id}`,
    { values: { request: id, identity: name } },
  );
}
