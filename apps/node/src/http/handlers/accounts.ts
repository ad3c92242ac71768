/** Routes about accounts and their permissions. */
import type { ResponseOf, Routes } from '@snapscale/api';
import { formatLegacyPublicKey } from '@snapscale/crypto';
import {
  type AccountRecord,
  type AuthorizerMatch,
  decodePermission,
  getAccount,
  getChainConfig,
  getResources,
  linkedActions,
  nameKey,
  permissionsByAuthorizers,
  prefixRange,
  requiredKeys,
  type StateReader,
  u64FromKey,
} from '@snapscale/execution';
import {
  assetSchema,
  authoritySchema,
  type CompiledAbi,
  DecodeError,
  decode,
  formatAsset,
  formatName,
  integerToJson,
  isValidSymbol,
  type Json,
  microsToText,
  type Name,
  name,
  names,
  parseSymbol,
  reject,
  slotToText,
  symbolCode,
  systemToken,
} from '@snapscale/protocol';
import { unknownAccount } from '../server/failure.js';
import type { HandlersOf, RequestContext } from '../server/handler.js';
import { nameOf, publicKeyOf, symbolOf } from '../view/fields.js';
import { decodedRow, entriesInRange, findRow } from '../view/table-scan.js';
import { transactionFromJson } from '../view/transaction-input.js';

type AccountInfo = ResponseOf<Routes['chain']['getAccount']>;
type ResourceLimit = AccountInfo['net_limit'];

/** Most matches of `get_accounts_by_authorizers`, and most links of a permission that are shown. */
const MATCHES_MAX = 1000;

export const accountHandlers: HandlersOf<
  Pick<Routes['chain'], 'getAccount' | 'getAccountsByAuthorizers' | 'getRequiredKeys'>
> = {
  getAccount(context, { account_name, expected_core_symbol }) {
    const account = nameOf(account_name);
    const record = requireAccount(context.state, account);
    return accountJson(context, account, record, expected_core_symbol);
  },

  getAccountsByAuthorizers({ state }, { accounts = [], keys = [] }) {
    const query = {
      accounts: accounts.map((entry) =>
        typeof entry === 'string'
          ? { actor: nameOf(entry) }
          : { actor: nameOf(entry.actor), permission: nameOf(entry.permission) },
      ),
      keys: keys.map(publicKeyOf),
    };
    return { accounts: permissionsByAuthorizers(state, query, MATCHES_MAX).map(matchJson) };
  },

  getRequiredKeys(context, { transaction, available_keys }) {
    const parsed = transactionFromJson(context, transaction as Json, 'transaction_type_exception');
    const config = getChainConfig(context.state);
    const keys = requiredKeys(context.state, parsed, available_keys.map(publicKeyOf), config.maxAuthorityDepth);
    return { required_keys: keys.map(formatLegacyPublicKey) };
  },
};

/** The record of an account that must exist. */
export function requireAccount(state: StateReader, account: Name): AccountRecord {
  const record = getAccount(state, account);
  if (record === undefined) throw unknownAccount(formatName(account));
  return record;
}

function accountJson(
  context: RequestContext,
  account: Name,
  record: AccountRecord,
  expectedCoreSymbol: string | undefined,
): AccountInfo {
  const { state, backend, abis } = context;
  const { head } = backend.chainInfo();
  const resources = getResources(state, account);
  const systemAbi = abis.get(state, names.eosio);
  const created = slotToText(record.createdSlot);
  const unlimited = unlimitedResource(created);
  const balance = coreBalance(state, account, expectedCoreSymbol);
  return {
    account_name: formatName(account),
    head_block_num: head.num,
    head_block_time: slotToText(head.slot),
    privileged: record.privileged,
    last_code_update: microsToText(record.lastCodeUpdateUs),
    created,
    ...(balance === undefined ? {} : { core_liquid_balance: balance }),
    ram_quota: bigIntegerJson(resources.ramQuota),
    net_weight: bigIntegerJson(resources.netWeight),
    cpu_weight: bigIntegerJson(resources.cpuWeight),
    net_limit: unlimited,
    cpu_limit: unlimited,
    ram_usage: bigIntegerJson(resources.ramUsage),
    permissions: permissionsJson(state, account),
    ...systemRows(state, systemAbi, account),
    subjective_cpu_bill_limit: { used: 0, available: 0, max: 0, last_usage_update_time: created, current_used: 0 },
    eosio_any_linked_actions: linksJson(state, account, names.eosioAny),
  };
}

