/** ABIs made to break whoever decodes with them: chains, circles, amplification. What does not decode stays hex. */
import { type Abi, type Action, abiSchema, encode, name } from '@snapscale/protocol';
import { afterAll, describe, expect, it } from 'vitest';
import { AbiCache } from '../../apps/node/src/http/view/abi-cache.js';
import { actionJson, decodingBudget } from '../../apps/node/src/http/view/action-json.js';
import { protonContract } from '../testing/contract-ledger.js';
import { AttackLedger, actionOf, setAbi } from './support/attack-ledger.js';
import { evilAbis, zeroAbi } from './support/evil-abis.js';
import { allowed, Report } from './support/report.js';

const report = new Report('ABIs');
afterAll(() => report.print());

/** Decodes actions as one answer of a node would. */
function decodeAll(
  ledger: AttackLedger,
  actions: readonly Action[],
): { readonly chars: number; readonly decoded: number } {
  const source = { state: ledger.pending.state, abis: new AbiCache(), budget: decodingBudget() };
  const began = performance.now();
  const json = actions.map((action) => actionJson(source, action));
  const text = JSON.stringify(json);
  const spent = performance.now() - began;
  report.add(`decoding ${actions.length} actions to ${text.length} characters`, spent);
  return { chars: text.length, decoded: json.filter(({ hex_data: hex }) => hex !== undefined).length };
}

describe('an ABI', () => {
  it.each(Object.keys(evilAbis))('with %s is stored as it is, and decodes nothing or little', (what) => {
    const ledger = new AttackLedger();
    ledger.accounts('evil');
    const bytes = evilAbis[what]!();
    const strike = ledger.strike([setAbi('evil', bytes)]);
    report.add(`setabi: ${what}`, Math.min(strike.wallMs, strike.cpuMs), strike.code);
    if (strike.code !== 'ok') {
      expect(['tx_net_usage_exceeded', 'tx_cpu_usage_exceeded']).toContain(strike.code);
      return;
    }
    const { chars } = decodeAll(
      ledger,
      [1, 100, 20_000].map((size) => actionOf('evil', 'go', new Uint8Array(size).fill(1))),
    );
    expect(chars).toBeLessThan(4_000_000);
  });

  it('that makes much of nothing does so once, not for every action of a block', () => {
    const ledger = new AttackLedger();
    ledger.accounts('evil');
    allowed(report, 'setabi: much of nothing', () => ledger.strike([setAbi('evil', zeroAbi(3500))]));
    const one = decodeAll(ledger, [actionOf('evil', 'go', new Uint8Array(1))]);
    expect(one.decoded).toBe(1);
    const block = decodeAll(
      ledger,
      Array.from({ length: 3000 }, () => actionOf('evil', 'go', new Uint8Array(1))),
    );
    expect(block.decoded).toBeLessThan(300);
    expect(block.chars).toBeLessThan(16_000_000);
  });

  it('of a real contract, cut at every byte, never throws', () => {
    const ledger = new AttackLedger();
    ledger.accounts('evil');
    const bytes = encode(abiSchema, protonContract('eosio.token').abi as Abi);
    const action = actionOf('evil', 'transfer', new Uint8Array(40));
    let undecoded = 0;
    const cuts = Array.from({ length: 150 }, (_, i) => Math.floor((i * bytes.length) / 150));
    for (const length of cuts) {
      const strike = ledger.strike([setAbi('evil', bytes.slice(0, length))]);
      expect(strike.code, strike.message).toBe('ok');
      const source = { state: ledger.pending.state, abis: new AbiCache(), budget: decodingBudget() };
      const { account, hex_data: hex } = actionJson(source, action);
      expect(account).toBe('evil');
      if (hex === undefined) undecoded++;
      if (length % 40 === 0) ledger.produceBlock();
    }
    expect(undecoded).toBeGreaterThan(100);
  });

  it('names fields as it likes without touching prototypes', () => {
    const ledger = new AttackLedger();
    ledger.accounts('evil');
    const fields = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'].map((field) => ({
      name: field,
      type: 'uint8',
    }));
    const abi: Abi = {
      version: 'eosio::abi/1.1',
      types: [],
      structs: [{ name: 'go', base: '', fields }],
      actions: [{ name: name('go'), type: 'go', ricardianContract: '' }],
      tables: [],
      ricardianClauses: [],
      errorMessages: [],
      abiExtensions: [],
    };
    allowed(report, 'setabi: names of the language', () => ledger.strike([setAbi('evil', encode(abiSchema, abi))]));
    const source = { state: ledger.pending.state, abis: new AbiCache(), budget: decodingBudget() };
    const { data } = actionJson(source, actionOf('evil', 'go', Uint8Array.of(1, 2, 3, 4)));
    expect(Object.entries(data as object)).toEqual([
      ['__proto__', 1],
      ['constructor', 2],
      ['toString', 3],
      ['hasOwnProperty', 4],
    ]);
    expect(({} as Record<string, unknown>).toString).toBe(Object.prototype.toString);
  });
});
