/**
 * The ring signature of a transfer: two-row Borromean over all inputs with one e0 (UTXO-30 to UTXO-36). Types and bytes:
 * e0 | s_00 | t_00 | s_01 | t_01 | …, input by input, member by member, 32 bytes each.
 */
import { concatBytes } from '../../bytes.js';
import { failCrypto } from '../../errors.js';
import { decodeScalar, encodeScalar, type Point, type Scalar } from '../group.js';

/** Sizes of rings that the chain allows; one of them is in force. */
export const RING_SIZES: readonly number[] = [11, 16, 32];

/** Inputs of one signature at most. */
export const INPUTS_MAX = 16;

/** An output that may be the one that is spent: its one-time key and its commitment. */
export type RingMember = { readonly key: Point; readonly commitment: Point };

/** What is claimed of an input: one member's key has this image, and the same member's value is in the pseudo-output. */
export type RingInput = { readonly ring: readonly RingMember[]; readonly image: Point; readonly pseudoOutput: Point };

/** Responses of one member: s for the key row, t for the commitment row. */
export type RingResponse = { readonly s: Scalar; readonly t: Scalar };

/** A decoded signature. */
export type RingSignature = { readonly e0: Uint8Array; readonly responses: readonly (readonly RingResponse[])[] };

const E0_BYTES = 32;
const RESPONSE_BYTES = 64;

/** Bytes of a signature. */
export function ringSignatureBytes(inputs: number, ringSize: number): number {
  return E0_BYTES + RESPONSE_BYTES * inputs * ringSize;
}

/** Reads a signature; the length is checked first. @throws CryptoError also for a scalar of L and above. */
export function decodeRingSignature(bytes: Uint8Array, inputs: number, ringSize: number): RingSignature {
  const expected = ringSignatureBytes(inputs, ringSize);
  if (bytes.length !== expected) {
    failCrypto(`cannot read a ring signature of ${inputs} inputs: ${bytes.length} bytes, not ${expected}`);
  }
  const scalar = (index: number) => decodeScalar(bytes.subarray(E0_BYTES + 32 * index, E0_BYTES + 32 * index + 32));
  const response = (index: number): RingResponse => ({ s: scalar(2 * index), t: scalar(2 * index + 1) });
  return {
    e0: bytes.slice(0, E0_BYTES),
    responses: Array.from({ length: inputs }, (_, input) =>
      Array.from({ length: ringSize }, (_member, member) => response(input * ringSize + member)),
    ),
  };
}

/** The bytes of a signature. */
export function encodeRingSignature({ e0, responses }: RingSignature): Uint8Array {
  return concatBytes(
    e0,
    ...responses.flatMap((ring) => ring.flatMap(({ s, t }) => [encodeScalar(s), encodeScalar(t)])),
  );
}
