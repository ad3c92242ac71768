/**
 * The load generator, a process of its own: signs token transfers between many accounts, beforehand or while sending,
 * and sends them with a bounded number of requests under way. It answers to the process that started it (messages.ts).
 */
import { writeFileSync } from 'node:fs';
import { formatSignature } from '@snapscale/crypto';
import { decode, packedTransactionSchema } from '@snapscale/protocol';
import { Connection, httpRequest } from './connection.js';
import {
  type FromGenerator,
  type RunPlan,
  type RunResult,
  SENT_RECORD_BYTES,
  type ToGenerator,
  wallClockMs,
} from './messages.js';
import {
  bulkRequest,
  type ChainReference,
  chainReference,
  type LoadAccount,
  loadAccounts,
  type SignedTransfer,
  signTransfer,
} from './workload.js';

type Chain = {
  readonly url: string;
  readonly port: number;
  readonly accounts: readonly LoadAccount[];
  readonly seed: number;
};
type Batch = { readonly transfers: readonly SignedTransfer[]; readonly request: Buffer };

/** Transfers signed before messages and answers are looked at again. */
const SIGNED_PER_TURN = 500;
const REFERENCE_AGE_MS_MAX = 600_000;

let chain: Chain | undefined;
let reference: { readonly value: ChainReference; readonly takenMs: number } | undefined;
let serial = 0;

process.on('message', (message: ToGenerator) => {
  switch (message.kind) {
    case 'open':
      chain = { ...message, accounts: loadAccounts(message.accounts) };
      send({ kind: 'ready' });
      break;
    case 'run':
      run(chain!, message.plan).then(
        (result) => send({ kind: 'done', result }),
        (error) => {
          process.stderr.write(`the load generator failed: ${error instanceof Error ? error.stack : error}\n`);
          process.exit(1);
        },
      );
      break;
    case 'exit':
      process.exit(0);
  }
});
process.on('disconnect', () => process.exit(0));

function send(message: FromGenerator): void {
  process.send!(message);
}

async function run(on: Chain, plan: RunPlan): Promise<RunResult> {
  const at = await freshReference(on.url);
  const prepared: Batch[] = [];
  const began = performance.now();
  if (plan.mode !== 'bulk-live') {
    for (let count = 0; count < plan.prepare; count += plan.batch) {
      prepared.push(makeBatch(on, at, plan));
      if (count % SIGNED_PER_TURN < plan.batch) await new Promise(setImmediate);
    }
  }
  send({ kind: 'prepared', count: prepared.length * plan.batch, seconds: (performance.now() - began) / 1000 });
  prepared.reverse();
  const next = () => (plan.mode === 'bulk-live' ? makeBatch(on, at, plan) : prepared.pop());
  const ports = plan.ports ?? [on.port];
  const connections = await Promise.all(
    Array.from({ length: plan.connections }, (_, i) => Connection.open(ports[i % ports.length]!)),
  );
  const cpuBefore = process.cpuUsage();
  const log = new SentLog();
  const beganMs = wallClockMs();
  const sending = new Sending(plan, next, log, beganMs);
  await Promise.all(connections.map((connection) => sending.serve(connection)));
  const endedMs = wallClockMs();
  const { user, system } = process.cpuUsage(cpuBefore);
  for (const connection of connections) connection.close();
  writeFileSync(plan.logFile, log.finish());
  return { ...sending.counts, beganMs, endedMs, cpuSeconds: (user + system) / 1e6 };
}

async function freshReference(url: string): Promise<ChainReference> {
  if (reference === undefined || wallClockMs() - reference.takenMs > REFERENCE_AGE_MS_MAX) {
    reference = { value: await chainReference(url), takenMs: wallClockMs() };
  }
  return reference.value;
}

/** Transfers of one unit; sender, receiver and memo follow from the serial number and the seed. */
function makeBatch({ accounts, seed }: Chain, at: ChainReference, { batch, mode }: RunPlan): Batch {
  const transfers = Array.from({ length: batch }, () => {
    const from = accounts[serial % accounts.length]!;
    const to = accounts[(serial * 7 + 1 + Math.floor(serial / accounts.length)) % accounts.length]!;
    const receiver = to === from ? accounts[(serial + 1) % accounts.length]! : to;
    return signTransfer(at, from, receiver.name, 1n, `${seed}-${serial++}`);
  });
  return { transfers, request: requestOf(transfers, mode) };
}

