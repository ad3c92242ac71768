/** The order of turns as the system contract computes it: how short the way round the producers is, and what it costs. */
import { join } from 'node:path';
import { Chance } from '@snapscale/consensus/testing';
import { TestLedger } from '@snapscale/execution/testing';
import { buildForTest } from '../../../contracts/testing/index.js';
import { root } from '../load/node-process.js';
import { count, heading, print, printTable, quantile } from '../report.js';

const SIZES = [21, 125];
/** Kilometres of a map 20,000 by 10,000, and microseconds there and back for each: light in glass, by no straight way. */
const [WIDTH_KM, HEIGHT_KM, US_PER_KM] = [20_000, 10_000, 14];

export async function turnOrder({ quick }: { readonly quick: boolean }): Promise<void> {
  heading('order of turns: producers at random places, ring by round-trip times');
  const folder = join(root, 'contracts/system/eosio');
  const probe = await buildForTest({
    name: 'probe',
    sources: [join(folder, 'tests/rules-probe.cpp')],
    includeDirs: [folder],
  });
  const ledger = new TestLedger();
  ledger.createAccount('probe');
  ledger.deploy('probe', probe.wasm, probe.abi);
  const rows = SIZES.map((size) => rowOf(ledger, size, quick ? 5 : 30));
  printTable(['producers', 'maps', 'by name', 'nearest first', 'as ordered', 'of by name', 'gas µs p50 / max'], rows);
  print('  lengths in ms of round-trip time, the last and the first included; medians');
}

function rowOf(ledger: TestLedger, size: number, maps: number): string[] {
  const [named, nearest, ordered, gas] = [[], [], [], []] as [number[], number[], number[], number[]];
  for (let seed = 1; seed <= maps; seed++) {
    const times = randomTimes(new Chance(seed), size);
    const data = { size, measured: times.flat(), current: '' };
    const { actionTraces, elapsedUs } = ledger.push('probe', 'order', 'probe', data);
    ledger.produceBlock();
    named.push(lengthOf(times, [...times.keys()]));
    nearest.push(lengthOf(times, nearestFirst(times)));
    ordered.push(lengthOf(times, [...actionTraces[0]!.returnValue.subarray(1)]));
    gas.push(elapsedUs);
  }
  const median = (values: number[]) =>
    quantile(
      values.sort((a, b) => a - b),
      0.5,
    );
  const ms = (us: number) => count(us / 1000);
  return [
    `${size}`,
    `${maps}`,
    ms(median(named)),
    ms(median(nearest)),
    ms(median(ordered)),
    `${count((100 * median(ordered)) / median(named))} %`,
    `${count(median(gas))} / ${count(Math.max(...gas))}`,
  ];
}

function randomTimes(chance: Chance, size: number): number[][] {
  const places = Array.from({ length: size }, () => [chance.below(WIDTH_KM), chance.below(HEIGHT_KM)] as const);
  return places.map(([x, y]) => places.map(([u, v]) => Math.ceil(Math.hypot(x - u, y - v) * US_PER_KM)));
}

function nearestFirst(times: readonly (readonly number[])[]): number[] {
  const left = new Set([...times.keys()].slice(1));
  const ring = [0];
  while (left.size > 0) {
    const from = times[ring.at(-1)!]!;
    const next = [...left].reduce((best, at) => (from[at]! < from[best]! ? at : best));
    left.delete(next);
    ring.push(next);
  }
  return ring;
}

function lengthOf(times: readonly (readonly number[])[], ring: readonly number[]): number {
  return ring.reduce((sum, at, i) => sum + times[at]![ring[(i + 1) % ring.length]!]!, 0);
}
