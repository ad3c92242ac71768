/** The SDK's connection to a node: typed calls, the ABI cache, event streams. */
import {
  type ApiClient,
  type ClientOptions as Connection,
  createApiClient,
  type Fetch,
  type ResponseOf,
  type Routes,
  type StreamEvent,
  type StreamRequest,
  streamEvents,
} from '@snapscale/api';
import { AbiCache } from './abi-cache.js';
import { SnapError, toSnapError } from './errors.js';

/** How to reach a node. */
export type ClientOptions = {
  /** As `http://localhost:8888`. */
  readonly url: string;
  /** The global `fetch` where not given. */
  readonly fetch?: Fetch | undefined;
  /** Sent with each request. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
};

/** A connection. Functions of the SDK take it as their first argument. */
export type Client = {
  readonly url: string;
  /** A function for each endpoint: `client.api.chain.getInfo()`. They throw `SnapError`. */
  readonly api: ApiClient;
  readonly abis: AbiCache;
  readonly connection: Connection;
};

/** State of the chain and of the node. */
export type ChainInfo = ResponseOf<Routes['chain']['getInfo']>;

/**
 * Makes a client. Nothing is sent yet.
 * @throws SnapError when `url` is no HTTP address or there is no `fetch`
 */
export function createClient(options: ClientOptions): Client {
  const url = httpAddress(options.url);
  const fetch = options.fetch ?? globalFetch();
  const connection: Connection = { url, fetch, ...(options.headers === undefined ? {} : { headers: options.headers }) };
  const api = throwingSnapErrors(createApiClient(connection));
  return { url, api, abis: new AbiCache(api), connection };
}

/** An HTTP address without the slashes at its end. @throws SnapError */
export function httpAddress(text: string): string {
  if (!/^https?:\/\/[^\s/]+/.test(text)) {
    throw new SnapError({
      kind: 'invalid',
      code: 0,
      name: 'invalid_address',
      what: 'Invalid address of a node',
      details: [`${JSON.stringify(text)} is not an address like http://localhost:8888`],
    });
  }
  return text.replace(/\/+$/, '');
}

/** Events of the node as they happen, until it hangs up, the loop is left or `signal` aborts. Throws `SnapError`. */
export async function* events(
  client: Client,
  request: StreamRequest = {},
  signal?: AbortSignal,
): AsyncGenerator<StreamEvent, void, void> {
  try {
    yield* streamEvents(client.connection, request, signal === undefined ? {} : { signal });
  } catch (error) {
    throw signal?.aborted ? error : toSnapError(error);
  }
}

function globalFetch(): Fetch {
  const { fetch } = globalThis as { fetch?: unknown };
  if (typeof fetch !== 'function') throw new TypeError('there is no global fetch here: pass one to createClient');
  // Called as a method of another object, the browser's fetch refuses to work.
  return ((url, init) => (fetch as Fetch)(url, init)) satisfies Fetch;
}

type AnyCall = (request?: unknown, options?: { signal?: AbortSignal }) => Promise<unknown>;

/** The same calls, with errors as `SnapError`; an abort stays what it is. */
function throwingSnapErrors(api: ApiClient): ApiClient {
  const families = Object.entries(api).map(([family, calls]) => [
    family,
    Object.fromEntries(
      Object.entries(calls as Record<string, AnyCall>).map(([name, call]): [string, AnyCall] => [
        name,
        async (request, options) => {
          try {
            return await call(request, options);
          } catch (error) {
            throw options?.signal?.aborted ? error : toSnapError(error);
          }
        },
      ]),
    ),
  ]);
  return Object.fromEntries(families) as ApiClient;
}
