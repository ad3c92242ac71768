/** `cert show`: what certificates, requests and revocation lists say. */
import { formatPublicKey, toHex } from '@snapscale/crypto';
import {
  type Certificate,
  type CertificateDescription,
  type CertificateRequest,
  describeCertificate,
  formatDistinguishedName,
  type RevocationList,
} from '@snapscale/sdk/certificates';
import { momentForPeople, reasonText } from '../consortium/human-values.js';
import type { Handler } from '../program/command.js';
import { fields, table } from '../terminal/layout.js';
import { printable, type Style } from '../terminal/style.js';
import { certificatesFor, readCertificateFile } from './certificate-files.js';

/** Entries of a revocation list that are shown to people. */
const ENTRIES_SHOWN_MAX = 20;

export const showCertificate: Handler = async (session, values) => {
  const path = values.optionalArgument('file');
  const { certificates, requests, lists } =
    path === undefined
      ? { certificates: await certificatesFor(session, undefined), requests: [], lists: [] }
      : await readCertificateFile(path);
  const nowMs = Date.now();
  const described = certificates.map((certificate) => describeCertificate(certificate, nowMs));
  const wanted = requests.map(describeRequest);
  const revoked = lists.map(describeList);
  const { style } = session.output;
  session.output.result({ certificates: described, requests: wanted, lists: revoked }, () =>
    [
      ...described.map((one) => certificateLines(one, nowMs, style)),
      ...requests.map((request, i) => requestLines(request, wanted[i]!, style)),
      ...revoked.map((list) => listLines(list, nowMs, style)),
    ].flatMap((lines, i) => (i === 0 ? lines : ['', ...lines])),
  );
};

/** Lines about a certificate. */
function certificateLines(certificate: CertificateDescription, nowMs: number, style: Style): string[] {
  const { state } = certificate;
  const mark = state === 'valid' ? style.green : style.red;
  return [
    `${style.bold(printable(certificate.subject))}  ${certificate.kind}, ${mark(state)}`,
    ...fields(
      [
        ['organisation', certificate.organisation],
        ['node', text(certificate.node)],
        ['account', text(certificate.account)],
        ['roles', list(certificate.roles)],
        ['hosts', list(certificate.hosts)],
        ['from', momentForPeople(certificate.not_before, nowMs)],
        ['until', momentForPeople(certificate.not_after, nowMs)],
        ['key', certificate.subject_key],
        ['used for', list(certificate.usages)],
        ['issuer', text(certificate.issuer)],
        ['serial', certificate.serial],
        ['sha256', certificate.digest],
        ['revocations', list(certificate.crl_urls)],
      ],
      style,
      '  ',
    ),
  ];
}

function describeRequest({ subject, publicKey, names }: CertificateRequest) {
  return {
    subject: formatDistinguishedName(subject),
    subject_key: formatPublicKey(publicKey),
    organisation: names.organisations[0],
    node: names.nodes[0],
    account: names.accounts[0],
    roles: names.roles,
    hosts: [...names.dns, ...names.addresses],
  };
}

function requestLines({ der }: CertificateRequest, wanted: ReturnType<typeof describeRequest>, style: Style): string[] {
  return [
    `${style.bold(printable(wanted.subject))}  request for a certificate, signed by its key`,
    ...fields(
      [
        ['organisation', text(wanted.organisation)],
        ['node', text(wanted.node)],
        ['account', text(wanted.account)],
        ['roles', list(wanted.roles)],
        ['hosts', list(wanted.hosts)],
        ['key', wanted.subject_key],
        ['size', `${der.length} bytes`],
      ],
      style,
      '  ',
    ),
  ];
}

function describeList({ issuer, number, thisUpdateSec, nextUpdateSec, entries }: RevocationList) {
  return {
    issuer: formatDistinguishedName(issuer),
    number: number.toString(),
    this_update: utc(thisUpdateSec),
    next_update: nextUpdateSec === undefined ? undefined : utc(nextUpdateSec),
    entries: entries.map(({ serial, revokedSec, reason }) => ({
      serial: toHex(serial),
      revoked: utc(revokedSec),
      reason: reasonText(reason),
    })),
  };
}

function listLines(revoked: ReturnType<typeof describeList>, nowMs: number, style: Style): string[] {
  const shown = revoked.entries.slice(0, ENTRIES_SHOWN_MAX);
  const more = revoked.entries.length - shown.length;
  const head = fields(
    [
      ['issuer', printable(revoked.issuer)],
      ['number', revoked.number],
      ['made', momentForPeople(revoked.this_update, nowMs)],
      ['next', revoked.next_update === undefined ? undefined : momentForPeople(revoked.next_update, nowMs)],
    ],
    style,
    '  ',
  );
  const rows = shown.map(({ serial, revoked: at, reason }) => [
    serial,
    at.replace('T', ' ').replace('Z', ' UTC'),
    reason,
  ]);
  return [
    `${style.bold('revocation list')}  ${revoked.entries.length} revoked`,
    ...head,
    ...(rows.length === 0 ? [] : table([{ title: 'serial' }, { title: 'revoked' }, { title: 'reason' }], rows, style)),
    ...(more > 0 ? [style.dim(`and ${more} more: --json shows all`)] : []),
  ];
}

/** The subject of a certificate, for messages. */
export function subjectText({ subject }: Certificate): string {
  return printable(formatDistinguishedName(subject));
}

function utc(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}

/** A text that a stranger may have written. */
function text(value: string | undefined): string | undefined {
  return value === undefined ? undefined : printable(value).replaceAll('\n', '\\n');
}

function list(values: readonly string[]): string | undefined {
  return values.length === 0 ? undefined : text(values.join(', '));
}
