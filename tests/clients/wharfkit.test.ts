/** WharfKit, unmodified, against a running node: every chain method, sessions with wallet plugins, finality, failures. */

import type { Json } from '@snapscale/protocol';
import {
  ABI,
  type APIClient,
  APIError,
  Asset,
  Checksum256,
  Name,
  PermissionLevel,
  PrivateKey,
  Serializer,
  SignedTransaction,
  Transaction,
} from '@wharfkit/antelope';
import { ContractKit } from '@wharfkit/contract';
import { Session } from '@wharfkit/session';
import { WalletPluginPrivateKey } from '@wharfkit/wallet-plugin-privatekey';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, wharfkitClient } from '../testing/client-session.js';
import { protonContract } from '../testing/contract-ledger.js';
import { contextFreeSecret, indexAbi, indexWasm } from '../testing/index-contract.js';
import {
  developmentKey,
  developmentPublicKey,
  type NodeProcess,
  startNodeProcess,
  until,
} from '../testing/node-process.js';

let node: NodeProcess;
let client: Client;
let chain: APIClient['v1']['chain'];

beforeAll(async () => {
  node = await startNodeProcess();
  client = await wharfkitClient(node);
  chain = client.api.v1.chain;
});

afterAll(() => node.stop());

const memo = (text: string) => ({ from: 'alice', to: 'bob', quantity: '0.0001 XST', memo: text });

/** A signed transfer that no session made. */
async function signedTransfer(data: object, key = developmentKey): Promise<SignedTransaction> {
  const info = await chain.get_info();
  const { abi } = await chain.get_abi('eosio.token');
  const action = {
    account: 'eosio.token',
    name: 'transfer',
    authorization: [{ actor: 'alice', permission: 'active' }],
    data,
  };
  const transaction = Transaction.from({ ...info.getTransactionHeader(), actions: [action] }, abi);
  const signature = PrivateKey.from(key).signDigest(transaction.signingDigest(info.chain_id));
  return SignedTransaction.from({ ...transaction, signatures: [signature] });
}

async function balanceOf(account: string): Promise<number> {
  const [balance] = await chain.get_currency_balance('eosio.token', account, 'XST');
  return balance === undefined ? 0 : balance.value;
}

