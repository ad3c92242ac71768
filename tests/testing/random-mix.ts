/** Random blocks of random transactions, many of which fail, on a ledger with contracts, fees and producers. */
import { publicKeyOf } from '@snapscale/crypto';
import type { RootOf } from '@snapscale/execution';
import {
  type Action,
  edgeNodeExtension,
  type Json,
  name,
  type SnapParameters,
  type TransactionTrace,
  Writer,
} from '@snapscale/protocol';
import fc from 'fast-check';
import type { VerifiedTransaction } from '../../packages/execution/src/apply/apply-transaction.js';
import { biosWasm, setLimits, setPrivileged, setProducers } from './bios-contract.js';
import { ContractLedger, protonContract, testKeyPair } from './contract-ledger.js';
import { indexAbi, indexWasm } from './index-contract.js';

export const users = ['usera', 'userb', 'userc', 'userd'] as const;
const TEST_KEY = 'EOS6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5GDW5CV';
const otherKey = publicKeyOf(testKeyPair('somebody else'));
const producerPool = users.map((user) => ({ name: name(user), key: publicKeyOf(testKeyPair(user)) }));
const permissions = ['active', 'pay', 'sub'] as const;

/** An action, by what it is about; numbers choose among users, amounts and the like. */
export type Operation = {
  readonly kind: (typeof kinds)[number];
  readonly a: number;
  readonly b: number;
  readonly n: number;
};

/** Something that happens to the ledger. */
export type Step =
  | { readonly kind: 'block'; readonly slots: number }
  | { readonly kind: 'transaction'; readonly operations: readonly Operation[]; readonly flaw: (typeof flaws)[number] };

const kinds = [
  ...Array(6).fill('transfer'),
  ...Array(3).fill('put'),
  ...Array(3).fill('mint'),
  ...Array(2).fill('give'),
  'burn',
  'open',
  'close',
  'issue',
  'retire',
  'newaccount',
  'updateauth',
  'deleteauth',
  'linkauth',
  'unlinkauth',
  'setcode',
  'setabi',
  'credit',
  'withdraw',
  'sponsor',
  'prices',
  'producers',
  'limits',
  'privileged',
  'tell',
] as readonly (
  | 'transfer'
  | 'put'
  | 'mint'
  | 'give'
  | 'burn'
  | 'open'
  | 'close'
  | 'issue'
  | 'retire'
  | 'newaccount'
  | 'updateauth'
  | 'deleteauth'
  | 'linkauth'
  | 'unlinkauth'
  | 'setcode'
  | 'setabi'
  | 'credit'
  | 'withdraw'
  | 'sponsor'
  | 'prices'
  | 'producers'
  | 'limits'
  | 'privileged'
  | 'tell'
)[];

/** What may be wrong with a transaction as a whole. */
const flaws = [...Array(12).fill('none'), 'key', 'keys', 'expired', 'twice', 'edge'] as readonly (
  | 'none'
  | 'key'
  | 'keys'
  | 'expired'
  | 'twice'
  | 'edge'
)[];

const operation = fc.record({
  kind: fc.constantFrom(...kinds),
  a: fc.nat(users.length - 1),
  b: fc.nat(users.length - 1),
  n: fc.nat(9),
});

/** Steps in which every fifth or so closes a block, sometimes with a gap in which duplicate records expire. */
export const randomSteps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constant('transaction' as const),
        operations: fc.array(operation, { minLength: 1, maxLength: 3 }),
        flaw: fc.constantFrom(...flaws),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('block' as const), slots: fc.constantFrom(1, 1, 1, 2, 13, 200) }),
    },
  ),
  { minLength: 40, maxLength: 90 },
);

