/** Rules with a part left out: a simulator that is worth something finds two final blocks with each of them. */
import { type SimulatedGenesis, simulatedMutants } from '@snapscale/simulator';

/** Virtual time after the moment that decides. */
const CONSEQUENCES_MS = 30_000;

/**
 * Hunts each mutant with seeds from `first` on, and checks that with the same seed nothing happens to the rules as they are.
 * @param genesis of four members, and four that are none at first.
 * @returns whether all were caught.
 */
export function huntMutants(genesis: SimulatedGenesis, first: number, seeds: number): boolean {
  const entries = Object.entries(simulatedMutants);
  let caught = 0;
  for (const [label, { scenario, breakage }] of entries) {
    const faultOf = (seed: number, how: typeof breakage): string | undefined => {
      const { world } = scenario(genesis, seed, how);
      world.run(CONSEQUENCES_MS);
      return world.checkers.fault;
    };
    let [tried, fault]: [number, string | undefined] = [0, undefined];
    while (fault === undefined && tried < seeds) fault = faultOf(first + tried++, breakage);
    const unbroken = faultOf(first + tried - 1, {});
    if (unbroken !== undefined) console.log(`  the rules as they are: ${unbroken}`);
    if (fault !== undefined && unbroken === undefined) caught++;
    console.log(`${label}: ${fault === undefined ? 'not caught' : `caught, ${fault};`} seeds tried: ${tried}`);
  }
  console.log(`${caught} of ${entries.length} mutants caught`);
  return caught === entries.length;
}
