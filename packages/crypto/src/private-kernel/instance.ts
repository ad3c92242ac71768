/**
 * One instance of the kernel and its memory. Nothing is written before every length and count is checked, and everything a
 * caller hands over lies in one region, which ends where the kernel's own memory begins.
 */
import { decodeBase64Url } from '../base64url.js';
import { failCrypto } from '../errors.js';
import { KERNEL_BASE64 } from './kernel-bytes.js';

/** The part of the WebAssembly interface that is used; the ECMAScript library of TypeScript does not declare it. */
declare const WebAssembly: {
  readonly Memory: new (limits: { initial: number }) => { readonly buffer: ArrayBuffer; grow(pages: number): number };
  compile(bytes: Uint8Array): Promise<object>;
  instantiate(module: object, imports: object): Promise<{ readonly exports: Readonly<Record<string, unknown>> }>;
};

type Constant = { readonly value: number };

/** What the kernel exports: addresses are numbers, verdicts 1 and 0. See packages/crypto/kernel/sources/index.ts. */
export type KernelExports = {
  readonly IO: Constant;
  readonly IO_BYTES: Constant;
  readonly TABLES: Constant;
  readonly TABLE_BYTES: Constant;
  readonly SLOTS_MAX: Constant;
  readonly TERMS_MAX: Constant;
  readonly NODES: Constant;
  readonly SUM: Constant;
  readonly COMB: Constant;
  scratchEnd(): number;
  setUp(): void;
  setFixed(slot: number, point: number): number;
  checkPoint(point: number): number;
  mapUniform(output: number, bytes: number): void;
  hashKey(output: number, key: number): void;
  isCanonical(scalar: number): number;
  addScalars(output: number, a: number, b: number): void;
  subtractScalars(output: number, a: number, b: number): void;
  multiplyScalars(output: number, a: number, b: number): void;
  reduceWide(output: number, bytes: number): void;
  invertScalar(output: number, a: number): number;
  sum(output: number, points: number, scalars: number, count: number): number;
  multiplySecretly(output: number, point: number, scalar: number): number;
  multiplyBaseSecretly(output: number, scalar: number): number;
  startTranscript(state: number, label: number, labelSize: number): void;
  append(state: number, label: number, labelSize: number, data: number, size: number): void;
  challenge(state: number, label: number, labelSize: number, output: number, size: number): void;
  rekey(state: number, label: number, labelSize: number, secret: number, size: number): void;
  verifyRanges(claims: number, count: number, fresh: number): number;
  verifyRings(
    message: number,
    inputs: number,
    ringSize: number,
    members: number,
    images: number,
    pseudos: number,
    signature: number,
  ): number;
  verifyHinted(claims: number, count: number, fresh: number): number;
  proveRange(
    transcript: number,
    bits: number,
    parties: number,
    values: number,
    blindings: number,
    fresh: number,
    proof: number,
  ): number;
  signRings(
    message: number,
    inputs: number,
    ringSize: number,
    members: number,
    images: number,
    pseudos: number,
    secrets: number,
    indices: number,
    fresh: number,
    signature: number,
  ): number;
  x25519(output: number, secret: number, u: number): number;
  viewTag(shared: number, context: number, contextSize: number, key: number): number;
};

const PAGE_BYTES = 65536;
const ALIGNMENT = 8;

/** The bytes of the compiled kernel. */
export function kernelBytes(): Uint8Array {
  const text = KERNEL_BASE64.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
  return decodeBase64Url(text, 'the compiled kernel');
}

/** Compiles the kernel. The result may be sent to workers: each makes its own instance of it. */
export function compileKernel(): Promise<object> {
  return WebAssembly.compile(kernelBytes());
}

/** A part of the callers' region: written from its begin on, checked before each write. */
export class Frame {
  readonly #memory: Uint8Array;
  readonly #view: DataView;
  readonly #begin: number;
  readonly #end: number;
  #next: number;

  constructor(memory: Uint8Array, view: DataView, begin: number, end: number) {
    this.#memory = memory;
    this.#view = view;
    this.#begin = begin;
    this.#next = begin;
    this.#end = end;
  }

