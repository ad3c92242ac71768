/** Transfers to all nodes of a network, whatever happens to them, and a record of what any of them called final. */
import { type ClientRequest, get } from 'node:http';
import { Connection, httpRequest } from '../../bench/load/connection.js';
import {
  bulkRequest,
  type ChainReference,
  chainReference,
  type LoadAccount,
  signTransfer,
} from '../../bench/load/workload.js';
import type { SeededRandom } from '../../crash/seeded-random.js';
import type { DrillNetwork } from './drill-network.js';
import type { FinalBlocks } from './final-blocks.js';
import { hex, pause } from './http.js';

/** Transfers of each request, and milliseconds between two of them to one node. */
const BATCH = 5;
const INTERVAL_MS = 250;
const STATUS_INTERVAL_MS = 250;
const RETRY_MS = 200;
const EXPIRATION_SEC = 60;
const ASKED_AFTER_MS = 1500;
const SENT_KEPT = 4000;

export class NetworkLoad {
  /** Transfers that some node said to be final: the block, and who said it. */
  readonly promised = new Map<string, { readonly num: number; readonly node: string }>();
  sent = 0;
  refused = 0;
  readonly #network: DrillNetwork;
  readonly #accounts: readonly LoadAccount[];
  readonly #random: SeededRandom;
  readonly #finals: FinalBlocks;
  readonly #recent: { readonly id: string; readonly atMs: number }[] = [];
  readonly #streams = new Map<string, ClientRequest>();
  readonly #loops: Promise<void>[] = [];
  readonly #reasons = new Map<string, number>();
  #ended = false;
  #serial = 0;

  constructor(network: DrillNetwork, accounts: readonly LoadAccount[], random: SeededRandom, finals: FinalBlocks) {
    this.#network = network;
    this.#accounts = accounts;
    this.#random = random;
    this.#finals = finals;
  }

  /** Begins; each node gets some 20 transfers a second while it answers. */
  begin(nodes: readonly string[] = this.#network.names): void {
    for (const node of nodes)
      this.#loops.push(
        this.#keep(node, (at) => this.#send(node, at)),
        this.#keep(node, () => this.#askStatus(node)),
        this.#follow(node),
      );
  }

  /** Why transfers were refused, and how often. */
  get reasons(): ReadonlyMap<string, number> {
    return this.#reasons;
  }

  async end(): Promise<void> {
    this.#ended = true;
    for (const stream of this.#streams.values()) stream.destroy();
    await Promise.all(this.#loops);
  }

  /** Runs a piece of work again and again; it ends with an error whenever the node is killed. */
  async #keep(node: string, work: (at: ChainReference) => Promise<void>): Promise<void> {
    while (!this.#ended) {
      try {
        const at = await chainReference(this.#network.url(node));
        await work({ ...at, expirationSec: Math.floor(Date.now() / 1000) + EXPIRATION_SEC });
      } catch {
        await pause(RETRY_MS);
      }
    }
  }

  async #send(node: string, at: ChainReference): Promise<void> {
    const connection = await Connection.open(this.#network.node(node).httpPort);
    try {
      const until = Date.now() + 10_000;
      while (!this.#ended && Date.now() < until) {
        const transfers = Array.from({ length: BATCH }, () => this.#transfer(at));
        const { status, body } = await connection.send(bulkRequest(transfers.map(({ packed }) => packed)));
        const text = body.toString();
        if (status >= 300) throw new Error(`${status} ${text}`);
        const { rejected } = JSON.parse(text) as { rejected: { index: number; message: string }[] };
        this.sent += transfers.length;
        this.refused += rejected.length;
        for (const { message } of rejected) this.#reasons.set(message, (this.#reasons.get(message) ?? 0) + 1);
        const refused = new Set(rejected.map(({ index }) => index));
        const atMs = Date.now();
        for (const [i, { id }] of transfers.entries()) if (!refused.has(i)) this.#recent.push({ id: hex(id), atMs });
        if (this.#recent.length > SENT_KEPT) this.#recent.splice(0, SENT_KEPT / 2);
        await pause(INTERVAL_MS);
      }
    } finally {
      connection.close();
    }
  }

  async #askStatus(node: string): Promise<void> {
    const connection = await Connection.open(this.#network.node(node).httpPort);
    try {
      while (!this.#ended) {
        await pause(STATUS_INTERVAL_MS);
        const asked = this.#recent.filter(({ atMs }) => atMs < Date.now() - ASKED_AFTER_MS);
        const id = asked[this.#random.below(asked.length)]?.id;
        if (id === undefined) continue;
        const body = Buffer.from(JSON.stringify({ id }));
        const answer = await connection.send(httpRequest('/v1/chain/get_transaction_status', 'application/json', body));
        const status = JSON.parse(answer.body.toString()) as { state: string; block_number?: number };
        if (status.state === 'IRREVERSIBLE') this.promised.set(id, { num: status.block_number!, node });
      }
    } finally {
      connection.close();
    }
  }

  async #follow(node: string): Promise<void> {
    while (!this.#ended) {
      await new Promise<void>((resolve) => {
        const port = this.#network.node(node).httpPort;
        const stream = get({ host: '127.0.0.1', port, path: '/v1/stream?topics=final' }, (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('error', () => {});
          response.on('close', () => resolve());
          response.on('data', (chunk: string) => {
            text += chunk;
            const end = text.lastIndexOf('\n\n');
            if (end < 0) return;
            for (const [, data] of text.slice(0, end + 1).matchAll(/^data: (.*)$/gm)) {
              const { num, id } = JSON.parse(data!) as { num: number; id: string };
              this.#finals.said(`${node} (event)`, num, id);
            }
            text = text.slice(end + 2);
          });
        });
        stream.on('error', () => resolve());
        this.#streams.set(node, stream);
      });
      await pause(RETRY_MS);
    }
  }

  #transfer(at: ChainReference) {
    const accounts = this.#accounts;
    const from = this.#random.below(accounts.length);
    const to = (from + 1 + this.#random.below(accounts.length - 1)) % accounts.length;
    const units = BigInt(this.#random.between(1, 1000));
    return signTransfer(at, accounts[from]!, accounts[to]!.name, units, `drill ${this.#serial++}`);
  }
}
