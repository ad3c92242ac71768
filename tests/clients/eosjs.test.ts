/** eosjs 22, unmodified, against a running node: transact in all its ways, deployment, permissions, errors. */

import { formatAbi } from '@snapscale/protocol';
import { Api, JsonRpc, RpcError } from 'eosjs';
import type { TransactResult } from 'eosjs/dist/eosjs-api-interfaces.js';
import { JsSignatureProvider } from 'eosjs/dist/eosjs-jssig.js';
import { generateKeyPair, PrivateKey } from 'eosjs/dist/eosjs-key-conversions.js';
import { KeyType } from 'eosjs/dist/eosjs-numeric.js';
import type { PushTransactionArgs } from 'eosjs/dist/eosjs-rpc-interfaces.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contextFreeSecret, indexAbi, indexWasm } from '../testing/index-contract.js';
import {
  developmentKey,
  developmentPublicKey,
  type NodeProcess,
  startNodeProcess,
  until,
} from '../testing/node-process.js';

let node: NodeProcess;
let rpc: JsonRpc;
let api: Api;

let salt = 0;
/** Refers to the last irreversible block; no two transactions have the same expiration, so that none is a duplicate. */
const byLib = () => ({ useLastIrreversible: true, expireSeconds: 60 + salt++ });

beforeAll(async () => {
  node = await startNodeProcess();
  rpc = new JsonRpc(node.url, { fetch });
  api = apiWith(developmentKey);
});

afterAll(() => node.stop());

function apiWith(...privateKeys: readonly string[]): Api {
  return new Api({ rpc, signatureProvider: new JsSignatureProvider([...privateKeys]) });
}

function action(account: string, name: string, actor: string, data: unknown, permission = 'active') {
  return { account, name, authorization: [{ actor, permission }], data };
}

/** A transfer that is like no other. */
const transfer = (from = 'alice', to = 'bob', quantity = '0.0001 XST') =>
  action('eosio.token', 'transfer', from, { from, to, quantity, memo: `eosjs ${salt++}` });

async function transact(actions: unknown[], config: object = byLib(), using = api): Promise<TransactResult> {
  return (await using.transact({ actions } as never, config)) as TransactResult;
}

/** The error of a transaction that must fail. */
async function failure(attempt: Promise<unknown>): Promise<RpcError> {
  const error = await attempt.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(RpcError);
  return error as RpcError;
}

const authority = (...keys: readonly string[]) => ({
  threshold: 1,
  keys: keys.map((key) => ({ key, weight: 1 })),
  accounts: [],
  waits: [],
});

function createAccount(name: string, owner: object = authority(developmentPublicKey), active: object = owner) {
  return transact([action('eosio', 'newaccount', 'eosio', { creator: 'eosio', name, owner, active })]);
}

