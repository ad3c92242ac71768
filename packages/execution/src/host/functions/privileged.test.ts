import { privateKeyFromBytes, publicKeyOf } from '@snapscale/crypto';
import {
  chainConfigV0Schema,
  defaultChainConfig,
  encode,
  producerAuthoritiesSchema,
  producerKeysSchema,
  Writer,
} from '@snapscale/protocol';
import { describe, expect, it } from 'vitest';
import { blsG1Map } from '../arithmetic/bls12-381.js';
import { alice, bob, FakeContext } from '../testing/fake-context.js';
import { Harness } from '../testing/harness.js';

function privileged(): Harness {
  const context = new FakeContext();
  context.privileged = true;
  return new Harness(context);
}

const key = publicKeyOf(privateKeyFromBytes('K1', new Uint8Array(32).fill(1)));
const otherKey = publicKeyOf(privateKeyFromBytes('R1', new Uint8Array(32).fill(2)));

describe('privileges of accounts', () => {
  it('are read and set', () => {
    const host = privileged();
    expect(host.call('is_privileged', alice)).toBe(0);
    host.call('set_privileged', alice, 1);
    expect(host.call('is_privileged', alice)).toBe(1);
    host.call('set_privileged', alice, 0);
    expect(host.call('is_privileged', alice)).toBe(0);
  });
});

describe('resource limits', () => {
  it('are set and written to three pointers', () => {
    const host = privileged();
    host.call('set_resource_limits', alice, 5000n, -1n, 7n);
    const [ram, net, cpu] = [host.alloc(8), host.alloc(8), host.alloc(8)];
    host.call('get_resource_limits', alice, ram, net, cpu);
    expect([host.u64(ram), host.u64(net), host.u64(cpu)]).toEqual([5000n, (1n << 64n) - 1n, 7n]);
    expect(host.refusal('get_resource_limits', alice, ram, 0, cpu)).toMatch(/null pointers/);
  });

  it('below -1 are refused', () => {
    const host = privileged();
    expect(host.refusal('set_resource_limits', alice, -2n, 0n, 0n)).toMatch(/invalid value for ram resource limit/);
    expect(host.refusal('set_resource_limits', alice, 0n, -2n, 0n)).toMatch(/invalid value for net resource weight/);
    expect(host.refusal('set_resource_limits', alice, 0n, 0n, -2n)).toMatch(/invalid value for cpu resource weight/);
  });
});

describe('read-only transactions', () => {
  it('change nothing', () => {
    const host = privileged();
    host.context.transaction.readOnly = true;
    const at = host.alloc(64);
    const refused: readonly (readonly [string, ...(number | bigint)[]])[] = [
      ['set_privileged', alice, 1],
      ['set_resource_limits', alice, 0n, 0n, 0n],
      ['set_proposed_producers', at, 1],
      ['set_proposed_producers_ex', 0n, at, 1],
      ['set_blockchain_parameters_packed', at, 60],
      ['set_parameters_packed', at, 1],
      ['set_wasm_parameters_packed', at, 48],
      ['preactivate_feature', at],
      ['set_finalizers', 0n, at, 1],
    ];
    for (const [name, ...args] of refused) {
      expect(host.refusal(name, ...args)).toBe(`wasm_execution_error: ${name} not allowed in a readonly transaction`);
    }
  });
});

