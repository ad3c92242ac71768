/** Proposals from the command line: a kind, whom it concerns, and options in human form. */
import { createHash, X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { toHex } from '@snapscale/crypto';
import { encodeType, type Json } from '@snapscale/protocol';
import { type Client, closest } from '@snapscale/sdk';
import { usageError } from '../program/failures.js';
import type { Values } from '../program/values.js';
import {
  byNameValue,
  listed,
  momentText,
  parseMoment,
  parseReason,
  parseSerial,
  parseSpan,
  readTextFile,
  roleLabel,
  roleNames,
} from './human-values.js';
import {
  consortiumRow,
  type Decision,
  type DecisionFields,
  organisationRow,
  parametersRow,
  readPolicies,
} from './rows.js';

/** What a kind is made of. */
type Making = {
  readonly client: Client;
  readonly subject: string | undefined;
  readonly values: Values;
  readonly nowMs: number;
};
type Maker = (making: Making) => Promise<DecisionFields> | DecisionFields;

/** Kinds by their short names; the contract's names are taken, too. */
const kinds: Readonly<Record<string, readonly [kind: string, make: Maker]>> = {
  admit: ['admit_organisation', admission],
  expel: ['expel_organisation', organisationOnly],
  suspend: ['suspend_organisation', organisationOnly],
  resume: ['resume_organisation', organisationOnly],
  terms: ['change_terms', terms],
  rotate: ['rotate_authority', rotation],
  'revoke-authority': ['revoke_authority', authorityRevocation],
  'revoke-members': ['revoke_members', memberRevocation],
  parameters: ['change_parameters', parameters],
  role: ['define_role', role],
  act: ['act_on_chain', chainActions],
};

/** The short names of all kinds. */
export const decisionKinds: readonly string[] = Object.keys(kinds);

/** Roles that a new organisation may give where nothing else is said. */
const scopeDefault = ['auditor', 'ca.operator', 'client', 'device', 'edge', 'observer', 'producer'];
const QUOTA_DEFAULT = 1000;
const VALIDITY_DEFAULT = '2y';
const ROLE_LIFE_DEFAULT = '90d';

/** Reads KIND, SUBJECT and options. @throws CommandError */
export async function decisionFromOptions(
  client: Client,
  kindText: string,
  subject: string | undefined,
  values: Values,
  nowMs: number,
): Promise<Decision> {
  const plain = kindText.replaceAll('_', '-');
  const found = Object.entries(kinds).find(([short, [kind]]) => plain === short || plain === kind.replaceAll('_', '-'));
  if (found === undefined) {
    const similar = closest(plain, decisionKinds);
    throw usageError(
      `there is no kind of proposal ${JSON.stringify(kindText)}`,
      `${similar === undefined ? '' : `Did you mean ${similar}? `}Kinds: ${decisionKinds.join(', ')}.`,
    );
  }
  const [kind, make] = found[1];
  return [kind, await make({ client, subject, values, nowMs })];
}

/** Reads `["kind",{…}]` or `{"kind":{…}}`, in the contract's own terms. @throws CommandError */
export function decisionFromJson(json: Json): Decision {
  const pair = Array.isArray(json)
    ? json
    : typeof json === 'object' && json !== null && Object.keys(json).length === 1
      ? Object.entries(json)[0]!
      : [];
  const [kind, content] = pair as readonly Json[];
  const known = Object.values(kinds).map(([name]) => name);
  if (typeof kind !== 'string' || !known.includes(kind) || typeof content !== 'object' || content === null) {
    throw usageError(
      'this is no content of a proposal',
      `It is ["KIND", {…}] with the contract’s fields. Kinds: ${known.join(', ')}.`,
    );
  }
  return [kind, content as DecisionFields];
}

/** The certificate of a file (PEM or DER) as the contract takes it. @throws CommandError */
export function authorityFromPem(text: string | Buffer, what: string): { certificate: string; not_after: string } {
  try {
    const certificate = new X509Certificate(text);
    return { certificate: toHex(certificate.raw), not_after: momentText(Date.parse(certificate.validTo)) };
  } catch {
    throw usageError(`${what} holds no certificate`, 'It is X.509 in PEM, as a CA writes it to issuing.pem.');
  }
}

/** The terms for an organisation that is let in: options, else what is usual. */
export function newTerms(values: Values, nowMs: number, validUntilMax?: string): DecisionFields {
  const validity = parseMoment(values.text('validUntil') ?? VALIDITY_DEFAULT, '--valid-until', nowMs);
  return {
    quota: values.integer('quota', 1, 1_000_000) ?? QUOTA_DEFAULT,
    weight: values.integer('weight', 1, 1000) ?? 1,
    valid_until:
      values.text('validUntil') === undefined && validUntilMax !== undefined && validUntilMax < validity
        ? validUntilMax
        : validity,
    scope: scopeOf(values) ?? scopeDefault,
  };
}

function admission({ subject, values, nowMs }: Making): DecisionFields {
  const organisation = needed(subject, 'ORGANISATION');
  const issuer = authorityFromPem(readTextFile(option(values, 'certificate'), '--certificate'), '--certificate');
  return {
    organisation,
    title: values.text('title') ?? organisation,
    terms: newTerms(values, nowMs, issuer.not_after),
    issuer,
  };
}

function organisationOnly({ subject }: Making): DecisionFields {
  return { organisation: needed(subject, 'ORGANISATION') };
}

async function terms({ client, subject, values, nowMs }: Making): Promise<DecisionFields> {
  const row = await organisationRow(client, needed(subject, 'ORGANISATION'));
  const validUntil = values.text('validUntil');
  const changed = {
    quota: values.integer('quota', 1, 1_000_000) ?? row.quota,
    weight: values.integer('weight', 1, 1000) ?? row.weight,
    valid_until: validUntil === undefined ? row.valid_until : parseMoment(validUntil, '--valid-until', nowMs),
    scope: scopeOf(values) ?? row.scope,
  };
  return { organisation: row.account, terms: changed };
}

function rotation({ subject, values, nowMs }: Making): DecisionFields {
  const organisation = needed(subject, 'ORGANISATION, or root');
  return {
    organisation: organisation === 'root' ? '' : organisation,
    next: authorityFromPem(readTextFile(option(values, 'certificate'), '--certificate'), '--certificate'),
    previous_until: parseMoment(values.text('previousUntil') ?? '90d', '--previous-until', nowMs),
  };
}

function authorityRevocation({ subject, values }: Making): DecisionFields {
  const text = needed(subject, 'the SHA-256 digest of the certificate, or its file');
  const digest = existsSync(text)
    ? createHash('sha256')
        .update(Buffer.from(authorityFromPem(readTextFile(text, 'the certificate'), text).certificate, 'hex'))
        .digest('hex')
    : text.replaceAll(':', '').toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(digest)) {
    throw usageError(`${text} is neither a file nor a SHA-256 digest`, 'Digests are in: snapscale org show NAME');
  }
  return { digest, reason: parseReason(values.text('reason')) };
}