describe('transact', () => {
  it.each([
    ['the last irreversible block', byLib()],
    ['the head', { blocksBehind: 0, expireSeconds: 30 }],
    ['a block behind the head', { blocksBehind: 2, expireSeconds: 30 }],
    ['a compressed transaction', { ...byLib(), compression: true }],
  ])('refers to %s', async (_, config) => {
    await until('a few blocks', async () => (await rpc.get_info()).head_block_num > 4);
    const { processed, transaction_id } = await transact([transfer()], config);
    expect(processed.receipt!.status).toBe('executed');
    expect(processed.id).toBe(transaction_id);
  });

  it('signs now and is pushed later, plain or compressed', async () => {
    const signed = (await transact([transfer()], { ...byLib(), broadcast: false })) as unknown as PushTransactionArgs;
    expect(signed.signatures).toHaveLength(1);
    const pushed = (await api.pushSignedTransaction(signed)) as TransactResult;
    expect(pushed.processed.receipt!.status).toBe('executed');
    const other = (await transact([transfer()], { ...byLib(), broadcast: false })) as unknown as PushTransactionArgs;
    const compressed = (await api.pushCompressedSignedTransaction(other)) as TransactResult;
    const block = await until('the block of the transaction', async () => {
      const found = await rpc.get_block(compressed.processed.block_num).catch(() => undefined);
      return found?.transactions.find(({ trx }: { trx: { id: string } }) => trx.id === compressed.transaction_id);
    });
    expect(block.trx.compression).toBe('zlib');
    expect(block.trx.transaction.actions[0].data.memo).toMatch(/^eosjs /);
  });

  it('builds actions by name', async () => {
    const { processed } = (await api.transact(
      {
        actions: [api.with('eosio.token').as('alice').transfer('alice', 'bob', '0.0001 XST', `by name ${salt++}`)],
      } as never,
      byLib(),
    )) as TransactResult;
    expect(processed.action_traces[0]!.act.data.quantity).toBe('0.0001 XST');
  });

  it('runs context-free actions', async () => {
    const data = new Uint8Array(8);
    new DataView(data.buffer).setBigUint64(0, contextFreeSecret, true);
    await createAccount('cfcontract');
    await deploy('cfcontract');
    const send = (bytes: Uint8Array) =>
      api.transact(
        {
          context_free_actions: [{ account: 'cfcontract', name: 'cfcheck', authorization: [], data: {} }],
          context_free_data: [bytes],
          actions: [transfer()],
        } as never,
        byLib(),
      ) as Promise<TransactResult>;
    const { processed } = await send(data);
    expect(processed.action_traces.map(({ context_free }) => context_free)).toEqual([true, false]);
    expect((await failure(send(new Uint8Array(8)))).message).toBe('assertion failure with message: not the secret');
  });

  it('send_transaction answers flat', async () => {
    const signed = (await transact([transfer()], { ...byLib(), broadcast: false })) as unknown as PushTransactionArgs;
    const { processed } = await rpc.send_transaction(signed);
    expect(processed.action_traces.map(({ receiver }: { receiver: string }) => receiver)).toEqual([
      'eosio.token',
      'alice',
      'bob',
    ]);
  });

  it('push_transactions tells of each', async () => {
    const sign = async (from: string, quantity: string) =>
      (await transact([transfer(from, 'bob', quantity)], {
        ...byLib(),
        broadcast: false,
      })) as unknown as PushTransactionArgs;
    const results = await rpc.push_transactions([
      await sign('alice', '0.0001 XST'),
      await sign('alice', '99000000.0000 XST'),
    ]);
    expect(results[0]!.processed.receipt!.status).toBe('executed');
    expect(JSON.stringify(results[1])).toContain('overdrawn balance');
  });

  it('is final soon, and the trace API shows it', async () => {
    const { transaction_id, processed } = await transact([transfer()]);
    await until('finality', async () => (await rpc.get_info()).last_irreversible_block_num >= processed.block_num);
    const traced = (await rpc.trace_get_block(processed.block_num)) as unknown as {
      status: string;
      transactions: { id: string; actions: { action: string }[] }[];
    };
    expect(traced.status).toBe('irreversible');
    const mine = traced.transactions.find(({ id }) => id === transaction_id)!;
    expect(mine.actions.map(({ action }) => action)).toEqual(['transfer', 'transfer', 'transfer']);
    const history = await rpc.history_get_transaction(transaction_id);
    expect(history.block_num).toBe(processed.block_num);
  });
});

async function deploy(account: string): Promise<void> {
  const abi = formatAbi(indexAbi) as never;
  await transact([
    action('eosio', 'setcode', account, {
      account,
      vmtype: 0,
      vmversion: 0,
      code: Buffer.from(indexWasm).toString('hex'),
    }),
    action('eosio', 'setabi', account, { account, abi: Buffer.from(api.jsonToRawAbi(abi)).toString('hex') }),
  ]);
}

describe('contracts', () => {
  it('are deployed with ABIs that eosjs has packed, and are there to be read', async () => {
    await createAccount('deployed');
    await deploy('deployed');
    const { abi } = await rpc.get_abi('deployed');
    expect(abi!.actions.map(({ name }) => name)).toEqual(['put', 'answer', 'cfcheck', 'tell']);
    const { wasm } = await rpc.get_raw_code_and_abi('deployed');
    expect(Buffer.from(wasm, 'base64').equals(Buffer.from(indexWasm))).toBe(true);
    const { processed } = await transact([action('deployed', 'answer', 'alice', { question: 1 })]);
    expect(processed.action_traces[0]).toMatchObject({ return_value_hex_data: '02000000', return_value_data: 2 });
    const told = await transact([action('deployed', 'tell', 'alice', { whom: 'bob' })]);
    expect(told.processed.action_traces[0]!.inline_traces![0]).toMatchObject({
      receiver: 'bob',
      creator_action_ordinal: 1,
    });
    const rows = await rpc.get_table_rows({ code: 'deployed', scope: 'deployed', table: 'rows' });
    expect(rows.rows).toEqual([]);
  });

  it('cannot be set twice the same, and must be valid', async () => {
    const set = (code: string) =>
      failure(
        transact([action('eosio', 'setcode', 'deployed', { account: 'deployed', vmtype: 0, vmversion: 0, code })]),
      );
    expect((await set(Buffer.from(indexWasm).toString('hex'))).json.error).toMatchObject({
      code: 3160008,
      name: 'set_exact_code',
    });
    expect((await set('00112233')).json.error.name).toMatch(/^wasm_/);
  });

  it('large integers and rows keep their digits', async () => {
    const row = {
      id: '18446744073709551615',
      owner: 'bob',
      k64: 7,
      k128: '340282366920938463463374607431768211455',
      k256: 'ab'.repeat(32),
      kf: -0.5,
      kq: '00'.repeat(16),
      k160: 'cd'.repeat(20),
    };
    await transact([action('deployed', 'put', 'alice', row)]);
    const { rows } = await rpc.get_table_rows({ code: 'deployed', scope: 'deployed', table: 'rows', json: true });
    expect(rows).toEqual([{ ...row, kf: '-0.50000000000000000', kq: `0x${row.kq}` }]);
  });
});

