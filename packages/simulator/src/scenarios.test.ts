/** With the rules as they are nothing happens in the directed scenarios; with one left out two conflicting blocks are final. */
import { readFileSync } from 'node:fs';
import { mutants } from '@snapscale/consensus/testing';
import { describe, expect, it } from 'vitest';
import { SimulatedGenesis } from './index.js';
import { branchAndBack, forgottenCertificate, type ScenarioOf } from './scenarios.js';

const artifacts = new URL('../../../contracts/system/artifacts/', import.meta.url);
const token = {
  wasm: readFileSync(new URL('eosio.token.wasm', artifacts)),
  abi: JSON.parse(readFileSync(new URL('eosio.token.abi', artifacts), 'utf8')),
};
const genesis = new SimulatedGenesis({ token }, ['prod.a', 'prod.b', 'prod.c', 'prod.d']);

const cases: readonly (readonly [string, ScenarioOf, keyof typeof mutants])[] = [
  ['FIN-2: a lock whose certificate is forgotten', forgottenCertificate, 'FIN-2 without the lock'],
  ['FIN-5: a branch that was left and comes back', branchAndBack, 'FIN-3 without offBranch'],
];

describe.each(cases)('%s', (_, scenarioOf, mutant) => {
  it('conflicts with nothing, and finality returns', () => {
    const { world } = scenarioOf(genesis);
    world.run(10_000);
    world.network.passes = () => true;
    world.run(30_000);
    expect(world.checkers.fault).toBeUndefined();
    for (const { replica } of world.nodes.slice(1)) {
      expect(replica!.final.slot).toBeGreaterThan(replica!.head.slot - 4);
    }
  });

  it(`${mutant}: two conflicting blocks are final`, () => {
    const { world } = scenarioOf(genesis, mutants[mutant]);
    world.run(30_000);
    expect(world.checkers.fault).toMatch(/has final block \d+ .* others have/);
  });
});

it('FIN-2: the finalizer that has forgotten is locked on a block that only the absent member knows to be final', () => {
  const { world, first, second, third } = forgottenCertificate(genesis);
  expect(second.disk.safetyRecord!.finalizer.lock?.id).toEqual(first.replica!.final.id);
  world.run(5_000);
  expect(second.replica!.head.id).toEqual(third.replica!.head.id);
  expect(second.replica!.final.num).toBeLessThan(first.replica!.final.num);
});
