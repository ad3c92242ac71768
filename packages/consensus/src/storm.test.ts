/** `STORM_SEEDS=500 npx vitest run packages/consensus/src/storm.test.ts` runs more of them. */
import { expect, it } from 'vitest';
import { runStorm } from './testing/storm.js';

const seeds = Number(process.env.STORM_SEEDS ?? 8);

it.each([
  [4, seeds],
  [7, Math.ceil(seeds / 4)],
])(
  '%i members agree through storms, and finality returns',
  (members, count) => {
    for (let seed = 0; seed < count; seed++) {
      const result = runStorm({ seed, members, stormSlots: 120, calmSlots: 40 });
      expect(result, `seed ${seed}, ${members} members`).toMatchObject({ outcome: 'pass' });
    }
  },
  3_600_000,
);

it('the same seed makes the same storm', () => {
  const options = { seed: 3, members: 4, stormSlots: 60, calmSlots: 10 };
  expect(runStorm(options)).toEqual(runStorm(options));
});
