/** What only receivers that the chain trusts may do. Everybody may link these functions; calling them is refused. */
import {
  type ChainConfig,
  chainConfigParameters,
  chainConfigSchema,
  chainConfigV0Schema,
  encode,
  reject,
  type Schema,
  Writer,
} from '@snapscale/protocol';
import { declare, type HostFunction } from '../declaration.js';
import { asName, type HostEnvironment } from '../environment.js';
import { gasPrices } from '../gas-prices.js';
import { checkFinalizerPolicy, readProducerAuthorities, readProducerKeys } from './privileged-input.js';

const DIGEST_BYTES = 32;
const I64_BYTES = 8;
const VERSION_BYTES = 4;
const FORMAT_KEYS = 0n;
const FORMAT_AUTHORITIES = 1n;

export const privilegedFunctions: readonly HostFunction[] = [
  declare('is_privileged', {
    params: ['account: i64'],
    result: 'i32',
    privileged: true,
    gas: gasPrices.stateRead,
    doc: '1 if the account is privileged, else 0. Rejects an unknown account.',
    make: (env) => (account) => (env.context.privilegedApi.isPrivileged(asName(account)) ? 1 : 0),
  }),
  declare('set_privileged', {
    params: ['account: i64', 'privileged: i32'],
    privileged: true,
    gas: gasPrices.stateWrite,
    doc: 'Makes the account privileged, or ordinary if privileged is 0.',
    make: (env) => (account, privileged) => {
      env.requireWritable('set_privileged');
      env.context.privilegedApi.setPrivileged(asName(account), privileged !== 0);
    },
  }),
  declare('set_resource_limits', {
    params: ['account: i64', 'ramBytes: i64', 'netWeight: i64', 'cpuWeight: i64'],
    privileged: true,
    gas: gasPrices.stateWrite,
    doc: 'Sets the resources of an account; -1 means no limit.',
    make: (env) => (account, ramBytes, netWeight, cpuWeight) => {
      env.requireWritable('set_resource_limits');
      for (const [what, value] of [
        ['ram resource limit', ramBytes],
        ['net resource weight', netWeight],
        ['cpu resource weight', cpuWeight],
      ] as const) {
        if (value < -1n) reject('wasm_execution_error', `invalid value for ${what} expected [-1,INT64_MAX]: ${value}`);
      }
      env.context.privilegedApi.setResourceLimits(asName(account), ramBytes, netWeight, cpuWeight);
    },
  }),
  declare('get_resource_limits', {
    params: ['account: i64', 'ramBytes: i32', 'netWeight: i32', 'cpuWeight: i32'],
    privileged: true,
    gas: gasPrices.stateRead,
    doc: 'Writes the three resource limits of an account, each an i64.',
    make: (env) => (account, ramBytes, netWeight, cpuWeight) => {
      const ram = env.reference(ramBytes, I64_BYTES);
      const net = env.reference(netWeight, I64_BYTES);
      const cpu = env.reference(cpuWeight, I64_BYTES);
      const limits = env.context.privilegedApi.getResourceLimits(asName(account));
      env.writeU64(ram, limits.ramBytes);
      env.writeU64(net, limits.netWeight);
      env.writeU64(cpu, limits.cpuWeight);
    },
  }),
  declare('set_proposed_producers', {
    params: ['producers: i32', 'size: i32'],
    result: 'i64',
    privileged: true,
    gas: gasPrices.stateWrite,
    doc: 'Proposes a packed list of (name, key) as the next producers. Returns the version of the new schedule, or -1 when nothing changes.',
    make: (env) => (producers, size) => propose(env, 'set_proposed_producers', FORMAT_KEYS, producers, size),
  }),
  declare('set_proposed_producers_ex', {
    params: ['format: i64', 'producers: i32', 'size: i32'],
    result: 'i64',
    privileged: true,
    gas: gasPrices.stateWrite,
    doc: 'As set_proposed_producers; format 0 is its format, format 1 a packed list of (name, signing authority), of which each must be a single key.',
    make: (env) => (format, producers, size) => propose(env, 'set_proposed_producers_ex', format, producers, size),
  }),
  declare('get_blockchain_parameters_packed', {
    params: ['buffer: i32', 'size: i32'],
    result: 'i32',
    privileged: true,
    gas: gasPrices.stateRead,
    doc: 'Writes the 17 packed chain parameters and returns their size; 0 when buffer is too small. With size 0 only returns their size.',
    make: (env) => (buffer, size) => {
      const out = env.span(buffer, size);
      const packed = encode(chainConfigV0Schema, env.context.config);
      if (out.length === 0) return packed.length;
      if (out.length < packed.length) return 0;
      out.set(packed);
      return packed.length;
    },
  }),
  declare('set_blockchain_parameters_packed', {
    params: ['parameters: i32', 'size: i32'],
    privileged: true,
    gas: gasPrices.stateWrite,
    doc: 'Sets the 17 packed chain parameters.',
    make: (env) => (parameters, size) => {
      env.requireWritable('set_blockchain_parameters_packed');
      const changed = env.decode(chainConfigV0Schema, env.span(parameters, size), 'chain parameters');
      env.context.privilegedApi.setChainConfig({ ...env.context.config, ...changed });
    },
  }),
  declare('get_parameters_packed', {
    params: ['ids: i32', 'idsSize: i32', 'buffer: i32', 'size: i32'],
    result: 'i32',
    privileged: true,
    gas: gasPrices.stateRead,
    doc: 'Writes the chain parameters named by a packed list of ids as a packed list of (id, value), and returns its size; with size 0 only returns its size. Rejects unknown ids and a buffer that is too small.',
    make: (env) => (ids, idsSize, buffer, size) => {
      const idBytes = env.span(ids, idsSize);
      const out = env.span(buffer, size);
      env.requireDistinct(ids, idsSize, buffer, size);
      env.chargeGas(Math.floor(idBytes.length * gasPrices.checkedByte));
      const packed = packParameters(env, idBytes);
      if (out.length === 0) return packed.length;
      if (out.length < packed.length) {
        reject('config_parse_error', `get_parameters_packed: buffer size is smaller than ${packed.length}`);
      }
      out.set(packed);
      return packed.length;
    },
  }),
  declare('set_parameters_packed', {
    params: ['parameters: i32', 'size: i32'],
    privileged: true,
    gas: gasPrices.stateWrite,
    doc: 'Sets the chain parameters of a packed list of (id, value).',
    make: (env) => (parameters, size) => {
      env.requireWritable('set_parameters_packed');
      const bytes = env.span(parameters, size);
      env.chargeGas(Math.floor(bytes.length * gasPrices.checkedByte));
      env.context.privilegedApi.setChainConfig(changeParameters(env, bytes));
    },
  }),
  declare('get_wasm_parameters_packed', {
    params: ['buffer: i32', 'size: i32', 'versionMax: i32'],
    result: 'i32',
    privileged: true,
    gas: gasPrices.stateRead,
    doc: 'Writes u32 version 0 and the limits of contracts (eleven u32) if buffer has room, and returns their size.',
    make: (env) => (buffer, size, _versionMax) => {
      const out = env.span(buffer, size);
      const packed = env.context.privilegedApi.getWasmLimitsPacked();
      const length = VERSION_BYTES + packed.length;
      if (out.length >= length) {
        out.fill(0, 0, VERSION_BYTES);
        out.set(packed, VERSION_BYTES);
      }
      return length;
    },
  }),
  declare('set_wasm_parameters_packed', {
    params: ['parameters: i32', 'size: i32'],
    privileged: true,
    gas: gasPrices.stateWrite,
    doc: 'Sets the limits of contracts: u32 version, which must be 0, and eleven u32.',
    make: (env) => (parameters, size) => {
      env.requireWritable('set_wasm_parameters_packed');
      const bytes = env.copy(parameters, size);
      const { privilegedApi } = env.context;
      const expected = privilegedApi.getWasmLimitsPacked().length;
      const packed = env.decodeWith(bytes, 'wasm parameters', (reader) => {
        const version = reader.u32();
        if (version !== 0) {
          reject('wasm_config_unknown_version', `set_wasm_parameters_packed: Unknown version: ${version}`);
        }
        return reader.raw(expected);
      });
      privilegedApi.setWasmLimitsPacked(packed);
    },
  }),
  declare('preactivate_feature', {
    params: ['digest: i32'],
    privileged: true,
    gas: gasPrices.stateRead,
    doc: 'Accepts the digest of a protocol feature of this chain, all of which are active. Rejects others.',
    make: (env) => (digest) => {
      const at = env.reference(digest, DIGEST_BYTES);
      env.requireWritable('preactivate_feature');
      env.context.privilegedApi.preactivateFeature(env.bytes.slice(at, at + DIGEST_BYTES));
    },
  }),
  declare('set_finalizers', {
    params: ['format: i64', 'policy: i32', 'size: i32'],
    privileged: true,
    gas: gasPrices.stateWrite,
    doc: 'Sets a packed finalizer policy (format 0): u64 threshold and a list of (description, u64 weight, 96-byte BLS key). The threshold must be above half of the weights and not above their sum.',
    make: (env) => (format, policy, size) => {
      const bytes = env.copy(policy, size);
      env.requireWritable('set_finalizers');
      if (format !== 0n) {
        reject('wasm_execution_error', `Finalizer policy in set_finalizers is in an unknown format: ${format}`);
      }
      env.chargeGas(bytes.length * gasPrices.finalizerByte);
      checkFinalizerPolicy(env, bytes);
      env.context.privilegedApi.setFinalizers(bytes);
    },
  }),
];

