/** A real node under attack: signed transactions, and a watch on what must go on meanwhile. */
import { parsePrivateKey, sign } from '@snapscale/crypto';
import {
  type Action,
  encode,
  type PackedTransaction,
  packedTransactionSchema,
  packTransaction,
  signingDigest,
  type Transaction,
} from '@snapscale/protocol';
import { developmentKey, type NodeProcess } from '../../testing/node-process.js';

const privateKey = parsePrivateKey(developmentKey);

export type Info = {
  readonly chain_id: string;
  readonly head_block_num: number;
  readonly head_block_id: string;
  readonly head_block_time: string;
  readonly last_irreversible_block_num: number;
};

/** Makes and sends transactions of the development key. */
export class NodeAttack {
  readonly node: NodeProcess;
  #chainId = new Uint8Array(32);
  #reference = { num: 0, prefix: 0, seconds: 0 };
  #serial = 0;

  constructor(node: NodeProcess) {
    this.node = node;
  }

  /** Looks at the chain again: reference block and time of the transactions that follow. */
  async refresh(): Promise<Info> {
    const { body } = await this.node.post('/v1/chain/get_info');
    const info = body as Info;
    this.#chainId = Uint8Array.from(Buffer.from(info.chain_id, 'hex'));
    const id = Buffer.from(info.head_block_id, 'hex');
    this.#reference = {
      num: info.head_block_num & 0xffff,
      prefix: id.readUInt32LE(8),
      seconds: Math.floor(Date.parse(`${info.head_block_time}Z`) / 1000),
    };
    return info;
  }

  /** A signed transaction, different from all others. */
  signed(actions: readonly Action[], changes: Partial<Transaction> = {}): PackedTransaction {
    const transaction: Transaction = {
      expiration: this.#reference.seconds + 300,
      refBlockNum: this.#reference.num,
      refBlockPrefix: this.#reference.prefix,
      maxNetUsageWords: 0x0f00_0000 - this.#serial++,
      maxCpuUsageMs: 0,
      delaySec: 0,
      contextFreeActions: [],
      actions,
      transactionExtensions: [],
      ...changes,
    };
    const unsigned = packTransaction(transaction, []);
    const signature = sign(privateKey, signingDigest(this.#chainId, unsigned.packedTransaction));
    return { ...unsigned, signatures: [signature] };
  }

  /** Sends transactions, each with its own request; gives status and body of each answer. */
  async send(transactions: readonly PackedTransaction[], path = '/v1/chain/send_transaction') {
    return Promise.all(
      transactions.map((one) => {
        const json = packedTransactionSchema.toJson(one);
        return this.node.post(path, path.endsWith('send_transaction') ? json : { transaction: json });
      }),
    );
  }

  /** Sends and insists on success. */
  async must(actions: readonly Action[]): Promise<void> {
    const [answer] = await this.send([this.signed(actions)]);
    if (answer!.status !== 202) throw new Error(JSON.stringify(answer!.body).slice(0, 500));
  }

  /** The body of `/v1/snap/submit`. */
  bulk(transactions: readonly PackedTransaction[]): Uint8Array {
    return Buffer.concat(
      transactions.flatMap((one) => {
        const bytes = encode(packedTransactionSchema, one);
        return [varuint(bytes.length), bytes];
      }),
    );
  }
}

function varuint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>>= 7;
  } while (rest > 0);
  return Uint8Array.from(bytes);
}

/** What a watch has seen. Times in milliseconds. */
export type Watched = {
  readonly requests: number;
  readonly failures: number;
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
  readonly headNum: number;
  readonly blocks: number;
  /** Slots that passed without a block between the first and the last block seen. */
  readonly missedSlots: number;
};

/** Asks for get_info again and again while `work` runs, and counts the slots without a block. */
export async function watched(node: NodeProcess, work: () => Promise<void>, pauseMs = 20): Promise<Watched> {
  const times: number[] = [];
  let failures = 0;
  let running = true;
  const first = await info(node);
  let last = first;
  const watch = (async () => {
    while (running) {
      const began = performance.now();
      try {
        last = await info(node);
        times.push(performance.now() - began);
      } catch {
        failures++;
      }
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  })();
  try {
    await work();
  } finally {
    running = false;
    await watch;
  }
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? Number.NaN;
  const slots = (Date.parse(`${last.head_block_time}Z`) - Date.parse(`${first.head_block_time}Z`)) / 500;
  const blocks = last.head_block_num - first.head_block_num;
  return {
    requests: times.length,
    failures,
    p50: at(0.5),
    p99: at(0.99),
    longest: times.at(-1) ?? Number.NaN,
    headNum: last.head_block_num,
    blocks,
    missedSlots: Math.round(slots) - blocks,
  };
}

async function info(node: NodeProcess): Promise<Info> {
  const response = await fetch(`${node.url}/v1/chain/get_info`, { signal: AbortSignal.timeout(30_000) });
  return (await response.json()) as Info;
}
