/**
 * A process for crash tests: commits block after block to the state in its first argument and prints the number of each
 * one that has resolved. What a commit writes follows from its number, so that `isWhole` can tell a whole state.
 */
import { fileURLToPath } from 'node:url';
import { type FinalBlock, StateStore } from '../state-store.js';

const KEYS = 2_000;
const encoded = (num: number) => new Uint8Array(60).fill(num & 0xff).with(0, num >>> 8);
const idOf = (num: number) => new Uint8Array(32).fill(num & 0xff);

/** Commits blocks after the final one for ever, calling back after each. */
async function commitForEver(store: StateStore, committed: (num: number) => void): Promise<never> {
  for (let num = (store.finalBlock()?.num ?? 0) + 1; ; num++) {
    const changes = new Map<string, Uint8Array | null>();
    for (let i = 0; i < KEYS; i++) changes.set(`k${(i * 7919) % KEYS}`, encoded(num));
    changes.set(`x${num - 1}`, null);
    changes.set(`x${num}`, encoded(num));
    const indexed = [{ num, id: idOf(num), transactionIds: [new Uint8Array(32).fill(num & 0xff).with(0, num >>> 8)] }];
    await store.commit({
      blockNum: num,
      blockId: idOf(num),
      changes,
      buckets: new Map([['', encoded(num)]]),
      indexed,
      root: idOf(num),
    });
    committed(num);
  }
}

/** Undefined when the store holds exactly what the commit of `final` left; else what is wrong. */
export function faultOf(store: StateStore, final: FinalBlock): string | undefined {
  const expected = encoded(final.num).join();
  let keys = 0;
  for (const { key, value } of store.range('', '\u0100')) {
    keys++;
    if (value.join() !== expected) return `${key} is not of block ${final.num}`;
    if (key[0] === 'x' && key !== `x${final.num}`) return `${key} was removed`;
  }
  if (keys !== KEYS + 1) return `${keys} keys`;
  if (store.buckets.get('')?.join() !== expected) return 'bucket';
  const place = store.index.findTransaction(new Uint8Array(32).fill(final.num & 0xff).with(0, final.num >>> 8));
  return place?.blockNum === final.num && store.index.blockIdOf(final.num) !== undefined ? undefined : 'index';
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await commitForEver(StateStore.open(process.argv[2]!), (num) => process.stdout.write(`${num}\n`));
}
