/** Measures what calls of host functions cost for what they are charged. */

import { getAccount, putAccount } from '@snapscale/execution';
import { name } from '@snapscale/protocol';
import { type AttackLedger, actionOf } from './attack-ledger.js';
import { contract } from './modules.js';
import type { PriceCase } from './price-cases.js';

/** What the gas of one measurement stands for, milliseconds. */
const GAS_MS = Number(process.env.GAS_MS ?? 5);
/** A measurement that looks dear is made again with so much gas: the engine may only not have optimised yet. */
const SECOND_LOOK_MS = 40;
const SECOND_LOOK_FROM = 2.5;

let serial = 0;

export type PriceMeasure = {
  /** CPU time for the gas spent, by what the gas stands for: 1 is as priced, 3 is three times too cheap. */
  readonly ratio: number;
  readonly cpuMs: number;
  readonly code: string;
  readonly message: string;
};

/** Runs a case until its gas ends, several times, and takes the best: the first runs compile. */
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
  const quick = better(measure(ledger, account, one, GAS_MS), measure(ledger, account, one, GAS_MS));
  if (quick.ratio < SECOND_LOOK_FROM) return quick;
  ledger.produceBlock();
  return better(measure(ledger, account, one, SECOND_LOOK_MS), measure(ledger, account, one, SECOND_LOOK_MS));
}

function better(a: PriceMeasure, b: PriceMeasure): PriceMeasure {
  return a.ratio < b.ratio ? a : b;
}

function measure(ledger: AttackLedger, account: string, one: PriceCase, gasMs: number): PriceMeasure {
  const action = actionOf(account, 'go', one.actionData ?? new Uint8Array(0), ...Array(one.levels ?? 1).fill(account));
  const free = one.contextFree === true;
  const carrier = actionOf('eosio', 'nothing', new Uint8Array(0), account);
  const { cpuMs, code, message } = ledger.strike(free ? [carrier] : [action], {
    maxCpuUsageMs: gasMs,
    ...(free ? { contextFreeActions: [{ ...action, authorization: [] }] } : {}),
  });
  return { ratio: cpuMs / gasMs, cpuMs, code, message };
}
