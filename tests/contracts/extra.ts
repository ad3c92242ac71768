/**
 * Acceptance that a test run has no room for: more examples of proton-tsc, and EOSIO's own system and token contracts,
 * whose licence does not allow to ship them here.
 *
 *   node --conditions=source --import tsx tests/contracts/extra.ts [DIR]
 *
 * DIR (or SNAPSCALE_EXTRA_CONTRACTS) has `eosio.system/eosio.system-v1.9.0.{wasm,abi}` and
 * `eosio.token/eosio.token-v1.7.0.{wasm,abi}`, as the npm package @klevoya/hydra has them in lib/templates/contracts.
 */
import { examples } from './examples.js';
import { boot } from './system/boot.js';
import { elections, rewards } from './system/elections.js';
import { markets } from './system/markets.js';
import { systemOnNode } from './system/on-node.js';
import type { Scenario } from './system/scenario.js';
import { SystemChain } from './system/system-chain.js';

const scenarios: readonly Scenario[] = [boot, elections, rewards, markets];
let passed = 0;

async function step(title: string, run: () => void | Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    process.stdout.write(`FAILED ${title}\n${error instanceof Error ? error.stack : error}\n`);
    process.exit(1);
  }
  passed++;
  process.stdout.write(`ok ${title}\n`);
}

async function main(folder: string | undefined): Promise<void> {
  const began = performance.now();
  for (const [title, run] of examples) await step(`examples: ${title}`, run);
  if (folder === undefined) {
    process.stdout.write('No directory of system contracts was given: their steps did not run.\n');
  } else {
    const chain = SystemChain.boot(folder);
    for (const { title, steps } of scenarios) {
      for (const [what, run] of steps) await step(`${title}: ${what}`, () => run(chain));
    }
    await step('node: what clients read of the system contract', () => systemOnNode(folder));
    process.stdout.write(`The system contracts ran on ${chain.head.num} blocks.\n`);
  }
  process.stdout.write(`${passed} steps passed in ${((performance.now() - began) / 1000).toFixed(1)} s\n`);
}

await main(process.argv[2] ?? process.env.SNAPSCALE_EXTRA_CONTRACTS);
