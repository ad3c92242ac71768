/** "Why can't I sign?", answered: which keys each declared permission needs, and which of them the user has. */
import { formatPublicKey, type PublicKey } from '@snapscale/crypto';
import type { PreparedTransaction } from '@snapscale/sdk';
import {
  type Client,
  explainPermission,
  formatPermission,
  type PermissionReport,
  type SnapError,
} from '@snapscale/sdk';
import { AnnotatedError } from '../program/failures.js';

/** The error for keys that do not suffice, with what would. */
export async function permissionProblem(
  error: SnapError,
  client: Client,
  { transaction }: Pick<PreparedTransaction, 'transaction'>,
  have: readonly PublicKey[],
): Promise<AnnotatedError> {
  const declared = new Set(
    [...transaction.contextFreeActions, ...transaction.actions].flatMap(({ authorization }) =>
      authorization.map(formatPermission),
    ),
  );
  const reports = await Promise.all([...declared].map((level) => explainPermission(client, level, have)));
  const open = reports.filter(({ state }) => state !== 'satisfied');
  if (open.length === 0) return new AnnotatedError(error, {});
  const keys = have.map(formatPublicKey);
  return new AnnotatedError(error, {
    title: titleOf(open),
    lines: [...open.flatMap((report) => reportLines(report, '')), ...haveLines(keys)],
    hints: hintsOf(open, keys),
    values: { missing: open, available_keys: keys },
  });
}

function titleOf(open: readonly PermissionReport[]): string {
  const [first] = open;
  const [account] = first!.permission.split('@');
  if (first!.state === 'no-account') return `account ${account} does not exist, so nobody can sign for it`;
  if (first!.state === 'no-permission') return `${account} has no permission ${first!.permission.split('@')[1]}`;
  return `your keys cannot sign for ${open.map(({ permission }) => permission).join(' and ')}`;
}

function reportLines(
  { permission, state, threshold, weight, parts, permissions }: PermissionReport,
  indent: string,
): string[] {
  if (state === 'no-account') return [];
  if (state === 'no-permission') return [`${indent}its permissions: ${permissions.join(', ')}`];
  const simple = parts.length === 1 && parts[0]!.weight >= threshold;
  const head = simple
    ? `${indent}${permission} needs`
    : `${indent}${permission} needs weight ${threshold}; your keys give ${weight}`;
  return [
    head,
    ...parts.flatMap((part) => {
      const counts = simple ? '' : `  weight ${part.weight}`;
      const margin = `${indent}  `;
      if (part.kind === 'key') return [`${margin}${mark(part.have)} ${part.key}${counts}`];
      if (part.kind === 'wait') return [`${margin}${mark(false)} a delay of ${part.seconds} s${counts}`];
      const satisfied = part.report.state === 'satisfied';
      const own = `${margin}${mark(satisfied)} ${part.report.permission}${counts}`;
      return satisfied ? [own] : [own, ...reportLines(part.report, `${margin}    `)];
    }),
  ];
}

function mark(have: boolean): string {
  return have ? '✓' : '✗';
}

function haveLines(keys: readonly string[]): string[] {
  return keys.length === 0 ? ['you have no keys'] : ['you have', ...keys.map((key) => `  ${key}`)];
}

function hintsOf(open: readonly PermissionReport[], have: readonly string[]): string[] {
  const [first] = open;
  if (first!.state === 'no-account') return ['Check the spelling and the network.'];
  if (first!.state === 'no-permission') return [`Name one that it has: -p ${first!.permission.split('@')[0]}@active`];
  const needed = keysIn(open).filter((key) => !have.includes(key));
  const other = first!.permission.endsWith('@active') ? '' : ', or sign with another permission: -p ACCOUNT@PERMISSION';
  return needed.length === 0
    ? []
    : [`Import ${needed.length === 1 ? 'the missing key' : 'a missing key'}: snapscale key import${other}`];
}

function keysIn(reports: readonly PermissionReport[]): string[] {
  return reports.flatMap(({ parts }) =>
    parts.flatMap((part) =>
      part.kind === 'key' ? [part.key] : part.kind === 'permission' ? keysIn([part.report]) : [],
    ),
  );
}
