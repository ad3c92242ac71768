/** With the rules as they are nothing happens in the directed scenarios; with one left out two conflicting blocks are final. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { biosWasm } from '../../../tests/testing/bios-contract.js';
import { SimulatedGenesis } from './index.js';
import { branchAndBack, forgottenCertificate, partedAtChange, type ScenarioOf, simulatedMutants } from './scenarios.js';

const artifacts = new URL('../../../contracts/system/artifacts/', import.meta.url);
const token = {
  wasm: readFileSync(new URL('eosio.token.wasm', artifacts)),
  abi: JSON.parse(readFileSync(new URL('eosio.token.abi', artifacts), 'utf8')),
};
const members = [...'abcdefgh'].map((letter) => `prod.${letter}`);
const genesis = new SimulatedGenesis({ token, system: biosWasm }, members.slice(0, 4), members.slice(4));

const scenarios: readonly (readonly [string, ScenarioOf])[] = [
  ['FIN-2: a lock whose certificate is forgotten', forgottenCertificate],
  ['FIN-5: a branch that was left and comes back', branchAndBack],
  ['FIN-4: old and new finalizers who do not hear each other', partedAtChange],
];

it.each(scenarios)('%s: nothing conflicts, and finality returns', (_, scenarioOf) => {
  const { world, honest } = scenarioOf(genesis, 1);
  world.run(10_000);
  world.network.passes = () => true;
  world.reunite();
  world.run(30_000);
  expect(world.checkers.fault).toBeUndefined();
  for (const { replica } of honest) expect(replica!.final.slot).toBeGreaterThan(replica!.head.slot - 4);
});

it.each(Object.entries(simulatedMutants))('%s: two conflicting blocks are final', (_, { scenario, breakage }) => {
  const { world } = scenario(genesis, 1, breakage);
  world.run(30_000);
  expect(world.checkers.fault).toMatch(/has final block \d+ .* others have/);
});

it('FIN-4: the new finalizers wait for the old ones, whatever they have built meanwhile', () => {
  const { world } = partedAtChange(genesis, 1);
  world.run(10_000);
  const [before, after] = [world.nodes[0]!.replica!, world.nodes[4]!.replica!];
  expect(after.head.num).toBeGreaterThan(before.final.num);
  expect(after.final.num).toBe(before.final.num - 1);
});

it('FIN-2: the finalizer that has forgotten is locked on a block that only the absent member knows to be final', () => {
  const { world, honest } = forgottenCertificate(genesis, 1);
  const [first, second, third] = honest;
  expect(second!.disk.safetyRecord!.finalizer.lock?.id).toEqual(first!.replica!.final.id);
  world.run(5_000);
  expect(second!.replica!.head.id).toEqual(third!.replica!.head.id);
  expect(second!.replica!.final.num).toBeLessThan(first!.replica!.final.num);
});
