import { deflateSync } from 'node:zlib';
import { toHex } from '@snapscale/crypto';
import { decode, encode, packedTransactionSchema, transactionId, Writer } from '@snapscale/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SubmitOutcome } from '../backend.js';
import { type HttpServer, startHttpServer } from '../server/http-server.js';
import type { MemoryChain } from '../testing/memory-chain.js';
import { makeAction, makeTransaction, sampleChain, signedBytes } from '../testing/sample-chain.js';

/** Waits until it holds. */
const soon = <T>(value: () => T) => expect.poll(value, { interval: 5, timeout: 10_000 });

/** The hub of streams, and the doors. */
const IDLE_LISTENERS = 2;

let chain: MemoryChain;
let server: HttpServer;

beforeEach(async () => {
  chain = await sampleChain();
  server = await startHttpServer(chain, { port: 0, waitingMax: 1 });
});

afterEach(() => server.close());

async function ask(path: string, body: unknown, signal?: AbortSignal) {
  const response = await fetch(`${server.url}/v1/chain/${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  });
  return { status: response.status, json: (await response.json()) as never };
}

function transferBytes(quantity: string, expirationSec?: number): Uint8Array {
  const transaction = makeTransaction(chain, [
    makeAction(chain, 'eosio.token', 'transfer', 'alice', { from: 'alice', to: 'bob', quantity, memo: '' }),
  ]);
  return signedBytes(chain, expirationSec === undefined ? transaction : { ...transaction, expiration: expirationSec });
}

function jsonOf(bytes: Uint8Array) {
  return packedTransactionSchema.toJson(decode(packedTransactionSchema, bytes)) as Record<string, unknown>;
}

function idOf(bytes: Uint8Array): string {
  return toHex(transactionId(decode(packedTransactionSchema, bytes).packedTransaction));
}

describe('send_transaction', () => {
  it('takes packed, compressed and plain transactions', async () => {
    const packed = jsonOf(transferBytes('0.0001 XST'));
    expect((await ask('send_transaction', packed)).status).toBe(202);
    const other = transferBytes('0.0002 XST');
    const { signatures, packedTransaction } = decode(packedTransactionSchema, other);
    const compressed = encode(packedTransactionSchema, {
      signatures,
      compression: 1,
      packedContextFreeData: new Uint8Array(0),
      packedTransaction: deflateSync(packedTransaction),
    });
    expect(await ask('send_transaction', jsonOf(compressed))).toMatchObject({
      status: 202,
      json: { transaction_id: idOf(other) },
    });
    const third = jsonOf(transferBytes('0.0003 XST'));
    chain.produce();
    const block = await ask('get_block', { block_num_or_id: chain.head });
    const { trx } = (block.json as { transactions: { trx: { transaction: object; id: string } }[] }).transactions[0]!;
    const again = await ask('send_transaction', {
      signatures: third.signatures,
      compression: 'none',
      transaction: trx.transaction,
    });
    expect(again).toMatchObject({ status: 409, json: { error: { name: 'tx_duplicate' } } });
    const plain = await ask('get_transaction_id', trx.transaction);
    expect(plain.json).toBe(trx.id);
  });

  it('answers 409 to duplicates and 500 to failures', async () => {
    const packed = jsonOf(transferBytes('0.0001 XST'));
    expect((await ask('send_transaction', packed)).status).toBe(202);
    expect(await ask('send_transaction', packed)).toMatchObject({
      status: 409,
      json: { message: 'Conflict', error: { code: 3040008, name: 'tx_duplicate' } },
    });
    const overdrawn = await ask('send_transaction', jsonOf(transferBytes('99999999.0000 XST')));
    expect(overdrawn).toMatchObject({
      status: 500,
      json: {
        message: 'Internal Service Error',
        error: {
          code: 3050003,
          what: 'eosio_assert_message assertion failure',
          details: [{ message: 'assertion failure with message: overdrawn balance' }],
        },
      },
    });
    const unsigned = await ask('send_transaction', { ...jsonOf(transferBytes('0.0005 XST')), signatures: [] });
    expect(unsigned).toMatchObject({ status: 500, json: { error: { code: 3090003 } } });
    const expired = await ask('send_transaction', jsonOf(transferBytes('0.0001 XST', 1_000_000_000)));
    expect(expired).toMatchObject({ status: 500, json: { error: { code: 3040005, name: 'expired_tx_exception' } } });
  });

  it('packs the data of actions by the ABI, and says when it cannot', async () => {
    const base = { expiration: '2036-01-01T00:00:00', ref_block_num: 1, ref_block_prefix: 1 };
    const action = {
      account: 'eosio.token',
      name: 'transfer',
      authorization: [{ actor: 'alice', permission: 'active' }],
    };
    const good = await ask('get_transaction_id', {
      ...base,
      actions: [{ ...action, data: { from: 'alice', to: 'bob', quantity: '1.0000 XST', memo: '' } }],
    });
    expect(good.json).toMatch(/^[0-9a-f]{64}$/);
    const missing = await ask('get_transaction_id', { ...base, actions: [{ ...action, data: { from: 'alice' } }] });
    expect(missing).toMatchObject({ status: 500, json: { error: { name: 'packed_transaction_type_exception' } } });
    const unknown = await ask('get_transaction_id', { ...base, actions: [{ ...action, name: 'fly', data: { a: 1 } }] });
    expect(JSON.stringify(unknown.json)).toContain('its ABI has no such action');
    const noAbi = await ask('get_transaction_id', { ...base, actions: [{ ...action, account: 'bob', data: 'ff' }] });
    expect(noAbi.json).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('push_transaction(s)', () => {
  it('nests what an action caused under it', async () => {
    const { json } = await ask('push_transaction', jsonOf(transferBytes('0.0001 XST')));
    type Trace = { receiver: string; inline_traces: Trace[] };
    const outline = (traces: Trace[]): unknown[] =>
      traces.map(({ receiver, inline_traces }) => [receiver, outline(inline_traces)]);
    expect(outline((json as { processed: { action_traces: Trace[] } }).processed.action_traces)).toEqual([
      [
        'eosio.token',
        [
          ['alice', []],
          ['bob', []],
        ],
      ],
    ]);
  });

  it('takes many in order, and puts failures in their places', async () => {
    const list = [transferBytes('0.0001 XST'), transferBytes('99999999.0000 XST'), transferBytes('0.0002 XST')];
    const { status, json } = await ask('push_transactions', [
      jsonOf(list[0]!),
      jsonOf(list[1]!),
      { packed_trx: 'x' },
      jsonOf(list[2]!),
    ]);
    expect(status).toBe(202);
    const results = json as { transaction_id: string; processed: { error?: string } }[];
    expect(results.map((result) => result.transaction_id)).toEqual([
      idOf(list[0]!),
      '0'.repeat(64),
      '0'.repeat(64),
      idOf(list[2]!),
    ]);
    expect(results[1]?.processed.error).toContain('overdrawn balance');
    expect(results[2]?.processed.error).toContain('Invalid packed transaction');
  });
});

describe('send_transaction2', () => {
  it('answers 202 with the failure in the trace, unless told not to', async () => {
    const transaction = jsonOf(transferBytes('99999999.0000 XST'));
    const answer = await ask('send_transaction2', { transaction });
    expect(answer).toMatchObject({ status: 202, json: { processed: { receipt: null, except: { code: 3050003 } } } });
    expect(await ask('send_transaction2', { transaction, return_failure_trace: false })).toMatchObject({ status: 500 });
  });

  it('makes a trace of refusals that came before execution, but not of duplicates', async () => {
    const rejected: SubmitOutcome = {
      kind: 'rejected',
      rejection: { code: 'unsatisfied_authorization', message: 'no signature', evidence: { needed: 'alice@active' } },
    };
    chain.submit = async () => rejected;
    const transaction = jsonOf(transferBytes('0.0001 XST'));
    expect(await ask('send_transaction2', { transaction })).toMatchObject({
      status: 202,
      json: { processed: { action_traces: [], except: { code: 3090003, stack: [{ format: 'no signature' }] } } },
    });
    chain.submit = async () => ({ kind: 'rejected', rejection: { code: 'tx_duplicate', message: 'again' } });
    expect(await ask('send_transaction2', { transaction })).toMatchObject({ status: 409 });
  });

  it('waits for a number of blocks', async () => {
    const bytes = transferBytes('0.0001 XST');
    const answer = ask('send_transaction2', { transaction: jsonOf(bytes), retry_trx: true, retry_trx_num_blocks: 1 });
    await soon(() => chain.transactionStatus(hexBytes(idOf(bytes))).state).toBe('LOCALLY_APPLIED');
    const listeners = chain.listeners;
    const made = chain.produce();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(chain.listeners).toBe(listeners);
    chain.produce();
    const { status, json } = await answer;
    expect(status).toBe(202);
    expect(json).toMatchObject({
      transaction_id: idOf(bytes),
      processed: { block_num: chain.head - 1, producer_block_id: toHex(made.id) },
    });
    expect(chain.listeners).toBe(listeners - 1);
  });

  it('waits for finality, through a fork that drops the transaction', async () => {
    const bytes = transferBytes('0.0001 XST');
    const answer = ask('send_transaction2', { transaction: jsonOf(bytes), retry_trx: true });
    await soon(() => chain.transactionStatus(hexBytes(idOf(bytes))).state).toBe('LOCALLY_APPLIED');
    const before = chain.head;
    chain.produce();
    chain.fork(before);
    for (let i = 0; i < 6; i++) chain.produce();
    await soon(() => chain.transactionStatus(hexBytes(idOf(bytes))).state).toBe('IN_BLOCK');
    const again = chain.transactionStatus(hexBytes(idOf(bytes))).block?.num;
    chain.finalize(chain.head);
    expect(await answer).toMatchObject({ status: 202, json: { processed: { block_num: again } } });
    expect(chain.submitted.filter(({ packed }) => Buffer.compare(packed, bytes) === 0)).toHaveLength(2);
  });

  it('gives up when the transaction expires, when the client leaves, and when too many wait', async () => {
    const leaving = new AbortController();
    const left = ask(
      'send_transaction2',
      { transaction: jsonOf(transferBytes('0.0001 XST')), retry_trx: true },
      leaving.signal,
    );
    left.catch(() => undefined);
    await soon(() => chain.listeners).toBe(IDLE_LISTENERS + 1);
    const full = await ask('send_transaction2', { transaction: jsonOf(transferBytes('0.0002 XST')), retry_trx: true });
    expect(full).toMatchObject({ status: 503 });
    leaving.abort();
    await soon(() => chain.listeners).toBe(IDLE_LISTENERS);

    const shortly = Math.ceil(Date.now() / 1000) + 2;
    const expiring = ask('send_transaction2', {
      transaction: jsonOf(transferBytes('0.0003 XST', shortly)),
      retry_trx: true,
    });
    await soon(() => chain.listeners).toBe(IDLE_LISTENERS + 1);
    chain.transactionStatus = () => ({ state: 'UNKNOWN' });
    for (let i = 0; i < 12; i++) chain.produce();
    expect(await expiring).toMatchObject({ status: 500, json: { error: { name: 'expired_tx_exception' } } });
  });

  it('is told when the server stops', async () => {
    const waiting = ask('send_transaction2', { transaction: jsonOf(transferBytes('0.0001 XST')), retry_trx: true });
    await soon(() => chain.listeners).toBe(IDLE_LISTENERS + 1);
    await server.close();
    expect(await waiting).toMatchObject({ status: 503 });
  });
});

describe('compute_transaction and send_read_only_transaction', () => {
  it('change nothing and need no signatures', async () => {
    const transaction = { ...jsonOf(transferBytes('0.0001 XST')), signatures: [] };
    const computed = await ask('compute_transaction', { transaction });
    expect(computed).toMatchObject({
      status: 200,
      json: { processed: { receipt: { status: 'executed' }, except: null } },
    });
    const failing = await ask('compute_transaction', { transaction: jsonOf(transferBytes('99999999.0000 XST')) });
    expect(failing).toMatchObject({ status: 200, json: { processed: { except: { code: 3050003 } } } });
    const writing = await ask('send_read_only_transaction', { transaction });
    expect(writing.status).toBe(200);
    expect((writing.json as { processed: { except: unknown } }).processed.except).not.toBeNull();
    expect(chain.submitted.slice(-3).map(({ mode }) => mode)).toEqual(['dryRun', 'dryRun', 'readOnly']);
  });
});

describe('get_transaction_status', () => {
  it('knows nothing of strangers', async () => {
    expect(await ask('get_transaction_status', { id: 'ab'.repeat(32) })).toMatchObject({
      status: 200,
      json: { state: 'UNKNOWN' },
    });
  });
});

describe('/v1/snap/submit', () => {
  async function submit(body: Uint8Array) {
    const response = await fetch(`${server.url}/v1/snap/submit`, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body,
    });
    return { status: response.status, json: (await response.json()) as never };
  }

  function bulk(list: readonly Uint8Array[]): Uint8Array {
    const writer = new Writer();
    for (const bytes of list) writer.bytes(bytes);
    return writer.finish();
  }

  it('takes many transactions and names the refused ones', async () => {
    const list = [
      transferBytes('0.0001 XST'),
      Uint8Array.of(1, 2, 3),
      transferBytes('99999999.0000 XST'),
      transferBytes('0.0002 XST'),
    ];
    const { status, json } = await submit(bulk(list));
    expect(status).toBe(202);
    expect(json).toEqual({
      accepted: 2,
      rejected: [
        { index: 1, code: 3990007, message: expect.any(String) },
        { index: 2, code: 3050003, message: 'assertion failure with message: overdrawn balance' },
      ],
    });
  });

  it('refuses what is cut off, and says busy when all of it is', async () => {
    expect(await submit(Uint8Array.of(200, 1, 0))).toMatchObject({
      status: 400,
      json: { error: { name: 'invalid_http_request' } },
    });
    chain.busy = true;
    expect(await submit(bulk([transferBytes('0.0001 XST')]))).toMatchObject({ status: 503 });
  });
});

function hexBytes(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'hex'));
}
