/** "Why can't I sign?", answered: which keys each declared permission needs, and which of them the user has. */
import { formatPublicKey, type PublicKey } from '@snapscale/crypto';
import {
  type Client,
  explainPermission,
  formatPermission,
  type PermissionReport,
  type PreparedTransaction,
  SnapError,
} from '@snapscale/sdk';
import { developmentPublicKey } from '../keys/development.js';
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
  const absent = reports.find(({ state }) => state === 'no-account' || state === 'no-permission');
  if (absent !== undefined) return absentProblem(error, absent);
  const open = reports.filter(({ state }) => state === 'unsatisfied');
  if (open.length === 0) return new AnnotatedError(error, {});
  const keys = have.map(formatPublicKey);
  return new AnnotatedError(error, {
    title: `your keys cannot sign for ${open.map(({ permission }) => permission).join(' and ')}`,
    lines: [...open.flatMap((report) => reportLines(report, '')), ...haveLines(keys)],
    hints: hintsOf(open, keys),
    values: { missing: open, available_keys: keys },
  });
}

/** The account or permission that is declared does not exist. */
function absentProblem(error: SnapError, { permission: level, state, permissions }: PermissionReport): AnnotatedError {
  const [account = '', permission = ''] = level.split('@');
  const { code, name, what, evidence } = error;
  const missing =
    state === 'no-account' ? `account ${account} does not exist` : `${account} has no permission ${permission}`;
  const problem = new SnapError({ kind: 'not-found', code, name, what, evidence, details: [missing] });
  if (state === 'no-account') return new AnnotatedError(problem, { hints: ['Check the spelling and the network.'] });
  return new AnnotatedError(problem, {
    hints: [`Its permissions: ${permissions.join(', ')}. Name one as: -p ${account}@active`],
  });
}

function reportLines(
  { permission, state, threshold, weight, parts, permissions }: PermissionReport,
  indent: string,
): string[] {
  if (state === 'no-account') return [`${indent}which does not exist`];
  if (state === 'no-permission') return [`${indent}which does not exist; there are ${permissions.join(', ')}`];
  const simple = parts.length === 1 && parts[0]!.weight >= threshold;
  const needs = simple ? 'needs' : `needs weight ${threshold}; your keys give ${weight}`;
  return [
    `${indent}${permission} ${needs}`,
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
  const note = (key: string) => (key === developmentPublicKey ? '  (development key)' : '');
  return keys.length === 0 ? ['you have no keys'] : ['you have', ...keys.map((key) => `  ${key}${note(key)}`)];
}

function hintsOf(open: readonly PermissionReport[], have: readonly string[]): string[] {
  const needed = keysIn(open).filter((key) => !have.includes(key));
  if (needed.length === 0) return [];
  const what = needed.length === 1 ? 'the missing key' : 'a missing key';
  return [`Import ${what}: snapscale key import`];
}

function keysIn(reports: readonly PermissionReport[]): string[] {
  return reports.flatMap(({ parts }) =>
    parts.flatMap((part) => {
      if (part.kind === 'key') return [part.key];
      return part.kind === 'permission' ? keysIn([part.report]) : [];
    }),
  );
}
