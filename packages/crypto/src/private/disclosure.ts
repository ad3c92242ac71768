/**
 * Showing one payment and nothing else (UTXO-60 to UTXO-63): the secret of one output, a proof that one owns it, a proof that
 * a key image is or is not its own, and the seal for an auditor.
 */
import { equalBytes } from '../bytes.js';
import { keyOffset, type OutputKind } from './address/derivations.js';
import { openWithSecret, type PrivateOutput } from './address/output.js';
import { agree } from './address/wallet-keys.js';
import { seal, unseal } from './chacha20-poly1305.js';
import {
  BASE,
  decodePoint,
  encodePoint,
  modOrder,
  multiplySecret,
  type Point,
  type Scalar,
  sumOfProducts,
} from './group.js';
import { imageBase } from './key-image.js';
import { hedgedNonces, type RandomSource } from './randomness.js';
import { Transcript } from './transcript.js';

/** What the secret of an output shows to whoever has it. */
export type DisclosedOutput = {
  readonly amount: bigint;
  readonly blinding: Scalar;
  readonly kind: OutputKind;
  /** K_s of the address that was paid: compare it with the address that is claimed. */
  readonly spendKey: Uint8Array;
};

/**
 * Reads an output with its secret (sctx); undefined where the secret is not this output's (UTXO-60). A secret that fits an
 * address's spend key cannot be made up: it would need a hash that hits one given value.
 */
export function readDisclosure(secret: Uint8Array, output: PrivateOutput, index: number): DisclosedOutput | undefined {
  const offset = keyOffset(secret, output.commitment, index);
  const spendKey = encodePoint(decodePoint(output.key).subtract(multiplySecret(BASE, offset)));
  for (const kind of ['payment', 'change'] as const) {
    const opening = openWithSecret(secret, output, kind, index);
    if (opening !== undefined) return { ...opening, kind, spendKey };
  }
  return undefined;
}

/** Seals an output's secret for an auditor's X25519 key: 48 bytes (UTXO-63). A secret path. */
export function sealForAuditor(
  auditorKey: Uint8Array,
  ephemeralSecret: Uint8Array,
  ephemeralKey: Uint8Array,
  output: PrivateOutput,
  secret: Uint8Array,
): Uint8Array | undefined {
  const shared = agree(ephemeralSecret, auditorKey);
  return shared && seal(auditorSealKey(shared, ephemeralKey, output), secret, output.commitment);
}

/** The secret in an auditor's seal; undefined where it was not made for this auditor or this output. A secret path. */
export function openAuditorSeal(
  auditorSecret: Uint8Array,
  ephemeralKey: Uint8Array,
  output: PrivateOutput,
  sealed: Uint8Array,
): Uint8Array | undefined {
  const shared = agree(auditorSecret, ephemeralKey);
  return shared && unseal(auditorSealKey(shared, ephemeralKey, output), sealed, output.commitment);
}

/** A proof of knowing one logarithm, equal for several bases (Schnorr for one, Chaum-Pedersen for two). */
export type LogarithmProof = { readonly challenge: Scalar; readonly response: Scalar };

/** What is proven: points[i] = x·bases[i] for one x. */
type LogarithmStatement = { readonly bases: readonly Point[]; readonly points: readonly Point[] };

/** "The owner of this output says `message`" (UTXO-61). */
export function ownershipStatement(key: Point): LogarithmStatement {
  return { bases: [BASE], points: [key] };
}

/** "This is the key image of this output": it shows whether, and by which transfer, the output was spent (UTXO-62). */
export function imageStatement(key: Point, image: Point): LogarithmStatement {
  return { bases: [BASE, imageBase(key)], points: [key, image] };
}

/** Proves a statement, bound to a message. A secret path. */
export function proveLogarithm(
  statement: LogarithmStatement,
  secret: Scalar,
  message: Uint8Array,
  random: RandomSource,
): LogarithmProof {
  const nonce = hedgedNonces(random, 'logarithm', contextOf(statement, message), [secret]).scalar();
  const challenge = challengeOf(
    statement,
    message,
    statement.bases.map((base) => multiplySecret(base, nonce)),
  );
  return { challenge, response: modOrder(nonce - challenge * secret) };
}

/** Whether a proof holds for a statement and a message. */
export function verifyLogarithm(statement: LogarithmStatement, message: Uint8Array, proof: LogarithmProof): boolean {
  const { bases, points } = statement;
  if (points.some((point) => point.is0())) return false;
  const commitments = bases.map((base, i) => sumOfProducts([base, points[i]!], [proof.response, proof.challenge]));
  return challengeOf(statement, message, commitments) === proof.challenge;
}

/** Whether an address's spend key is the disclosed one. */
export function paidTo(disclosed: DisclosedOutput, spendKey: Uint8Array): boolean {
  return equalBytes(disclosed.spendKey, spendKey);
}

function auditorSealKey(shared: Uint8Array, ephemeralKey: Uint8Array, { key }: PrivateOutput): Uint8Array {
  return new Transcript('SnapScale/v1/auditor')
    .append('shared', shared)
    .append('D_e', ephemeralKey)
    .append('P', key)
    .challengeBytes('key', 32);
}

function statementTranscript({ bases, points }: LogarithmStatement, message: Uint8Array): Transcript {
  const transcript = new Transcript('SnapScale/v1/logarithm').append('msg', message).appendU64('count', bases.length);
  for (const [i, base] of bases.entries()) transcript.appendPoint('base', base).appendPoint('point', points[i]!);
  return transcript;
}

function contextOf(statement: LogarithmStatement, message: Uint8Array): Uint8Array {
  return statementTranscript(statement, message).challengeBytes('context', 32);
}

function challengeOf(statement: LogarithmStatement, message: Uint8Array, commitments: readonly Point[]): Scalar {
  const transcript = statementTranscript(statement, message);
  for (const commitment of commitments) transcript.appendPoint('commitment', commitment);
  return transcript.challengeScalar('challenge');
}
