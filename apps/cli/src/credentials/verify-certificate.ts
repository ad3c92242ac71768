/** `cert verify`: whether a certificate lets its holder in. The checks are those of a node, in its order. */
import { equalBytes, formatPublicKey, fromHex, parsePublicKey, sha256, toHex } from '@snapscale/crypto';
import {
  type Certificate,
  chainOf,
  checkProfiles,
  isCrlOf,
  parseCertificate,
  type RevocationList,
} from '@snapscale/sdk/certificates';
import { momentForPeople, momentMs, reasonText } from '../consortium/human-values.js';
import {
  type AuthorityRow,
  consortiumRow,
  consortiumRows,
  type MemberRow,
  memberStates,
  type OrganisationRow,
  organisationStates,
} from '../consortium/rows.js';
import type { Handler } from '../program/command.js';
import { CommandError, configurationError, exitCodes } from '../program/failures.js';
import type { Session } from '../program/session.js';
import type { Values } from '../program/values.js';
import { certificatesFor, readCertificateFile } from './certificate-files.js';
import { subjectText } from './show-certificate.js';

/** One thing that was looked at. */
type Check = { readonly check: string; readonly ok: boolean; readonly detail: string };

/** What certificates are checked against. */
type Trust = {
  readonly roots: readonly Certificate[];
  /** Issuing CAs that are known besides those in the file. */
  readonly issuers: readonly Certificate[];
  /** Rows of the chain; undefined where files alone count. */
  readonly rows: readonly AuthorityRow[] | undefined;
};

export const verifyCertificate: Handler = async (session, values) => {
  const [leaf, ...others] = await certificatesFor(session, values.optionalArgument('file'));
  const { roots, issuers, rows } = await trustOf(session, values);
  const chain = chainOf(leaf!, [...others, ...issuers, ...roots]);
  const lists = await listsOf(values);
  const nowMs = Date.now();
  const checks = [
    ...chainChecks(chain, roots),
    ...chain.map((certificate) => dateCheck(certificate, nowMs)),
    ...lists.flatMap((list) => listChecks(list, chain, nowMs)),
    ...(rows === undefined ? [] : await stateChecks(session, chain, rows, nowMs)),
  ];
  const wrong = checks.find(({ ok }) => !ok);
  const { style } = session.output;
  if (wrong === undefined) {
    session.output.result({ valid: true, subject: subjectText(leaf!), checks }, () => [
      ...checks.map(({ check, detail }) => `${style.green('✓')} ${check}: ${detail}`),
      `${style.bold(subjectText(leaf!))} is let in${rows === undefined ? ', as far as these files say' : ''}`,
    ]);
    return;
  }
  throw new CommandError(
    'certificate_refused',
    exitCodes.unauthorized,
    `the certificate of ${subjectText(leaf!)} is refused: ${wrong.detail}`,
    undefined,
    {
      lines: checks.map(({ check, ok, detail }) => `${ok ? '✓' : '✗'} ${check}: ${detail}`),
      values: { valid: false, checks },
    },
  );
};

/** The roots: of the file, or of the chain. */
async function trustOf(session: Session, values: Values): Promise<Trust> {
  const path = values.text('authorities');
  if (path !== undefined) {
    const { certificates } = await readCertificateFile(path);
    if (certificates.length === 0) throw configurationError(`${path} holds no certificate`);
    return { roots: certificates, issuers: [], rows: undefined };
  }
  const rows = await consortiumRows<AuthorityRow>(await session.client(), 'authorities');
  return {
    roots: rows.filter(({ organisation }) => organisation === '').flatMap(certificateIn),
    issuers: rows.filter(({ organisation }) => organisation !== '').flatMap(certificateIn),
    rows,
  };
}

/** The contract does not look into certificates: what it holds may be none. */
function certificateIn({ certificate }: AuthorityRow): Certificate[] {
  try {
    return [parseCertificate(fromHex(certificate))];
  } catch {
    return [];
  }
}

function chainChecks(chain: readonly Certificate[], roots: readonly Certificate[]): Check[] {
  const last = chain.at(-1)!;
  const isTrusted = roots.some(({ digest }) => equalBytes(digest, last.digest));
  const path = chain.map(subjectText).join(' ← ');
  if (!isTrusted) {
    const detail =
      chain.length === 1
        ? `the certificate of ${subjectText(last)} was issued by none of the authorities that are known here`
        : `the chain ends at ${subjectText(last)}, which is not among the trusted roots`;
    return [{ check: 'chain', ok: false, detail }];
  }
  try {
    const { organisation, roles } = checkProfiles(chain);
    return [
      { check: 'chain', ok: true, detail: path },
      {
        check: 'profile',
        ok: true,
        detail: `a member of ${organisation}${roles.length > 0 ? `: ${roles.join(', ')}` : ''}`,
      },
    ];
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return [
      { check: 'chain', ok: true, detail: path },
      { check: 'profile', ok: false, detail },
    ];
  }
}

function dateCheck(certificate: Certificate, nowMs: number): Check {
  const { notBeforeSec, notAfterSec } = certificate;
  const check = `dates of ${subjectText(certificate)}`;
  if (nowMs < notBeforeSec * 1000) {
    return { check, ok: false, detail: `not valid before ${moment(notBeforeSec, nowMs)}` };
  }
  const until = moment(notAfterSec, nowMs);
  return nowMs >= notAfterSec * 1000
    ? { check, ok: false, detail: `expired at ${until}` }
    : { check, ok: true, detail: `until ${until}` };
}

