/** The parts of a request to `fetch`, in whichever of its forms they come, as a token needs them. */
import { IdentityError } from './identity-error.js';

/** A request with a body that can be hashed, and sent twice. */
export type RequestParts = {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  /** As it is given to `fetch`; undefined: none. */
  readonly body: string | Uint8Array | undefined;
  /** The other options, as they came. */
  readonly options: object;
};

type Readable = { arrayBuffer(): Promise<ArrayBuffer> };
type Loose = {
  readonly url?: unknown;
  readonly method?: unknown;
  readonly headers?: unknown;
  readonly body?: unknown;
  readonly signal?: unknown;
};

/**
 * Takes a request apart.
 * @param input text, `URL` or `Request`; @param init options, which go before those of a `Request`
 * @throws IdentityError when the body is a stream or a form with files: what is sent would be known only afterwards
 */
export async function requestParts(input: unknown, init: unknown): Promise<RequestParts> {
  const request: Loose = typeof input === 'object' && input !== null && !(input instanceof URL) ? input : {};
  const options: Loose = typeof init === 'object' && init !== null ? init : {};
  const body = options.body ?? (request.body === undefined || request.body === null ? undefined : input);
  const { content, type } = await contentOf(body);
  const headers = { ...headersOf(request.headers), ...headersOf(options.headers) };
  const method = options.method ?? request.method ?? 'GET';
  return {
    url: typeof request.url === 'string' ? request.url : String(input),
    method: String(method).toUpperCase(),
    headers:
      type === undefined || headers['content-type'] !== undefined ? headers : { 'content-type': type, ...headers },
    body: content,
    options:
      options.signal === undefined && request.signal !== undefined ? { ...options, signal: request.signal } : options,
  };
}

/** The bytes that are sent for a body. */
export function bytesOfBody(body: string | Uint8Array | undefined): Uint8Array {
  if (body === undefined) return new Uint8Array(0);
  return typeof body === 'string' ? new TextEncoder().encode(body) : body;
}

async function contentOf(body: unknown): Promise<{ content: string | Uint8Array | undefined; type?: string }> {
  if (body === undefined || body === null) return { content: undefined };
  if (typeof body === 'string') return { content: body };
  if (body instanceof URLSearchParams) {
    return { content: body.toString(), type: 'application/x-www-form-urlencoded;charset=UTF-8' };
  }
  if (body instanceof ArrayBuffer) return { content: new Uint8Array(body.slice(0)) };
  // A copy: its owner may write to it while the request waits.
  if (ArrayBuffer.isView(body))
    return { content: new Uint8Array(body.buffer, body.byteOffset, body.byteLength).slice() };
  if (isReadable(body)) {
    const type = 'type' in body && typeof body.type === 'string' && body.type !== '' ? { type: body.type } : {};
    return { content: new Uint8Array(await body.arrayBuffer()), ...type };
  }
  throw new IdentityError(
    'wrong_body',
    'a request with this kind of body cannot be signed: give a text, bytes or a Blob, so that its digest is known before it is sent',
  );
}

/** Header fields by their names in small letters. */
function headersOf(headers: unknown): Record<string, string> {
  if (typeof headers !== 'object' || headers === null) return {};
  const pairs = Symbol.iterator in headers ? [...(headers as Iterable<[string, string]>)] : Object.entries(headers);
  return Object.fromEntries(pairs.map(([name, value]) => [String(name).toLowerCase(), String(value)]));
}

/** A `Request` or a `Blob`. */
function isReadable(body: unknown): body is Readable {
  return typeof body === 'object' && body !== null && 'arrayBuffer' in body && typeof body.arrayBuffer === 'function';
}
