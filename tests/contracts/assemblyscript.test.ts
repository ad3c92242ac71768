/** Contracts that their authors compile with AssemblyScript, with the results that their own tests expect. */
import { createPrivateKey, createSign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { compileExample } from '../testing/assemblyscript.js';
import { type ContractFiles, ContractLedger, executed, protonContract } from '../testing/contract-ledger.js';

let examples: Record<'crypto' | 'rng', ContractFiles>;

beforeAll(async () => {
  const [crypto, rng] = await Promise.all([compileExample('crypto'), compileExample('rng')]);
  examples = { crypto, rng };
}, 240_000);

describe('crypto: published vectors of the host functions', () => {
  const ledger = new ContractLedger();
  const run = (action: string) => ledger.tryPush('crypto', action, 'crypto', {}).except?.message;

  beforeAll(() => ledger.install('crypto', examples.crypto));

  // EIP-196, 197, 198 and 152, and recovery of uncompressed keys. Each action checks its result itself.
  it.each(['k1recover1', 'k1recover2', 'sha3', 'keccak', 'blake2', 'bnadd1', 'bnmul1', 'bnpair1', 'modexp1'])(
    '%s',
    (action) => {
      expect(run(action)).toBeUndefined();
    },
  );

  it.each([
    ['k1recover3', 'bad signature'],
    ['k1recover4', 'bad assign length'],
    ['bnadd2', 'bn128Add error'],
    ['bnadd3', 'bn128Add error'],
    ['bnmul2', 'bn128Mul error'],
    ['bnmul3', 'bn128Mul error'],
    ['bnpair2', 'bn128Pair error'],
    ['bnpair3', 'bn128Pair error'],
  ])('%s fails with %s', (action, message) => {
    expect(run(action)).toBe(`assertion failure with message: ${message}`);
  });

  it('a modulus of zero gives zero, as on Antelope', () => {
    expect(run('modexp2')).toBeUndefined();
  });
});

describe('rng: random numbers from an RSA signature', () => {
  const ledger = new ContractLedger();
  const signingValue = '13017239558691620510';
  const folder = new URL('../../node_modules/proton-tsc/external/rng/', import.meta.url);

  function sign(text: string): string {
    const key = createPrivateKey(readFileSync(new URL('private.pem', folder)));
    return createSign('RSA-SHA256').update(text).sign(key, 'hex');
  }

  beforeAll(() => {
    ledger.createAccounts('alice');
    ledger.install('rng', protonContract('rng'));
    ledger.install('receiver', examples.rng);
    for (const account of ['rng', 'receiver']) ledger.addCodePermission(account);
    const { n } = createPrivateKey(readFileSync(new URL('private.pem', folder))).export({ format: 'jwk' });
    const modulus = Buffer.from(n!, 'base64url').toString('hex');
    ledger.push('rng', 'setsigpubkey', 'rng', { exponent: '10001', modulus });
  });

  it('a contract asks another one by an inline action', () => {
    const request = { customerId: 1, account: 'receiver', signingValue };
    const trace = ledger.push('receiver', 'getrandom', 'receiver', request);
    expect(executed(trace)).toEqual(['receiver <= receiver::getrandom', 'rng <= rng::requestrand']);
    expect(ledger.rows('rng', 'rng', 'jobs.a')).toEqual([
      { id: 0, assoc_id: 1, signing_value: signingValue, caller: 'receiver' },
    ]);
    expect(ledger.rows('rng', 'rng', 'signvals.a')).toEqual([{ signing_value: signingValue }]);
    expect(ledger.rows('receiver', 'receiver', 'results')).toEqual([
      { customerId: 1, account: 'receiver', randomValue: 0 },
    ]);
    expect(ledger.assertion('receiver', 'getrandom', 'receiver', { ...request, customerId: 2 })).toBe(
      'Signing value already used',
    );
    // What the asking contract had stored by then is gone with the refusal of the inline action.
    expect(ledger.rows('receiver', 'receiver', 'results')).toHaveLength(1);
  });

  it('a wrong signature is refused', () => {
    const wrong = { job_id: 0, random_value: sign('something else') };
    expect(ledger.assertion('rng', 'setrand', 'rng', wrong)).toBe('Could not verify signature.');
    expect(ledger.refusal('rng', 'setrand', 'alice', wrong).code).toBe('missing_auth_exception');
    expect(ledger.assertion('rng', 'setrand', 'rng', { ...wrong, job_id: 5 })).toBe('Could not find job id.');
  });

  it('the signature gives the random number that its authors expect, within the CPU limit', () => {
    const trace = ledger.push('rng', 'setrand', 'rng', { job_id: 0, random_value: sign(signingValue) });
    expect(executed(trace)).toEqual(['rng <= rng::setrand', 'receiver <= receiver::receiverand']);
    expect(ledger.rows('receiver', 'receiver', 'results')).toEqual([
      { customerId: 1, account: 'receiver', randomValue: 76 },
    ]);
    expect(ledger.rows('rng', 'rng', 'jobs.a')).toEqual([]);
    // An RSA-2048 verification in WebAssembly: thousands of 128-bit divisions by host functions.
    expect(trace.cpuUsageUs).toBeGreaterThan(1000);
    expect(trace.cpuUsageUs).toBeLessThan(50_000);
  });

  it('pause stops requests', () => {
    ledger.push('rng', 'pause', 'rng', { paused: true });
    const request = { customerId: 3, account: 'receiver', signingValue: 7 };
    expect(ledger.assertion('receiver', 'getrandom', 'receiver', request)).toBe('Contract is paused');
    ledger.push('rng', 'pause', 'rng', { paused: false });
    ledger.push('receiver', 'getrandom', 'receiver', request);
    ledger.push('rng', 'killjobs', 'rng', { job_ids: [1] });
    expect(ledger.rows('rng', 'rng', 'jobs.a')).toEqual([]);
  });
});
