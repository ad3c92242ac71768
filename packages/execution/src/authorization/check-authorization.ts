/**
 * Whether actions are authorised: each declared permission must be one that its account demands for the action, and
 * keys, permissions and delay must satisfy all of them (antelope-core 2.4).
 */
import { formatLegacyPublicKey, type PublicKey } from '@snapscale/crypto';
import {
  type Action,
  formatName,
  type PermissionLevel,
  Reject,
  type RejectionCode,
  reject,
  rejections,
  type Transaction,
} from '@snapscale/protocol';
import { bytesKey } from '../state/keys.js';
import type { StateReader } from '../state/reader.js';
import { compareLevels, comparePublicKeys } from './authority-rules.js';
import { hasOwnPermissionRule, minimumPermission } from './minimum-permission.js';
import { checkOwnPermissionRule } from './own-rules.js';
import { formatLevelJson, permissionCovers, requirePermission } from './permissions.js';
import { AuthorityChecker, type ProvidedAuthority } from './satisfy.js';
import { AuthorizationWork } from './work.js';

/** What is provided, and how strictly it is read. */
export type AuthorizationInput = ProvidedAuthority & {
  /** `max_transaction_delay`: a delay of at least this satisfies every wait. */
  readonly maxDelaySec?: number;
  /** Accept keys that contribute nothing, instead of rejecting them with `tx_irrelevant_sig`. */
  readonly allowUnusedKeys?: boolean;
  /** Nobody will read the reason of a rejection: it need not be written. */
  readonly quiet?: boolean;
  /** Called for each step of the work, to charge for it. */
  readonly onStep?: () => void;
};

/**
 * Checks the authorizations of `actions` in the order of nodeos. Rejects with
 * `tx_duplicate_sig` (a key is provided twice), `irrelevant_auth_exception` (a declared permission is not one that may
 * authorise its action), `permission_query_exception` (no such permission), `unsatisfied_authorization`, and
 * `tx_irrelevant_sig` (a key is not needed); for the actions of `hasOwnPermissionRule` also as they demand.
 *
 * @returns the steps taken (`AuthorizationWork`), so that the work can be charged.
 */
export function checkAuthorization(state: StateReader, actions: readonly Action[], input: AuthorizationInput): number {
  checkDistinctKeys(input.keys);
  const work = new AuthorizationWork(input.onStep);
  const levels = declaredLevels(state, actions, work);
  const checker = new AuthorityChecker(state, effective(input), work);
  for (const level of levels) {
    if (!checker.satisfied(level)) rejectUnsatisfied(level, input, 'transaction declares authority');
  }
  checkAllKeysUsed(checker, input, 'transaction bears irrelevant signatures from these keys');
  return work.steps;
}

/** As `checkAuthorization`, for one permission level that no action declares. */
export function checkPermission(state: StateReader, level: PermissionLevel, input: AuthorizationInput): number {
  const work = new AuthorizationWork(input.onStep);
  const checker = new AuthorityChecker(state, effective(input), work);
  if (!checker.satisfied(level)) rejectUnsatisfied(level, input, 'permission');
  checkAllKeysUsed(checker, input, 'irrelevant keys provided');
  return work.steps;
}

/**
 * Host function `check_transaction_authorization`: false where `checkAuthorization` would reject for a reason of
 * authorization; other rejections, such as an unknown permission, are passed on. Repeated keys count once.
 */
export function isTransactionAuthorized(
  state: StateReader,
  transaction: Pick<Transaction, 'actions' | 'delaySec'>,
  input: Omit<AuthorizationInput, 'delaySec'>,
): boolean {
  const { delaySec } = transaction;
  const keys = distinctKeys(input.keys);
  return holds(() => checkAuthorization(state, transaction.actions, { ...input, keys, delaySec, quiet: true }));
}

/** Host function `check_permission_authorization`: false where `checkPermission` would reject. Repeated keys count once. */
export function isPermissionAuthorized(state: StateReader, level: PermissionLevel, input: AuthorizationInput): boolean {
  return holds(() => checkPermission(state, level, { ...input, keys: distinctKeys(input.keys), quiet: true }));
}

/**
 * The least keys of `candidates` that satisfy a transaction, ascending (`get_required_keys`).
 * Rejects with `unsatisfied_authorization` when the candidates do not suffice.
 */
export function requiredKeys(
  state: StateReader,
  transaction: Pick<Transaction, 'actions' | 'delaySec'>,
  candidates: readonly PublicKey[],
  maxDepth: number,
): readonly PublicKey[] {
  const keys = distinctKeys(candidates).sort(comparePublicKeys);
  const checker = new AuthorityChecker(state, { keys, permissions: [], delaySec: transaction.delaySec, maxDepth });
  for (const { authorization } of transaction.actions) {
    for (const level of authorization) {
      if (checker.satisfied(level)) continue;
      reject(
        'unsatisfied_authorization',
        `transaction declares authority '${formatLevelJson(level)}', but does not have signatures for it.`,
        { needed: formatLevel(level), candidates: formatKeys(keys) },
      );
    }
  }
  return checker.usedKeys;
}