describe('reading', () => {
  it('get_info advances, and what is final follows the head', async () => {
    const first = await chain.get_info();
    const later = await until('three more blocks', async () => {
      const info = await chain.get_info();
      return Number(info.head_block_num) >= Number(first.head_block_num) + 3 && info;
    });
    expect(String(later.chain_id)).toBe(client.chainId);
    expect(Number(later.last_irreversible_block_num)).toBeGreaterThan(Number(first.head_block_num));
    expect(Number(later.last_irreversible_block_num)).toBeLessThanOrEqual(Number(later.head_block_num));
    expect(String(later.head_block_producer)).toBe('eosio');
    expect(Math.abs(later.head_block_time.toMilliseconds() - Date.now())).toBeLessThan(5_000);
  });

  it('get_block, get_block_info and get_block_header_state speak of the same block', async () => {
    const info = await chain.get_info();
    const num = info.last_irreversible_block_num;
    const [byNum, byId, brief] = await Promise.all([
      chain.get_block(num),
      chain.get_block(info.last_irreversible_block_id),
      chain.get_block_info(num),
    ]);
    expect(byNum.id.equals(byId.id)).toBe(true);
    expect(brief.id.equals(byNum.id)).toBe(true);
    expect(Number(byNum.ref_block_prefix)).toBe(Number(brief.ref_block_prefix));
    expect(Number(brief.ref_block_num)).toBe(Number(num) & 0xffff);
    // Clients take both numbers from the id by themselves.
    const header = info.getTransactionHeader();
    expect(Number(header.ref_block_prefix)).toBe(Number(brief.ref_block_prefix));
    const state = await until('the state of the newest block', async () => {
      const { head_block_id } = await chain.get_info();
      return chain.get_block_header_state(head_block_id).catch(() => undefined);
    });
    expect(String(state.header.producer)).toBe('eosio');
    const previous = await chain.get_block(Number(num) - 1);
    expect(byNum.previous.equals(previous.id)).toBe(true);
  });

  it('get_account', async () => {
    const account = await chain.get_account('alice');
    expect(String(account.account_name)).toBe('alice');
    expect(Number(account.ram_usage)).toBeGreaterThan(2000);
    expect(String(account.getPermission('active').parent)).toBe('owner');
    expect(String(account.getPermission('owner').required_auth.keys[0]!.key.toLegacyString())).toBe(
      developmentPublicKey,
    );
    const system = await chain.get_account('eosio');
    expect(system.privileged).toBe(true);
    expect(Number(await (await chain.get_account('eosio.prods')).getPermission('active').required_auth.threshold)).toBe(
      1,
    );
  });

  it('get_abi, get_raw_abi and get_code of a contract', async () => {
    const { abi } = await chain.get_abi('eosio.token');
    const raw = await chain.get_raw_abi('eosio.token');
    expect(ABI.from(raw.abi).equals(ABI.from(abi!))).toBe(true);
    const code = await chain.get_code('eosio.token');
    expect(code.code_hash.equals(raw.code_hash)).toBe(true);
    const none = await chain.get_abi('bob');
    expect(none.abi).toBeUndefined();
    expect(String((await chain.get_raw_abi('bob')).code_hash)).toBe('0'.repeat(64));
  });

  it('get_accounts_by_authorizers by key and by account', async () => {
    const byKey = await chain.get_accounts_by_authorizers({ keys: [developmentPublicKey] });
    const found = byKey.accounts.map((match) => `${match.account_name}@${match.permission_name}`);
    expect(found).toEqual(expect.arrayContaining(['alice@active', 'alice@owner', 'bob@active', 'eosio@active']));
    const byAccount = await chain.get_accounts_by_authorizers({
      accounts: ['eosio'],
    });
    expect(byAccount.accounts.map(({ account_name }) => String(account_name))).toContain('eosio.prods');
  });

  it('get_activated_protocol_features page by page', async () => {
    const names = new Set<string>();
    let lower: number | undefined = 0;
    while (lower !== undefined) {
      const page: Awaited<ReturnType<typeof chain.get_activated_protocol_features>> =
        await chain.get_activated_protocol_features({ lower_bound: lower, limit: 7 });
      for (const feature of page.activated_protocol_features) names.add(String(feature.specification[0]!.value));
      lower = page.more ? Number(page.more) : undefined;
    }
    expect([...names]).toEqual(
      expect.arrayContaining(['ACTION_RETURN_VALUE', 'GET_BLOCK_NUM', 'RAM_RESTRICTIONS', 'WEBAUTHN_KEY']),
    );
  });

  it('get_currency_balance, get_currency_stats and get_producer_schedule', async () => {
    expect(await balanceOf('alice')).toBeGreaterThan(900_000);
    expect(await chain.get_currency_balance('eosio.token', 'alice', 'NIL')).toEqual([]);
    const stats = await chain.get_currency_stats('eosio.token', 'XST');
    expect(String(stats.XST!.supply)).toBe('1000000000.0000 XST');
    expect(String(stats.XST!.issuer)).toBe('eosio');
    const { active, pending, proposed } = await chain.get_producer_schedule();
    expect(active.producers.map(({ producer_name }) => String(producer_name))).toEqual(['eosio']);
    expect([pending ?? null, proposed ?? null]).toEqual([null, null]);
  });

  it('get_table_by_scope in pages', async () => {
    const all = await chain.get_table_by_scope({ code: 'eosio.token', table: 'accounts' });
    expect(all.rows.map(({ scope }) => String(scope))).toEqual(['alice', 'bob', 'eosio']);
    const first = await chain.get_table_by_scope({ code: 'eosio.token', table: 'accounts', limit: 2 });
    expect(first.more).toBe('eosio');
    const rest = await chain.get_table_by_scope({ code: 'eosio.token', table: 'accounts', lower_bound: first.more });
    expect(rest.rows.map(({ scope }) => String(scope))).toEqual(['eosio']);
  });
});

