import { sha256, toHex } from '@snapscale/crypto';
import { describe, expect, it } from 'vitest';
import { hostFunctions, importTable } from './table.js';
import { FakeContext } from './testing/fake-context.js';
import { Harness } from './testing/harness.js';

const DEAD = ['is_feature_active', 'activate_feature'];

describe('table of host functions', () => {
  it('declares the 195 live functions of Antelope and the two dead ones, each once', () => {
    const names = new Set(hostFunctions.map(({ name }) => name));
    expect(hostFunctions).toHaveLength(197);
    expect(names.size).toBe(197);
    for (const name of DEAD) expect(names).toContain(name);
  });

  it('links by exactly these names and types', () => {
    const lines = hostFunctions
      .map(({ name, params, result }) => `${name}(${params.join()})${result ?? ''}`)
      .sort()
      .join('\n');
    expect(toHex(sha256(new TextEncoder().encode(lines)))).toBe(
      'e5bd8d1feb41976ed730d1cf82af7dcd3ddb52683614bf46fcb8ae70371935ef',
    );
    expect([...importTable.keys()]).toEqual(hostFunctions.map(({ name }) => name));
  });

  it('documents every function and prices it with a whole number', () => {
    for (const { name, doc, gas, params, paramNames } of hostFunctions) {
      expect(doc.length, name).toBeGreaterThan(6);
      expect(doc.endsWith('.'), name).toBe(true);
      expect(Number.isInteger(gas) && gas > 0, name).toBe(true);
      expect(paramNames).toHaveLength(params.length);
      expect(new Set(paramNames).size, name).toBe(params.length);
    }
  });
});

/** Arguments that pass every check of pointers: small numbers in memory. */
function zeros(name: string): (number | bigint)[] {
  return importTable.get(name)!.params.map((type) => (type === 'i64' ? 0n : 0));
}

describe('availability', () => {
  const contextAware = hostFunctions.filter(({ contextFree, privileged }) => contextFree === false && !privileged);

  it('refuses what needs a context in context-free actions', () => {
    const context = new FakeContext();
    context.contextFree = true;
    const host = new Harness(context);
    for (const { name } of contextAware) {
      expect(host.refusal(name, ...zeros(name))).toBe(
        "unaccessible_api: only context free api's can be used in this context",
      );
    }
    expect(contextAware.map(({ name }) => name)).toContain('db_store_i64');
  });

  it('refuses privileged functions to others when they are called, in every kind of action', () => {
    const host = new Harness();
    const privileged = hostFunctions.filter((one) => one.privileged);
    expect(privileged).toHaveLength(16);
    for (const { name } of privileged) {
      expect(host.refusal(name, ...zeros(name))).toBe(
        'unaccessible_api: contract does not have permission to call this API',
      );
    }
    const trusted = new FakeContext();
    trusted.contextFree = true;
    trusted.privileged = true;
    host.beginAction(trusted);
    for (const { name } of privileged) expect(host.code(name, ...zeros(name))).toBe('unaccessible_api');
  });

  it('offers get_context_free_data in context-free actions only', () => {
    const host = new Harness();
    expect(host.refusal('get_context_free_data', 0, 0, 0)).toBe(
      'unaccessible_api: this API may only be called from context_free apply',
    );
  });

  it('refuses the dead functions even to privileged callers', () => {
    const context = new FakeContext();
    context.privileged = true;
    const host = new Harness(context);
    for (const name of DEAD) expect(host.code(name, 0n)).toBe('unsupported_feature');
  });
});
