import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  buildKernel,
  type KernelSources,
  kernelModule,
  kernelModulePath,
  kernelSources,
} from './build-crypto-kernel.js';

test('the committed kernel of private transfers is what its sources give', async () => {
  const binary = await buildKernel();
  const isEqual = readFileSync(kernelModulePath, 'utf8') === kernelModule(binary);
  expect(isEqual, 'run: npx tsx tools/build-crypto-kernel.ts').toBe(true);
});

/** The part of the WebAssembly interface that is used here. */
declare const WebAssembly: {
  readonly Memory: new (limits: { initial: number }) => { readonly buffer: ArrayBuffer };
  instantiate(
    bytes: Uint8Array,
    imports: object,
  ): Promise<{ readonly instance: { readonly exports: Readonly<Record<string, unknown>> } }>;
};

type Traced = Readonly<Record<string, (...numbers: number[]) => number>> & {
  readonly traced: () => bigint;
  readonly steps: () => number;
};

/** A hash over every address that is read or written, and their number. */
const TRACE = `
let hash: u64 = 0;
let count: i32 = 0;
export function tracedLoad<T>(address: usize, offset: usize = 0): T {
  hash = (hash ^ (address + offset)) * 0x100000001b3;
  count++;
  return load<T>(address + offset);
}
export function tracedStore<T>(address: usize, value: T, offset: usize = 0): void {
  hash = (hash ^ (address + offset + 0x80000000)) * 0x100000001b3;
  count++;
  store<T>(address + offset, value);
}
export function traced(): u64 {
  const result = hash;
  hash = 0xcbf29ce484222325;
  return result;
}
export function steps(): i32 {
  const result = count;
  count = 0;
  return result;
}
`;

/** The same kernel, with every access to memory recorded, and what only its parts call exported. */
function tracedSources(): KernelSources {
  const files = new Map<string, string>();
  for (const [path, text] of kernelSources()) {
    const up = path.includes('/') ? '../' : './';
    const body = text.replace(/\bload</g, 'tracedLoad<').replace(/\bstore</g, 'tracedStore<');
    const extra = path === 'index.ts' ? INDEX_EXTRA : '';
    files.set(path, `import { tracedLoad, tracedStore } from '${up}trace';\n${body}${extra}`);
  }
  return files.set('trace.ts', TRACE);
}

const INDEX_EXTRA = `
export { traced, steps } from './trace';
import { chooseBit, sumSecretly } from './group/secret';
import { SLOT_SCALARS } from './layout';
export function chooseSecretly(output: usize, bit: i32): void {
  chooseBit(output, TABLES, TABLES + TABLE_BYTES, bit);
}
export function sumFixedSecretly(scalars: usize): void {
  memory.copy(SLOT_SCALARS, scalars, 64);
  sumSecretly(POINT_A, 0, 2);
}
import { TABLES, TABLE_BYTES } from './layout';
`;

describe('timing side channel: the addresses that secret paths touch, and their number, are the same for all secrets', () => {
  let kernel: Traced;
  let memory: Uint8Array;
  let io: number;

  beforeAll(async () => {
    const binary = await buildKernel(tracedSources(), ['--optimizeLevel', '1', '--noAssert']);
    const wasmMemory = new WebAssembly.Memory({ initial: 120 });
    const { instance } = await WebAssembly.instantiate(binary, { env: { memory: wasmMemory } });
    kernel = instance.exports as Traced;
    memory = new Uint8Array(wasmMemory.buffer);
    io = (instance.exports as { readonly IO: { readonly value: number } }).IO.value;
    kernel.setUp!();
    memory.set(generator, io);
    kernel.setFixed!(1, io);
  });

  /** The generator's encoding (RFC 9496, A.1). */
  const generator = Buffer.from('e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76', 'hex');
  const scalar = (hex: string) => Buffer.from(hex.padStart(64, '0'), 'hex').reverse();
  /** Few bits, many bits, runs, digits that all carry, and L - 1. */
  const secrets = [
    scalar('0'),
    scalar('1'),
    scalar('8888888888888888888888888888888888888888888888888888888888888888'.slice(1)),
    scalar('0777777777777777777777777777777777777777777777777777777777777777'),
    scalar('0fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff'),
    scalar('1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ec'),
  ];

  /** What one run leaves, for each secret: at io + 64; public input at io. */
  function traces(run: (output: number, input: number, secret: number) => void): Set<string> {
    return new Set(
      secrets.map((secret) => {
        memory.set(generator, io);
        memory.set(secret, io + 64);
        memory.set(secret, io + 96);
        kernel.traced();
        kernel.steps();
        run(io + 128, io, io + 64);
        return `${kernel.traced()} ${kernel.steps()}`;
      }),
    );
  }

  test.each<[string, (output: number, input: number, secret: number) => void]>([
    ['multiplySecretly', (output, input, secret) => kernel.multiplySecretly!(output, input, secret)],
    ['multiplyBaseSecretly', (output, _input, secret) => kernel.multiplyBaseSecretly!(output, secret)],
    ['a sum over fixed points', (_output, _input, secret) => kernel.sumFixedSecretly!(secret)],
    ['a choice by one bit', (output, _input, secret) => kernel.chooseSecretly!(output, memory[secret]! & 1)],
    ['x25519', (output, input, secret) => kernel.x25519!(output, secret, input)],
    ['viewTag', (_output, input, secret) => kernel.viewTag!(secret, input, 32, input)],
    [
      'products and sums of scalars',
      (output, input, secret) => {
        kernel.multiplyScalars!(output, secret, secret);
        kernel.addScalars!(output, secret, input);
        kernel.subtractScalars!(output, secret, input);
        kernel.reduceWide!(output, secret);
      },
    ],
    [
      'a transcript',
      (output, input, secret) => {
        kernel.startTranscript!(output, input, 4);
        kernel.rekey!(output, input, 4, secret, 32);
      },
    ],
  ])('%s', (_name, run) => {
    expect([...traces(run)]).toHaveLength(1);
  });

  test('a path for public scalars is told apart', () => {
    const found = traces((output, input, secret) => kernel.sum!(output, input, secret, 1));
    expect(found.size).toBeGreaterThan(4);
  });
});
