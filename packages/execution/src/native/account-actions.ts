/** `eosio::newaccount`. Order of checks and messages are those of nodeos. */
import { type Authority, formatName, names, reject } from '@snapscale/protocol';
import type { ActionContext } from '../apply/types.js';
import { authorityRamBytes, isValidAuthority } from '../authorization/authority-rules.js';
import { storePermission } from '../authorization/permission-store.js';
import { formatLevelJson, permissionExists } from '../authorization/permissions.js';
import { accountExists, getAccount, putAccount } from '../state/records.js';
import { decodeActionData, type NewAccount, newAccountSchema } from './action-data.js';
import { billableBytes } from './billable.js';
import { prepayRam } from './fees/deposit.js';
import { requireValid, requireWritable } from './native-handler.js';

/** Only privileged accounts create names with these: they are, or look like, accounts of the system. */
const reservedPrefixes = ['eosio.', 'snap.'];

/** Length of the longest account name; a thirteenth character is for other names only. */
const accountNameCharsMax = 12;

/**
 * Creates an account with the permissions `owner` and `active`. Its RAM is billed to the account itself; where RAM has a
 * price, the creator's fee credit provides the deposit for it.
 */
export function applyNewAccount(context: ActionContext): void {
  requireWritable(context);
  const create = decodeActionData(newAccountSchema, context.action);
  context.requireAuthorization(create.creator);
  requireValid(isValidAuthority(create.owner), () => 'Invalid owner authority');
  requireValid(isValidAuthority(create.active), () => 'Invalid active authority');
  checkName(context, create);
  const { state, block } = context;
  putAccount(state, create.name, {
    createdSlot: block.slot,
    privileged: false,
    vmType: 0,
    vmVersion: 0,
    codeHash: undefined,
    lastCodeUpdateUs: 0n,
    codeSequence: 0n,
    abiSequence: 0n,
  });
  checkReferredPermissions(context, create.owner);
  checkReferredPermissions(context, create.active);
  const { timeUs } = block;
  storePermission(state, create.name, names.owner, { parent: names.empty, authority: create.owner, timeUs });
  storePermission(state, create.name, names.active, { parent: names.owner, authority: create.active, timeUs });
  const bytes =
    billableBytes.account +
    2 * billableBytes.permission +
    authorityRamBytes(create.owner) +
    authorityRamBytes(create.active);
  context.chargeRam(create.name, BigInt(bytes));
  prepayRam(state, create.creator, create.name, bytes);
}

function checkName(context: ActionContext, create: NewAccount): void {
  const text = formatName(create.name);
  requireValid(create.name !== names.empty, () => 'account name cannot be empty');
  requireValid(text.length <= accountNameCharsMax, () => 'account names can only be 12 chars long');
  if (getAccount(context.state, create.creator)?.privileged !== true) {
    for (const prefix of reservedPrefixes) {
      requireValid(
        !text.startsWith(prefix),
        () => `only privileged accounts can have names that start with '${prefix}'`,
      );
    }
  }
  if (accountExists(context.state, create.name)) {
    reject('account_name_exists_exception', `Cannot create account named ${text}, as that name is already taken`, {
      name: text,
    });
  }
}

/**
 * Rejects with `action_validate_exception` unless all accounts and permissions that an authority refers to exist.
 * `active` exists with its account; `eosio.code` is virtual.
 */
export function checkReferredPermissions(context: ActionContext, authority: Authority): void {
  for (const { permission: level } of authority.accounts) {
    requireValid(
      accountExists(context.state, level.actor),
      () => `account '${formatName(level.actor)}' does not exist`,
    );
    if (level.permission === names.active || level.permission === names.eosioCode) continue;
    requireValid(
      level.permission !== names.empty && permissionExists(context.state, level),
      () => `permission '${formatLevelJson(level)}' does not exist`,
    );
  }
}