describe('permissions', () => {
  const pairs = ['first', 'second', 'third'].map((who) => {
    const { publicKey, privateKey } = generateKeyPair(KeyType.k1, { secureEnv: true });
    return { who, publicKey: publicKey.toString(), privateKey: privateKey.toString() };
  });
  const both = () => apiWith(pairs[0]!.privateKey, pairs[1]!.privateKey);

  beforeAll(async () => {
    for (const { who, publicKey } of pairs) await createAccount(who, authority(publicKey));
    const accounts = pairs
      .map(({ who }) => ({ permission: { actor: who, permission: 'active' }, weight: 1 }))
      .sort((a, b) => (a.permission.actor < b.permission.actor ? -1 : 1));
    await createAccount('shared', authority(developmentPublicKey), { threshold: 2, keys: [], accounts, waits: [] });
    await transact([transfer('alice', 'shared', '10.0000 XST')]);
  });

  it('two of three accounts act together; one alone does not, and a third key is too much', async () => {
    const { processed } = await transact([transfer('shared')], byLib(), both());
    expect(processed.receipt!.status).toBe('executed');
    const alone = await failure(transact([transfer('shared')], byLib(), apiWith(pairs[0]!.privateKey)));
    expect(alone.json.error).toMatchObject({ code: 3090003, name: 'unsatisfied_authorization' });
    const all = apiWith(...pairs.map(({ privateKey }) => privateKey));
    // get_required_keys leaves the third one out.
    expect((await transact([transfer('shared')], byLib(), all)).processed.receipt!.status).toBe('executed');
    const requiredKeys = pairs.map(({ publicKey }) => publicKey);
    const crowded = await failure(transact([transfer('shared')], { ...byLib(), requiredKeys }, all));
    expect(crowded.json.error).toMatchObject({ code: 3090002, name: 'tx_irrelevant_sig' });
  });

  it('getRequiredKeys finds the least set, and says when there is none', async () => {
    const { head_block_num } = await rpc.get_info();
    expect(head_block_num).toBeGreaterThan(1);
    const abiActions = await api.serializeActions([transfer('shared')] as never);
    const transaction = {
      expiration: new Date(Date.now() + 60_000).toISOString().slice(0, 19),
      ref_block_num: 0,
      ref_block_prefix: 0,
      max_net_usage_words: 0,
      max_cpu_usage_ms: 0,
      delay_sec: 0,
      context_free_actions: [],
      actions: abiActions,
      transaction_extensions: [],
    };
    const availableKeys = [...pairs.map(({ publicKey }) => publicKey), developmentPublicKey];
    const found = await rpc.getRequiredKeys({ transaction, availableKeys });
    expect(found).toHaveLength(2);
    const none = await failure(rpc.getRequiredKeys({ transaction, availableKeys: [developmentPublicKey] }));
    expect(none.json).toMatchObject({ code: 401, error: { code: 3090003 } });
  });

  it('updateauth, linkauth, unlinkauth, deleteauth', async () => {
    const [first, second] = pairs as [(typeof pairs)[0], (typeof pairs)[0]];
    const own = apiWith(first.privateKey);
    const limited = apiWith(second.privateKey);
    const manage = (name: string, data: object) =>
      transact([action('eosio', name, 'first', { account: 'first', ...data })], byLib(), own);
    const useLimited = () =>
      transact([action('deployed', 'tell', 'first', { whom: 'bob' }, 'limited')], byLib(), limited);
    const auth = authority(second.publicKey);
    await manage('updateauth', { permission: 'limited', parent: 'active', auth });
    expect((await failure(useLimited())).json.error.name).toBe('irrelevant_auth_exception');
    await manage('linkauth', { code: 'deployed', type: 'tell', requirement: 'limited' });
    expect((await useLimited()).processed.receipt!.status).toBe('executed');
    expect((await failure(manage('deleteauth', { permission: 'limited' }))).message).toMatch(/Unlink the authority/);
    await manage('unlinkauth', { code: 'deployed', type: 'tell' });
    expect((await failure(useLimited())).json.error.name).toBe('irrelevant_auth_exception');
    await manage('deleteauth', { permission: 'limited' });
    expect((await rpc.get_account('first')).permissions.map(({ perm_name }) => perm_name)).toEqual(['active', 'owner']);
    const gone = await failure(manage('deleteauth', { permission: 'limited' }));
    expect(gone.json.error.name).toBe('permission_query_exception');
  });

  it('authorities must be well-formed and refer to what exists', async () => {
    const update = (auth: object) =>
      failure(
        transact(
          [action('eosio', 'updateauth', 'first', { account: 'first', permission: 'odd', parent: 'active', auth })],
          byLib(),
          apiWith(pairs[0]!.privateKey),
        ),
      );
    expect((await update({ ...authority(developmentPublicKey), threshold: 2 })).message).toMatch(/Invalid authority/);
    const unknown = { permission: { actor: 'nobody', permission: 'active' }, weight: 1 };
    expect((await update({ threshold: 1, keys: [], accounts: [unknown], waits: [] })).message).toContain(
      "'nobody' does not exist",
    );
  });

  it('keys of the R1 curve sign, too', async () => {
    const { publicKey, privateKey } = generateKeyPair(KeyType.r1, { secureEnv: true });
    await createAccount('rone', authority(developmentPublicKey), authority(publicKey.toString()));
    await transact([transfer('alice', 'rone', '1.0000 XST')]);
    const signed = await transact([transfer('rone')], byLib(), apiWith(privateKey.toString()));
    expect(signed.processed.receipt!.status).toBe('executed');
    expect(PrivateKey.fromString(privateKey.toString()).getPublicKey().toString()).toBe(publicKey.toString());
  });
});

