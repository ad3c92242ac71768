/**
 * The fast implementation of private transfers: one WebAssembly instance, to be made once for each worker. Everything goes in
 * and out as bytes, in the encodings of docs/spec/private-transfers.md. It agrees with the reference in ../private on every
 * input, which tests compare; the reference decides where they would differ.
 *
 * Secrets: the methods whose names say "secret", and those that prove, sign and scan, do the same steps and read the same
 * addresses for all secrets, and clear the memory afterwards. WebAssembly gives no guarantee beyond that: an engine may
 * translate a mask into a branch, and it keeps what was in registers.
 */
import { failCrypto } from '../errors.js';
import {
  type FixedPoints,
  ITEM_BYTES,
  isRingClaim,
  type KernelHintedClaim,
  type KernelOpening,
  type KernelRangeClaim,
  type KernelRingClaim,
  type KernelRingInput,
  type KernelSpendSecrets,
  MEMBER_BYTES,
  NODE_BYTES,
  putInputs,
  putValues,
  ringSizeOf,
  type ScannedOutput,
  type TaggedOutput,
} from './claims.js';
import { compileKernel, type Frame, KernelInstance } from './instance.js';
import { TagScanner } from './tag-scanner.js';
import { KernelTranscript } from './transcript.js';

const WIDE_BYTES = 64;
/** Bits and values of one range proof, as the reference allows them. */
const BITS: readonly number[] = [8, 16, 32, 64];
const VALUES_MAX = 16;
const CLAIMS_MAX = 256;
const FIXED_ITEMS = 9;
const FRESH_BYTES = 64;
const SIGNING_FAULTS: readonly string[] = [
  'not the key of that member',
  'its pseudo-output does not hold the value of that member',
  'not its key image',
  'a member or the image is no point',
];

/** The operations. Make it with {@link PrivateKernel.create}. */
export class PrivateKernel {
  readonly #instance: KernelInstance;
  readonly #bits: number;
  /** Values that its vectors of generators reach for. */
  readonly parties: number;

  private constructor(instance: KernelInstance, bits: number, parties: number) {
    this.#instance = instance;
    this.#bits = bits;
    this.parties = parties;
  }

  /**
   * An instance of its own, with tables for the given points. `module` is what {@link compileKernel} gives; without it the kernel
   * is compiled here. Cost: about 0.1 ms for each point.
   * @throws CryptoError for an encoding that is no point, and for vectors of different lengths.
   */
  static async create(fixed: FixedPoints, module?: object): Promise<PrivateKernel> {
    const { bits, valueBase, blindingBase, g, h } = fixed;
    if (!BITS.includes(bits) || g.length !== h.length || g.length % bits !== 0) {
      failCrypto(`cannot make a kernel: ${g.length} and ${h.length} generators for values of ${bits} bits`);
    }
    const points = [valueBase, blindingBase, ...g.flatMap((point, i) => [point, h[i]!])];
    const instance = await KernelInstance.create(module ?? (await compileKernel()), points.length + 1);
    instance.use((frame) => {
      const at = frame.putAll(points, ITEM_BYTES, 'a generator');
      points.forEach((_, i) => {
        if (instance.exports.setFixed(i + 1, at + ITEM_BYTES * i) === 0) {
          failCrypto(`cannot make a kernel: fixed point ${i} is no encoding of a point`);
        }
      });
    });
    return new PrivateKernel(instance, bits, g.length / bits);
  }