/** A ledger on which every kind of operation can succeed. */
export function mixLedger(parameters: Partial<SnapParameters> = {}): ContractLedger {
  const ledger = new ContractLedger(parameters);
  ledger.createAccounts(...users, 'eosio.token');
  const token = protonContract('xtokens');
  ledger.deploy('eosio.token', token.wasm, token.abi);
  ledger.install('atomicassets', protonContract('atomicassets'));
  ledger.install('indices', { wasm: indexWasm, abi: indexAbi });
  ledger.addCodePermission('atomicassets');
  const code = Buffer.from(biosWasm).toString('hex');
  ledger.push('eosio', 'setcode', 'eosio', { account: 'eosio', vmtype: 0, vmversion: 0, code });
  ledger.push('eosio.token', 'create', 'eosio.token', { issuer: 'eosio', maximum_supply: '1000000000.0000 XST' });
  ledger.push('eosio.token', 'issue', 'eosio', { to: 'eosio', quantity: '1000000.0000 XST', memo: '' });
  for (const to of users) {
    for (const quantity of ['1000.0000 XST', '500.0000 XST']) {
      const credit = quantity.startsWith('5');
      const memo = credit ? to : '';
      ledger.push('eosio.token', 'transfer', 'eosio', { from: 'eosio', to: credit ? 'snap.fees' : to, quantity, memo });
    }
  }
  setUpCollection(ledger);
  ledger.produceBlock();
  return ledger;
}

function setUpCollection(ledger: ContractLedger): void {
  const call = (action: string, signer: string, data: Json) => ledger.push('atomicassets', action, signer, data);
  call('init', 'atomicassets', {});
  call('createcol', 'usera', {
    author: 'usera',
    collection_name: 'collection12',
    allow_notify: true,
    authorized_accounts: users,
    notify_accounts: ['userb'],
    market_fee: '0.0',
    data: [],
  });
  call('createschema', 'usera', {
    authorized_creator: 'usera',
    collection_name: 'collection12',
    schema_name: 'thing',
    schema_format: [{ name: 'name', type: 'string' }],
  });
}

const FIRST_ASSET = 2n ** 40n;

/** The action of an operation. */
export function actionOf(ledger: ContractLedger, { kind, a, b, n }: Operation): Action {
  const [actor, other] = [users[a]!, users[b]!];
  const act = (contract: string, action: string, data: Json, signer: string = actor) =>
    ledger.action(contract, action, signer, data);
  const native = (action: string, data: Json, signer = `${actor}@owner`) => act('eosio', action, data, signer);
  const quantity = `${n}.${String(n * 1111).padStart(4, '0')} XST`;
  const auth = {
    threshold: 1,
    keys: [{ key: TEST_KEY, weight: 1 }],
    accounts: n > 6 ? [{ permission: { actor: other, permission: 'active' }, weight: 1 }] : [],
    waits: n === 9 ? [{ wait_sec: 60, weight: 1 }] : [],
  };
  const permission = permissions[n % permissions.length]!;
  switch (kind) {
    case 'transfer':
      return act('eosio.token', 'transfer', {
        from: actor,
        to: other,
        quantity: n === 9 ? '99999.0000 XST' : quantity,
        memo: 'm'.repeat(n),
      });
    case 'open':
      return act('eosio.token', 'open', { owner: other, symbol: '4,XST', ram_payer: actor });
    case 'close':
      return act('eosio.token', 'close', { owner: actor, symbol: '4,XST' });
    case 'issue':
      return act('eosio.token', 'issue', { to: 'eosio', quantity, memo: '' }, 'eosio');
    case 'retire':
      return act('eosio.token', 'retire', { quantity, memo: '' }, 'eosio');
    case 'put':
      return act('indices', 'put', indexRow(n * 4 + a, b));
    case 'tell':
      return act('indices', 'tell', { whom: n === 0 ? 'nobody' : other });
    case 'mint':
      return act('atomicassets', 'mintasset', {
        authorized_minter: actor,
        collection_name: 'collection12',
        schema_name: 'thing',
        template_id: n === 0 ? 7 : -1,
        new_asset_owner: other,
        immutable_data: [{ key: 'name', value: ['string', 'x'.repeat(n * 3)] }],
        mutable_data: [],
        tokens_to_back: [],
      });
    case 'give':
      return act('atomicassets', 'transfer', {
        from: actor,
        to: other,
        asset_ids: [String(FIRST_ASSET + BigInt(n))],
        memo: '',
      });
    case 'burn':
      return act('atomicassets', 'burnasset', { asset_owner: actor, asset_id: String(FIRST_ASSET + BigInt(n)) });
    case 'newaccount':
      return native('newaccount', {
        creator: actor,
        name: `new${'abcdefghij'[n]}`,
        owner: { ...auth, waits: [] },
        active: auth,
      });
    case 'updateauth':
      return native('updateauth', {
        account: actor,
        permission,
        parent: permission === 'active' ? 'owner' : 'active',
        auth,
      });
    case 'deleteauth':
      return native('deleteauth', { account: actor, permission });
    case 'linkauth':
      return native('linkauth', {
        account: actor,
        code: 'indices',
        type: n % 2 === 0 ? 'put' : '',
        requirement: permission,
      });
    case 'unlinkauth':
      return native('unlinkauth', { account: actor, code: 'indices', type: n % 2 === 0 ? 'put' : '' });
    case 'setcode':
      return native('setcode', {
        account: actor,
        vmtype: 0,
        vmversion: 0,
        code: n < 4 ? '' : Buffer.from(indexWasm).toString('hex'),
      });
    case 'setabi':
      return native('setabi', { account: actor, abi: n < 4 ? '' : 'ab'.repeat(n * 10) });
    case 'credit':
      return act('eosio.token', 'transfer', { from: actor, to: 'snap.fees', quantity, memo: n > 5 ? other : '' });
    case 'withdraw':
      return act('snap.fees', 'withdraw', { owner: actor, quantity });
    case 'sponsor': {
      const both = act('snap.fees', 'setsponsor', { account: actor, sponsor: other, cap: quantity, period_sec: 60 });
      return { ...both, authorization: [...both.authorization, { actor: name(other), permission: name('active') }] };
    }
    case 'prices':
      return act('snap.fees', 'setprices', { cpu_price: n * 3, net_price: n, ram_price: n > 7 ? 5 : 0 }, 'eosio');
    case 'producers':
      return setProducers(producerPool.slice(0, 1 + (n % producerPool.length)));
    case 'limits':
      return setLimits(actor, n === 0 ? -1 : 3_000 + n * 1_500);
    case 'privileged':
      return setPrivileged(n > 4 ? actor : 'indices', n % 2 === 0);
  }
}

