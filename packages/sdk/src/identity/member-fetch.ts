/**
 * A `fetch` that shows who makes the request: each one carries a token made for it. Whatever takes a `fetch` works with it:
 * `createClient`, JsonRpc of eosjs, APIClient of WharfKit.
 */
import { type AccessRefusalCode, accessRefusalOf } from '@snapscale/api';
import type { PublicJwk } from '@snapscale/api/identity';
import { IdentityKeeper } from './identity-keeper.js';
import type { MemberIdentity } from './member-identity.js';
import { bytesOfBody, type RequestParts, requestParts } from './request-parts.js';
import { encryptToken, type IdentityPorts, requestToken } from './request-token.js';

/** What is needed of an answer. */
export type MemberAnswer = {
  readonly status: number;
  text(): Promise<string>;
  clone?(): { text(): Promise<string> };
};

/** Any `fetch`: that of browsers and Node, that of `@snapscale/api`, or another with the same arguments. */
export type AnyFetch = (input: never, init: never) => Promise<MemberAnswer>;

/** How to reach the node. */
export type MemberFetchOptions = IdentityPorts & {
  /** As `https://node.example`. Requests to other addresses go out as they are, without a token. */
  readonly nodeUrl: string;
  /** Encrypt tokens to the node's key, so that a proxy that ends TLS does not see the certificate. */
  readonly encrypt?: boolean;
};

/** What get_access says, and how far the node's clock is ahead. */
type Access = {
  readonly isOpen: boolean;
  readonly audience: string;
  readonly thumbprint: string;
  readonly jwk: PublicJwk;
  readonly aheadMs: number;
};

/** A request that is on its way. */
type Attempt = { readonly parts: RequestParts; readonly target: string };
type LooseFetch = (input: string, init: object) => Promise<MemberAnswer>;

const accessPath = '/v1/snap/get_access';

/**
 * Wraps a `fetch`. The node is asked once whom tokens must name; a token is made for each request; when it is refused
 * because the node's key or clock is another than thought, or the node has forgotten the certificate, the request is made
 * once more. A node whose policy is `open`, and one that knows no tokens, gets none.
 * @param identity an identity, or the keeper that renews it
 * @returns a function with the same arguments; it throws what `fetch` throws, and IdentityError for a body that is a stream
 */
export function memberFetch<F extends AnyFetch>(
  fetch: F,
  identity: MemberIdentity | IdentityKeeper,
  options: MemberFetchOptions,
): F {
  const keeper = identity instanceof IdentityKeeper ? identity : new IdentityKeeper(identity);
  // Browsers' own refuses to be called as the method of something.
  const call: LooseFetch = (input, init) => (fetch as unknown as LooseFetch)(input, init);
  const door = new MemberDoor(call, keeper, options);
  return ((input: unknown, init?: unknown) => door.request(input, init)) as unknown as F;
}

class MemberDoor {
  readonly #fetch: LooseFetch;
  readonly #keeper: IdentityKeeper;
  readonly #options: MemberFetchOptions;
  readonly #base: URL;
  #access: Promise<Access | undefined> | undefined;
  /** Hash of the certificate that the node has accepted in full. */
  #shown: string | undefined;

  constructor(fetch: LooseFetch, keeper: IdentityKeeper, options: MemberFetchOptions) {
    this.#fetch = fetch;
    this.#keeper = keeper;
    this.#options = options;
    this.#base = new URL(options.nodeUrl);
  }

