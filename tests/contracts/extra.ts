/**
 * Acceptance with EOSIO's own system and token contracts, whose licence does not allow to ship them here.
 *
 *   node --conditions=source --import tsx tests/contracts/extra.ts DIR
 *
 * DIR (or SNAPSCALE_EXTRA_CONTRACTS) has `eosio.system/eosio.system-v1.9.0.{wasm,abi}` and
 * `eosio.token/eosio.token-v1.7.0.{wasm,abi}`, as the npm package @klevoya/hydra has them in lib/templates/contracts.
 */
import { boot } from './system/boot.js';
import { elections, rewards } from './system/elections.js';
import { markets } from './system/markets.js';
import type { Scenario } from './system/scenario.js';
import { SystemChain } from './system/system-chain.js';

const scenarios: readonly Scenario[] = [boot, elections, rewards, markets];

function main(folder: string | undefined): void {
  if (folder === undefined) {
    process.stderr.write('Usage: node --conditions=source --import tsx tests/contracts/extra.ts DIR\n');
    process.exit(2);
  }
  const began = performance.now();
  const chain = SystemChain.boot(folder);
  let passed = 0;
  for (const { title, steps } of scenarios) {
    for (const [what, run] of steps) {
      try {
        run(chain);
      } catch (error) {
        process.stdout.write(`FAILED ${title}: ${what}\n${error instanceof Error ? error.stack : error}\n`);
        process.exit(1);
      }
      passed++;
      process.stdout.write(`ok ${title}: ${what}\n`);
    }
  }
  const { num } = chain.head;
  process.stdout.write(
    `${passed} steps passed on ${num} blocks in ${((performance.now() - began) / 1000).toFixed(1)} s\n`,
  );
}

main(process.argv[2] ?? process.env.SNAPSCALE_EXTRA_CONTRACTS);
