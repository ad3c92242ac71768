/** More of proton-tsc's AssemblyScript examples than every test run has time to compile; `extra.ts` runs them. */
import assert from 'node:assert/strict';
import { toHex } from '@snapscale/crypto';
import { slotToMs } from '@snapscale/protocol';
import { compileExample } from '../testing/assemblyscript.js';
import { ContractLedger, executed, protonContract } from '../testing/contract-ledger.js';

export type Example = readonly [title: string, run: () => Promise<void>];

const collectionFormat = [
  { name: 'name', type: 'string' },
  { name: 'img', type: 'ipfs' },
  { name: 'description', type: 'string' },
  { name: 'url', type: 'string' },
];

async function ledgerWith(...contracts: readonly string[]): Promise<ContractLedger> {
  const ledger = new ContractLedger();
  ledger.createAccounts('alice');
  for (const contract of contracts) ledger.install(contract, await compileExample(contract));
  return ledger;
}

async function createNft(): Promise<void> {
  const ledger = await ledgerWith('createnft');
  ledger.install('atomicassets', protonContract('atomicassets'));
  for (const account of ['atomicassets', 'createnft']) ledger.addCodePermission(account);
  ledger.push('atomicassets', 'init', 'atomicassets', {});
  ledger.push('atomicassets', 'admincoledit', 'atomicassets', { collection_format_extension: collectionFormat });
  for (const action of ['createcol', 'createschema', 'createtempl', 'mintasset', 'setassetdata']) {
    const trace = ledger.push('createnft', action, 'createnft', {});
    assert.equal(executed(trace)[1], `atomicassets <= atomicassets::${action}`);
  }
  const { console } = ledger.push('createnft', 'readnft', 'createnft', {}).actionTraces[0]!;
  assert.deepEqual(
    console
      .trim()
      .split('\n')
      .map((line) => line.trim()),
    [
      'Collection: bullscollect',
      'Collection Data: Description = Collection for Bulls',
      'Template Data: Image = QmT35anF2vLjjfgCQXBXfXqGgXXj4rJrsjcXWYLm9HDfWL',
      'Asset Data: Health = 5',
      'Asset: 1099511627776',
    ],
  );
}

async function keyValues(): Promise<void> {
  const ledger = await ledgerWith('kv');
  const values = [
    { key: 'telegram', value: '@alice' },
    { key: 'discord', value: '#alice' },
  ];
  ledger.push('kv', 'updatevalues', 'alice', { actor: 'alice', values });
  assert.deepEqual(ledger.rows('kv', 'kv', 'kvs'), [{ account: 'alice', values }]);
  ledger.push('kv', 'removekeys', 'alice', { actor: 'alice', keys: ['telegram'] });
  assert.deepEqual(ledger.rows('kv', 'kv', 'kvs'), [{ account: 'alice', values: values.slice(1) }]);
  assert.equal(ledger.refusal('kv', 'removekeys', 'kv', { actor: 'alice', keys: [] }).code, 'missing_auth_exception');
  ledger.push('kv', 'removekeys', 'alice', { actor: 'alice', keys: ['discord'] });
  assert.deepEqual(ledger.rows('kv', 'kv', 'kvs'), []);
}

/** The contract hashes the transaction that it runs in, and reads its first action. */
async function transactionId(): Promise<void> {
  const ledger = await ledgerWith('txid');
  const transaction = ledger.transaction([
    ledger.action('txid', 'getsizeandid', 'alice', { actor: 'alice' }),
    ledger.action('txid', 'readaction', 'alice', {}),
  ]);
  assert.equal(ledger.apply(transaction).except, undefined);
  assert.deepEqual(ledger.rows('txid', 'txid', 'kvs'), [
    {
      account: 'alice',
      values: [
        { key: 'tx_size', value: String(transaction.packed.length) },
        { key: 'tx_id', value: toHex(transaction.id) },
        { key: 'action_size', value: '42' },
      ],
    },
  ]);
}

async function timeAndReturnValue(): Promise<void> {
  const ledger = await ledgerWith('time', 'returnvalue');
  ledger.produceBlock();
  const printed = (action: string) => ledger.push('time', action, 'alice', {}).actionTraces[0]!.console;
  const ms = slotToMs(ledger.pending.slot);
  assert.equal(printed('blocknum'), String(ledger.pending.num));
  assert.equal(printed('time'), `${ms}000|${ms}|${Math.floor(ms / 1000)}`);
  const [trace] = ledger.push('returnvalue', 'returnvalue', 'alice', {}).actionTraces;
  assert.equal(toHex(trace!.returnValue), '0500000000000000');
}

/** as-chain declares `get_code_hash` without its last parameter: code that links wrongly is refused when it is set. */
async function wrongImport(): Promise<void> {
  await assert.rejects(ledgerWith('auth'), /env\.get_code_hash is imported with a wrong signature/);
}

/** A contract that reads the tables of another one and prints doubles. */
async function oracleReader(): Promise<void> {
  const ledger = new ContractLedger();
  ledger.createAccounts('alice');
  ledger.install('oracles', protonContract('oracles'));
  ledger.install('reader', await compileExample('oracles'));
  ledger.push('oracles', 'setfeed', 'oracles', {
    account: 'oracles',
    index: null,
    name: 'Oracle 1',
    description: 'Oracle 1 Description',
    aggregate_function: 'median',
    data_type: 'double',
    config: [{ key: 'data_window_size', value: 210 }],
    providers: ['oracles'],
  });
  const data = { d_string: null, d_uint64_t: null, d_double: '4.444' };
  ledger.push('oracles', 'feed', 'oracles', { account: 'oracles', feed_index: 0, data });
  const [trace] = ledger.push('reader', 'test', 'alice', {}).actionTraces;
  assert.match(trace!.console, /Aggregate Function: median/);
  assert.match(trace!.console, /Aggregate: 4\.444\n/);
}

export const examples: readonly Example[] = [
  ['createnft drives AtomicAssets and reads its tables back', createNft],
  ['kv keeps lists of strings', keyValues],
  ['txid hashes its own transaction', transactionId],
  ['time and returnvalue', timeAndReturnValue],
  ['a wrong import is refused', wrongImport],
  ['oracles reads the tables of another contract', oracleReader],
];
