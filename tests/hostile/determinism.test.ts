/** What must not depend on the machine: the moment a code change takes effect, and the bits of NaN. */
import { name } from '@snapscale/protocol';
import { describe, expect, it } from 'vitest';
import { AttackLedger, actionOf, setCode } from './support/attack-ledger.js';
import { contract, times } from './support/modules.js';

const self = 'local.get 0';
const table = (name('rows') as bigint).toString();

describe('a contract that', () => {
  it('replaces its own code runs the new code in the next action', () => {
    const ledger = new AttackLedger();
    ledger.install('evil', contract('unreachable'));
    const strike = ledger.strike([setCode('evil', contract('')), actionOf('evil', 'go', new Uint8Array(0))]);
    expect(strike.code).toBe('ok');
  });

  it('stores the bits of a NaN stores the same ones before and after the compiler has optimised it', () => {
    const ledger = new AttackLedger();
    const nan = 'f64.const 0 f64.const 0 f64.div f64.const -1 f64.copysign';
    const put = `i32.const 64 ${nan} f64.store ${self} i64.const ${table} ${self} local.get 3 i64.extend_i32_u i32.const 64 i32.const 8 $db_store_i64 drop`;
    ledger.install('evil', contract(times(3000, 3, put), { locals: 'i32' }));
    const strike = ledger.hit('evil');
    expect(strike.code).toBe('ok');
    const rows = new Set<string>();
    const { state } = ledger.pending;
    for (const [key, value] of state.changes()) {
      if (key.startsWith('k') && value !== null && value.length === 16)
        rows.add(Buffer.from(value.subarray(8)).toString('hex'));
    }
    expect([...rows]).toEqual(['000000000000f8ff']);
  });
});
