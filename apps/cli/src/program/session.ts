/** One run of the program: which node, how to write, and what was connected so far. */

import { randomBytes } from 'node:crypto';
import { type ApiClient, createApiClient, type Fetch } from '@snapscale/api';
import type { Client } from '@snapscale/sdk';
import type { IdentityPorts, MemberIdentity } from '@snapscale/sdk/identity';
import { type HttpFetch, httpFetch } from '../network/http-fetch.js';
import { usageError } from './failures.js';
import type { Output } from './output.js';

/** The world as the program finds it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Options that hold for all commands. */
export type GlobalOptions = {
  readonly url: string;
  readonly passphraseFile: string | undefined;
  /** Name of the identity that requests carry; undefined: none. */
  readonly identity?: string | undefined;
  readonly verbose: boolean;
};

/** Where to find a node, unless told. */
export const defaultUrl = 'http://localhost:8888';

/** What identities need of the world. */
export const identityPorts: IdentityPorts = {
  nowMs: () => Date.now(),
  randomBytes: (size) => new Uint8Array(randomBytes(size)),
};

/** What commands work with. */
export class Session {
  readonly url: string;
  readonly options: GlobalOptions;
  readonly environment: Environment;
  readonly output: Output;
  /** Aborted when the user stops the program. */
  readonly signal: AbortSignal;
  #fetch: HttpFetch | undefined;
  #client: Promise<Client> | undefined;
  #identity: Promise<MemberIdentity> | undefined;
  #member: Promise<Fetch> | undefined;

  constructor(options: GlobalOptions, environment: Environment, output: Output, signal: AbortSignal) {
    this.url = options.url;
    this.options = options;
    this.environment = environment;
    this.output = output;
    this.signal = signal;
  }

  /** Calls of the node's endpoints, for commands that only read: loads nothing but the client. */
  api(): ApiClient {
    return createApiClient({ url: checkedUrl(this.url), fetch: this.fetch() });
  }

  /** The SDK's client, for commands that need keys, transactions or ABIs. */
  client(): Promise<Client> {
    const fetch = this.fetch();
    this.#client ??= import('@snapscale/sdk').then(({ createClient }) =>
      createClient({ url: checkedUrl(this.url), fetch }),
    );
    return this.#client;
  }

  /** The organisation of the session's identity; undefined where there is none. */
  async organisation(): Promise<string | undefined> {
    const { identity } = this.options;
    if (identity === undefined) return undefined;
    const { identityOrganisation } = await import('../identities/identity-store.js');
    return identityOrganisation(this.environment, identity);
  }

  /** The HTTP client of the session. Where it has an identity, requests to the node carry it. */
  fetch(): Fetch {
    const plain = this.plainFetch();
    if (this.options.identity === undefined) return plain;
    return async (url, init) => (await this.#memberFetch())(url, init);
  }

  /** The session's identity, opened; undefined where it has none. */
  async identity(): Promise<MemberIdentity | undefined> {
    const { identity } = this.options;
    if (identity === undefined) return undefined;
    this.#identity ??= this.#openIdentity(identity);
    return this.#identity;
  }

  /** The same without the identity, for whoever need not know it. */
  plainFetch(): Fetch {
    return this.#connection().fetch;
  }

  /** Gives up the connections. */
  close(): void {
    this.#fetch?.close();
  }

  async #openIdentity(name: string): Promise<MemberIdentity> {
    const [{ openIdentity }, { passphrase }] = await Promise.all([
      import('../identities/identity-store.js'),
      import('../keys/passphrase.js'),
    ]);
    return openIdentity(this.environment, name, () => passphrase(this));
  }

  #memberFetch(): Promise<Fetch> {
    this.#member ??= Promise.all([import('@snapscale/sdk/identity'), this.identity()]).then(
      ([{ memberFetch }, identity]) =>
        memberFetch(this.plainFetch(), identity!, { nodeUrl: checkedUrl(this.url), ...identityPorts }),
    );
    return this.#member;
  }

  /** Roots of the network of the session's identity: nodes and CAs have certificates below them. */
  async #authorities(): Promise<readonly string[]> {
    const { identity } = this.options;
    if (identity === undefined) return [];
    const { readIdentityFolder } = await import('../identities/identity-files.js');
    return readIdentityFolder(this.environment, identity).authorities;
  }

  #connection(): HttpFetch {
    this.#fetch ??= httpFetch(() => this.#authorities());
    return this.#fetch;
  }
}

function checkedUrl(text: string): string {
  if (/^https?:\/\/[^\s/]+/.test(text) && URL.canParse(text)) return text.replace(/\/+$/, '');
  throw usageError(
    `${JSON.stringify(text)} is not the address of a node`,
    'Addresses look like http://localhost:8888; they are set with -u or SNAPSCALE_URL.',
  );
}
