/** View tags of many outputs with one view secret. */
import { equalBytes } from '../bytes.js';
import { failCrypto } from '../errors.js';
import { ITEM_BYTES, type ScannedOutput } from './claims.js';
import type { Frame, KernelExports } from './instance.js';

const CONTEXT_BYTES_MAX = 256;

/** Scans within one frame: the room for an output is used again for the next. */
export class TagScanner {
  readonly #exports: KernelExports;
  readonly #frame: Frame;
  readonly #secret: number;
  readonly #key: number;
  readonly #shared: number;
  readonly #context: number;
  #ephemeralKey: Uint8Array | undefined;
  #isShared = false;

  constructor(exports: KernelExports, frame: Frame, secret: number) {
    this.#exports = exports;
    this.#frame = frame;
    this.#secret = secret;
    this.#key = frame.reserve(ITEM_BYTES);
    this.#shared = frame.reserve(ITEM_BYTES);
    this.#context = frame.reserve(CONTEXT_BYTES_MAX);
  }

  /** The shared secret, where the output's tag is the one that it gives. */
  sharedIfTagged({ ephemeralKey, context, key, viewTag }: ScannedOutput): Uint8Array | undefined {
    if (context.length > CONTEXT_BYTES_MAX)
      failCrypto(`a context has ${context.length} bytes, at most ${CONTEXT_BYTES_MAX}`);
    if (this.#ephemeralKey === undefined || !equalBytes(this.#ephemeralKey, ephemeralKey)) {
      this.#frame.write(this.#key, ephemeralKey, ITEM_BYTES, 'an ephemeral key');
      this.#isShared = this.#exports.x25519(this.#shared, this.#secret, this.#key) === 1;
      this.#ephemeralKey = ephemeralKey;
    }
    if (!this.#isShared) return undefined;
    this.#frame.write(this.#key, key, ITEM_BYTES, 'a one-time key');
    this.#frame.write(this.#context, context, context.length, 'a context');
    const tag = this.#exports.viewTag(this.#shared, this.#context, context.length, this.#key);
    return tag === viewTag ? this.#frame.read(this.#shared, ITEM_BYTES) : undefined;
  }
}
