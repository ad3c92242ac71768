/** Measures what calls of host functions cost for what they are charged. */

import { getAccount, putAccount } from '@snapscale/execution';
import { name } from '@snapscale/protocol';
import { type AttackLedger, actionOf } from './attack-ledger.js';
import { contract } from './modules.js';
import type { PriceCase } from './price-cases.js';

/** Gas of one measurement, in thousands, and in the milliseconds that it stands for. */
const GAS_MS = Number(process.env.GAS_MS ?? 10);

let serial = 0;

export type PriceMeasure = {
  /** CPU time for the gas spent, by what the gas stands for: 1 is as priced, 3 is three times too cheap. */
  readonly ratio: number;
  readonly cpuMs: number;
  readonly code: string;
  readonly message: string;
};

/** Runs a case until its gas ends, twice, and takes the better: the first run compiles. */
export function measureCase(ledger: AttackLedger, one: PriceCase): PriceMeasure {
  const account = 'prices';
  const advance = 'local.get 0 i64.const 1 i64.add local.set 0';
  const code = contract(
    `i64.const ${serial++} drop i64.const 1 local.set 0 ${one.setup ?? ''} loop ${advance} ${one.body} br 0 end`,
    {
      locals: 'i32',
      ...(one.data === undefined ? {} : { data: one.data }),
    },
  );
  ledger.produceBlock();
  ledger.install(account, code);
  const { state } = ledger.pending;
  putAccount(state, name(account), { ...getAccount(state, name(account))!, privileged: one.privileged === true });
  const action = actionOf(account, 'go', one.actionData ?? new Uint8Array(0), ...Array(one.levels ?? 1).fill(account));
  let best: PriceMeasure | undefined;
  for (let round = 0; round < 2; round++) {
    const free = one.contextFree === true;
    const carrier = actionOf('eosio', 'nothing', new Uint8Array(0), account);
    const strike = ledger.strike(free ? [carrier] : [action], {
      maxCpuUsageMs: GAS_MS,
      ...(free ? { contextFreeActions: [{ ...action, authorization: [] }] } : {}),
    });
    const { cpuMs, code: outcome, message } = strike;
    const measure = { ratio: cpuMs / GAS_MS, cpuMs, code: outcome, message };
    if (best === undefined || measure.cpuMs < best.cpuMs) best = measure;
  }
  return best!;
}
