/** "Why can't I sign?": what a permission needs, and which of it one's keys give. */
import { formatPublicKey, type PublicKey, parsePublicKey } from '@snapscale/crypto';
import { limits } from '@snapscale/protocol';
import type { Client } from '../client.js';
import { SnapError } from '../errors.js';
import { formatPermission, type PermissionInput, parsePermission } from './permission.js';

/** A permission and how far one's keys satisfy it. */
export type PermissionReport = {
  /** `alice@active`. */
  readonly permission: string;
  /** `no-account` and `no-permission`: it does not exist. */
  readonly state: 'satisfied' | 'unsatisfied' | 'no-account' | 'no-permission';
  /** Sum of weights that is needed. */
  readonly threshold: number;
  /** Sum of weights that the keys give. */
  readonly weight: number;
  readonly parts: readonly PermissionPart[];
  /** Permissions that the account has. */
  readonly permissions: readonly string[];
};

/** An item of an authority. */
export type PermissionPart =
  | { readonly kind: 'key'; readonly key: string; readonly weight: number; readonly have: boolean }
  | { readonly kind: 'permission'; readonly weight: number; readonly report: PermissionReport }
  | { readonly kind: 'wait'; readonly seconds: number; readonly weight: number };

/**
 * Looks at a permission and at those that it consists of. Cost: one request for each account involved.
 * @param have keys that one can sign with
 */
export async function explainPermission(
  client: Client,
  input: PermissionInput,
  have: readonly PublicKey[],
): Promise<PermissionReport> {
  const texts = new Set(have.map(formatPublicKey));
  return explain(
    { client, have: texts, accounts: new Map(), left: REPORTS_MAX },
    formatPermission(parsePermission(input)),
    [],
  );
}

/** Accounts that name each other many times would make more than anybody could read. */
const REPORTS_MAX = 2000;

type Walk = {
  readonly client: Client;
  readonly have: ReadonlySet<string>;
  readonly accounts: Map<string, Promise<Account | undefined>>;
  /** Reports that may still be made. */
  left: number;
};
type Account = Awaited<ReturnType<Client['api']['chain']['getAccount']>>;

async function explain(walk: Walk, level: string, above: readonly string[]): Promise<PermissionReport> {
  const [actor = '', permission = ''] = level.split('@');
  const account = await accountOf(walk, actor);
  const missing = { permission: level, threshold: 0, weight: 0, parts: [] };
  if (account === undefined) return { ...missing, state: 'no-account', permissions: [] };
  const permissions = account.permissions.map(({ perm_name }) => perm_name);
  const required = account.permissions.find(({ perm_name }) => perm_name === permission)?.required_auth;
  if (required === undefined) return { ...missing, state: 'no-permission', permissions };
  const parts: PermissionPart[] = required.keys.map(({ key, weight }) => {
    const text = formatPublicKey(parsePublicKey(key));
    return { kind: 'key', key: text, weight, have: walk.have.has(text) };
  });
  for (const { permission: part, weight } of required.accounts) {
    const name = `${part.actor}@${part.permission}`;
    const path = [...above, level];
    if (path.includes(name) || path.length >= limits.authorityDepthMax || walk.left-- <= 0) continue;
    parts.push({ kind: 'permission', weight, report: await explain(walk, name, path) });
  }
  parts.push(...required.waits.map(({ wait_sec, weight }) => ({ kind: 'wait', seconds: wait_sec, weight }) as const));
  const weight = parts.filter(given).reduce((sum, part) => sum + part.weight, 0);
  const state = weight >= required.threshold ? 'satisfied' : 'unsatisfied';
  return { permission: level, state, threshold: required.threshold, weight, parts, permissions };
}

function given(part: PermissionPart): boolean {
  return part.kind === 'key' ? part.have : part.kind === 'permission' && part.report.state === 'satisfied';
}

function accountOf({ client, accounts }: Walk, name: string): Promise<Account | undefined> {
  const known = accounts.get(name);
  if (known !== undefined) return known;
  const found = client.api.chain.getAccount({ account_name: name }).catch((error: unknown) => {
    if (error instanceof SnapError && error.kind === 'not-found') return undefined;
    throw error;
  });
  accounts.set(name, found);
  return found;
}
