/** What the kernel verifies, proves and signs, as bytes, and how rings go into a frame. */
import { failCrypto } from '../errors.js';
import type { Frame } from './instance.js';
import type { KernelTranscript } from './transcript.js';

/** Fixed points of range proofs, encoded: two bases of commitments, and vectors for values of `bits` bits, in order of party and bit. */
export type FixedPoints = {
  readonly bits: number;
  readonly valueBase: Uint8Array;
  readonly blindingBase: Uint8Array;
  readonly g: readonly Uint8Array[];
  readonly h: readonly Uint8Array[];
};

/** A claim: the commitments hold values in range. The transcript is as the prover's was before its proof; it is not changed. */
export type KernelRangeClaim = {
  readonly transcript: KernelTranscript;
  readonly commitments: readonly Uint8Array[];
  readonly proof: Uint8Array;
};

/** Members of a ring, image and pseudo-output of one input, encoded. */
export type KernelRingInput = {
  readonly ring: readonly { readonly key: Uint8Array; readonly commitment: Uint8Array }[];
  readonly image: Uint8Array;
  readonly pseudoOutput: Uint8Array;
};

/** A ring signature over all inputs. */
export type KernelRingClaim = {
  readonly message: Uint8Array;
  readonly inputs: readonly KernelRingInput[];
  readonly signature: Uint8Array;
};

/** A ring signature with its hints: L, R and M of each member, input by input. */
export type KernelHintedClaim = KernelRingClaim & { readonly hints: Uint8Array };

/** What only the owner of an input knows. */
export type KernelSpendSecrets = {
  /** Position of the spent output in its ring. */
  readonly index: number;
  /** x of its one-time key. */
  readonly secret: Uint8Array;
  /** The output's blinding less the pseudo-output's. */
  readonly blindingDifference: Uint8Array;
};

/** The value in a commitment and its blinding. */
export type KernelOpening = { readonly value: bigint; readonly blinding: Uint8Array };

/** An output as a wallet scans it. */
export type ScannedOutput = {
  readonly ephemeralKey: Uint8Array;
  readonly context: Uint8Array;
  readonly key: Uint8Array;
  readonly viewTag: number;
};

/** An output whose tag fits: one in 256 of strangers' outputs, and all of the wallet's. */
export type TaggedOutput = { readonly index: number; readonly shared: Uint8Array };

/** Bytes of an encoded point or scalar. */
export const ITEM_BYTES = 32;
/** Bytes of a member, and of its responses. */
export const MEMBER_BYTES = 64;
/** Bytes of a hinted node. */
export const NODE_BYTES = 96;
const INPUTS_MAX = 16;
/** Members of one ring that the kernel takes; the chain's rings are smaller. */
const RING_MAX = 64;

/** Members of each ring, where the inputs are ones that the kernel takes: some, all rings alike and none empty; else 0. */
export function ringSizeOf(inputs: readonly KernelRingInput[]): number {
  const ringSize = inputs[0]?.ring.length ?? 0;
  const isShaped = inputs.length <= INPUTS_MAX && ringSize <= RING_MAX;
  return isShaped && inputs.every(({ ring }) => ring.length === ringSize) ? ringSize : 0;
}

/** Whether sizes and numbers are those of a signature. */
export function isRingClaim({ inputs, signature }: KernelRingClaim): boolean {
  const ringSize = ringSizeOf(inputs);
  return ringSize > 0 && signature.length === ITEM_BYTES + MEMBER_BYTES * inputs.length * ringSize;
}

/** Copies message and inputs into a frame; their addresses. */
export function putInputs(frame: Frame, message: Uint8Array, inputs: readonly KernelRingInput[]) {
  const members = inputs.flatMap(({ ring }) => ring.flatMap(({ key, commitment }) => [key, commitment]));
  const images = inputs.map(({ image }) => image);
  const pseudos = inputs.map(({ pseudoOutput }) => pseudoOutput);
  return {
    message: frame.put(message, ITEM_BYTES, 'a message to be signed'),
    members: frame.putAll(members, ITEM_BYTES, 'a key or a commitment'),
    images: frame.putAll(images, ITEM_BYTES, 'a key image'),
    pseudos: frame.putAll(pseudos, ITEM_BYTES, 'a pseudo-output'),
  };
}

/** Eight bytes each, little-endian. @throws CryptoError for a value that is no unsigned 64-bit number. */
export function putValues(frame: Frame, values: readonly bigint[]): number {
  const bytes = new Uint8Array(8 * values.length);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => {
    if (value < 0n || value >= 2n ** 64n) failCrypto('cannot prove a range: a value is not an unsigned 64-bit number');
    view.setBigUint64(8 * i, value, true);
  });
  const at = frame.putAny(bytes);
  bytes.fill(0);
  return at;
}
