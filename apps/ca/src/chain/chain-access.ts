/** The chain as the CA needs it: rows of `snap.ca`, its actions, and when something is final. */
import type { PrivateKey } from '@snapscale/crypto';
import type { Json, JsonObject } from '@snapscale/protocol';
import { type Client, createClient, keysInMemory, type SnapError, toSnapError, transact } from '@snapscale/sdk';
import { ChainRefusal, ChainUnavailable } from '../failures.js';
import { identityFetch } from './identity-fetch.js';

/** Account of the contract. */
export const contract = 'snap.ca';

/** Which rows. Bounds are keys as decimal numbers or names, inclusive. */
export type RowQuery = { readonly lower?: string; readonly upper?: string; readonly limit?: number };

/** A port: tests have a chain of their own. All functions throw `ChainUnavailable` when there is no answer. */
export type ChainAccess = {
  /** Rows of a table of `snap.ca`, all of them where there is no limit. */
  rows(table: string, scope: string, query?: RowQuery): Promise<readonly JsonObject[]>;
  /** Sends an action of `snap.ca` with a permission, as `north@ca`. Resolves when it is final. @throws ChainRefusal */
  push(action: string, permission: string, key: PrivateKey, data: Json): Promise<void>;
  /** Number of the final block. */
  finalNumber(): Promise<number>;
  /** Resolves when the state that is seen now is final. */
  seenIsFinal(): Promise<void>;
};

/** How long the chain has for an answer, and for making something final. */
const ANSWER_TIMEOUT_MS = 8000;
const FINAL_TIMEOUT_MS = 30_000;
const FINAL_POLL_MS = 250;
const PAGE_ROWS = 500;

/** `fetch` as the SDK's client takes it. */
export type FetchLike = NonNullable<Parameters<typeof createClient>[0]['fetch']>;

/** The chain behind nodes' HTTP interfaces: one is used until it does not answer, then the next. */
export function nodeAccess(
  urls: readonly string[],
  identityFolder: string | undefined,
  /** The only chain that counts; undefined: that of the nodes, whichever it is. */
  chainId?: string,
): ChainAccess {
  const clients = urls.map((url) => {
    const fetch = identityFolder === undefined ? timedFetch : identityFetch(url, identityFolder, timedFetch);
    return createClient({ url, fetch: chainId === undefined ? fetch : ofChain(chainId, url, fetch) });
  });
  /** Those that have said that they are of the chain. */
  const known = new Set<Client>();
  const knownFirst = async (client: Client) => {
    if (chainId === undefined || known.has(client)) return;
    await info(client);
    known.add(client);
  };
  let current = 0;
  const first = async <T>(question: (client: Client) => Promise<T>): Promise<T> => {
    for (let left = clients.length; ; left--) {
      try {
        return await asked(async () => {
          const client = clients[current]!;
          await knownFirst(client);
          return question(client);
        });
      } catch (error) {
        if (!(error instanceof ChainUnavailable)) throw error;
        current = (current + 1) % clients.length;
        if (left === 1) throw error;
      }
    }
  };
  const info = (client: Client) => client.api.chain.getInfo();
  return {
    rows: (table, scope, query = {}) => first((client) => readRows(client, table, scope, query)),
    async push(action, permission, key, data) {
      // A transaction goes to one node only: which has just answered.
      const client = await first(async (answering) => info(answering).then(() => answering));
      await asked(() => push(client, action, permission, key, data));
    },
    finalNumber: () => first(async (client) => (await info(client)).last_irreversible_block_num),
    seenIsFinal: () => first(waitUntilSeenIsFinal),
  };
}

/** `fetch` that gives up: all but event streams, which may be silent for long. */
const timedFetch: FetchLike = ((target: string, init: { signal?: AbortSignal }) => {
  const timeout = AbortSignal.timeout(target.includes('/v1/stream') ? FINAL_TIMEOUT_MS : ANSWER_TIMEOUT_MS);
  const signal = init.signal === undefined ? timeout : AbortSignal.any([init.signal, timeout]);
  return globalThis.fetch(target, { ...init, signal } as RequestInit);
}) as unknown as FetchLike;