function indexRow(id: number, b: number): Json {
  return {
    id,
    owner: users[b]!,
    k64: b,
    k128: String(id * 3),
    k256: 'ab'.repeat(32),
    kf: id === 7 ? 'nan' : String(id - 5),
    kq: `0x${'00'.repeat(16)}`,
    k160: 'cd'.repeat(20),
  };
}

/** What became of the transactions of a run. */
export type Tally = { succeeded: number; readonly failures: Map<string, number> };

/** Runs the steps; the last block is closed at the end. */
export function runSteps(ledger: ContractLedger, steps: readonly Step[], rootOf?: RootOf): Tally {
  const tally: Tally = { succeeded: 0, failures: new Map() };
  const count = ({ except }: TransactionTrace) => {
    if (except === undefined) tally.succeeded++;
    else tally.failures.set(except.code, (tally.failures.get(except.code) ?? 0) + 1);
  };
  for (const step of steps) {
    if (step.kind === 'block') {
      ledger.produceBlock(step.slots, rootOf);
      continue;
    }
    const transaction = transactionOf(ledger, step);
    count(ledger.apply(transaction));
    if (step.flaw === 'twice') count(ledger.apply(transaction));
  }
  ledger.produceBlock(1, rootOf);
  return tally;
}

function transactionOf(
  ledger: ContractLedger,
  { operations, flaw }: Step & { kind: 'transaction' },
): VerifiedTransaction {
  const actions = operations.map((one) => actionOf(ledger, one));
  const edge = new Writer();
  edge.u64(name(users[0]));
  return ledger.transaction(actions, {
    ...(flaw === 'key' ? { keys: [otherKey] } : {}),
    ...(flaw === 'keys' ? { keys: [...ledger.transaction(actions).keys, otherKey] } : {}),
    with: {
      ...(flaw === 'expired' ? { expiration: 5 } : {}),
      ...(flaw === 'edge' ? { transactionExtensions: [{ type: edgeNodeExtension, data: edge.finish() }] } : {}),
    },
  });
}
