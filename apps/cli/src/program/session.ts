/** One run of the program: which node, how to write, and what was connected so far. */
import { type ApiClient, createApiClient, type Fetch } from '@snapscale/api';
import type { Client } from '@snapscale/sdk';
import { type HttpFetch, httpFetch } from '../network/http-fetch.js';
import { usageError } from './failures.js';
import type { Output } from './output.js';

/** The world as the program finds it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Options that hold for all commands. */
export type GlobalOptions = {
  readonly url: string;
  readonly passphraseFile: string | undefined;
  readonly verbose: boolean;
};

/** Where to find a node, unless told. */
export const defaultUrl = 'http://localhost:8888';

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

  constructor(options: GlobalOptions, environment: Environment, output: Output, signal: AbortSignal) {
    this.url = options.url;
    this.options = options;
    this.environment = environment;
    this.output = output;
    this.signal = signal;
  }

  /** Calls of the node's endpoints, for commands that only read: loads nothing but the client. */
  api(): ApiClient {
    return createApiClient({ url: checkedUrl(this.url), fetch: this.#connection().fetch });
  }

  /** The SDK's client, for commands that need keys, transactions or ABIs. */
  client(): Promise<Client> {
    const { fetch } = this.#connection();
    this.#client ??= import('@snapscale/sdk').then(({ createClient }) =>
      createClient({ url: checkedUrl(this.url), fetch }),
    );
    return this.#client;
  }

  /** The HTTP client of the session. */
  fetch(): Fetch {
    return this.#connection().fetch;
  }

  /** Gives up the connections. */
  close(): void {
    this.#fetch?.close();
  }

  #connection(): HttpFetch {
    this.#fetch ??= httpFetch();
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