describe('sending', () => {
  it('push_transaction nests, send_transaction is flat, both become final', async () => {
    const before = await balanceOf('bob');
    const pushed = await signedTransfer(memo('pushed'));
    const nested = await chain.push_transaction(pushed);
    expect(nested.transaction_id).toBe(String(pushed.id));
    expect(
      nested.processed.action_traces[0].inline_traces.map(({ receiver }: { receiver: string }) => receiver),
    ).toEqual(['alice', 'bob']);
    const sent = await signedTransfer(memo('sent'));
    const { processed } = await chain.send_transaction(sent);
    expect(processed.receipt.status).toBe('executed');
    expect(processed.action_traces.map(({ receiver }) => receiver)).toEqual(['eosio.token', 'alice', 'bob']);
    expect(processed.action_traces[0]!.act.data).toEqual(memo('sent'));
    expect(await balanceOf('bob')).toBeCloseTo(before + 0.0002, 4);

    await until('the transaction is final', async () => {
      return (await chain.get_transaction_status(sent.id)).state === 'IRREVERSIBLE';
    });
    const found = await client.api.v1.history.get_transaction(sent.id);
    const block = await chain.get_block(found.block_num);
    const included = block.transactions.find(({ trx }) => trx.id?.equals(sent.id));
    expect(String(included?.status)).toBe('executed');
    expect((await chain.get_transaction_status('00'.repeat(32))).state).toBe('UNKNOWN');
  });

  it('compute_transaction tells what would happen, without signatures, and changes nothing', async () => {
    const before = await balanceOf('bob');
    const unsigned = SignedTransaction.from({ ...(await signedTransfer(memo('tried'))), signatures: [] });
    const { processed } = await chain.compute_transaction(unsigned);
    expect(processed.except).toBeNull();
    expect(processed.receipt.cpu_usage_us).toBeGreaterThan(0);
    expect(await balanceOf('bob')).toBe(before);
    const poor = SignedTransaction.from({
      ...(await signedTransfer({ ...memo('x'), quantity: '99000000.0000 XST' })),
      signatures: [],
    });
    expect((await chain.compute_transaction(poor)).processed.except).toMatchObject({ code: 3050003 });
  });

  it('send_transaction2 waits until the transaction is in a block, and answers failures with a trace', async () => {
    const answer = await chain.send_transaction2(await signedTransfer(memo('retried')), {
      return_failure_trace: true,
      retry_trx: true,
      retry_trx_num_blocks: 1,
    });
    expect(answer.processed.receipt!.status).toBe('executed');
    const included = answer.processed as { producer_block_id?: string };
    expect(included.producer_block_id).toMatch(/^[0-9a-f]{64}$/);
    // The answer is 202 with a trace; WharfKit makes an error of the trace.
    const failing = await signedTransfer({ ...memo('x'), quantity: '99000000.0000 XST' });
    await expect(chain.send_transaction2(failing, { return_failure_trace: true })).rejects.toMatchObject({
      code: 3050003,
      name: 'eosio_assert_message_exception',
      details: [{ message: 'assertion failure with message: overdrawn balance' }],
      response: { status: 202 },
    });
    await expect(chain.send_transaction2(failing, { return_failure_trace: false })).rejects.toMatchObject({
      code: 3050003,
      response: { status: 500 },
    });
  });

  it('send_read_only_transaction and return values', async () => {
    await client.createAccount('indices');
    await client.deploy('indices', { wasm: indexWasm, abi: indexAbi });
    const contract = await new ContractKit({ client: client.api }).load('indices');
    expect(Number(await contract.readonly('answer', { question: 41 }))).toBe(42);
    const { response } = await client.act('alice', ['indices', 'answer', { question: 6 }]);
    const [trace] = response!.processed.action_traces;
    expect(trace.return_value_hex_data).toBe('07000000');
    expect(trace.return_value_data).toBe(7);
  });

  it('context-free actions read context-free data, which the signature covers', async () => {
    const info = await chain.get_info();
    const dataOf = (secret: bigint) => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigUInt64LE(secret);
      return bytes.toString('hex');
    };
    const send = (given: bigint, signed: bigint) => {
      const authorization = [{ actor: 'alice', permission: 'active' }];
      const transaction = Transaction.from({
        ...info.getTransactionHeader(),
        context_free_actions: [{ account: 'indices', name: 'cfcheck', authorization: [], data: '' }],
        actions: [{ account: 'eosio.null', name: 'nonce', authorization, data: dataOf(given) }],
      });
      const contextFree = Serializer.encode({ object: [dataOf(signed)], type: 'bytes[]' });
      const message = Buffer.concat([
        Buffer.from(client.chainId, 'hex'),
        Buffer.from(Serializer.encode({ object: transaction }).array),
        Buffer.from(Checksum256.hash(contextFree.array).array),
      ]);
      const signature = PrivateKey.from(developmentKey).signDigest(Checksum256.hash(message));
      return chain.push_transaction(
        SignedTransaction.from({ ...transaction, signatures: [signature], context_free_data: [dataOf(given)] }),
      );
    };
    // Other data than was signed give another key.
    await expect(send(contextFreeSecret, 0n)).rejects.toMatchObject({ name: 'unsatisfied_authorization' });
    await expect(send(0n, 0n)).rejects.toMatchObject({
      details: [{ message: 'assertion failure with message: not the secret' }],
    });
    const { processed } = await send(contextFreeSecret, contextFreeSecret);
    const traces = processed.action_traces as { context_free: boolean }[];
    expect(traces.map(({ context_free }) => context_free)).toEqual([true, false]);
  });
});