function requestOf(transfers: readonly SignedTransfer[], mode: RunPlan['mode']): Buffer {
  if (mode === 'bulk' || mode === 'bulk-live') return bulkRequest(transfers.map(({ packed }) => packed));
  const bodies = transfers.map(({ packed }) => jsonOf(packed));
  return mode === 'send_transaction'
    ? httpRequest('/v1/chain/send_transaction', 'application/json', Buffer.from(bodies[0]!))
    : httpRequest('/v1/chain/push_transactions', 'application/json', Buffer.from(`[${bodies.join(',')}]`));
}

/** A packed transaction of ours with one K1 signature, in the JSON of nodeos' clients. */
function jsonOf(packed: Uint8Array): string {
  const value = decode(packedTransactionSchema, packed);
  return JSON.stringify({
    signatures: value.signatures.map(formatSignature),
    compression: 'none',
    packed_context_free_data: '',
    packed_trx: Buffer.from(value.packedTransaction).toString('hex'),
  });
}

/** The batches of one run, taken by connections one after the other. */
class Sending {
  readonly #plan: RunPlan;
  readonly #next: () => Batch | undefined;
  readonly #log: SentLog;
  readonly #beganMs: number;
  readonly #endMs: number;
  #batches = 0;
  #sent = 0;
  #accepted = 0;
  #rejected = 0;
  #firstError: string | undefined;
  #ranDry = false;

  constructor(plan: RunPlan, next: () => Batch | undefined, log: SentLog, beganMs: number) {
    this.#plan = plan;
    this.#next = next;
    this.#log = log;
    this.#beganMs = beganMs;
    this.#endMs = beganMs + plan.seconds * 1000;
  }

  get counts() {
    return {
      sent: this.#sent,
      accepted: this.#accepted,
      rejected: this.#rejected,
      firstError: this.#firstError,
      ranDry: this.#ranDry,
    };
  }

  /** Sends batch after batch on one connection until the time is over. */
  async serve(connection: Connection): Promise<void> {
    const { rate, batch: size } = this.#plan;
    for (;;) {
      // With a rate, times count from when a batch should have been sent: waiting for a free connection is the node's fault.
      const dueMs = rate === undefined ? wallClockMs() : this.#beganMs + (this.#batches * size * 1000) / rate;
      if (dueMs >= this.#endMs) return;
      this.#batches++;
      if (rate !== undefined && dueMs > wallClockMs())
        await new Promise((resolve) => setTimeout(resolve, dueMs - wallClockMs()));
      const batch = this.#next();
      if (batch === undefined) {
        this.#ranDry = true;
        return;
      }
      const sentMs = rate === undefined ? wallClockMs() : dueMs;
      this.#sent += batch.transfers.length;
      const { status, body } = await connection.send(batch.request);
      this.#count(batch, status, body.toString(), sentMs);
    }
  }

  #count({ transfers }: Batch, status: number, body: string, sentMs: number): void {
    const failed = refusedIn(this.#plan.mode, status, body, transfers.length);
    if (failed.size > 0) this.#firstError ??= `${status} ${body.slice(0, 500)}`;
    const answeredMs = wallClockMs();
    this.#rejected += failed.size;
    this.#accepted += transfers.length - failed.size;
    for (const [index, { id }] of transfers.entries()) this.#log.add(id, sentMs, answeredMs, !failed.has(index));
  }
}

/** Positions of the transfers that the node has refused. */
function refusedIn(mode: RunPlan['mode'], status: number, body: string, count: number): ReadonlySet<number> {
  const all = () => new Set(Array.from({ length: count }, (_, i) => i));
  if (status >= 300) return all();
  if (mode === 'send_transaction') return new Set();
  if (mode === 'push_transactions') {
    if (!body.includes('"error"')) return new Set();
    const results = JSON.parse(body) as { processed: { error?: unknown } }[];
    return new Set(results.flatMap(({ processed }, i) => (processed.error === undefined ? [] : [i])));
  }
  if (body.includes('"rejected":[]')) return new Set();
  return new Set((JSON.parse(body) as { rejected: { index: number }[] }).rejected.map(({ index }) => index));
}

/** Grows by doubling. */
class SentLog {
  #bytes = Buffer.alloc(1 << 20);
  #used = 0;

  add(id: Uint8Array, sentMs: number, answeredMs: number, accepted: boolean): void {
    if (this.#used + SENT_RECORD_BYTES > this.#bytes.length)
      this.#bytes = Buffer.concat([this.#bytes], this.#bytes.length * 2);
    this.#bytes.set(id, this.#used);
    this.#bytes.writeDoubleLE(sentMs, this.#used + 32);
    this.#bytes.writeDoubleLE(answeredMs, this.#used + 40);
    this.#bytes[this.#used + 48] = accepted ? 1 : 0;
    this.#used += SENT_RECORD_BYTES;
  }

  finish(): Buffer {
    return this.#bytes.subarray(0, this.#used);
  }
}