function propose(env: HostEnvironment, what: string, format: bigint, producers: number, size: number): bigint {
  const bytes = env.copy(producers, size);
  env.requireWritable(what);
  env.chargeGas(Math.floor(bytes.length * gasPrices.producerByte));
  const { privilegedApi } = env.context;
  if (format === FORMAT_KEYS) return privilegedApi.setProposedProducers({ producers: readProducerKeys(env, bytes) });
  if (format === FORMAT_AUTHORITIES) {
    return privilegedApi.setProposedProducers({ producers: readProducerAuthorities(env, bytes) });
  }
  return reject('wasm_execution_error', `Producer schedule is in an unknown format: ${BigInt.asUintN(64, format)}`);
}

/** A parameter's wire type, by its name. */
const parameterSchemas = chainConfigSchema.fields as unknown as Readonly<
  Record<keyof ChainConfig, Schema<ChainConfig[keyof ChainConfig]>>
>;

function parameterOf(id: number): keyof ChainConfig {
  return chainConfigParameters[id] ?? reject('config_parse_error', `unknown chain parameter id: ${id}`);
}

function packParameters(env: HostEnvironment, idBytes: Uint8Array): Uint8Array {
  const { config } = env.context;
  const ids = env.decodeWith(idBytes, 'parameter ids', (reader) =>
    Array.from({ length: reader.count(idBytes.length, 1) }, () => reader.varuint32()),
  );
  const writer = new Writer();
  writer.varuint32(ids.length);
  for (const id of ids) {
    const parameter = parameterOf(id);
    writer.varuint32(id);
    parameterSchemas[parameter].write(writer, config[parameter]);
  }
  return writer.finish();
}

function changeParameters(env: HostEnvironment, bytes: Uint8Array): ChainConfig {
  const changed: Record<string, unknown> = { ...env.context.config };
  env.decodeWith(bytes, 'chain parameters', (reader) => {
    const count = reader.count(bytes.length, 1);
    for (let i = 0; i < count; i++) {
      const parameter = parameterOf(reader.varuint32());
      changed[parameter] = parameterSchemas[parameter].read(reader);
    }
  });
  return changed as ChainConfig;
}