async function listsOf(values: Values): Promise<RevocationList[]> {
  const all: RevocationList[] = [];
  for (const path of values.list('crl')) {
    const { lists } = await readCertificateFile(path);
    if (lists.length === 0) throw configurationError(`${path} holds no revocation list`);
    all.push(...lists);
  }
  return all;
}

function listChecks(list: RevocationList, chain: readonly Certificate[], nowMs: number): Check[] {
  const check = 'revocation list';
  const issuer = chain.slice(1).find((authority) => isCrlOf(list, authority));
  if (issuer === undefined) return [{ check, ok: false, detail: 'it is signed by no authority of this chain' }];
  const { nextUpdateSec } = list;
  if (nextUpdateSec !== undefined && nowMs >= nextUpdateSec * 1000) {
    return [
      {
        check,
        ok: false,
        detail: `that of ${subjectText(issuer)} is out of date since ${moment(nextUpdateSec, nowMs)}`,
      },
    ];
  }
  const subject = chain[chain.indexOf(issuer) - 1]!;
  const entry = list.entries.find(({ serial }) => equalBytes(serial, subject.serial));
  return [
    entry === undefined
      ? { check, ok: true, detail: `${subjectText(subject)} is not on that of ${subjectText(issuer)}` }
      : {
          check,
          ok: false,
          detail: `${subjectText(subject)} was revoked at ${moment(entry.revokedSec, nowMs)} (${reasonText(entry.reason)})`,
        },
  ];
}

/** What the chain says now (contracts/system/snap.ca/README.md). */
async function stateChecks(
  session: Session,
  chain: readonly Certificate[],
  rows: readonly AuthorityRow[],
  nowMs: number,
): Promise<Check[]> {
  const [leaf, issuing, root] = chain;
  if (leaf === undefined || issuing === undefined || root === undefined) return [];
  const client = await session.client();
  const checks: Check[] = [];
  for (const [what, { digest }] of [['issuing CA', issuing] as const, ['root', root] as const]) {
    const row = rows.find((authority) => authority.digest === toHex(digest));
    checks.push(authorityCheck(what, row, nowMs));
  }
  const organisation = issuing.names.organisations[0] ?? '';
  const owner = await consortiumRow<OrganisationRow>(client, 'orgs', organisation);
  checks.push(organisationCheck(organisation, owner, nowMs));
  const member = await consortiumRow<MemberRow>(client, 'members', keyOf(sha256(leaf.serial)), organisation);
  checks.push(memberCheck(leaf, member, nowMs));
  return checks;
}

function authorityCheck(what: string, row: AuthorityRow | undefined, nowMs: number): Check {
  const check = `${what} on chain`;
  if (row === undefined) return { check, ok: false, detail: 'the chain does not know it' };
  if (row.status === 2) return { check, ok: false, detail: 'revoked' };
  if (momentMs(row.valid_until) <= nowMs) {
    return { check, ok: false, detail: `not valid since ${momentForPeople(row.valid_until, nowMs)}` };
  }
  return { check, ok: true, detail: row.status === 1 ? 'replaced, and still valid' : 'active' };
}

function organisationCheck(name: string, row: OrganisationRow | undefined, nowMs: number): Check {
  const check = `organisation ${name}`;
  if (row === undefined) return { check, ok: false, detail: 'it is not in the consortium' };
  const state = organisationStates[row.status] ?? 'in an unknown state';
  if (state !== 'active')
    return { check, ok: false, detail: `${state} since ${momentForPeople(row.status_since, nowMs)}` };
  return momentMs(row.valid_until) <= nowMs
    ? { check, ok: false, detail: `its membership ended at ${momentForPeople(row.valid_until, nowMs)}` }
    : { check, ok: true, detail: `active until ${momentForPeople(row.valid_until, nowMs)}` };
}

function memberCheck({ digest, publicKey }: Certificate, row: MemberRow | undefined, nowMs: number): Check {
  const check = 'certificate on chain';
  if (row === undefined)
    return { check, ok: false, detail: 'it was never entered: its issuing CA may have been abused' };
  if (row.certificate !== toHex(digest) || keyOfRow(row) !== formatPublicKey(publicKey)) {
    return { check, ok: false, detail: 'another certificate was entered under this serial' };
  }
  const state = memberStates[row.status] ?? 'in an unknown state';
  if (state === 'revoked') return { check, ok: false, detail: 'revoked' };
  if (momentMs(row.valid_until) <= nowMs) {
    return { check, ok: false, detail: `not valid since ${momentForPeople(row.valid_until, nowMs)}` };
  }
  return { check, ok: true, detail: `${state} until ${momentForPeople(row.valid_until, nowMs)}` };
}

/** The key in the form that certificates' keys are written in. */
function keyOfRow({ subject_key }: MemberRow): string {
  return formatPublicKey(parsePublicKey(subject_key));
}

/** Key of a row: the first eight bytes of a digest as a number. */
function keyOf(digest: Uint8Array): string {
  return BigInt(`0x${toHex(digest.subarray(0, 8))}`).toString();
}

function moment(seconds: number, nowMs: number): string {
  return momentForPeople(new Date(seconds * 1000).toISOString(), nowMs);
}
