/**
 * Load on a node that is about to be killed, and a record of everything that the node has promised: which transfers it
 * has executed, which blocks it has called final, which transfers were final with them.
 */
import { type ClientRequest, get } from 'node:http';
import { formatSignature } from '@snapscale/crypto';
import { decode, packedTransactionSchema } from '@snapscale/protocol';
import { Connection, httpRequest } from '../bench/load/connection.js';
import type { NodeProcess } from '../bench/load/node-process.js';
import {
  bulkRequest,
  type ChainReference,
  chainReference,
  type LoadAccount,
  type SignedTransfer,
  signTransfer,
} from '../bench/load/workload.js';
import type { SeededRandom } from './seeded-random.js';

const BULK_CONNECTIONS = 2;
const BULK_BATCH = 25;
/** Short, so that expired duplicate records are dropped under fire, too. */
const EXPIRATION_SEC = 20;
const STATUS_INTERVAL_MS = 60;
const PAUSE_MS_MAX = 15;
const SLOT_MS = 500;

/** What nodes that were killed since had promised. Ids are hex. */
export class Promises {
  /** Ids of blocks that were said to be final, by number. */
  readonly finalBlocks = new Map<number, string>();
  /** Transfers that were said to be executed: when, and in which block where the answer told it. */
  readonly executed = new Map<string, { readonly num: number | undefined; readonly atMs: number }>();
  /** Transfers that were final, with the block that was said to hold them. */
  readonly finalTransactions = new Map<string, number | undefined>();
  readonly contradictions: string[] = [];
  lastFinal = 0;
  #lastFinalMs = 0;

  /** `atMs`: the block's own time. */
  addFinal(num: number, id: string, atMs: number): void {
    this.#lastFinalMs = Math.max(this.#lastFinalMs, atMs);
    const known = this.finalBlocks.get(num);
    if (known !== undefined && known !== id)
      this.contradictions.push(`block ${num} was final as ${known}, then as ${id}`);
    this.finalBlocks.set(num, id);
    this.lastFinal = Math.max(this.lastFinal, num);
  }

  /**
   * To be called when the node is gone: what was in blocks that were final by then, was final. A transfer is executed
   * for the block that closes at the end of its slot, so that a final block of a later time has it below or in it.
   */
  settle(): void {
    for (const [id, { num, atMs }] of this.executed) {
      const isFinal = num === undefined ? atMs + SLOT_MS <= this.#lastFinalMs : num <= this.lastFinal;
      if (isFinal && !this.finalTransactions.has(id)) this.finalTransactions.set(id, num);
    }
    this.executed.clear();
  }
}

/** Loads the node until it is gone. */
export class CrashLoad {
  readonly #node: NodeProcess;
  readonly #accounts: readonly LoadAccount[];
  readonly #promises: Promises;
  readonly #random: SeededRandom;
  readonly #label: string;
  #serial = 0;
  #ended = false;
  #stream: ClientRequest | undefined;

  /** `label` makes the transfers of this run different from those of other runs. */
  constructor(
    node: NodeProcess,
    accounts: readonly LoadAccount[],
    promises: Promises,
    random: SeededRandom,
    label: string,
  ) {
    this.#node = node;
    this.#accounts = accounts;
    this.#promises = promises;
    this.#random = random;
    this.#label = label;
  }