/** Rejects with `tx_duplicate_sig` when a key occurs twice. */
function checkDistinctKeys(keys: readonly PublicKey[]): void {
  if (keys.length < 2) return;
  const seen = new Set<string>();
  for (const key of keys) {
    if (seen.size === seen.add(bytesKey(key)).size) {
      reject(
        'tx_duplicate_sig',
        `transaction includes more than one signature signed using the same key associated with public key: ${formatLegacyPublicKey(key)}`,
        { key: formatLegacyPublicKey(key) },
      );
    }
  }
}

/**
 * The permission levels that the actions declare, each once, ascending: the order in which nodeos satisfies them, which
 * decides the level named in a rejection. Every level has been found fit for its action.
 */
function declaredLevels(
  state: StateReader,
  actions: readonly Action[],
  work: AuthorizationWork,
): readonly PermissionLevel[] {
  const levels: PermissionLevel[] = [];
  const seen = new Set<string>();
  for (const action of actions) {
    const ownRule = hasOwnPermissionRule(action);
    if (ownRule) checkOwnPermissionRule(state, action, work);
    for (const level of action.authorization) {
      work.count();
      if (!ownRule) checkMinimumPermission(state, action, level, work);
      if (levels.length === 0) levels.push(level);
      else addLevel(levels, seen, level);
    }
  }
  return levels.length > 1 ? levels.sort(compareLevels) : levels;
}

function addLevel(levels: PermissionLevel[], seen: Set<string>, level: PermissionLevel): void {
  if (seen.size === 0) seen.add(levelText(levels[0]!));
  if (seen.size < seen.add(levelText(level)).size) levels.push(level);
}

function levelText({ actor, permission }: PermissionLevel): string {
  return `${actor}@${permission}`;
}

function checkMinimumPermission(
  state: StateReader,
  action: Action,
  level: PermissionLevel,
  work: AuthorizationWork,
): void {
  const permission = minimumPermission(state, level.actor, action.account, action.name);
  if (permission === undefined) return;
  const minimum = { actor: level.actor, permission };
  requirePermission(state, minimum);
  if (level.permission === permission) return;
  requirePermission(state, level);
  if (permissionCovers(state, level.actor, level.permission, permission, work)) return;
  reject(
    'irrelevant_auth_exception',
    `action declares irrelevant authority '${formatLevelJson(level)}'; minimum authority is ${formatLevelJson(minimum)}`,
    {
      action: `${formatName(action.account)}::${formatName(action.name)}`,
      declared: formatLevel(level),
      minimum: formatLevel(minimum),
    },
  );
}

function effective(input: AuthorizationInput): ProvidedAuthority {
  const unlimited = input.maxDelaySec !== undefined && input.delaySec >= input.maxDelaySec;
  return unlimited ? { ...input, delaySec: Number.POSITIVE_INFINITY } : input;
}

function rejectUnsatisfied(level: PermissionLevel, input: AuthorizationInput, what: string): never {
  if (input.quiet === true) reject('unsatisfied_authorization', `${what} is not satisfied`);
  const was = what === 'permission' ? 'was not satisfied' : 'but does not have signatures for it';
  const comma = what === 'permission' ? '' : ',';
  const delayLimit = input.maxDelaySec === undefined ? '' : `, and a delay max limit of ${input.maxDelaySec * 1000} ms`;
  return reject(
    'unsatisfied_authorization',
    `${what} '${formatLevelJson(level)}'${comma} ${was} under a provided delay of ${input.delaySec * 1000} ms, ` +
      `provided permissions [${listed(input.permissions, formatLevelJson)}], ` +
      `provided keys ${formatKeys(input.keys)}${delayLimit}`,
    {
      needed: formatLevel(level),
      providedKeys: formatKeys(input.keys),
      providedPermissions: listed(input.permissions, formatLevel),
    },
  );
}

function checkAllKeysUsed(checker: AuthorityChecker, input: AuthorizationInput, what: string): void {
  if (input.allowUnusedKeys === true || checker.allKeysUsed) return;
  if (input.quiet === true) reject('tx_irrelevant_sig', what);
  const unused = formatKeys(checker.unusedKeys);
  reject('tx_irrelevant_sig', `${what}: ${unused}`, { unusedKeys: unused });
}

function distinctKeys(keys: readonly PublicKey[]): PublicKey[] {
  return [...new Map(keys.map((key) => [bytesKey(key), key])).values()];
}

/** Runs a check; false when it rejects for a reason of authorization (EOSIO codes 3,090,000 to 3,099,999). */
function holds(check: () => void): boolean {
  try {
    check();
    return true;
  } catch (error) {
    if (error instanceof Reject && isAuthorizationCode(error.rejection.code)) return false;
    throw error;
  }
}

function isAuthorizationCode(code: RejectionCode): boolean {
  return Math.floor(rejections[code].eosioCode / 10_000) === 309;
}

function formatLevel({ actor, permission }: PermissionLevel): string {
  return `${formatName(actor)}@${formatName(permission)}`;
}

function formatKeys(keys: readonly PublicKey[]): string {
  return `[${listed([...keys].sort(comparePublicKeys), (key) => `"${formatLegacyPublicKey(key)}"`)}]`;
}

/** Items that a message names; the number of the others follows. */
const LISTED_MAX = 16;

function listed<T>(items: readonly T[], format: (item: T) => string): string {
  const shown = items.slice(0, LISTED_MAX).map(format).join(',');
  return items.length <= LISTED_MAX ? shown : `${shown},… ${items.length - LISTED_MAX} more`;
}