describe('proposed producers', () => {
  const producers = [
    { name: alice, key },
    { name: bob, key: otherKey },
  ];

  it('in format 0 are names with keys', () => {
    const host = privileged();
    const packed = encode(producerKeysSchema, producers);
    expect(host.call('set_proposed_producers', host.put(packed), packed.length)).toBe(5n);
    expect(host.context.privilegedApi.proposed).toEqual(producers);
    expect(host.call('set_proposed_producers_ex', 0n, host.put(packed), packed.length)).toBe(5n);
    expect(host.gasOf('set_proposed_producers', host.put(packed), packed.length)).toBe(5000 * packed.length);
  });

  it('in format 1 are names with authorities of one key', () => {
    const host = privileged();
    const propose = (threshold: number, keys: { key: typeof key; weight: number }[]) => {
      const packed = encode(producerAuthoritiesSchema, [{ name: alice, authority: { threshold, keys } }]);
      return ['set_proposed_producers_ex', 1n, host.put(packed), packed.length] as const;
    };
    expect(host.call(...propose(2, [{ key, weight: 3 }]))).toBe(5n);
    expect(host.context.privilegedApi.proposed).toEqual([{ name: alice, key }]);
    expect(host.refusal(...propose(0, [{ key, weight: 1 }]))).toMatch(/threshold of 0 for alice/);
    expect(host.refusal(...propose(2, [{ key, weight: 1 }]))).toMatch(/unsatisfiable authority for alice/);
    expect(host.refusal(...propose(1, []))).toMatch(/unsatisfiable authority for alice/);
    const two = [
      { key, weight: 1 },
      { key: otherKey, weight: 1 },
    ];
    expect(host.refusal(...propose(2, two))).toMatch(/includes 2 keys for alice: one is supported/);
  });

  it('are refused in other formats, when malformed, too many, or with keys off their curve', () => {
    const host = privileged();
    const packed = encode(producerKeysSchema, producers);
    const at = host.put(packed);
    expect(host.code('set_proposed_producers_ex', 2n, at, packed.length)).toBe('wasm_execution_error');
    expect(host.code('set_proposed_producers', at, packed.length - 1)).toBe('out_of_range_exception');
    expect(host.refusal('set_proposed_producers', host.put(Uint8Array.of(126)), 1)).toMatch(/exceeds the maximum/);
    const bad = packed.slice().fill(0, 10, 43);
    expect(host.refusal('set_proposed_producers', host.put(bad), bad.length)).toMatch(/invalid key: of alice/);
    expect(host.code('set_proposed_producers', host.size, 1)).toBe('wasm_execution_error');
  });
});

describe('chain parameters', () => {
  const packed = encode(chainConfigV0Schema, defaultChainConfig);

  it('are read in the form of 17 fields', () => {
    const host = privileged();
    const out = host.alloc(100);
    expect(host.call('get_blockchain_parameters_packed', 0, 0)).toBe(packed.length);
    expect(host.call('get_blockchain_parameters_packed', out, packed.length - 1)).toBe(0);
    expect(host.call('get_blockchain_parameters_packed', out, 100)).toBe(packed.length);
    expect(host.read(out, packed.length)).toEqual(packed);
  });

  it('are set in that form, the eighteenth kept', () => {
    const host = privileged();
    host.context.config = { ...defaultChainConfig, maxActionReturnValueSize: 999 };
    const changed = { ...defaultChainConfig, maxAuthorityDepth: 9 };
    const bytes = encode(chainConfigV0Schema, changed);
    host.call('set_blockchain_parameters_packed', host.put(bytes), bytes.length);
    expect(host.context.privilegedApi.config).toEqual({ ...changed, maxActionReturnValueSize: 999 });
    expect(host.code('set_blockchain_parameters_packed', host.put(bytes), 5)).toBe('out_of_range_exception');
  });

  it('are read by id', () => {
    const host = privileged();
    const out = host.alloc(32);
    const ids = host.put(Uint8Array.of(2, 16, 17));
    const expected = [2, 16, 6, 0, 17, 0, 1, 0, 0];
    expect(host.call('get_parameters_packed', ids, 3, 0, 0)).toBe(expected.length);
    expect(host.call('get_parameters_packed', ids, 3, out, 32)).toBe(expected.length);
    expect([...host.read(out, expected.length)]).toEqual(expected);
    expect(host.refusal('get_parameters_packed', ids, 3, out, 8)).toBe(
      'config_parse_error: get_parameters_packed: buffer size is smaller than 9',
    );
    expect(host.refusal('get_parameters_packed', host.put(Uint8Array.of(1, 18)), 2, out, 32)).toBe(
      'config_parse_error: unknown chain parameter id: 18',
    );
    expect(host.code('get_parameters_packed', host.put(Uint8Array.of(9, 1)), 2, out, 32)).toBe(
      'out_of_range_exception',
    );
    expect(host.code('get_parameters_packed', 2000, 50, 2049, 10)).toBe('wasm_exception');
  });

  it('are set by id', () => {
    const host = privileged();
    const bytes = Uint8Array.of(2, 16, 8, 0, 17, 0, 2, 0, 0);
    host.call('set_parameters_packed', host.put(bytes), bytes.length);
    expect(host.context.privilegedApi.config).toEqual({
      ...defaultChainConfig,
      maxAuthorityDepth: 8,
      maxActionReturnValueSize: 512,
    });
    expect(host.code('set_parameters_packed', host.put(bytes), 8)).toBe('out_of_range_exception');
    expect(host.code('set_parameters_packed', host.put(Uint8Array.of(1, 99)), 2)).toBe('config_parse_error');
  });
});

