/**
 * `npm run sim -- --seed S --nodes N --minutes M [--spares COUNT] [--seeds COUNT] [--cheat KIND] [--once]`: simulated
 * networks of N producers, with so many accounts besides that schedules may change to. Each seed runs twice, unless
 * `--once`. With `--mutants`, rules are broken one by one, and have to be caught. With `--figures [--quick]`, finality is
 * measured in virtual time.
 */
import { readFileSync } from 'node:fs';
import { cheatKinds, SimulatedGenesis, type SimulationResult, simulate } from '@snapscale/simulator';
import { biosWasm } from '../testing/bios-contract.js';
import { printFigures } from './figures/print.js';
import { huntMutants } from './mutants.js';

const artifacts = new URL('../../contracts/system/artifacts/', import.meta.url);

/** Seeds within which each mutant has to be caught, at least. */
const MUTANT_SEEDS = 5;

type Flags = {
  seed: number;
  seeds: number;
  nodes: number;
  minutes: number;
  spares: number;
  cheat: string | undefined;
  once: boolean;
  mutants: boolean;
  figures: boolean;
  quick: boolean;
};

function flagsOf(words: readonly string[]): Flags {
  const value = (name: string): string | undefined => {
    const at = words.indexOf(`--${name}`);
    return at < 0 ? undefined : words[at + 1];
  };
  const number = (name: string, otherwise: number): number => {
    const text = value(name);
    const parsed = text === undefined ? otherwise : Number(text);
    if (!Number.isFinite(parsed) || parsed <= 0) {
      throw new Error(`--${name} is ${text}, which is not a number above 0`);
    }
    return parsed;
  };
  return {
    seed: number('seed', 1),
    seeds: number('seeds', 1),
    nodes: number('nodes', 4),
    minutes: number('minutes', 1),
    spares: number('spares', 1),
    cheat: value('cheat'),
    once: words.includes('--once'),
    mutants: words.includes('--mutants'),
    figures: words.includes('--figures'),
    quick: words.includes('--quick'),
  };
}

function producerNames(count: number): string[] {
  const letter = (position: number) => String.fromCharCode(97 + position);
  return Array.from({ length: count }, (_, i) => `producer.${letter(Math.floor(i / 26))}${letter(i % 26)}`);
}

/** With members that are not producers at first, schedules change. */
function loadGenesis(nodes: number, others: number): SimulatedGenesis {
  const token = {
    wasm: readFileSync(new URL('eosio.token.wasm', artifacts)),
    abi: JSON.parse(readFileSync(new URL('eosio.token.abi', artifacts), 'utf8')),
  };
  const members = producerNames(nodes + others);
  const contracts = others > 0 ? { token, system: biosWasm } : { token };
  return new SimulatedGenesis(contracts, members.slice(0, nodes), members.slice(nodes));
}

function main(): number {
  const flags = flagsOf(process.argv.slice(2));
  const { seed: first, seeds, nodes, minutes, spares, cheat, once } = flags;
  const kind = cheatKinds.find((known) => known === cheat);
  if (cheat !== undefined && kind === undefined)
    throw new Error(`--cheat ${cheat}: known are ${cheatKinds.join(', ')}`);
  if (flags.figures) {
    printFigures((producers) => loadGenesis(producers, 0), flags.quick);
    return 0;
  }
  if (flags.mutants) return huntMutants(loadGenesis(4, 4), first, Math.max(seeds, MUTANT_SEEDS)) ? 0 : 1;
  const genesis = loadGenesis(nodes, spares);
  const began = process.cpuUsage();
  let virtualMs = 0;
  let failed = 0;
  for (let seed = first; seed < first + seeds; seed++) {
    const run = (): SimulationResult =>
      simulate({
        genesis,
        seed,
        members: genesis.members,
        minutes,
        ...(kind === undefined ? {} : { cheat: kind }),
      });
    const result = run();
    virtualMs += result.virtualMs;
    let { outcome, detail } = result as { outcome: string; detail: string };
    if (!once) {
      const again = run();
      virtualMs += again.virtualMs;
      if (again.transcript !== result.transcript)
        [outcome, detail] = ['not repeatable', 'the same seed went another way'];
    }
    console.log(
      `seed ${seed}, ${result.cheat}: ${outcome}; ${result.finalNum} final blocks, ${result.transactions} transactions, evidence ${result.evidence}; ${detail}`,
    );
    if (outcome === 'pass') continue;
    failed++;
    const words = `--seed ${seed} --nodes ${nodes} --spares ${spares} --minutes ${minutes}${kind === undefined ? '' : ` --cheat "${kind}"`}`;
    console.log(`  replay: npm run sim -- ${words}`);
  }
  const { user, system } = process.cpuUsage(began);
  const rate = virtualMs / ((user + system) / 1000);
  console.log(
    `${seeds - failed} of ${seeds} seeds pass; ${rate.toFixed(1)} simulated hours of ${nodes} nodes per CPU-hour`,
  );
  return failed === 0 ? 0 : 1;
}

process.exitCode = main();
