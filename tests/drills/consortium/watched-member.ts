/** A member at a node: calls with tokens, an event stream, a connection with its certificate. When does each of them end? */
import { Agent, request } from 'node:https';
import { pause } from '../support/http.js';
import type { CliNetwork } from './cli-network.js';

/** When something of a member ended, in milliseconds of the clock; undefined: it has not. */
export type Ends = {
  call: number | undefined;
  stream: number | undefined;
  connection: number | undefined;
};

const INTERVAL_MS = 50;

export class WatchedMember {
  readonly node: string;
  readonly ends: Ends = { call: undefined, stream: undefined, connection: undefined };
  /** What the refusals said. */
  readonly said = new Set<string>();
  readonly #network: CliNetwork;
  readonly #identity: string;
  readonly #stop = new AbortController();
  readonly #runs: Promise<void>[];
  /** Answers before the first refusal. */
  answered = 0;

  constructor(network: CliNetwork, identity: string, node: string) {
    this.#network = network;
    this.#identity = identity;
    this.node = node;
    this.#runs = [this.#call(), this.#stream(), this.#connection()];
  }

  /** Whether all three have ended. */
  get isOut(): boolean {
    return Object.values(this.ends).every((end) => end !== undefined);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.allSettled(this.#runs);
  }

  async #call(): Promise<void> {
    const send = this.#network.fetchAs(this.#identity, this.node);
    while (!this.#stop.signal.aborted && this.ends.call === undefined) {
      const response = await send(`${this.#network.url(this.node)}/v1/chain/get_info`);
      const text = await response.text();
      if (response.ok) this.answered++;
      else {
        this.ends.call = Date.now();
        this.said.add(`${response.status} ${codeIn(text)}`);
      }
      await pause(INTERVAL_MS);
    }
  }

  async #stream(): Promise<void> {
    const send = this.#network.fetchAs(this.#identity, this.node);
    try {
      const response = await send(`${this.#network.url(this.node)}/v1/stream`, { signal: this.#stop.signal });
      if (!response.ok) throw new Error(String(response.status));
      for await (const _ of response.body as unknown as AsyncIterable<Uint8Array>)
        if (this.#stop.signal.aborted) return;
    } catch {
      // Cut off.
    }
    if (!this.#stop.signal.aborted) this.ends.stream = Date.now();
  }

  /** One connection that is kept, with a request on it now and then. */
  async #connection(): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1, ...this.#network.tlsOf(this.#identity) });
    const url = `https://localhost:${this.#network.node(this.node).tlsPort}/v1/chain/get_info`;
    while (!this.#stop.signal.aborted && this.ends.connection === undefined) {
      const status = await statusOf(url, agent);
      if (status !== 200) {
        this.ends.connection = Date.now();
        this.said.add(`TLS ${status}`);
      }
      await pause(INTERVAL_MS);
    }
    agent.destroy();
  }
}

/** 0: the connection broke. */
function statusOf(url: string, agent: Agent): Promise<number> {
  return new Promise((resolve) => {
    const sent = request(url, { agent }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
      response.on('error', () => resolve(0));
    });
    sent.on('error', () => resolve(0));
    sent.end();
  });
}

function codeIn(text: string): string {
  try {
    return String((JSON.parse(text) as { readonly code?: unknown; readonly type?: unknown }).type);
  } catch {
    return text.slice(0, 60);
  }
}
