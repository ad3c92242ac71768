/** `role list`, `show`, `who`, `may`: who may do what, as it stands. */
import {
  type AccountInfo,
  type Capability,
  findAccount,
  findRole,
  notFound,
  type Participation,
  type PermissionPart,
  type PermissionReport,
  type Role,
  rolesOf,
  whatMay,
  whoCan,
} from '@snapscale/sdk';
import { developmentPublicKey } from '../keys/development.js';
import type { Handler } from '../program/command.js';
import { withSnakeCaseNames } from '../program/json-names.js';
import type { Session } from '../program/session.js';
import { fields, table } from '../terminal/layout.js';
import type { Style } from '../terminal/style.js';

export const listRoles: Handler = async (session, values) => {
  const account = await accountOf(session, values.argument('account'));
  const roles = rolesOf(account);
  session.output.result({ account: account.account_name, roles }, () =>
    roles.length === 0
      ? []
      : table(
          [{ title: 'role' }, { title: 'held by' }, { title: 'may' }],
          roles.map((role) => [role.name, holdersText(role), role.actions.join(', ') || 'nothing']),
          session.output.style,
        ),
  );
  if (roles.length === 0) session.output.note(`${account.account_name} has no roles. Make one: snapscale role create`);
};

export const showRole: Handler = async (session, values) => {
  const account = await accountOf(session, values.argument('account'));
  const role = findRole(account, values.argument('role'));
  const { style } = session.output;
  session.output.result(role, () => [
    `${style.bold(role.name)}  role of ${role.account}, below ${role.parent}`,
    ...fields(
      [
        ['may', role.actions.join('\n') || 'nothing'],
        [
          'held by',
          role.holders
            .map(({ holder, weight }) => (weight === 1 ? holder : `${holder} (counts ${weight})`))
            .join('\n') || 'nobody',
        ],
        ['needs', role.threshold === 1 ? 'one of them' : `a weight of ${role.threshold}`],
      ],
      style,
      '  ',
    ),
  ]);
};

export const showWhoCan: Handler = async (session, values) => {
  const access = await whoCan(await session.client(), values.argument('account'));
  const { style } = session.output;
  session.output.result(withSnakeCaseNames(access), () => [
    ...access.capabilities.flatMap((capability) => [...capabilityLines(capability, style), '']),
    ...(access.anyPermission.length === 0
      ? []
      : [`${style.bold('any permission')} of ${access.account} is enough for ${access.anyPermission.join(', ')}`]),
  ]);
};

export const showWhatMay: Handler = async (session, values) => {
  const holder = values.argument('holder');
  const { participations, isCut } = await whatMay(await session.client(), holder);
  session.output.result({ holder, permissions: withSnakeCaseNames(participations), is_cut: isCut }, () =>
    table(
      [{ title: 'as' }, { title: 'may' }, { title: 'alone' }, { title: 'through' }],
      participations.map((entry) => [entry.permission, scopeText(entry), aloneText(entry), entry.via.join(' → ')]),
      session.output.style,
    ),
  );
  if (isCut) session.output.warn(`${holder} takes part in more permissions than are followed: not all are shown`);
};

async function accountOf(session: Session, name: string): Promise<AccountInfo> {
  return (await findAccount(await session.client(), name)) ?? notFound(`there is no account ${name}`);
}

function holdersText({ holders, threshold }: Role): string {
  if (holders.length === 0) return 'nobody';
  const names = holders.map(({ holder }) => holder.replace(/@active$/, '')).join(', ');
  return threshold === 1 ? names : `${threshold} of ${names}`;
}

function capabilityLines({ permission, holders, warnings, ...what }: Capability, style: Style): string[] {
  return [
    `${style.bold(permission)}  ${scopeText(what)}`,
    ...reportLines(holders, '  ', style),
    ...warnings.map((warning) => `  ${style.yellow('!')} ${warning}`),
  ];
}

/** Who has a permission, with those who have it through others indented below. */
function reportLines({ threshold, parts }: PermissionReport, indent: string, style: Style): string[] {
  const isEnough = ({ weight }: PermissionPart): boolean => weight >= threshold;
  const together = parts.every(isEnough) ? [] : [`${indent}${style.dim(`a weight of ${threshold} of`)}`];
  return [...together, ...parts.flatMap((part) => partLines(part, together.length > 0, indent, style))];
}

function partLines(part: PermissionPart, showWeight: boolean, indent: string, style: Style): string[] {
  const begin = `${indent}${showWeight ? `${style.dim(`${part.weight} ×`)} ` : ''}`;
  switch (part.kind) {
    case 'key': {
      const name = part.key === developmentPublicKey ? style.dim('  (development key)') : '';
      return [`${begin}${part.key}${name}`];
    }
    case 'wait':
      return [`${begin}a delay of ${part.seconds} s`];
    case 'permission': {
      const gone = part.report.state.startsWith('no-') ? style.red('  does not exist') : '';
      return [`${begin}${part.report.permission}${gone}`, ...reportLines(part.report, `${indent}  `, style)];
    }
  }
}

function scopeText({ scope, actions }: Pick<Capability | Participation, 'scope' | 'actions'>): string {
  switch (scope) {
    case 'whole account':
      return 'everything, and changing its keys';
    case 'all that has no link':
      return 'everything that belongs to no role, and what its roles may';
    case 'its actions':
      return actions.join(', ') || 'nothing';
  }
}

function aloneText({ alone, weight, threshold }: Participation): string {
  return alone ? 'yes' : `no: ${weight} of ${threshold}`;
}
