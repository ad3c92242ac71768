/** The verifier of ring signatures, member after member: each challenge needs the node before it. */
import { equalBytes } from '../../bytes.js';
import { closeRings, nodeChallenge, type RingNode, startChallenge } from './challenges.js';
import { encodeNode, nodeOf } from './node.js';
import { INPUTS_MAX, type RingInput, type RingSignature } from './signature.js';

/**
 * Whether the signature holds for the message and all inputs (UTXO-36). Cost here: three two-point products a member, 0.2 s
 * for two inputs of 11 members.
 */
export function verifyRings(message: Uint8Array, inputs: readonly RingInput[], signature: RingSignature): boolean {
  if (!isWellFormed(inputs, signature)) return false;
  const last: RingNode<Uint8Array>[] = [];
  for (const [number, input] of inputs.entries()) {
    let e = startChallenge(message, signature.e0, number);
    for (let member = 0; ; member++) {
      if (e === 0n) return false;
      const node = encodeNode(nodeOf(input, member, e, signature.responses[number]![member]!));
      if (member === input.ring.length - 1) {
        last.push(node);
        break;
      }
      e = nodeChallenge(message, number, member + 1, node);
    }
  }
  return equalBytes(closeRings(message, last), signature.e0);
}

/** Shapes agree, and no key, image or pseudo-output is the identity. */
export function isWellFormed(inputs: readonly RingInput[], { responses }: RingSignature): boolean {
  if (inputs.length === 0 || inputs.length > INPUTS_MAX || responses.length !== inputs.length) return false;
  return inputs.every(
    ({ ring, image, pseudoOutput }, number) =>
      ring.length > 0 &&
      responses[number]!.length === ring.length &&
      !image.is0() &&
      !pseudoOutput.is0() &&
      ring.every(({ key }) => !key.is0()),
  );
}