  async request(input: unknown, init: unknown): Promise<MemberAnswer> {
    const parts = await requestParts(input, init);
    const target = this.#targetOf(parts.url);
    if (target === undefined || target === accessPath || parts.headers.authorization !== undefined) {
      return this.#send(parts);
    }
    const attempt = { parts, target };
    const access = await this.#accessNow();
    const first = await this.#try(attempt, access);
    const code = await refusalOf(first.answer);
    if (!this.#mayHelp(code, first.sent)) return first.answer;
    return (await this.#try(attempt, await this.#accessNow(), true)).answer;
  }

  /** Sends the request; with a token where the node wants one. */
  async #try(
    { parts, target }: Attempt,
    access: Access | undefined,
    isAgain = false,
  ): Promise<{ answer: MemberAnswer; sent: 'nothing' | 'chain' | 'hash' }> {
    if (access === undefined || (access.isOpen && !isAgain))
      return { answer: await this.#send(parts), sent: 'nothing' };
    const identity = await this.#keeper.current();
    const { nowMs, randomBytes, encrypt } = this.#options;
    const sendHash = this.#shown === identity.hash;
    const request = { method: parts.method, target, body: bytesOfBody(parts.body) };
    const ports = { nowMs: () => nowMs() + access.aheadMs, randomBytes };
    const plain = await requestToken(identity, access, request, ports, sendHash);
    const token = encrypt === true ? await encryptToken(plain, access.jwk, access.thumbprint) : plain;
    const answer = await this.#send(parts, token);
    // 403 and 429 are said only to whom was recognised.
    if (answer.status !== 401) this.#shown = identity.hash;
    return { answer, sent: sendHash ? 'hash' : 'chain' };
  }

  /** Whether the same request may be let in when it is made once more; forgets what has turned out to be wrong. */
  #mayHelp(code: AccessRefusalCode | undefined, sent: 'nothing' | 'chain' | 'hash'): boolean {
    switch (code) {
      case 'missing':
        if (sent !== 'nothing') return false;
        this.#access = undefined;
        return true;
      case 'freshness':
      case 'audience':
        this.#access = undefined;
        return true;
      case 'certificate_chain':
        if (sent !== 'hash') return false;
        this.#shown = undefined;
        return true;
      default:
        return false;
    }
  }

  #send({ url, method, headers, body, options }: RequestParts, token?: string): Promise<MemberAnswer> {
    const withToken = token === undefined ? headers : { ...headers, authorization: `Bearer ${token}` };
    return this.#fetch(url, { ...options, method, headers: withToken, ...(body === undefined ? {} : { body }) });
  }

  /** One question for however many requests wait for it; asked again after a failure. */
  #accessNow(): Promise<Access | undefined> {
    const asked = (this.#access ??= this.#askAccess());
    asked.catch(() => {
      if (this.#access === asked) this.#access = undefined;
    });
    return asked;
  }

  /** Undefined for a node that has no such thing. */
  async #askAccess(): Promise<Access | undefined> {
    const { nodeUrl, nowMs } = this.#options;
    const beforeMs = nowMs();
    const answer = await this.#fetch(`${nodeUrl.replace(/\/+$/, '')}${accessPath}`, { method: 'GET', headers: {} });
    const halfwayMs = (beforeMs + nowMs()) / 2;
    const text = await answer.text();
    if (answer.status === 404 || answer.status === 405) return undefined;
    return accessOf(text, answer.status, halfwayMs, nodeUrl);
  }

  /** The path as the node gets it; undefined when the address is not below the node's. */
  #targetOf(url: string): string | undefined {
    if (!URL.canParse(url)) return undefined;
    const { origin, pathname, search } = new URL(url);
    const prefix = this.#base.pathname.replace(/\/+$/, '');
    if (origin !== this.#base.origin || !pathname.startsWith(`${prefix}/`)) return undefined;
    return `${pathname.slice(prefix.length)}${search}`;
  }
}

function accessOf(text: string, status: number, halfwayMs: number, nodeUrl: string): Access {
  try {
    const { admission, audience, thumbprint, jwk, clock } = JSON.parse(text) as Record<string, unknown>;
    if (status === 200 && typeof audience === 'string' && typeof thumbprint === 'string' && isObject(jwk)) {
      const clockMs = Number(clock);
      const aheadMs = Number.isFinite(clockMs) && clockMs > 0 ? Math.round(clockMs - halfwayMs) : 0;
      return { isOpen: admission === 'open', audience, thumbprint, jwk: jwk as PublicJwk, aheadMs };
    }
  } catch {
    // Said below.
  }
  throw new Error(`${nodeUrl}${accessPath} answered with status ${status}, and not with what a token must name`);
}

/** The code of a 401, read without taking the answer from whom it is for. */
async function refusalOf(answer: MemberAnswer): Promise<AccessRefusalCode | undefined> {
  if (answer.status !== 401) return undefined;
  const text = answer.clone === undefined ? await keptText(answer) : await answer.clone().text();
  try {
    return accessRefusalOf(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Answers of `@snapscale/api`'s `Fetch` are plain objects without `clone`: their text is read once and kept. */
async function keptText(answer: MemberAnswer): Promise<string> {
  const text = await answer.text();
  Object.assign(answer, { text: async () => text });
  return text;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
