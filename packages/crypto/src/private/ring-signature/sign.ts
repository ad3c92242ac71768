/** The signer of a ring signature. A secret path: which member is spent, its key, and the difference of the blindings. */
import { equalBytes } from '../../bytes.js';
import { failCrypto } from '../../errors.js';
import { BASE, encodePoint, modOrder, multiplySecret, type Point, type Scalar } from '../group.js';
import { imageBase } from '../key-image.js';
import { hedgedNonces, type NonceSource, type RandomSource } from '../randomness.js';
import { closeRings, nodeChallenge, type RingNode, startChallenge } from './challenges.js';
import { encodeNode, nodeOf } from './node.js';
import type { RingInput, RingResponse, RingSignature } from './signature.js';

/** An input and what only its owner knows. */
export type SecretInput = RingInput & {
  /** Position of the spent output in the ring. */
  readonly index: number;
  /** x of its one-time key x·G. */
  readonly secret: Scalar;
  /** z of C - C' = z·G: the output's blinding less the pseudo-output's. */
  readonly blindingDifference: Scalar;
};

/** A walk through one ring: challenges are known from the spent member on, then from the first. */
type Walk = {
  readonly number: number;
  readonly input: SecretInput;
  readonly responses: RingResponse[];
  readonly nonces: RingResponse;
  readonly last: RingNode<Uint8Array>;
};

/**
 * Signs a message of 32 bytes for all inputs at once (UTXO-35). @throws CryptoError where a secret does not belong to its
 * input: signing with it would give a signature that tells something about the secret and verifies nowhere.
 */
export function signRings(options: {
  readonly message: Uint8Array;
  readonly inputs: readonly SecretInput[];
  readonly random: RandomSource;
}): RingSignature {
  const { message, inputs } = options;
  inputs.forEach(checkSecrets);
  const secrets = inputs.flatMap(({ secret, blindingDifference }) => [secret, blindingDifference]);
  const nonces = hedgedNonces(options.random, 'ring-signature', message, secrets);
  const walks = inputs.map((input, number) => walkToEnd(message, number, input, nonces));
  const e0 = closeRings(
    message,
    walks.map(({ last }) => last),
  );
  return { e0, responses: walks.map((walk) => walkFromStart(message, e0, walk)) };
}

function checkSecrets(input: SecretInput, number: number): void {
  const { ring, index, secret, blindingDifference, image, pseudoOutput } = input;
  const fail = (why: string) => failCrypto(`cannot sign input ${number}: ${why}`);
  const same = (point: Point, other: Point) => equalBytes(encodePoint(point), encodePoint(other));
  const { key, commitment } = ring[index] ?? fail(`no member ${index} in a ring of ${ring.length}`);
  if (secret === 0n || !same(multiplySecret(BASE, secret), key)) fail(`not the key of member ${index}`);
  if (!same(multiplySecret(BASE, blindingDifference), commitment.subtract(pseudoOutput))) {
    fail(`its pseudo-output does not hold the value of member ${index}`);
  }
  if (!same(multiplySecret(imageBase(key), secret), image)) fail('not its key image');
}

/** From the spent member, whose node is made of nonces, to the end of the ring. */
function walkToEnd(message: Uint8Array, number: number, input: SecretInput, source: NonceSource): Walk {
  const nonces = { s: source.scalar(), t: source.scalar() };
  const responses = input.ring.map(() => ({ s: source.scalar(), t: source.scalar() }));
  let last = encodeNode({
    l: multiplySecret(BASE, nonces.s),
    r: multiplySecret(imageBase(input.ring[input.index]!.key), nonces.s),
    m: multiplySecret(BASE, nonces.t),
  });
  for (let member = input.index + 1; member < input.ring.length; member++) {
    const e = nodeChallenge(message, number, member, last);
    last = encodeNode(nodeOf(input, member, e, responses[member]!));
  }
  return { number, input, responses, nonces, last };
}

/** From the first member to the spent one, whose responses close the ring. */
function walkFromStart(
  message: Uint8Array,
  e0: Uint8Array,
  { number, input, responses, nonces }: Walk,
): RingResponse[] {
  let e = startChallenge(message, e0, number);
  for (let member = 0; member < input.index; member++) {
    e = nodeChallenge(message, number, member + 1, encodeNode(nodeOf(input, member, e, responses[member]!)));
  }
  const closed = {
    s: modOrder(nonces.s - e * input.secret),
    t: modOrder(nonces.t - e * input.blindingDifference),
  };
  return responses.map((response, member) => (member === input.index ? closed : response));
}