function memberRevocation({ subject, values }: Making): DecisionFields {
  const serials = listed(values.list('serial')).map(parseSerial);
  if (serials.length === 0) throw usageError('no certificate is named', 'Name each with --serial HEX.');
  return {
    organisation: needed(subject, 'ORGANISATION'),
    serials,
    reason: parseReason(values.text('reason')),
  };
}

async function parameters({ client, values }: Making): Promise<DecisionFields> {
  const present = await parametersRow(client);
  const span = (name: string, flag: string, now: number) => {
    const text = values.text(name);
    return text === undefined ? now : parseSpan(text, flag);
  };
  const reads = values.text('reads');
  const [numerator, denominator] = approvalOf(values.text('approval')) ?? [
    present.approval_numerator,
    present.approval_denominator,
  ];
  return {
    parameters: {
      reads: reads === undefined ? present.reads : policyOf(reads),
      approval_numerator: numerator,
      approval_denominator: denominator,
      proposal_life_sec: span('proposalLife', '--proposal-life', present.proposal_life_sec),
      application_life_sec: span('applicationLife', '--application-life', present.application_life_sec),
      overlap_sec: span('overlap', '--overlap', present.overlap_sec),
      keep_expired_sec: span('keepExpired', '--keep-expired', present.keep_expired_sec),
      keep_decided_sec: span('keepDecided', '--keep-decided', present.keep_decided_sec),
    },
  };
}