/** `fetch` that takes nothing of a node of another chain: transactions are signed for the chain that it names. */
function ofChain(chainId: string, url: string, fetch: FetchLike): FetchLike {
  return (async (target: string, init: never) => {
    const answer = await fetch(target, init);
    if (!target.endsWith('/v1/chain/get_info') || !answer.ok) return answer;
    const text = await answer.text();
    const found = /"chain_id"\s*:\s*"([0-9a-fA-F]{64})"/.exec(text)?.[1]?.toLowerCase();
    if (found === chainId) return new Response(text, { status: answer.status });
    throw new ChainUnavailable(
      `${url} is a node of the chain ${found?.slice(0, 12) ?? 'without an id'}…, and this CA is of ${chainId.slice(0, 12)}… (chain_id in ca.json)`,
    );
  }) as unknown as FetchLike;
}

async function readRows(client: Client, table: string, scope: string, query: RowQuery): Promise<JsonObject[]> {
  const rows: JsonObject[] = [];
  let lower = query.lower;
  for (;;) {
    const answer = await client.api.chain.getTableRows({
      code: contract,
      scope,
      table,
      json: true,
      limit: Math.min(PAGE_ROWS, (query.limit ?? Number.POSITIVE_INFINITY) - rows.length),
      ...(lower === undefined ? {} : { lower_bound: lower }),
      ...(query.upper === undefined ? {} : { upper_bound: query.upper }),
    });
    rows.push(...(answer.rows as readonly JsonObject[]));
    const isDone = !answer.more || answer.next_key === '' || rows.length >= (query.limit ?? Number.POSITIVE_INFINITY);
    if (isDone || answer.rows.length === 0) return rows;
    lower = answer.next_key;
  }
}

async function push(client: Client, action: string, permission: string, key: PrivateKey, data: Json): Promise<void> {
  const actions = [{ account: contract, name: action, authorization: [permission], data }];
  await transact(client, actions, { keys: keysInMemory([key]), signal: AbortSignal.timeout(FINAL_TIMEOUT_MS) });
}

async function waitUntilSeenIsFinal(client: Client): Promise<void> {
  const { head_block_num: seen } = await client.api.chain.getInfo();
  for (let waited = 0; waited < FINAL_TIMEOUT_MS; waited += FINAL_POLL_MS) {
    if ((await client.api.chain.getInfo()).last_irreversible_block_num >= seen) return;
    await new Promise((resolve) => setTimeout(resolve, FINAL_POLL_MS));
  }
  throw new ChainUnavailable(`block ${seen} is not final after ${FINAL_TIMEOUT_MS / 1000} s`);
}

/** Tells apart what the chain refuses and what it cannot answer now. */
async function asked<T>(question: () => Promise<T>): Promise<T> {
  try {
    return await question();
  } catch (thrown) {
    // Also within what the client makes of it.
    for (let cause = thrown; cause instanceof Error; cause = cause.cause) {
      if (cause instanceof ChainUnavailable) throw cause;
    }
    const error = toSnapError(thrown);
    if (isMomentary(error))
      throw new ChainUnavailable(`the chain cannot be used now: ${error.message}`, { cause: error });
    throw new ChainRefusal(error.message, error.kind === 'unauthorized', { cause: error });
  }
}

const momentaryKinds: ReadonlySet<SnapError['kind']> = new Set([
  'unreachable',
  'not-final',
  'expired',
  'duplicate',
  'resources',
]);

function isMomentary(error: SnapError): boolean {
  const isAbort = ['AbortError', 'TimeoutError'].includes(error.name);
  // `failed` is a node that is broken, not a request that is wrong.
  return error.transient || isAbort || momentaryKinds.has(error.kind) || error.kind === 'failed';
}
