/** Rules of voting with a part left out: a simulator that is worth something finds two final blocks with them. */
import { mutants } from '@snapscale/consensus/testing';
import {
  branchAndBack,
  type CheatKind,
  forgottenCertificate,
  type ScenarioOf,
  type Severity,
  type SimulatedGenesis,
  simulate,
} from '@snapscale/simulator';

type MutantName = keyof typeof mutants;

/** Storms that find these are rare, because fork choice hides them most of the time: an adversary leads there. */
const directed: Partial<Record<MutantName, ScenarioOf>> = {
  'FIN-2 without the lock': forgottenCertificate,
  'FIN-3 without offBranch': branchAndBack,
};

/** Weather in which certificates get lost and finalizers forget them. */
const severity: Severity = { lossPercent: 20, latencyMaxMs: 1000, restlessPercent: 10, crashPerMille: 60 };
const cheats: readonly CheatKind[] = ['saboteur', 'double voter'];

/** Hunts each mutant: by its directed scenario if it has one, and else by storms with so many seeds. Returns how many were caught. */
export function huntMutants(genesis: SimulatedGenesis, firstSeed: number, seeds: number, minutes: number): number {
  const labels = Object.keys(mutants) as MutantName[];
  let caught = 0;
  for (const label of labels) {
    const scenarioOf = directed[label];
    const found =
      scenarioOf === undefined
        ? inStorms(genesis, label, firstSeed, seeds, minutes)
        : inScenario(scenarioOf, genesis, label);
    if (found !== undefined) caught++;
    console.log(`${label}: ${found ?? `not caught in ${seeds} storms`}`);
  }
  console.log(`${caught} of ${labels.length} mutants caught`);
  return caught;
}

function inScenario(scenarioOf: ScenarioOf, genesis: SimulatedGenesis, label: MutantName): string | undefined {
  const { world } = scenarioOf(genesis, mutants[label]);
  world.run(30_000);
  return world.checkers.fault;
}

function inStorms(
  genesis: SimulatedGenesis,
  label: MutantName,
  firstSeed: number,
  seeds: number,
  minutes: number,
): string | undefined {
  for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
    const cheat = cheats[seed % cheats.length]!;
    const replica = { rules: mutants[label] };
    const result = simulate({ genesis, seed, members: genesis.members, minutes, cheat, severity, replica });
    if (result.outcome === 'diverged') return `seed ${seed}, ${cheat}: ${result.detail}`;
  }
  return undefined;
}
