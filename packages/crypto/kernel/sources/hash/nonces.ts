/** Nonces that are hedged (UTXO-11): from secrets, from what is signed or proven, and from fresh bytes of the caller. */
import { isZeroScalar, reduceWide } from '../group/scalar';
import { append, challenge, rekey, startTranscript } from './strobe';

const STREAM: usize = memory.data(208, 8);
const WIDE: usize = memory.data(64, 8);

/** Starts the nonces of one run; `label` is that of its purpose, `context` 32 bytes. */
export function startNonces(label: string, context: usize): void {
  startTranscript(STREAM, label);
  append(STREAM, 'context', context, 32);
}

/** Keys them with a secret scalar. */
export function addSecret(scalar: usize): void {
  rekey(STREAM, 'secret', scalar, 32);
}

/** Keys them with the caller's 64 fresh bytes; then they may be drawn. */
export function addFresh(fresh: usize): void {
  rekey(STREAM, 'fresh', fresh, 64);
}

/** The next nonce. Only a zero, which is as likely as a guessed key, takes another draw. */
export function nextNonce(r: usize): void {
  do {
    challenge(STREAM, 'nonce', WIDE, 64);
    reduceWide(r, WIDE);
  } while (isZeroScalar(r) !== 0);
}