describe('limits of contracts', () => {
  it('are read with their version', () => {
    const host = privileged();
    const out = host.put(new Uint8Array(48).fill(9));
    expect(host.call('get_wasm_parameters_packed', out, 47, 0)).toBe(48);
    expect(host.bytes[out]).toBe(9);
    expect(host.call('get_wasm_parameters_packed', out, 48, 5)).toBe(48);
    expect(host.read(out, 48)).toEqual(Uint8Array.from([0, 0, 0, 0, ...host.context.privilegedApi.wasmLimits]));
  });

  it('are set from version 0', () => {
    const host = privileged();
    const bytes = new Uint8Array(48).fill(8, 4);
    host.call('set_wasm_parameters_packed', host.put(bytes), 48);
    expect(host.context.privilegedApi.wasmLimits).toEqual(new Uint8Array(44).fill(8));
    expect(host.code('set_wasm_parameters_packed', host.put(bytes), 47)).toBe('out_of_range_exception');
    bytes[0] = 1;
    expect(host.code('set_wasm_parameters_packed', host.put(bytes), 48)).toBe('wasm_config_unknown_version');
  });
});

describe('preactivate_feature', () => {
  it('passes on the digest', () => {
    const host = privileged();
    host.call('preactivate_feature', host.put(new Uint8Array(32).fill(4)));
    expect(host.context.privilegedApi.preactivated).toEqual([new Uint8Array(32).fill(4)]);
    expect(host.code('preactivate_feature', 0)).toBe('wasm_execution_error');
  });
});

describe('finalizer policies', () => {
  const keys = [1, 2, 3].map((first) => blsG1Map(Uint8Array.from({ length: 48 }, (_, i) => (i === 0 ? first : 0)))!);

  function policy(threshold: bigint, finalizers: readonly { description?: string; weight: bigint; key: Uint8Array }[]) {
    const writer = new Writer();
    writer.u64(threshold);
    writer.varuint32(finalizers.length);
    for (const { description = 'f', weight, key: blsKey } of finalizers) {
      writer.string(description);
      writer.u64(weight);
      writer.bytes(blsKey);
    }
    return writer.finish();
  }

  const three = keys.map((blsKey) => ({ weight: 1n, key: blsKey }));

  it('are accepted with a threshold above half and not above all', () => {
    const host = privileged();
    for (const threshold of [2n, 3n]) {
      const packed = policy(threshold, three);
      host.call('set_finalizers', 0n, host.put(packed), packed.length);
      expect(host.context.privilegedApi.finalizers).toEqual(packed);
    }
    const refusal = (bytes: Uint8Array, format = 0n) =>
      host.refusal('set_finalizers', format, host.put(bytes), bytes.length);
    expect(refusal(policy(1n, three))).toMatch(/must be greater than half/);
    expect(refusal(policy(4n, three))).toMatch(/cannot be met/);
    expect(refusal(policy(2n, three), 1n)).toMatch(/unknown format/);
    expect(refusal(policy(1n, []))).toMatch(/cannot be empty/);
    expect(refusal(policy(2n, [...three, three[0]!]))).toMatch(/Duplicate public key/);
    expect(refusal(policy(2n, [{ weight: 3n, key: keys[0]!.subarray(1) }]))).toMatch(
      /Invalid bls public key length: 95/,
    );
    expect(refusal(policy(2n, [{ weight: 3n, key: new Uint8Array(96) }]))).toMatch(/not a point of its curve/);
    expect(refusal(policy(2n, [{ ...three[0]!, description: 'd'.repeat(257) }]))).toMatch(/description greater/);
    const heavy = { weight: (1n << 64n) - 1n, key: keys[0]! };
    expect(refusal(policy(2n, [heavy, three[1]!]))).toMatch(/uint64_t overflow/);
    expect(refusal(policy(2n, three).slice(0, -1))).toMatch(/^out_of_range_exception/);
    const tooMany = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 0x81, 0x80, 0x04);
    expect(refusal(tooMany)).toMatch(/exceeds the maximum finalizer count/);
  });

  it('are bounded by gas', () => {
    const host = privileged();
    const packed = policy(2n, three);
    expect(host.gasOf('set_finalizers', 0n, host.put(packed), packed.length)).toBe(250 * packed.length);
  });
});
