/** The typed client: one function per route. Runs wherever there is a `fetch`. */
import { ApiError, TransportError } from './errors.js';
import type { AnyRoute, RequestOf, ResponseOf } from './route.js';
import { type Routes, routes } from './routes/index.js';

/** What the client needs of an answer to `fetch`. */
export type FetchAnswer = {
  readonly ok: boolean;
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  text(): Promise<string>;
  readonly body: { getReader(): ByteReader } | null;
};

/** A reader of the bytes of an answer, as web streams give it. */
export type ByteReader = {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  cancel(): Promise<unknown>;
};

/** The part of `fetch` that the client uses. */
export type Fetch = (
  url: string,
  init: {
    readonly method: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: string | Uint8Array;
    readonly signal?: AbortSignal;
  },
) => Promise<FetchAnswer>;

/** How to reach a node. */
export type ClientOptions = {
  /** As `http://127.0.0.1:8888`. */
  readonly url: string;
  /** The global `fetch` will do. */
  readonly fetch: Fetch;
  /** Sent with each request. */
  readonly headers?: Readonly<Record<string, string>>;
};

/** Options of one call. */
export type CallOptions = { readonly signal?: AbortSignal };

type IsEmpty<T> = keyof T extends never ? true : false;
type Call<R> =
  IsEmpty<RequestOf<R>> extends true
    ? (request?: RequestOf<R>, options?: CallOptions) => Promise<ResponseOf<R>>
    : Record<never, never> extends RequestOf<R>
      ? (request?: RequestOf<R>, options?: CallOptions) => Promise<ResponseOf<R>>
      : (request: RequestOf<R>, options?: CallOptions) => Promise<ResponseOf<R>>;

type CallsOf<Family> = { readonly [Name in keyof Family]: Call<Family[Name]> };

/** A function for each route, by family: `client.chain.getInfo()`. */
export type ApiClient = { readonly [Family in keyof Routes]: CallsOf<Routes[Family]> };

/**
 * Makes a client. Calls throw `ApiError` when the node says no, `TransportError` when there is no usable answer, and
 * whatever `fetch` throws when a call is aborted.
 */
export function createApiClient(options: ClientOptions): ApiClient {
  const families = Object.entries(routes).map(([family, members]) => [
    family,
    Object.fromEntries(
      Object.entries(members).map(([name, route]) => [
        name,
        (request?: unknown, call?: CallOptions) => callRoute(options, route as AnyRoute, request, call),
      ]),
    ),
  ]);
  return Object.fromEntries(families) as ApiClient;
}

/** Calls one route. */
export async function callRoute(
  options: ClientOptions,
  route: AnyRoute,
  request: unknown,
  call: CallOptions = {},
): Promise<unknown> {
  const answer = await send(options, route, request, call);
  const text = await answer.text();
  if (route.responseType !== undefined && route.responseType !== 'application/json' && answer.ok) return text;
  const body = parseAnswer(route.path, answer.status, text);
  // Health and readiness answer 503 with their own body.
  if (!answer.ok && !(answer.status === 503 && route.group === 'Node' && !isError(body))) {
    throw new ApiError(route.path, answer.status, body);
  }
  return body;
}

/** Sends the request of a route and returns the answer unread. */
export async function send(
  { url, fetch, headers = {} }: ClientOptions,
  route: AnyRoute,
  request: unknown,
  { signal }: CallOptions,
): Promise<FetchAnswer> {
  const base = url.replace(/\/+$/, '');
  const abort = signal === undefined ? {} : { signal };
  try {
    if (!route.methods.includes('POST')) {
      return await fetch(`${base}${route.path}${queryString(request)}`, { method: 'GET', headers, ...abort });
    }
    const binary = route.requestType === 'application/octet-stream';
    return await fetch(`${base}${route.path}`, {
      method: 'POST',
      headers: { 'content-type': route.requestType ?? 'application/json', ...headers },
      body: binary ? (request as Uint8Array) : JSON.stringify(request ?? {}),
      ...abort,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new TransportError(route.path, `no answer from ${base}`, error);
  }
}

function queryString(request: unknown): string {
  if (typeof request !== 'object' || request === null) return '';
  const pairs = Object.entries(request)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(String(value))}`);
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

function parseAnswer(path: string, status: number, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new TransportError(path, `the answer (status ${status}) is not JSON`, error);
  }
}

function isError(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'error' in body;
}