function policyOf(text: string): number {
  const policy = readPolicies.indexOf(text as (typeof readPolicies)[number]);
  if (policy >= 0) return policy;
  throw usageError(`--reads ${text}: expected ${readPolicies.join(', ')}`);
}

function approvalOf(text: string | undefined): readonly [number, number] | undefined {
  if (text === undefined) return undefined;
  const [, numerator, denominator] = /^(\d{1,5})\/(\d{1,5})$/.exec(text) ?? [];
  if (numerator !== undefined && denominator !== undefined) return [Number(numerator), Number(denominator)];
  throw usageError(
    `--approval ${text}: expected a fraction`,
    'As 2/3: more than that part of the weights must approve.',
  );
}

async function role({ client, subject, values }: Making): Promise<DecisionFields> {
  const [wanted = ''] = roleNames([needed(subject, 'ROLE')]);
  const present = await consortiumRow<DecisionFields>(client, 'roles', wanted);
  const permissions = listed(values.list('permissions')).sort(byNameValue);
  const life = values.text('life');
  const definition = {
    role: wanted,
    label: present?.label ?? values.text('label') ?? roleLabel(wanted),
    permissions: permissions.length > 0 ? permissions : (present?.permissions ?? []),
    life_sec:
      life === undefined ? (present?.life_sec ?? parseSpan(ROLE_LIFE_DEFAULT, '--life')) : parseSpan(life, '--life'),
    is_given: values.flag('ended') ? false : values.flag('given') ? true : Boolean(present?.is_given ?? true),
  };
  return { definition };
}

/** `--action 'eosio setpriv {"account":"alice","is_priv":1}'`, as `eosio` or `--as snap.ca`; amounts may be short. */
async function chainActions({ client, values }: Making): Promise<DecisionFields> {
  const texts = values.list('action');
  if (texts.length === 0) {
    throw usageError('no action is named', `As: --action 'eosio setpriv {"account":"alice","is_priv":1}'`);
  }
  return { actions: await Promise.all(texts.map((text) => chainAction(client, text, values.text('as') ?? 'eosio'))) };
}

async function chainAction(client: Client, text: string, actor: string): Promise<DecisionFields> {
  const [, account, action, json] = /^([a-z1-5.]+)(?:\s+|::)([a-z1-5.]+)\s+(.+)$/s.exec(text.trim()) ?? [];
  if (account === undefined || action === undefined || json === undefined) {
    throw usageError(`--action ${text}: expected CONTRACT ACTION DATA`, 'DATA is JSON with the fields of the action.');
  }
  let data: Json;
  try {
    data = withFullAmounts(JSON.parse(json) as Json);
  } catch (error) {
    throw usageError(`--action ${account} ${action}: ${error instanceof Error ? error.message : String(error)}`);
  }
  const { abi, type } = await client.abis.action(account, action);
  try {
    return { account, action, actor, data: toHex(encodeType(abi, type, data)) };
  } catch (error) {
    throw usageError(
      `--action ${account} ${action}: ${error instanceof Error ? error.message : String(error)}`,
      `See its fields: snapscale get abi ${account}`,
    );
  }
}

/** `5 XST` is `5.0000 XST`, wherever it stands. */
function withFullAmounts(value: Json): Json {
  if (typeof value === 'string' && /^\d+(\.\d+)? XST$/.test(value)) {
    const [whole = '', fraction = ''] = value.slice(0, -' XST'.length).split('.');
    return fraction.length > 4 ? value : `${whole}.${fraction.padEnd(4, '0')} XST`;
  }
  if (Array.isArray(value)) return value.map(withFullAmounts);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, withFullAmounts(part)]));
}

function scopeOf(values: Values): string[] | undefined {
  const texts = values.list('roles');
  return texts.length === 0 ? undefined : roleNames(texts);
}

function needed(subject: string | undefined, what: string): string {
  if (subject !== undefined) return subject;
  throw usageError(`${what} is missing`);
}

function option(values: Values, name: string): string {
  const value = values.text(name);
  if (value !== undefined) return value;
  throw usageError(`--${name} is missing`, 'The certificate of its issuing CA, signed by a root: a file in PEM.');
}