  /** Resolves when the load has ended, because the node died or `end` was called. */
  async run(): Promise<void> {
    this.#followFinality();
    const reference = await chainReference(this.#node.url).catch(() => undefined);
    if (reference === undefined) return;
    const at = { ...reference, expirationSec: Math.floor(Date.now() / 1000) + EXPIRATION_SEC };
    const loops = [this.#sendSingles(at), this.#askStatus()];
    for (let i = 0; i < BULK_CONNECTIONS; i++) loops.push(this.#sendBulk(at));
    // Each loop ends with an error when the node is killed: that is what this load is for.
    await Promise.allSettled(loops);
    this.#stream?.destroy();
  }

  end(): void {
    this.#ended = true;
    this.#stream?.destroy();
  }

  async #sendBulk(at: ChainReference): Promise<void> {
    const connection = await Connection.open(this.#node.port);
    while (!this.#ended) {
      const transfers = Array.from({ length: BULK_BATCH }, () => this.#transfer(at));
      const { status, body } = await connection.send(bulkRequest(transfers.map(({ packed }) => packed)));
      const text = body.toString();
      if (status >= 300) throw new Error(`${status} ${text}`);
      const { rejected } = JSON.parse(text) as { rejected: { index: number; message: string }[] };
      const refused = new Set(rejected.map(({ index }) => index));
      for (const [i, { id }] of transfers.entries())
        if (!refused.has(i)) {
          this.#promises.executed.set(hex(id), { num: undefined, atMs: Date.now() });
        }
      await pause(this.#random.below(PAUSE_MS_MAX));
    }
    connection.close();
  }

  async #sendSingles(at: ChainReference): Promise<void> {
    const connection = await Connection.open(this.#node.port);
    while (!this.#ended) {
      const { id, packed } = this.#transfer(at);
      const value = decode(packedTransactionSchema, packed);
      const json = {
        signatures: value.signatures.map(formatSignature),
        compression: 'none',
        packed_context_free_data: '',
        packed_trx: hex(value.packedTransaction),
      };
      const body = Buffer.from(JSON.stringify(json));
      const answer = await connection.send(httpRequest('/v1/chain/send_transaction', 'application/json', body));
      if (answer.status < 300) {
        const { processed } = JSON.parse(answer.body.toString()) as { processed: { block_num: number } };
        this.#promises.executed.set(hex(id), { num: processed.block_num, atMs: Date.now() });
      }
    }
    connection.close();
  }

  /** Asks for transfers that were executed whether they are final: one of the ways to learn it. */
  async #askStatus(): Promise<void> {
    const connection = await Connection.open(this.#node.port);
    while (!this.#ended) {
      await pause(STATUS_INTERVAL_MS);
      const known = [...this.#promises.executed.keys()];
      const id = known[this.#random.below(known.length)];
      if (id === undefined) continue;
      const body = Buffer.from(JSON.stringify({ id }));
      const answer = await connection.send(httpRequest('/v1/chain/get_transaction_status', 'application/json', body));
      const status = JSON.parse(answer.body.toString()) as { state: string; block_number?: number };
      if (status.state === 'IRREVERSIBLE') this.#promises.finalTransactions.set(id, status.block_number!);
    }
    connection.close();
  }

  #followFinality(): void {
    this.#stream = get(
      { host: '127.0.0.1', port: this.#node.port, path: '/v1/stream?topics=blocks,final' },
      (response) => {
        const times = new Map<string, number>();
        let text = '';
        response.setEncoding('utf8');
        response.on('error', () => {});
        response.on('data', (chunk: string) => {
          text += chunk;
          const end = text.lastIndexOf('\n\n');
          if (end < 0) return;
          for (const [, data] of text.slice(0, end + 1).matchAll(/^data: (.*)$/gm)) {
            const { num, id, timestamp } = JSON.parse(data!) as { num: number; id: string; timestamp?: string };
            if (timestamp !== undefined) times.set(id, Date.parse(`${timestamp}Z`));
            else if (times.has(id)) this.#promises.addFinal(num, id, times.get(id)!);
          }
          text = text.slice(end + 2);
        });
      },
    );
    this.#stream.on('error', () => {});
  }

  #transfer(at: ChainReference): SignedTransfer {
    const accounts = this.#accounts;
    const from = accounts[this.#random.below(accounts.length)]!;
    const to = accounts[this.#random.below(accounts.length)]!;
    const receiver = to === from ? accounts[(accounts.indexOf(from) + 1) % accounts.length]! : to;
    return signTransfer(
      at,
      from,
      receiver.name,
      BigInt(this.#random.between(1, 1000)),
      `${this.#label}-${this.#serial++}`,
    );
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
