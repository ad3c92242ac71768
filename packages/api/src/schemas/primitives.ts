/** Field types that recur on every page. */
import { integer, list, record, type Schema, text } from '../schema.js';

/** An account, permission, action or table name. */
export function accountName(description: string): Schema<string> {
  return text(description, { pattern: '^[.1-5a-z]{0,13}$', examples: ['alice'] });
}

/** 32 bytes as 64 lower-case hex digits. */
export function checksum(description: string): Schema<string> {
  return text(description, { pattern: '^[0-9a-f]{64}$' });
}

/** Bytes as lower-case hex. */
export function hex(description: string): Schema<string> {
  return text(description, { pattern: '^([0-9a-f]{2})*$' });
}

/** A time in UTC without a zone letter, to the millisecond. */
export function time(description: string): Schema<string> {
  return text(description, {
    pattern: '^-?\\d{4,}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d{3})?$',
    examples: ['2026-01-31T12:00:00.500'],
  });
}

/** An amount of tokens. */
export function asset(description: string): Schema<string> {
  return text(description, { examples: ['1.0000 XST'] });
}

/** A public key: `EOS…` for K1, `PUB_R1_…`, `PUB_WA_…` otherwise. */
export function publicKey(description: string): Schema<string> {
  return text(description, { examples: ['EOS6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5GDW5CV'] });
}

/** A double as nodeos prints it: a string with 17 decimals. */
export function doubleText(description: string): Schema<string> {
  return text(description, { pattern: '^-?(\\d+\\.\\d{17}|inf|nan)$' });
}

/** `alice@active` as an object. */
export const permissionLevel = record(
  { actor: accountName('Account.'), permission: accountName('One of its permissions.') },
  { title: 'PermissionLevel' },
);

const keyWeight = record({ key: publicKey('Key.'), weight: integer('What a signature by it counts.') });
const accountWeight = record({ permission: permissionLevel, weight: integer('What it counts.') });
const waitWeight = record({ wait_sec: integer('Delay in seconds.'), weight: integer('What it counts.') });

/** Weighted keys, accounts and delays that must sum up to a threshold. */
export const authority = record(
  {
    threshold: integer('Sum of weights that is needed.'),
    keys: list(keyWeight, 'Weighted keys.'),
    accounts: list(accountWeight, 'Weighted permissions of other accounts.'),
    waits: list(waitWeight, 'Weighted delays.'),
  },
  { title: 'Authority' },
);

/** Who may sign blocks of a producer. */
export const signingAuthority = record(
  { threshold: integer('Sum of weights that is needed.'), keys: list(keyWeight, 'Weighted keys.') },
  { title: 'BlockSigningAuthority' },
);
