/** What a proposal is about, as people read it. */
import { X509Certificate } from 'node:crypto';
import { fromHex } from '@snapscale/crypto';
import { decodeType, type Json } from '@snapscale/protocol';
import type { Client } from '@snapscale/sdk';
import { fields, inline, outline } from '../terminal/layout.js';
import { printable, type Style } from '../terminal/style.js';
import { momentForPeople, reasonText, roleLabel, spanText } from './human-values.js';
import { type Decision, type DecisionFields, readPolicies } from './rows.js';

/** What is looked up to make a decision readable. */
export type DecisionContext = {
  readonly client: Client;
  readonly nowMs: number;
  readonly style: Style;
};

type Entry = readonly [label: string, value: string | undefined];
type Reader = { readonly title: (fields: DecisionFields) => string; readonly entries: EntriesOf };
type EntriesOf = (fields: DecisionFields, context: DecisionContext) => readonly Entry[] | Promise<readonly Entry[]>;

const name = (fields: DecisionFields) => printable(String(fields.organisation));
const nothing: EntriesOf = () => [];

const readers: Readonly<Record<string, Reader>> = {
  admit_organisation: {
    title: (content) => `admit the organisation ${name(content)} (${printable(String(content.title))})`,
    entries: ({ terms, issuer }, { nowMs }) => [
      ...termsEntries(terms, nowMs),
      ['issuing CA', certificateText(issuer.certificate)],
    ],
  },
  expel_organisation: {
    title: (content) => `expel ${name(content)}`,
    entries: () => [['effect', 'its vote, its certificates and its producers end, for good']],
  },
  suspend_organisation: {
    title: (content) => `suspend ${name(content)}`,
    entries: () => [['effect', 'its vote, its certificates and its producers rest until it is resumed']],
  },
  resume_organisation: { title: (content) => `resume ${name(content)}`, entries: nothing },
  change_terms: {
    title: (content) => `change the terms of ${name(content)}`,
    entries: ({ terms }, { nowMs }) => termsEntries(terms, nowMs),
  },
  rotate_authority: {
    title: (content) => (content.organisation === '' ? 'a new root' : `a new issuing CA for ${name(content)}`),
    entries: ({ next, previous_until }, { nowMs }) => [
      ['certificate', certificateText(next.certificate)],
      ['earlier ones', `valid until ${momentForPeople(previous_until, nowMs)} at most`],
    ],
  },
  revoke_authority: {
    title: () => 'revoke an authority',
    entries: ({ digest, reason }) => [
      ['effect', 'all that it has issued ends at once'],
      ['SHA-256', digest],
      ['reason', reasonText(reason)],
    ],
  },
  revoke_members: {
    title: (content) => `revoke certificates of ${name(content)}`,
    entries: ({ serials, reason }) => [
      ['serials', (serials as readonly string[]).join('\n')],
      ['reason', reasonText(reason)],
    ],
  },
  change_parameters: {
    title: () => 'change the rules of the consortium',
    entries: ({ parameters: rules }) => [
      ['reads', readPolicies[rules.reads] ?? String(rules.reads)],
      ['approval', `more than ${rules.approval_numerator}/${rules.approval_denominator} of the weights`],
      ['proposals live', spanText(rules.proposal_life_sec)],
      ['applications live', spanText(rules.application_life_sec)],
      ['overlap at renewal', spanText(rules.overlap_sec)],
      ['keep expired', spanText(rules.keep_expired_sec)],
      ['keep decided', spanText(rules.keep_decided_sec)],
    ],
  },
  define_role: {
    title: ({ definition }) => `define the role ${printable(String(definition.label))}`,
    entries: ({ definition }) => [
      ['permissions', (definition.permissions as readonly string[]).join(', ') || 'none'],
      ['certificates live', `${spanText(definition.life_sec)} at most`],
      ['given', definition.is_given ? 'yes' : 'no: no new certificate gets it'],
    ],
  },
  act_on_chain: { title: () => 'act on the chain', entries: chainActionEntries },
};

/** A decision in one line. */
export function decisionTitle([kind, content]: Decision): string {
  return readers[kind]?.title(content) ?? printable(kind);
}

/** The particulars of a decision, below its title. */
export async function decisionLines([kind, content]: Decision, context: DecisionContext): Promise<string[]> {
  const reader = readers[kind];
  if (reader === undefined) return outline(content, context.style);
  return fields(await reader.entries(content, context), context.style);
}

function termsEntries(terms: DecisionFields, nowMs: number): Entry[] {
  return [
    ['quota', `${terms.quota} certificates`],
    ['weight', String(terms.weight)],
    ['valid until', momentForPeople(terms.valid_until, nowMs)],
    ['roles', (terms.scope as readonly string[]).map(roleLabel).join(', ')],
  ];
}

/** Whose certificate it is, how long it is valid, and its digest; contents of the chain may be anything. */
function certificateText(hex: string): string {
  try {
    const certificate = new X509Certificate(fromHex(hex));
    const digest = certificate.fingerprint256.replaceAll(':', '').toLowerCase();
    return printable(
      `${certificate.subject.replaceAll('\n', ', ')}, valid until ${certificate.validTo}\nSHA-256 ${digest}`,
    );
  } catch {
    return `${hex.length / 2} bytes that are no certificate`;
  }
}

async function chainActionEntries({ actions }: DecisionFields, { client }: DecisionContext): Promise<Entry[]> {
  return Promise.all(
    (actions as readonly DecisionFields[]).map(async ({ account, action, actor, data }): Promise<Entry> => {
      const decoded = await actionFields(client, account, action, data);
      return [`${account}::${action}`, `${decoded}, as ${actor}`];
    }),
  );
}

async function actionFields(client: Client, account: string, action: string, data: string): Promise<string> {
  try {
    const { abi, type } = await client.abis.action(account, action);
    return inline(decodeType(abi, type, fromHex(data)) as Json);
  } catch {
    return `${data} (cannot be read by the ABI of ${account})`;
  }
}
