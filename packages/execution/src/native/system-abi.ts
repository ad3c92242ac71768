/**
 * The ABI of account `eosio` before a system contract is set: the native actions, with the type and struct names that
 * clients know from nodeos.
 */
import { type Abi, type AbiStructDef, name } from '@snapscale/protocol';

/** Structs as `field: type` lists, in the order in which nodeos gives them. */
const structs: readonly AbiStructDef[] = [
  define('permission_level', 'actor: account_name, permission: permission_name'),
  define('action', 'account: account_name, name: action_name, authorization: permission_level[], data: bytes'),
  define('extension', 'type: uint16, data: bytes'),
  define(
    'transaction_header',
    'expiration: time_point_sec, ref_block_num: uint16, ref_block_prefix: uint32, max_net_usage_words: varuint32, max_cpu_usage_ms: uint8, delay_sec: varuint32',
  ),
  define(
    'transaction',
    'context_free_actions: action[], actions: action[], transaction_extensions: extension[]',
    'transaction_header',
  ),
  define('producer_key', 'producer_name: account_name, block_signing_key: public_key'),
  define('producer_schedule', 'version: uint32, producers: producer_key[]'),
  define(
    'block_header',
    'timestamp: uint32, producer: account_name, confirmed: uint16, previous: block_id_type, transaction_mroot: checksum256, action_mroot: checksum256, schedule_version: uint32, new_producers: producer_schedule?, header_extensions: extension[]',
  ),
  define('key_weight', 'key: public_key, weight: weight_type'),
  define('permission_level_weight', 'permission: permission_level, weight: weight_type'),
  define('wait_weight', 'wait_sec: uint32, weight: weight_type'),
  define(
    'authority',
    'threshold: uint32, keys: key_weight[], accounts: permission_level_weight[], waits: wait_weight[]',
  ),
  define('newaccount', 'creator: account_name, name: account_name, owner: authority, active: authority'),
  define('setcode', 'account: account_name, vmtype: uint8, vmversion: uint8, code: bytes'),
  define('setabi', 'account: account_name, abi: bytes'),
  define('updateauth', 'account: account_name, permission: permission_name, parent: permission_name, auth: authority'),
  define('deleteauth', 'account: account_name, permission: permission_name'),
  define('linkauth', 'account: account_name, code: account_name, type: action_name, requirement: permission_name'),
  define('unlinkauth', 'account: account_name, code: account_name, type: action_name'),
  define('canceldelay', 'canceling_auth: permission_level, trx_id: transaction_id_type'),
  define('onerror', 'sender_id: uint128, sent_trx: bytes'),
  define('onblock', 'header: block_header'),
];

const actions = [
  'newaccount',
  'setcode',
  'setabi',
  'updateauth',
  'deleteauth',
  'linkauth',
  'unlinkauth',
  'canceldelay',
  'onerror',
  'onblock',
];

const aliases: readonly (readonly [string, string])[] = [
  ['account_name', 'name'],
  ['permission_name', 'name'],
  ['action_name', 'name'],
  ['table_name', 'name'],
  ['transaction_id_type', 'checksum256'],
  ['block_id_type', 'checksum256'],
  ['weight_type', 'uint16'],
];

/** The ABI; each native action's struct has the fields of its schema in `action-data.ts`. */
export const systemAbi: Abi = {
  version: 'eosio::abi/1.0',
  types: aliases.map(([newTypeName, type]) => ({ newTypeName, type })),
  structs,
  actions: actions.map((action) => ({ name: name(action), type: action, ricardianContract: '' })),
  tables: [],
  ricardianClauses: [],
  errorMessages: [],
  abiExtensions: [],
};

function define(struct: string, fields: string, base = ''): AbiStructDef {
  return {
    name: struct,
    base,
    fields: fields.split(', ').map((field) => {
      const [label, type] = field.split(': ') as [string, string];
      return { name: label, type };
    }),
  };
}
