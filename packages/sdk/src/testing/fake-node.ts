/** A node that answers what a test tells it to, for tests of the SDK: no network, no chain. */
import type { Fetch, FetchAnswer } from '@snapscale/api';
import { abiSchema, encode, type Json, parseAbi } from '@snapscale/protocol';
import { type Client, createClient } from '../client.js';

/** The answer to a request: JSON, or an error with its status. */
export type Answer = Json | { readonly failure: number; readonly body: Json };
/** What the node says at a path, given the request's JSON. */
export type Script = Readonly<Record<string, Answer | ((request: Record<string, Json>) => Answer)>>;

/** A request that was made. */
export type Request = { readonly path: string; readonly body: Record<string, Json> };

/** A client of a scripted node, and what it has asked so far. */
export function fakeNode(script: Script): { readonly client: Client; readonly requests: Request[] } {
  const requests: Request[] = [];
  const fetch: Fetch = async (url, init) => {
    const { pathname, searchParams } = new URL(url);
    const body = (init.body === undefined ? Object.fromEntries(searchParams) : JSON.parse(String(init.body))) as Record<
      string,
      Json
    >;
    requests.push({ path: pathname, body });
    const entry = script[pathname.replace('/v1/chain/', '')] ?? script[pathname];
    if (entry === undefined) throw new Error(`connection refused: ${pathname} is not in the script`);
    const answer = typeof entry === 'function' ? entry(body) : entry;
    if (typeof answer === 'object' && answer !== null && 'failure' in answer) {
      return answerOf(Number(answer.failure), JSON.stringify((answer as { body: Json }).body));
    }
    return answerOf(200, typeof answer === 'string' ? answer : JSON.stringify(answer));
  };
  return { client: createClient({ url: 'http://node.test', fetch }), requests };
}

function answerOf(status: number, text: string): FetchAnswer {
  const bytes = new TextEncoder().encode(text);
  let read = false;
  return {
    ok: status < 300,
    status,
    headers: { get: () => null },
    text: async () => text,
    body: {
      getReader: () => ({
        async read() {
          if (read) return { done: true };
          read = true;
          return { done: false, value: bytes };
        },
        cancel: async () => undefined,
      }),
    },
  };
}

/** The body that a node sends for an error. */
export function errorAnswer(status: number, code: number, name: string, message: string, evidence: Json = {}): Answer {
  const details = [{ message, file: 'node', line_number: 0, method: '' }];
  return {
    failure: status,
    body: { code: status, message: name, error: { code, name, what: name, details, evidence } },
  };
}

/** The answer of `get_raw_abi` for an ABI given as JSON. */
export function rawAbi(account: string, abi: Json): Answer {
  const base64 = btoa(String.fromCharCode(...encode(abiSchema, parseAbi(abi))));
  return { account_name: account, code_hash: '00'.repeat(32), abi_hash: '11'.repeat(32), abi: base64 };
}

/** A token contract's ABI, as far as tests need it. */
export const tokenAbi: Json = {
  version: 'eosio::abi/1.2',
  structs: [
    {
      name: 'transfer',
      base: '',
      fields: [
        { name: 'from', type: 'name' },
        { name: 'to', type: 'name' },
        { name: 'quantity', type: 'asset' },
        { name: 'memo', type: 'string' },
      ],
    },
    { name: 'open', base: '', fields: [{ name: 'owner', type: 'name' }] },
  ],
  actions: [
    { name: 'transfer', type: 'transfer', ricardian_contract: '' },
    { name: 'open', type: 'open', ricardian_contract: '' },
  ],
  tables: [],
};

/** An answer of `get_info`. */
export const info: Record<string, Json> = {
  server_version: '00000000',
  chain_id: 'cf'.repeat(32),
  head_block_num: 0x1_0005,
  last_irreversible_block_num: 0x1_0003,
  last_irreversible_block_id: `00010003${'ab'.repeat(4)}78563412${'cd'.repeat(20)}`,
  head_block_id: '00'.repeat(32),
  head_block_time: '2026-01-31T12:00:00.500',
  head_block_producer: 'eosio',
};
