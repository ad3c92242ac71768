/** Packed producer schedules and finalizer policies: reading them, and the rules that they must keep. */
import { isUsablePublicKey } from '@snapscale/crypto';
import {
  formatName,
  limits,
  type ProducerAuthority,
  type ProducerKey,
  producerAuthoritySchema,
  producerKeySchema,
  type Reader,
  reject,
  type Schema,
} from '@snapscale/protocol';
import { BLS_G1_BYTES, blsIsG1Point } from '../arithmetic/bls12-381.js';
import type { HostEnvironment } from '../environment.js';

const FINALIZERS_MAX = 65_536;
const FINALIZER_DESCRIPTION_BYTES_MAX = 256;
const U64_MAX = (1n << 64n) - 1n;

/** Producers of format 0; their keys must be points of their curves. Uniqueness and existence are the ledger's to check. */
export function readProducerKeys(env: HostEnvironment, bytes: Uint8Array): readonly ProducerKey[] {
  const producers = readProducers(env, bytes, producerKeySchema);
  for (const { name, key } of producers) {
    if (!isUsablePublicKey(key)) {
      reject('wasm_execution_error', `producer schedule includes an invalid key: of ${formatName(name)}`);
    }
  }
  return producers;
}

/** Producers of format 1, whose blocks must need exactly one key. */
export function readProducerAuthorities(env: HostEnvironment, bytes: Uint8Array): readonly ProducerKey[] {
  return readProducers(env, bytes, producerAuthoritySchema).map(singleKey);
}

function readProducers<T>(env: HostEnvironment, bytes: Uint8Array, schema: Schema<T>): readonly T[] {
  return env.decodeWith(bytes, 'producer schedule', (reader) => {
    const count = reader.varuint32();
    if (count > limits.producersMax) {
      reject(
        'wasm_execution_error',
        `Producer schedule exceeds the maximum producer count for this chain: ${count} of ${limits.producersMax}`,
      );
    }
    return Array.from({ length: count }, () => schema.read(reader));
  });
}

function singleKey({ name, authority }: ProducerAuthority): ProducerKey {
  const who = formatName(name);
  const { threshold, keys } = authority;
  const [only, ...others] = keys;
  if (threshold === 0) {
    reject('wasm_execution_error', `producer schedule includes an authority with a threshold of 0 for ${who}`);
  }
  if (only === undefined || keys.reduce((sum, { weight }) => sum + weight, 0) < threshold) {
    reject('wasm_execution_error', `producer schedule includes an unsatisfiable authority for ${who}`);
  }
  if (others.length > 0) {
    reject('wasm_execution_error', `producer schedule includes ${keys.length} keys for ${who}: one is supported`);
  }
  return { name, key: only.key };
}

/** Rejects a packed finalizer policy that is malformed or could never, or too easily, reach its threshold. */
export function checkFinalizerPolicy(env: HostEnvironment, bytes: Uint8Array): void {
  const keys = new Set<string>();
  let threshold = 0n;
  let sum = 0n;
  env.decodeWith(bytes, 'finalizer policy', (reader) => {
    threshold = reader.u64();
    const count = reader.varuint32();
    if (count > FINALIZERS_MAX) {
      reject('wasm_execution_error', 'Finalizer policy exceeds the maximum finalizer count for this chain');
    }
    if (count === 0) reject('wasm_execution_error', 'Finalizers cannot be empty');
    for (let i = 0; i < count; i++) {
      const { weight, key } = readFinalizer(reader);
      sum += weight;
      if (sum > U64_MAX) reject('wasm_execution_error', 'sum of weights causes uint64_t overflow');
      if (keys.has(key)) reject('wasm_execution_error', `Duplicate public key: finalizer ${i}`);
      keys.add(key);
    }
  });
  if (threshold > sum) {
    reject(
      'wasm_execution_error',
      `Finalizer policy threshold (${threshold}) cannot be met by finalizer weights (${sum})`,
    );
  }
  if (threshold <= sum / 2n) {
    reject(
      'wasm_execution_error',
      `Finalizer policy threshold (${threshold}) must be greater than half of the sum of the weights (${sum})`,
    );
  }
}

function readFinalizer(reader: Reader): { weight: bigint; key: string } {
  const description = reader.bytes();
  if (description.length > FINALIZER_DESCRIPTION_BYTES_MAX) {
    reject('wasm_execution_error', `Finalizer description greater than max allowed size: ${description.length}`);
  }
  const weight = reader.u64();
  const key = reader.bytes();
  if (key.length !== BLS_G1_BYTES) {
    reject('wasm_execution_error', `Invalid bls public key length: ${key.length}, expected ${BLS_G1_BYTES}`);
  }
  if (!blsIsG1Point(key)) reject('wasm_execution_error', 'Invalid bls public key: not a point of its curve');
  return { weight, key: key.join() };
}
