/** Every host function called until the gas ends: what its price buys, with the arguments that make it work hardest. */
import { expect, it } from 'vitest';
import { hostFunctions } from '../../packages/execution/src/host/table.js';
import { AttackLedger } from './support/attack-ledger.js';
import { priceCases } from './support/price-cases.js';
import { measureCase } from './support/price-measure.js';

/** More than this many times the price is a finding, to be settled in gas-prices.ts. */
const FINDING = 3;
/** More than this fails even on a busy machine. */
const BOUND = 12;
/** Not measured: they end the action, or need what only a system account has. */
const UNMEASURED = new Set([
  'abort',
  'eosio_exit',
  'is_feature_active',
  'activate_feature',
  'set_proposed_producers',
  'set_proposed_producers_ex',
  'set_parameters_packed',
  'set_wasm_parameters_packed',
  'set_finalizers',
  'preactivate_feature',
]);

it('costs what it takes', () => {
  const ledger = new AttackLedger();
  const measured = priceCases().map((one) => ({ one, ...measureCase(ledger, one) }));
  for (const { one, code, message } of measured) {
    expect(code, `${one.function}, ${one.what}: ${message}`).not.toBe('ok');
  }
  measured.sort((a, b) => b.ratio - a.ratio);
  const lines = measured.slice(0, 15).map(({ one, ratio, code }) => {
    const ending = code === 'tx_cpu_usage_exceeded' ? '' : `  ended by ${code}`;
    return `  ${ratio.toFixed(2).padStart(6)}  ${one.function}, ${one.what}${ending}${ratio > FINDING ? '  <- finding' : ''}`;
  });
  const worst = measured[0]!;
  process.stdout.write(`\nCPU by price, ${measured.length} cases, the worst of them\n${lines.join('\n')}\n`);
  expect(worst.ratio, `${worst.one.function}, ${worst.one.what}`).toBeLessThan(BOUND);
  const seen = new Set(measured.map(({ one }) => one.function));
  const missed = hostFunctions.map(({ name }) => name).filter((name) => !seen.has(name) && !UNMEASURED.has(name));
  expect(missed).toEqual([]);
}, 120_000);