  /** Room for `size` bytes; its address. @throws CryptoError where the region has no more room. */
  reserve(size: number): number {
    const address = this.#next;
    if (size > this.#end - address) failCrypto(`the kernel takes no ${size} bytes more: its region is full`);
    this.#next = address + Math.ceil(size / ALIGNMENT) * ALIGNMENT;
    return address;
  }

  /** Copies bytes in; their address. @throws CryptoError for another size than `size`, and where there is no room. */
  put(bytes: Uint8Array, size: number, what: string): number {
    if (bytes.length !== size) failCrypto(`cannot take ${what}: ${bytes.length} bytes, not ${size}`);
    return this.putAny(bytes);
  }

  /** Copies bytes of any size in. @throws CryptoError where there is no room. */
  putAny(bytes: Uint8Array): number {
    const address = this.reserve(bytes.length);
    this.#memory.set(bytes, address);
    return address;
  }

  /** Copies bytes to an address that was reserved for as many. @throws CryptoError for another size than `size`. */
  write(address: number, bytes: Uint8Array, size: number, what: string): void {
    if (bytes.length !== size) failCrypto(`cannot take ${what}: ${bytes.length} bytes, not ${size}`);
    this.#memory.set(bytes, address);
  }

  /** Copies a list of byte strings of one size in, one behind the other. */
  putAll(list: readonly Uint8Array[], size: number, what: string): number {
    for (const bytes of list) {
      if (bytes.length !== size) failCrypto(`cannot take ${what}: ${bytes.length} bytes, not ${size}`);
    }
    const address = this.reserve(size * list.length);
    list.forEach((bytes, i) => {
      this.#memory.set(bytes, address + size * i);
    });
    return address;
  }

  /** Writes 32-bit numbers: a record of addresses and counts. */
  putNumbers(...numbers: readonly number[]): number {
    const address = this.reserve(4 * numbers.length);
    numbers.forEach((number, i) => {
      this.#view.setUint32(address + 4 * i, number, true);
    });
    return address;
  }

  /** Clears all that was written. */
  clear(): void {
    this.#memory.fill(0, this.#begin, this.#next);
  }

  /** A copy of bytes in memory. */
  read(address: number, size: number): Uint8Array {
    return this.#memory.slice(address, address + size);
  }
}

/** The kernel, its memory, and the order in which both are used. */
export class KernelInstance {
  readonly exports: KernelExports;
  readonly #memory: Uint8Array;
  readonly #view: DataView;
  /** Constants and empty scratch: what the memory below the callers' region is set back to after work with secrets. */
  readonly #clean: Uint8Array;

  private constructor(exports: KernelExports, memory: Uint8Array) {
    this.exports = exports;
    this.#memory = memory;
    this.#view = new DataView(memory.buffer);
    exports.setUp();
    this.#clean = memory.slice(0, exports.scratchEnd());
  }

  /** An instance with room for the tables of `slots` fixed points. Cost: some milliseconds. */
  static async create(module: object, slots: number): Promise<KernelInstance> {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const exports = (await WebAssembly.instantiate(module, { env: { memory } })).exports as unknown as KernelExports;
    const { SLOTS_MAX, TABLES, TABLE_BYTES, IO } = exports;
    if (slots > SLOTS_MAX.value) failCrypto(`the kernel takes no ${slots} fixed points: at most ${SLOTS_MAX.value}`);
    if (exports.scratchEnd() > IO.value) failCrypto('the kernel’s scratch reaches into its region for callers');
    memory.grow(Math.ceil((TABLES.value + TABLE_BYTES.value * slots) / PAGE_BYTES) - 1);
    return new KernelInstance(exports, new Uint8Array(memory.buffer));
  }

  /** Runs public work over a frame of the callers' region. */
  use<T>(work: (frame: Frame) => T): T {
    return work(this.#frame());
  }

  /**
   * Runs work with secrets, and clears every place in memory that they or their traces were written to, also when it throws.
   * `isLarge`: the work uses the room for sums and proofs.
   */
  useSecretly<T>(work: (frame: Frame) => T, isLarge = false): T {
    const frame = this.#frame();
    try {
      return work(frame);
    } finally {
      this.#memory.set(this.#clean);
      frame.clear();
      if (isLarge) this.#memory.fill(0, this.exports.SUM.value, this.exports.COMB.value);
    }
  }

  #frame(): Frame {
    const { IO, IO_BYTES } = this.exports;
    return new Frame(this.#memory, this.#view, IO.value, IO.value + IO_BYTES.value);
  }
}