describe('sessions', () => {
  const keys = { owner: PrivateKey.generate('K1'), active: PrivateKey.generate('R1'), pay: PrivateKey.generate('K1') };
  const authority = (key: PrivateKey) => ({
    threshold: 1,
    keys: [{ key: String(key.toPublic()), weight: 1 }],
    accounts: [],
    waits: [],
  });
  const act = (permission: string, key: PrivateKey, account: string, name: string, data: object) =>
    client.session('carol', permission, String(key)).transact({
      action: { account, name, authorization: [{ actor: 'carol', permission }], data },
    });
  const transfer = (text = '') => ({ from: 'carol', to: 'bob', quantity: '1.0000 XST', memo: text });

  it('create an account with keys of both curves, and fund it', async () => {
    await client.act('eosio', [
      'eosio',
      'newaccount',
      { creator: 'eosio', name: 'carol', owner: authority(keys.owner), active: authority(keys.active) },
    ]);
    await client.act('alice', [
      'eosio.token',
      'transfer',
      { from: 'alice', to: 'carol', quantity: '10.0000 XST', memo: '' },
    ]);
    const account = await chain.get_account('carol');
    expect(String(account.getPermission('active').required_auth.keys[0]!.key)).toBe(String(keys.active.toPublic()));
    expect(await balanceOf('carol')).toBe(10);
  });

  it('sign with an R1 key', async () => {
    const { resolved, response } = await act('active', keys.active, 'eosio.token', 'transfer', transfer());
    expect(String(resolved!.transaction.id)).toBe(response!.transaction_id);
    expect(await balanceOf('carol')).toBe(9);
  });

  it('use a permission of their own for what it is linked to, and for nothing else', async () => {
    await act('active', keys.active, 'eosio', 'updateauth', {
      account: 'carol',
      permission: 'payments',
      parent: 'active',
      auth: authority(keys.pay),
    });
    await expect(act('payments', keys.pay, 'eosio.token', 'transfer', transfer())).rejects.toThrow(
      'declares irrelevant authority',
    );
    await act('active', keys.active, 'eosio', 'linkauth', {
      account: 'carol',
      code: 'eosio.token',
      type: 'transfer',
      requirement: 'payments',
    });
    await act('payments', keys.pay, 'eosio.token', 'transfer', transfer('linked'));
    const { linked_actions } = (await chain.get_account('carol')).getPermission('payments');
    expect(linked_actions!.map(({ account, action }) => `${account}::${action}`)).toEqual(['eosio.token::transfer']);
    await expect(
      act('payments', keys.pay, 'eosio.token', 'open', { owner: 'carol', symbol: '4,XST', ram_payer: 'carol' }),
    ).rejects.toThrow('declares irrelevant authority');
  });

  it('give several actions in one transaction, all or nothing', async () => {
    const before = await balanceOf('carol');
    const actions = [transfer('a'), transfer('b'), { ...transfer('c'), quantity: '1000.0000 XST' }].map((data) => ({
      account: 'eosio.token',
      name: 'transfer',
      authorization: [{ actor: 'carol', permission: 'active' }],
      data,
    }));
    const session = client.session('carol', 'active', String(keys.active));
    await expect(session.transact({ actions })).rejects.toThrow('overdrawn balance');
    expect(await balanceOf('carol')).toBe(before);
    await session.transact({ actions: actions.slice(0, 2) });
    expect(await balanceOf('carol')).toBe(before - 2);
  });

  it('act by a contract that the kit has loaded', async () => {
    const contract = await new ContractKit({ client: client.api }).load('eosio.token');
    const action = contract.action('transfer', transfer('kit'), {
      authorization: [PermissionLevel.from('carol@active')],
    });
    expect(Asset.from('1.0000 XST').units.equals(10_000)).toBe(true);
    const { response } = await client.session('carol', 'active', String(keys.active)).transact({ action });
    expect(response!.processed.action_traces[0].act.data.memo).toBe('kit');
    expect(contract.actionNames).toEqual(expect.arrayContaining(['transfer', 'issue', 'open', 'close', 'retire']));
  });
});