/** CPU and NET are paid by use, not by share: there is no limit per account. */
function unlimitedResource(time: string): ResourceLimit {
  return { used: -1, available: -1, max: -1, last_usage_update_time: time, current_used: -1 };
}

/** Permissions, and keys, accounts and links of them, that one answer shows: about 0.2 s of work. */
const PERMISSION_ITEMS_MAX = 20_000;

/** Rejects with `snap_output_too_large` when there are too many of them. */
function permissionsJson(state: StateReader, account: Name): AccountInfo['permissions'] {
  const [from, to] = prefixRange(`p${nameKey(account)}`);
  let items = 0;
  return Array.from(entriesInRange(state, from, to), ({ key, value }) => {
    const permission = u64FromKey(key, 9) as Name;
    const { parent, authority } = decodePermission(value);
    items += 1 + authority.keys.length + authority.accounts.length + authority.waits.length;
    if (items > PERMISSION_ITEMS_MAX) {
      reject(
        'snap_output_too_large',
        `the permissions of ${formatName(account)} have more than ${PERMISSION_ITEMS_MAX} keys, accounts and waits`,
      );
    }
    return {
      perm_name: formatName(permission),
      parent: formatName(parent),
      required_auth: authoritySchema.toJson(authority) as never,
      linked_actions: linksJson(state, account, permission),
    };
  });
}

function linksJson(state: StateReader, account: Name, permission: Name) {
  return linkedActions(state, account, permission, MATCHES_MAX).map(({ code, action }) => ({
    account: formatName(code),
    ...(action === 0n ? {} : { action: formatName(action) }),
  }));
}

const accountsTable = name('accounts');

/** The balance that `core_liquid_balance` shows: of the symbol that the client expects, or of the system token. */
function coreBalance(state: StateReader, account: Name, expected: string | undefined): string | undefined {
  const symbol = expected === undefined ? coreSymbol(state) : symbolOf(expected, 'symbol');
  const row = findRow(state, systemToken.contract, account, accountsTable, symbolCode(symbol));
  if (row === undefined || row.data.length < 16) return undefined;
  try {
    const balance = decode(assetSchema, row.data.subarray(0, 16));
    return balance.symbol === symbol ? formatAsset(balance) : undefined;
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

const ramMarket = name('rammarket');
const ramCoreSymbol = parseSymbol('4,RAMCORE');

/** The symbol of the EOSIO system contract's RAM market where there is one, else of the chain's system token. */
function coreSymbol(state: StateReader): bigint {
  const row = findRow(state, names.eosio, names.eosio, ramMarket, ramCoreSymbol);
  // supply asset, base {asset, f64}, quote {asset, f64}: the quote's symbol stands at byte 48.
  if (row === undefined || row.data.length < 56) return systemToken.symbol;
  const symbol = new DataView(row.data.buffer, row.data.byteOffset).getBigUint64(48, true);
  return isValidSymbol(symbol) ? symbol : systemToken.symbol;
}

const userRes = name('userres');
const delBand = name('delband');
const refunds = name('refunds');
const voters = name('voters');
const rexBal = name('rexbal');

/** What the system contract's tables say of an account, as nodeos shows it; null where there is nothing. */
function systemRows(state: StateReader, abi: CompiledAbi | undefined, account: Name) {
  const row = (scope: Name, table: Name): Json =>
    abi === undefined ? null : (decodedRow(state, abi, names.eosio, scope, table, account) ?? null);
  return {
    total_resources: row(account, userRes),
    self_delegated_bandwidth: row(account, delBand),
    refund_request: row(account, refunds),
    voter_info: row(names.eosio, voters),
    rex_info: row(names.eosio, rexBal),
  };
}

function matchJson({ account, permission, authorizer, weight, threshold }: AuthorizerMatch) {
  return {
    account_name: formatName(account),
    permission_name: formatName(permission),
    ...(authorizer.kind === 'key'
      ? { authorizing_key: formatLegacyPublicKey(authorizer.key) }
      : {
          authorizing_account: {
            actor: formatName(authorizer.level.actor),
            permission: formatName(authorizer.level.permission),
          },
        }),
    weight,
    threshold,
  };
}

/** A 64-bit integer as the interface shows it. */
function bigIntegerJson(value: bigint): number | string {
  return integerToJson(value) as number | string;
}
