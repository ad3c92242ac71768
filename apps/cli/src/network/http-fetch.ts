/**
 * `fetch` on Node's own HTTP client. The global one takes a tenth of a second of processor time to load, which is more
 * than everything else that a short command does.
 */
import type { IncomingMessage, Agent as PlainAgent, RequestOptions } from 'node:http';
import type { ByteReader, Fetch, FetchAnswer } from '@snapscale/api';

/** Longest wait for the beginning of an answer. */
const ANSWER_MAX_MS = 20_000;
/** Silence after which a connection counts as lost. The node's streams say something every 15 seconds. */
const SILENCE_MAX_MS = 60_000;

/** A `fetch` with connections of its own, which `close` gives up. */
export type HttpFetch = { readonly fetch: Fetch; close(): void };

/**
 * Makes a `fetch` that keeps its connections open between requests.
 * @param authorities roots (PEM) that are trusted besides the usual ones
 */
export function httpFetch(authorities: () => Promise<readonly string[]> = async () => []): HttpFetch {
  const agents = new Map<string, PlainAgent>();
  const fetch: Fetch = async (address, init) => {
    const url = new URL(address);
    const http = url.protocol === 'https:' ? await import('node:https') : await import('node:http');
    const trust = url.protocol === 'https:' ? await trustOf(await authorities()) : {};
    const agent = agents.get(url.protocol) ?? new http.Agent({ keepAlive: true, ...trust });
    agents.set(url.protocol, agent);
    const body = init.body === undefined ? undefined : Buffer.from(init.body as string);
    const options: RequestOptions = {
      agent,
      method: init.method,
      headers: { ...init.headers, ...(body === undefined ? {} : { 'content-length': String(body.length) }) },
      ...(init.signal === undefined ? {} : { signal: init.signal }),
    };
    return new Promise<FetchAnswer>((resolve, reject) => {
      const request = http.request(url, options, (response) => {
        request.setTimeout(SILENCE_MAX_MS);
        resolve(answerOf(response));
      });
      request.setTimeout(ANSWER_MAX_MS, () => request.destroy(new Error('the connection fell silent')));
      request.on('error', reject);
      request.end(body);
    });
  };
  return {
    fetch,
    close() {
      for (const agent of agents.values()) agent.destroy();
    },
  };
}

/** Node's own roots, and others where there are some. */
async function trustOf(authorities: readonly string[]): Promise<{ readonly ca?: string[] }> {
  if (authorities.length === 0) return {};
  const { rootCertificates } = await import('node:tls');
  return { ca: [...rootCertificates, ...authorities] };
}

function answerOf(response: IncomingMessage): FetchAnswer {
  const status = response.statusCode ?? 0;
  return {
    ok: status >= 200 && status < 300,
    status,
    headers: { get: (name) => String(response.headers[name.toLowerCase()] ?? '') || null },
    async text() {
      const pieces: Buffer[] = [];
      for await (const piece of response) pieces.push(piece as Buffer);
      return Buffer.concat(pieces).toString('utf8');
    },
    body: { getReader: () => readerOf(response) },
  };
}

function readerOf(response: IncomingMessage): ByteReader {
  const pieces = response[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  return {
    async read() {
      const { done, value } = await pieces.next();
      return done === true ? { done: true } : { done: false, value };
    },
    async cancel() {
      response.destroy();
    },
  };
}