describe('a contract with variants and maps', () => {
  const call = (action: string, data: object, actor = 'artist') =>
    client.act(actor, ['atomicassets', action, data as Json]);
  const collection = 'artcollected';

  beforeAll(async () => {
    for (const account of ['atomicassets', 'artist']) await client.createAccount(account);
    await client.deploy('atomicassets', protonContract('atomicassets'));
    const keys = [{ key: developmentPublicKey, weight: 1 }];
    const accounts = [{ permission: { actor: 'atomicassets', permission: 'eosio.code' }, weight: 1 }];
    await client.act('atomicassets', [
      'eosio',
      'updateauth',
      {
        account: 'atomicassets',
        permission: 'active',
        parent: 'owner',
        auth: { threshold: 1, keys, accounts, waits: [] },
      },
    ]);
    await call('init', {}, 'atomicassets');
    await call('createcol', {
      author: 'artist',
      collection_name: collection,
      allow_notify: true,
      authorized_accounts: ['artist'],
      notify_accounts: [],
      market_fee: 0.05,
      data: [],
    });
    await call('createschema', {
      authorized_creator: 'artist',
      collection_name: collection,
      schema_name: 'print',
      schema_format: [
        { name: 'name', type: 'string' },
        { name: 'size', type: 'uint64' },
        { name: 'dpi', type: 'float' },
        { name: 'tags', type: 'string[]' },
      ],
    });
  });

  it('is packed by WharfKit, unpacked by the node, and the same', async () => {
    const immutable_data = [
      { key: 'name', value: ['string', 'Sunrise'] },
      { key: 'size', value: ['uint64', '18446744073709551615'] },
      { key: 'tags', value: ['STRING_VEC', ['a', 'b']] },
    ];
    const { response } = await call('mintasset', {
      authorized_minter: 'artist',
      collection_name: collection,
      schema_name: 'print',
      template_id: -1,
      new_asset_owner: 'bob',
      immutable_data,
      mutable_data: [{ key: 'dpi', value: ['float32', 1.5] }],
      tokens_to_back: [],
    });
    const [minted, logged] = response!.processed.action_traces as {
      act: { name: string; data: Record<string, unknown> };
    }[];
    expect(minted!.act.data.immutable_data).toEqual(immutable_data);
    expect(minted!.act.data.mutable_data).toEqual([{ key: 'dpi', value: ['float32', '1.50000000000000000'] }]);
    expect(logged!.act.name).toBe('logmint');
    const { rows } = await chain.get_table_rows({ code: 'atomicassets', scope: 'bob', table: 'assets' });
    expect(rows[0]).toMatchObject({
      collection_name: collection,
      schema_name: 'print',
      template_id: -1,
      ram_payer: 'artist',
    });
    // Lines of the format from four on: text, varint, list of texts.
    const expected = `${'04'}07${Buffer.from('Sunrise').toString('hex')}${'05'}ffffffffffffffffff01${'07'}0201610162`;
    expect(rows[0].immutable_serialized_data).toBe(expected);
    const contract = await new ContractKit({ client: client.api }).load('atomicassets');
    const [typed] = await contract.table('assets', 'bob').all();
    expect(String(typed.asset_id)).toBe(rows[0].asset_id);
  });
});

