/** `create account`, `set account permission`, `set action permission`. */
import type { Authority } from '@snapscale/protocol';
import {
  createAccountAction,
  deletePermissionAction,
  linkPermissionAction,
  parseAuthority,
  setPermissionAction,
  unlinkPermissionAction,
} from '@snapscale/sdk';
import { developmentPublicKey, isDevelopmentNetwork } from '../keys/development.js';
import type { Handler } from '../program/command.js';
import { usageError } from '../program/failures.js';
import type { Session } from '../program/session.js';
import { execute, permissionsOr } from '../transacting/execute.js';

export const createAccount: Handler = async (session, values) => {
  const [creator, name] = [values.argument('creator'), values.argument('name')];
  const owner = await ownerAuthority(session, values.optionalArgument('owner'));
  const activeText = values.optionalArgument('active');
  const active = activeText === undefined ? owner : readAuthority(activeText, 'ACTIVE');
  const by = permissionsOr(values, `${creator}@active`);
  await execute(session, values, [createAccountAction(creator, name, owner, active, by)], {
    headline: () => `account ${name} created`,
    next: [`get account ${name}`],
  });
};

/** Without a key: on a development network the key that all accounts there have. */
async function ownerAuthority(session: Session, text: string | undefined): Promise<Authority> {
  if (text !== undefined) return readAuthority(text, 'OWNER');
  if (await isDevelopmentNetwork((await session.client()).api)) {
    session.output.note('No key was given: the account gets the development key.');
    return parseAuthority(developmentPublicKey);
  }
  throw usageError(
    'OWNER is missing: the key (or account) that is to control the new account',
    'Make one: snapscale create key --save',
  );
}

function readAuthority(text: string, what: string): Authority {
  try {
    return parseAuthority(text);
  } catch (error) {
    throw usageError(
      `${what}: ${error instanceof Error ? error.message : String(error)}`,
      'It is a public key (PUB_K1_… or EOS…), a permission (bob@active), or an authority as JSON.',
    );
  }
}

const removal = new Set(['', 'NULL', 'null', '{}']);

export const setAccountPermission: Handler = async (session, values) => {
  const [account, permission] = [values.argument('account'), values.argument('permission')];
  const text = values.optionalArgument('authority');
  if (values.flag('delete') || (text !== undefined && removal.has(text))) {
    const by = permissionsOr(values, `${account}@active`);
    return execute(session, values, [deletePermissionAction(account, permission, by)], {
      headline: () => `permission ${account}@${permission} deleted`,
    });
  }
  const authority = await permissionAuthority(
    session,
    values.flag('addCode'),
    values.flag('removeCode'),
    account,
    permission,
    text,
  );
  const parent =
    values.optionalArgument('parent') ?? (permission === 'owner' ? '' : permission === 'active' ? 'owner' : 'active');
  const by = permissionsOr(values, `${account}@${permission === 'owner' ? 'owner' : 'active'}`);
  await execute(session, values, [setPermissionAction(account, permission, authority, parent, by)], {
    headline: () => `permission ${account}@${permission} set`,
    next: [`get account ${account}`],
  });
};

/** The authority as given, or the present one with or without the contract's own permission. */
async function permissionAuthority(
  session: Session,
  add: boolean,
  remove: boolean,
  account: string,
  permission: string,
  text: string | undefined,
): Promise<Authority> {
  if (!add && !remove) {
    if (text === undefined) throw usageError('AUTHORITY is missing', 'Or: --delete, --add-code, --remove-code.');
    return readAuthority(text, 'AUTHORITY');
  }
  const { permissions } = await (await session.client()).api.chain.getAccount({ account_name: account });
  const present = permissions.find(({ perm_name }) => perm_name === permission);
  if (present === undefined) throw usageError(`${account} has no permission ${permission}`);
  const { required_auth: auth } = present;
  const others = auth.accounts.filter(
    (entry) => entry.permission.actor !== account || entry.permission.permission !== 'eosio.code',
  );
  const own = { permission: { actor: account, permission: 'eosio.code' }, weight: auth.threshold };
  return parseAuthority(JSON.stringify({ ...auth, accounts: add ? [...others, own] : others }));
}

export const setActionPermission: Handler = async (session, values) => {
  const [account, code, action] = [values.argument('account'), values.argument('contract'), values.argument('action')];
  const type = action === '*' ? '' : action;
  const permission = values.argument('permission');
  const by = permissionsOr(values, `${account}@active`);
  const unlink = removal.has(permission);
  await execute(
    session,
    values,
    [
      unlink
        ? unlinkPermissionAction(account, code, type, by)
        : linkPermissionAction(account, code, type, permission, by),
    ],
    {
      headline: () =>
        unlink
          ? `${code}::${action} needs the ordinary permission of ${account} again`
          : `${account}@${permission} is enough for ${code}::${action}`,
    },
  );
};
