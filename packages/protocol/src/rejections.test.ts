import { describe, expect, it } from 'vitest';
import { isRejectionCode, Reject, type RejectionCode, reject, rejectionByEosioCode, rejections } from './index.js';

describe('the table of rejections', () => {
  it('gives each number to one code, each code to itself', () => {
    const all = Object.entries(rejections);
    expect(new Set(all.map(([, info]) => info.eosioCode)).size).toBe(all.length);
    for (const [code, info] of all) {
      expect(info.code).toBe(code);
      expect(info.name).toBe(code);
      expect(info.what.length).toBeGreaterThan(2);
      expect([400, 401, 402, 403, 409, 422, 500, 503]).toContain(info.http);
      expect(rejectionByEosioCode(info.eosioCode)).toBe(info);
      expect(code.startsWith('snap_')).toBe(info.eosioCode >= 3_990_000);
    }
  });

  it.each<[RejectionCode, number, number]>([
    ['eosio_assert_message_exception', 3050003, 500],
    ['eosio_assert_code_exception', 3050004, 500],
    ['account_name_exists_exception', 3050001, 500],
    ['tx_duplicate', 3040008, 409],
    ['unsatisfied_authorization', 3090003, 401],
    ['missing_auth_exception', 3090004, 500],
    ['ram_usage_exceeded', 3080001, 500],
    ['tx_cpu_usage_exceeded', 3080004, 500],
    ['wasm_execution_error', 3070002, 500],
    ['set_exact_code', 3160008, 500],
    ['unknown_block_exception', 3100002, 400],
    ['contract_table_query_exception', 3060003, 500],
  ])('%s is %i and answers %i', (code, eosioCode, http) => {
    expect(rejections[code]).toMatchObject({ eosioCode, http });
  });

  it('knows its codes, and only them', () => {
    expect(isRejectionCode('tx_duplicate')).toBe(true);
    for (const text of ['', 'tx_duplicates', 'constructor', '__proto__', 'toString'])
      expect(isRejectionCode(text)).toBe(false);
    expect(rejectionByEosioCode(1_234_567)).toBeUndefined();
  });

  it('unwinds with the rejection as a value', () => {
    expect(() => reject('tx_duplicate', 'seen before')).toThrow(Reject);
    try {
      reject('tx_no_action', 'none', { count: '0' });
    } catch (error) {
      expect(error).toBeInstanceOf(Error);
      expect((error as Reject).message).toBe('none');
      expect((error as Reject).rejection).toEqual({ code: 'tx_no_action', message: 'none', evidence: { count: '0' } });
    }
    try {
      reject('tx_no_action', 'none');
    } catch (error) {
      expect((error as Reject).rejection).toEqual({ code: 'tx_no_action', message: 'none' });
    }
  });
});
