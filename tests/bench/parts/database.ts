/** The database: as contracts use it, and as the node writes it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '@snapscale/crypto';
import { MemoryState, type StateReader, tableId, u64Key, WorkingState } from '@snapscale/execution';
import { name } from '@snapscale/protocol';
import { StateStore } from '../../../apps/node/src/store/state-store.js';
import { FakeContext } from '../../../packages/execution/src/host/testing/fake-context.js';
import { Harness } from '../../../packages/execution/src/host/testing/harness.js';
import { count, heading, printTable } from '../report.js';
import { rateOf } from '../sampling.js';

const ROWS = 20_000;
const ROW_BYTES = 64;
const COMMIT_KEYS = 10_000;

export async function database({ quick }: { readonly quick: boolean }): Promise<void> {
  heading(`database: ${ROWS} rows of ${ROW_BYTES} bytes`);
  const directory = mkdtempSync(join(tmpdir(), 'snapscale-bench-'));
  const milliseconds = quick ? 300 : 700;
  const rows: string[][] = [];
  const measure = async (title: string, operations: number, work: () => void | Promise<void>) => {
    const { best, median } = await rateOf(operations, milliseconds, work);
    rows.push([title, count(best), count(median), (1e6 / median).toFixed(2)]);
  };
  const store = StateStore.open(join(directory, 'state'));
  try {
    await hostFunctions(measure, 'memory', new MemoryState());
    await commits(measure, store);
    await hostFunctions(measure, 'LMDB', store);
    printTable(['', 'best/s', 'median/s', 'µs each'], rows);
  } finally {
    await store.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

type Measure = (title: string, operations: number, work: () => void | Promise<void>) => Promise<void>;

/** Host functions called as a contract's code calls them, without the contract's own work. */
async function hostFunctions(measure: Measure, title: string, base: StateReader): Promise<void> {
  const harness = new Harness(new FakeContext());
  const address = harness.put(new Uint8Array(ROW_BYTES).fill(7));
  const buffer = harness.alloc(ROW_BYTES);
  const scope = name('scope');
  const table = name('rows');
  const payer = name('alice');
  const code = harness.context.receiver;
  const fill = () => {
    for (let i = 0; i < ROWS; i++) harness.call('db_store_i64', scope, table, payer, BigInt(i * 3), address, ROW_BYTES);
  };
  /** A fresh action: its iterators begin anew. */
  const begin = () => {
    harness.env.resetGas(Number.POSITIVE_INFINITY);
    harness.beginAction(new FakeContext());
  };
  const each = (work: (key: bigint) => void) => () => {
    begin();
    for (let i = 0; i < ROWS; i++) work(BigInt(((i * 7919) % ROWS) * 3));
  };
  await measure(`${title}: db_store_i64`, ROWS, () => {
    harness.context.state = new WorkingState(base);
    begin();
    fill();
  });
  const find = (key: bigint) => harness.call('db_find_i64', code, scope, table, key) as number;
  await measure(`${title}: db_find_i64`, ROWS, each(find));
  await measure(
    `${title}: db_find_i64, db_get_i64, db_update_i64`,
    ROWS,
    each((key) => {
      const iterator = find(key);
      harness.call('db_get_i64', iterator, buffer, ROW_BYTES);
      harness.call('db_update_i64', iterator, payer, address, ROW_BYTES);
    }),
  );
  await measure(
    `${title}: db_lowerbound_i64`,
    ROWS,
    each((key) => void harness.call('db_lowerbound_i64', code, scope, table, key === 0n ? key : key - 1n)),
  );
  await measure(`${title}: db_next_i64 over all`, ROWS, () => {
    begin();
    let iterator = harness.call('db_lowerbound_i64', code, scope, table, 0n) as number;
    for (let i = 1; i < ROWS; i++) iterator = harness.call('db_next_i64', iterator, buffer) as number;
  });
}

/** Commits of the durable state, and reads that its cache does not answer. */
async function commits(measure: Measure, store: StateStore): Promise<void> {
  const prefix = `k${tableId(name('commits'), name('scope'), name('rows'))}`;
  const keys = Array.from(
    { length: COMMIT_KEYS * 10 },
    (_, i) => prefix + u64Key(new DataView(sha256(Uint8Array.of(i, i >> 8, i >> 16)).buffer).getBigUint64(0)),
  );
  let num = 1;
  const commitOf = async (part: readonly string[]) => {
    const value = new Uint8Array(ROW_BYTES).fill(num & 0xff);
    await store.commit({
      blockNum: num,
      blockId: new Uint8Array(32).fill(num++ & 0xff),
      changes: new Map(part.map((key) => [key, value])),
      buckets: new Map(),
      root: new Uint8Array(0),
    });
  };
  let turn = 0;
  await measure(`LMDB: changes in commits of ${COMMIT_KEYS}`, COMMIT_KEYS, () => {
    const at = (turn++ % 10) * COMMIT_KEYS;
    return commitOf(keys.slice(at, at + COMMIT_KEYS));
  });
  await measure('LMDB: commits of 10 changes', 1, () => commitOf(keys.slice(0, 10)));
  const cold = StateStore.open(store.directory, { readOnly: true });
  let at = 0;
  await measure('LMDB: get without cache', 1000, () => {
    for (let i = 0; i < 1000; i++) cold.get(keys[(at += 7919) % (COMMIT_KEYS * 10)]!);
  });
  await measure('LMDB: first of a range', 1000, () => {
    for (let i = 0; i < 1000; i++) cold.first(keys[(at += 7919) % (COMMIT_KEYS * 10)]!, `${prefix}\u0100`);
  });
  await cold.close();
}