  /** Starts a Merlin transcript with its label. */
  transcript(label: string): KernelTranscript {
    return KernelTranscript.start(this.#instance, label);
  }

  /** What 32 bytes are. @throws CryptoError for another length. */
  classifyPoint(bytes: Uint8Array): 'no point' | 'identity' | 'point' {
    const kind = this.#public((frame) => this.#exports.checkPoint(frame.put(bytes, ITEM_BYTES, 'a point')));
    return kind === 0 ? 'no point' : kind === 1 ? 'point' : 'identity';
  }

  /** The point of 64 uniform bytes: the one-way map of RFC 9496. */
  pointFromUniform(bytes: Uint8Array): Uint8Array {
    return this.#output((frame, output) => {
      this.#exports.mapUniform(output, frame.put(bytes, WIDE_BYTES, 'uniform bytes'));
      return 1;
    }, 'cannot map to a point');
  }

  /** Hp(P), from a one-time key (UTXO-8). */
  imageBase(key: Uint8Array): Uint8Array {
    return this.#output((frame, output) => {
      this.#exports.hashKey(output, frame.put(key, ITEM_BYTES, 'a one-time key'));
      return 1;
    }, 'cannot hash to the group');
  }

  /** Whether 32 bytes are a scalar below the group's order. */
  isScalar(bytes: Uint8Array): boolean {
    return this.#public((frame) => this.#exports.isCanonical(frame.put(bytes, ITEM_BYTES, 'a scalar'))) === 1;
  }

  /** a + b mod L. May be secret. */
  addScalars(a: Uint8Array, b: Uint8Array): Uint8Array {
    return this.#ofScalars(a, b, this.#exports.addScalars);
  }

  /** a - b mod L. May be secret. */
  subtractScalars(a: Uint8Array, b: Uint8Array): Uint8Array {
    return this.#ofScalars(a, b, this.#exports.subtractScalars);
  }

  /** a·b mod L. May be secret. */
  multiplyScalars(a: Uint8Array, b: Uint8Array): Uint8Array {
    return this.#ofScalars(a, b, this.#exports.multiplyScalars);
  }

  /** 1/a mod L. May be secret. @throws CryptoError for zero. */
  invertScalar(a: Uint8Array): Uint8Array {
    return this.#secretOutput(
      (frame, output) => this.#exports.invertScalar(output, this.#putScalar(frame, a)),
      'cannot invert a scalar: it is zero',
    );
  }

  /** 64 bytes mod L. May be secret. */
  reduceWide(bytes: Uint8Array): Uint8Array {
    return this.#secretOutput((frame, output) => {
      this.#exports.reduceWide(output, frame.put(bytes, WIDE_BYTES, 'uniform bytes'));
      return 1;
    }, 'cannot reduce to a scalar');
  }

  /** Σ scalars[i]·points[i]. Variable time: never for secrets. */
  sumOfProducts(points: readonly Uint8Array[], scalars: readonly Uint8Array[]): Uint8Array {
    const most = this.#exports.TERMS_MAX.value;
    if (points.length !== scalars.length || points.length > most) {
      failCrypto(`cannot sum ${points.length} points with ${scalars.length} scalars: as many, and at most ${most}`);
    }
    return this.#output((frame, output) => {
      const atPoints = frame.putAll(points, ITEM_BYTES, 'a point');
      return this.#exports.sum(output, atPoints, frame.putAll(scalars, ITEM_BYTES, 'a scalar'), points.length);
    }, 'cannot sum products: a point or a scalar is not canonical');
  }

  /** scalar·point for a secret scalar. */
  multiplySecret(point: Uint8Array, scalar: Uint8Array): Uint8Array {
    return this.#secretOutput((frame, output) => {
      const at = frame.put(point, ITEM_BYTES, 'a point');
      return this.#exports.multiplySecretly(output, at, frame.put(scalar, ITEM_BYTES, 'a scalar'));
    }, 'cannot multiply: the point or the scalar is not canonical');
  }

  /** scalar·G for a secret scalar. */
  multiplyBaseSecret(scalar: Uint8Array): Uint8Array {
    return this.#secretOutput(
      (frame, output) => this.#exports.multiplyBaseSecretly(output, frame.put(scalar, ITEM_BYTES, 'a scalar')),
      'cannot multiply: the scalar is not canonical',
    );
  }

  /** Whether one range claim holds. Deterministic. */
  verifyRange(claim: KernelRangeClaim): boolean {
    return this.#verifyRanges([claim], new Uint8Array(ITEM_BYTES));
  }

  /**
   * Whether all claims hold; `fresh` is 32 bytes of the host's cryptographic generator. A false verdict does not say which one
   * fails.
   */
  verifyRanges(claims: readonly KernelRangeClaim[], fresh: Uint8Array): boolean {
    if (claims.length === 0) return true;
    return this.#verifyRanges(claims, fresh);
  }

  /** Whether a ring signature holds (UTXO-36). */
  verifyRings(claim: KernelRingClaim): boolean {
    return isRingClaim(claim) && this.#public((frame) => this.#verifyRings(frame, claim));
  }

  /** The hints of a ring signature (UTXO-37), which its verification gives on the way; undefined where it does not hold. */
  makeHints(claim: KernelRingClaim): Uint8Array | undefined {
    if (!isRingClaim(claim)) return undefined;
    const size = NODE_BYTES * claim.inputs.length * ringSizeOf(claim.inputs);
    return this.#public((frame) =>
      this.#verifyRings(frame, claim) ? frame.read(this.#exports.NODES.value, size) : undefined,
    );
  }

  /** True: all signatures hold. False: unknown; verify each without hints (UTXO-37). `fresh` as in {@link verifyRanges}. */
  verifyHinted(claims: readonly KernelHintedClaim[], fresh: Uint8Array): boolean {
    if (claims.length === 0) return true;
    let terms = 0;
    for (const claim of claims) {
      const members = claim.inputs.length * ringSizeOf(claim.inputs);
      if (!isRingClaim(claim) || claim.hints.length !== NODE_BYTES * members) return false;
      terms += 6 * members + 2 * claim.inputs.length;
    }
    this.#checkTerms(terms, `${claims.length} signatures`);
    return this.#public((frame) => {
      const records = claims.flatMap(({ message, inputs, signature, hints }) => {
        const at = putInputs(frame, message, inputs);
        const atSignature = frame.putAny(signature);
        const addresses = [at.message, at.members, at.images, at.pseudos, atSignature, frame.putAny(hints)];
        return [...addresses, inputs.length, ringSizeOf(inputs)];
      });
      const atFresh = frame.put(fresh, ITEM_BYTES, 'fresh bytes');
      return this.#exports.verifyHinted(frame.putNumbers(...records), claims.length, atFresh) === 1;
    });
  }

  /**
   * Proves that values are in range, for the commitments that the openings give. `fresh` is 64 bytes of the host's generator. The
   * same bytes as the reference's prover for the same `fresh`. @throws CryptoError for a value or a blinding out of range.
   */
  proveRange(transcript: KernelTranscript, openings: readonly KernelOpening[], fresh: Uint8Array): Uint8Array {
    const size = ITEM_BYTES * (FIXED_ITEMS + 2 * this.#roundsOf(openings.length));
    return this.#instance.useSecretly((frame) => {
      const values = putValues(
        frame,
        openings.map(({ value }) => value),
      );
      const blindings = openings.map(({ blinding }) => blinding);
      const atBlindings = frame.putAll(blindings, ITEM_BYTES, 'a blinding');
      const atFresh = frame.put(fresh, FRESH_BYTES, 'fresh bytes');
      const proof = frame.reserve(size);
      const { proveRange } = this.#exports;
      if (proveRange(transcript.put(frame), this.#bits, openings.length, values, atBlindings, atFresh, proof) === 0) {
        failCrypto(`cannot prove a range: a value is not below 2^${this.#bits}, or a blinding is not canonical`);
      }
      return frame.read(proof, size);
    }, true);
  }

  /**
   * Signs for all inputs at once (UTXO-35); `fresh` as in {@link proveRange}. The same bytes as the reference's signer for the
   * same `fresh`. @throws CryptoError where a secret does not belong to its input.
   */
  signRings(
    message: Uint8Array,
    inputs: readonly KernelRingInput[],
    secrets: readonly KernelSpendSecrets[],
    fresh: Uint8Array,
  ): Uint8Array {
    const ringSize = ringSizeOf(inputs);
    const isShaped = ringSize > 0 && secrets.length === inputs.length;
    if (!isShaped || secrets.some(({ index }) => !Number.isInteger(index) || index < 0 || index >= ringSize)) {
      failCrypto(`cannot sign ${inputs.length} inputs: rings of one size, and for each a secret of one of its members`);
    }
    const size = ITEM_BYTES + MEMBER_BYTES * inputs.length * ringSize;
    return this.#instance.useSecretly((frame) => {
      const at = putInputs(frame, message, inputs);
      const scalars = secrets.flatMap(({ secret, blindingDifference }) => [secret, blindingDifference]);
      const atSecrets = frame.putAll(scalars, ITEM_BYTES, 'a secret');
      const indices = frame.putNumbers(...secrets.map(({ index }) => index));
      const atFresh = frame.put(fresh, FRESH_BYTES, 'fresh bytes');
      const signature = frame.reserve(size);
      const lists = [at.message, inputs.length, ringSize, at.members, at.images, at.pseudos] as const;
      const fault = this.#exports.signRings(...lists, atSecrets, indices, atFresh, signature);
      if (fault > 0) failCrypto(`cannot sign input ${(fault - 1) >> 2}: ${SIGNING_FAULTS[(fault - 1) & 3]}`);
      return frame.read(signature, size);
    }, true);
  }

  /** X25519 of a secret; undefined for a key of low order. */
  agree(secret: Uint8Array, publicKey: Uint8Array): Uint8Array | undefined {
    return this.#instance.useSecretly((frame) => {
      const output = frame.reserve(ITEM_BYTES);
      const atSecret = frame.put(secret, ITEM_BYTES, 'a view secret');
      const isShared = this.#exports.x25519(output, atSecret, frame.put(publicKey, ITEM_BYTES, 'a public key'));
      return isShared === 1 ? frame.read(output, ITEM_BYTES) : undefined;
    });
  }

  /** The outputs whose view tags fit a view secret; the caller opens them. Outputs that follow each other may share a key. */
  scan(viewSecret: Uint8Array, outputs: readonly ScannedOutput[]): TaggedOutput[] {
    return this.#instance.useSecretly((frame) => {
      const secret = frame.put(viewSecret, ITEM_BYTES, 'a view secret');
      const scanner = new TagScanner(this.#exports, frame, secret);
      return outputs.flatMap((output, index) => {
        const shared = scanner.sharedIfTagged(output);
        return shared === undefined ? [] : [{ index, shared }];
      });
    });
  }

  get #exports() {
    return this.#instance.exports;
  }

  #public<T>(work: (frame: Frame) => T): T {
    return this.#instance.use(work);
  }

  #output(work: (frame: Frame, output: number) => number, complaint: string): Uint8Array {
    return this.#public((frame) => readOutput(frame, work, complaint));
  }

  #secretOutput(work: (frame: Frame, output: number) => number, complaint: string): Uint8Array {
    return this.#instance.useSecretly((frame) => readOutput(frame, work, complaint));
  }

  #putScalar(frame: Frame, scalar: Uint8Array): number {
    const at = frame.put(scalar, ITEM_BYTES, 'a scalar');
    if (this.#exports.isCanonical(at) === 0) failCrypto('cannot take a scalar: not below the order of the group');
    return at;
  }

  #ofScalars(a: Uint8Array, b: Uint8Array, operation: (output: number, a: number, b: number) => void): Uint8Array {
    return this.#secretOutput((frame, output) => {
      operation(output, this.#putScalar(frame, a), this.#putScalar(frame, b));
      return 1;
    }, 'cannot compute with scalars');
  }

  #verifyRings(frame: Frame, { message, inputs, signature }: KernelRingClaim): boolean {
    const at = putInputs(frame, message, inputs);
    const lists = [at.message, inputs.length, ringSizeOf(inputs), at.members, at.images, at.pseudos] as const;
    return this.#exports.verifyRings(...lists, frame.putAny(signature)) === 1;
  }

  #verifyRanges(claims: readonly KernelRangeClaim[], fresh: Uint8Array): boolean {
    if (claims.length > CLAIMS_MAX)
      failCrypto(`cannot verify ${claims.length} range proofs at once: at most ${CLAIMS_MAX}`);
    let terms = 0;
    for (const { commitments, proof } of claims) {
      const rounds = this.#roundsOf(commitments.length);
      if (proof.length !== ITEM_BYTES * (FIXED_ITEMS + 2 * rounds)) return false;
      terms += 4 + 2 * rounds + commitments.length;
    }
    const most = this.#exports.TERMS_MAX.value;
    if (terms > most)
      failCrypto(`cannot verify ${claims.length} range proofs at once: ${terms} points, at most ${most}`);
    return this.#public((frame) => {
      const records = claims.flatMap(({ transcript, commitments, proof }) => [
        transcript.put(frame),
        frame.putAll(commitments, ITEM_BYTES, 'a commitment'),
        frame.putAny(proof),
        this.#bits,
        commitments.length,
      ]);
      const at = frame.put(fresh, ITEM_BYTES, 'fresh bytes');
      return this.#exports.verifyRanges(frame.putNumbers(...records), claims.length, at) === 1;
    });
  }

  #checkTerms(terms: number, what: string): void {
    const most = this.#exports.TERMS_MAX.value;
    if (terms > most) failCrypto(`cannot verify ${what} at once: ${terms} points, at most ${most}`);
  }

  /** Halvings of a proof. @throws CryptoError for a number of values that no proof has, or without generators. */
  #roundsOf(parties: number): number {
    const isPower = parties >= 1 && parties <= VALUES_MAX && (parties & (parties - 1)) === 0;
    if (!isPower) failCrypto(`no range proof has ${parties} values: 1, 2, 4, 8 or 16`);
    if (parties > this.parties)
      failCrypto(`generators for ${this.parties} values do not reach for a proof of ${parties}`);
    return Math.log2(this.#bits * parties);
  }
}

function readOutput(frame: Frame, work: (frame: Frame, output: number) => number, complaint: string): Uint8Array {
  const output = frame.reserve(ITEM_BYTES);
  if (work(frame, output) === 0) failCrypto(complaint);
  return frame.read(output, ITEM_BYTES);
}