describe('errors', () => {
  it('have the text, the code and the status that eosjs parses', async () => {
    const error = await failure(transact([transfer('alice', 'bob', '99000000.0000 XST')]));
    expect(error.message).toBe('assertion failure with message: overdrawn balance');
    expect(error.json).toMatchObject({
      code: 500,
      message: 'Internal Service Error',
      error: {
        code: 3050003,
        name: 'eosio_assert_message_exception',
        what: 'eosio_assert_message assertion failure',
        details: [{ message: 'assertion failure with message: overdrawn balance' }],
      },
    });
  });

  it('duplicates are conflicts', async () => {
    const signed = (await transact([transfer()], { ...byLib(), broadcast: false })) as unknown as PushTransactionArgs;
    await rpc.push_transaction(signed);
    const again = await failure(rpc.push_transaction(signed));
    expect(again.json).toMatchObject({ code: 409, error: { code: 3040008, name: 'tx_duplicate' } });
    // Once it is in a block, too.
    await until('a new block', async () => (await rpc.get_info()).head_block_num > 5);
    expect((await failure(rpc.push_transaction(signed))).json.code).toBe(409);
  });

  it('missing authority, missing accounts, missing signatures', async () => {
    const codes = async (attempt: Promise<unknown>) => (await failure(attempt)).json.error.code;
    const stranger = action('eosio.token', 'transfer', 'bob', {
      from: 'alice',
      to: 'bob',
      quantity: '0.0001 XST',
      memo: '',
    });
    expect(await codes(transact([stranger]))).toBe(3090004);
    const nobody = { ...transfer(), authorization: [{ actor: 'nobody', permission: 'active' }] };
    // get_required_keys is the first to notice.
    expect((await failure(transact([nobody]))).json.code).toBeGreaterThanOrEqual(400);
    const unsigned = (await transact([transfer()], {
      ...byLib(),
      sign: false,
      broadcast: false,
    })) as unknown as PushTransactionArgs;
    expect(await codes(rpc.push_transaction({ ...unsigned, signatures: [] }))).toBe(3090003);
    expect((await failure(createAccount('alice'))).json.error).toMatchObject({ code: 3050001 });
  });

  it('bytes that are no transaction', async () => {
    const broken = await failure(
      rpc.push_transaction({ signatures: [], serializedTransaction: new Uint8Array([1, 2, 3]) }),
    );
    expect(broken.json.code).toBeGreaterThanOrEqual(400);
    expect(broken.json.error.details[0].message.length).toBeGreaterThan(5);
    const signatures = ['SIG_K1_nonsense'];
    expect(
      (await failure(rpc.push_transaction({ signatures, serializedTransaction: new Uint8Array(40) }))).json.code,
    ).toBeGreaterThanOrEqual(400);
  });

  it('delayed transactions are refused', async () => {
    const delayed = failure(api.transact({ delay_sec: 10, actions: [transfer()] } as never, byLib()));
    expect((await delayed).message).toContain('transaction cannot be delayed');
  });
});
