/** `role create`, `grant`, `revoke`, `delete`: changes of who may do what for an account. */
import {
  type AccountInfo,
  dropRole,
  findAccount,
  grantRole,
  missingHolders,
  notFound,
  planRole,
  type RoleOptions,
  type RolePlan,
  revokeRole,
} from '@snapscale/sdk';
import { confirm } from '../consortium/proposals.js';
import type { Handler } from '../program/command.js';
import { CommandError, exitCodes } from '../program/failures.js';
import type { Session } from '../program/session.js';
import type { Values } from '../program/values.js';
import { execute, permissionsOr } from '../transacting/execute.js';

export const createRole: Handler = async (session, values) => {
  const account = await accountOf(session, values);
  const [allow, to, needs] = [
    split(values.list('allow')),
    split(values.list('to')),
    values.integer('needs', 1, 65_535),
  ];
  await refuseMissing(session, to);
  const plan = planRole(
    account,
    {
      name: values.argument('role'),
      ...(allow.length > 0 ? { actions: allow } : {}),
      ...(to.length > 0 ? { holders: to } : {}),
      ...(needs === undefined ? {} : { threshold: needs }),
    },
    optionsOf(values),
  );
  await apply(session, values, plan);
};

export const grantToHolders: Handler = async (session, values) => {
  const account = await accountOf(session, values);
  await refuseMissing(session, values.rest);
  await apply(session, values, grantRole(account, values.argument('role'), values.rest, optionsOf(values)));
};

export const revokeFromHolders: Handler = async (session, values) => {
  const account = await accountOf(session, values);
  const options = { ...optionsOf(values), allowNobody: values.flag('last') };
  await apply(session, values, revokeRole(account, values.argument('role'), values.rest, options));
};

export const deleteRole: Handler = async (session, values) => {
  const account = await accountOf(session, values);
  await apply(session, values, dropRole(account, values.argument('role'), optionsOf(values)));
};

/** Says what will change, asks where there is something to think about, and does it. */
async function apply(session: Session, values: Values, plan: RolePlan): Promise<void> {
  const [account, role] = [values.argument('account'), values.argument('role')];
  for (const warning of plan.warnings) session.output.warn(warning);
  if (plan.actions.length === 0) {
    session.output.result({ role: plan.role, changes: [], actions: [] }, () => [
      `the role ${role} of ${account} is like that already`,
    ]);
    return;
  }
  session.output.talk(plan.changes.map((change) => `  ${change}\n`).join(''));
  if (plan.warnings.length > 0 && !values.flag('dryRun')) await confirm(values, 'Go on?');
  await execute(session, values, plan.actions, {
    headline: () => `role ${role} of ${account} ${plan.role === undefined ? 'deleted' : 'set'}`,
    next: [`role ${plan.role === undefined ? 'list' : 'show'} ${account}${plan.role === undefined ? '' : ` ${role}`}`],
    values: { role: plan.role, changes: plan.changes, warnings: plan.warnings },
  });
}

async function accountOf(session: Session, values: Values): Promise<AccountInfo> {
  const name = values.argument('account');
  return (await findAccount(await session.client(), name)) ?? notFound(`there is no account ${name}`);
}

/** Holders that do not exist are refused by the chain as well, in words that do not say which. */
async function refuseMissing(session: Session, holders: readonly string[]): Promise<void> {
  const missing = await missingHolders(await session.client(), holders);
  if (missing.length === 0) return;
  throw new CommandError(
    'holder_not_found',
    exitCodes.notFound,
    `${missing.join(', ')} ${missing.length === 1 ? 'does' : 'do'} not exist`,
    'A role is held by accounts (bob, which is bob@active), by their permissions (bob@pay), or by public keys.',
  );
}

function optionsOf(values: Values): RoleOptions {
  return { by: permissionsOr(values, `${values.argument('account')}@active`) };
}

/** Several in one option, with commas. */
function split(texts: readonly string[]): string[] {
  return texts
    .flatMap((text) => text.split(','))
    .map((text) => text.trim())
    .filter((text) => text !== '');
}
