/** `npm run sim -- --figures [--quick]`: how long finality takes, in virtual time, and what it costs. */
import type { SimulatedGenesis } from '@snapscale/simulator';
import { count, heading, machineText, milliseconds, print, printTable, quantile } from '../../bench/report.js';
import { type Costs, measureCosts } from './costs.js';
import { finality, gaps, recoveries } from './experiments.js';
import type { Setting } from './stage.js';

const DELAYS_MS = [0.5, 10, 50, 100];
const SIZES = [4, 7, 21];
const FAULT_DELAY_MS = 10;
/** Savanna: a block is final when the second block after it is received. */
const SAVANNA_MS = 1_000;

/** @param genesisOf with so many producers and no others. */
export function printFigures(genesisOf: (producers: number) => SimulatedGenesis, isQuick: boolean): void {
  print(machineText());
  const sizes = isQuick ? SIZES.slice(0, 2) : SIZES;
  const costs = measureCosts();
  printCosts(costs);
  const settingOf = (producers: number, delayMs: number, of: Costs | undefined): Setting => ({
    genesis: genesisOf(producers),
    seed: 1,
    delayMs,
    costs: of,
  });
  heading('from the departure of a block to its finality, at every node');
  printLatencies('network alone, no work', sizes, (producers, delayMs) => settingOf(producers, delayMs, undefined));
  printLatencies(`with work: ${costs.transfers} transfers in each block`, sizes, (producers, delayMs) =>
    settingOf(producers, delayMs, costs),
  );
  heading(`faults, ${FAULT_DELAY_MS} ms one way, with work`);
  printFaults(sizes, isQuick, (producers) => settingOf(producers, FAULT_DELAY_MS, costs));
  heading('bytes of consensus that one node sends for a block');
  const rows = sizes.map((producers) => {
    const { bytes } = finality(settingOf(producers, FAULT_DELAY_MS, costs));
    const { votes, certificates, header } = bytes;
    return [`${producers}`, count(votes), count(certificates), count(header), count(2 * (votes + certificates))];
  });
  printTable(['producers', 'votes', 'certificates', 'in the header', 'bytes/s sent'], rows);
}

function printCosts(costs: Costs): void {
  heading('assumed of each node: one thread for finalizers’ signatures, measured here in CPU time');
  const { signVote, verifyVotes, verifyVote, signBlock, recoverKey, flush, transfers, execute } = costs;
  printTable(
    ['work', 'takes'],
    [
      ['sign a vote', milliseconds(signVote)],
      ['verify a certificate or votes, once', milliseconds(verifyVotes)],
      ['and for each signature in it', milliseconds(verifyVote)],
      ['sign a block', milliseconds(signBlock)],
      ['recover the key of a block', milliseconds(recoverKey)],
      ['make a journal entry durable', milliseconds(flush)],
      [`execute a block of ${transfers} transfers, at each receiver`, milliseconds(execute)],
    ],
  );
  print('  delays vary by 10 %; bandwidth is not simulated');
}

function printLatencies(
  title: string,
  sizes: readonly number[],
  settingOf: (producers: number, delayMs: number) => Setting,
): void {
  print(`\n  ${title}: p50 / p99 / max, in ms`);
  const rows = DELAYS_MS.map((delayMs) => [
    `${delayMs} ms one way`,
    ...sizes.map((producers) => spreadOf(finality(settingOf(producers, delayMs)).latenciesMs)),
    milliseconds(SAVANNA_MS + delayMs),
  ]);
  printTable(['delay', ...sizes.map((producers) => `N = ${producers}`), 'Savanna, by design'], rows);
}

function printFaults(sizes: readonly number[], isQuick: boolean, settingOf: (producers: number) => Setting): void {
  const rows = sizes.map((producers) => {
    // A simulation of many nodes takes its time.
    const [kills, outages] = isQuick || producers > 10 ? [15, 3] : [40, 8];
    const tolerated = Math.floor((producers - 1) / 3);
    const dead = finality(settingOf(producers), tolerated);
    return [
      `${producers}`,
      spreadOf(gaps(settingOf(producers), kills)),
      `${tolerated}: ${spreadOf(dead.latenciesMs)}; ${count(dead.fill * 100)} % of slots`,
      `${tolerated + 1}: ${spreadOf(recoveries(settingOf(producers), outages))}`,
      spreadOf(recoveries({ ...settingOf(producers), reversibleBlocksMax: 60 }, outages)),
    ];
  });
  const columns = [
    'N',
    'producer dies → next block, ms',
    'f dead: finality, ms',
    'f + 1 dead for a minute: quorum back → final everywhere, ms',
    'the same, production paused',
  ];
  printTable(columns, rows);
}

/** "p50 / p99 / max". */
function spreadOf(sorted: Float64Array): string {
  return [quantile(sorted, 0.5), quantile(sorted, 0.99), sorted.at(-1) ?? Number.NaN].map(count).join(' / ');
}