describe('failures', () => {
  it('are errors with code, name and text', async () => {
    const error = await chain
      .push_transaction(await signedTransfer({ ...memo('x'), quantity: '99000000.0000 XST' }))
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(APIError);
    expect(error).toMatchObject({
      code: 3050003,
      name: 'eosio_assert_message_exception',
      details: [{ message: 'assertion failure with message: overdrawn balance' }],
      response: { status: 500 },
    });
    await expect(chain.get_account('nobody')).rejects.toThrow('Account not found at /v1/chain/get_account');
    await expect(chain.get_block(4_000_000_000)).rejects.toMatchObject({
      name: 'unknown_block_exception',
      response: { status: 400 },
    });
  });

  it('a transaction cannot be sent twice', async () => {
    const signed = await signedTransfer(memo('twice'));
    await chain.push_transaction(signed);
    for (const send of [() => chain.push_transaction(signed), () => chain.send_transaction(signed)]) {
      await expect(send()).rejects.toMatchObject({ code: 3040008, name: 'tx_duplicate', response: { status: 409 } });
    }
  });

  it('signatures that are missing, foreign or too many', async () => {
    const stranger = String(PrivateKey.generate('K1'));
    await expect(chain.push_transaction(await signedTransfer(memo('x'), stranger))).rejects.toMatchObject({
      code: 3090003,
      name: 'unsatisfied_authorization',
    });
    const signed = await signedTransfer(memo('y'));
    const more = PrivateKey.from(stranger).signDigest(signed.signingDigest(client.chainId));
    const crowded = SignedTransaction.from({ ...signed, signatures: [...signed.signatures, more] });
    await expect(chain.push_transaction(crowded)).rejects.toMatchObject({ code: 3090002, name: 'tx_irrelevant_sig' });
    const doubled = SignedTransaction.from({ ...signed, signatures: [...signed.signatures, ...signed.signatures] });
    await expect(chain.push_transaction(doubled)).rejects.toMatchObject({ code: 3090001, name: 'tx_duplicate_sig' });
  });

  it('expired, far too early, on another chain', async () => {
    const info = await chain.get_info();
    const { abi } = await chain.get_abi('eosio.token');
    const send = (header: object, chainId: string = client.chainId) => {
      const action = {
        account: 'eosio.token',
        name: 'transfer',
        authorization: [{ actor: 'alice', permission: 'active' }],
        data: memo('when'),
      };
      const transaction = Transaction.from({ ...info.getTransactionHeader(), ...header, actions: [action] }, abi);
      const signature = PrivateKey.from(developmentKey).signDigest(transaction.signingDigest(chainId));
      return chain.push_transaction(SignedTransaction.from({ ...transaction, signatures: [signature] }));
    };
    await expect(send({ expiration: '2020-01-01T00:00:00' })).rejects.toMatchObject({ name: 'expired_tx_exception' });
    await expect(send({ expiration: '2099-01-01T00:00:00' })).rejects.toMatchObject({
      name: 'tx_exp_too_far_exception',
    });
    await expect(send({ ref_block_prefix: 7 })).rejects.toMatchObject({ name: 'invalid_ref_block_exception' });
    await expect(send({}, 'ff'.repeat(32))).rejects.toMatchObject({ name: 'unsatisfied_authorization' });
  });

  it('reach a session as they are', async () => {
    const session = new Session({
      chain: { id: client.chainId, url: node.url },
      actor: Name.from('alice'),
      permission: 'active',
      walletPlugin: new WalletPluginPrivateKey(String(PrivateKey.generate('K1'))),
    });
    const action = {
      account: 'eosio.token',
      name: 'transfer',
      authorization: [{ actor: 'alice', permission: 'active' }],
      data: memo('x'),
    };
    await expect(session.transact({ action })).rejects.toThrow(
      /transaction declares authority .*alice.* but does not have signatures/,
    );
  });
});
