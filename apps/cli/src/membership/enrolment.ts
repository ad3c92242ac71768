/** Asking a CA for a certificate, from the new key to the certificate in hand. */
import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { type ApplicationAnswer, type CertificateApplication, isNodeOf } from '@snapscale/api';
import { formatPublicKey, generatePrivateKey, type PrivateKey, publicKeyOf } from '@snapscale/crypto';
import { createRequest, encodePem, privateKeyPem, signerOf } from '@snapscale/sdk/certificates';
import { CommandError, exitCodes } from '../program/failures.js';
import type { Session } from '../program/session.js';
import type { CaClient } from './ca-client.js';

/** Between two looks at the CA. */
const POLL_MS = 1500;

/** What is asked for. */
export type Wish = Omit<CertificateApplication, 'request'>;

/** A new key for a certificate. @param type R1 (P-256) for TLS and tokens, K1 (secp256k1) for tokens alone */
export function newSubjectKey(type: 'R1' | 'K1' = 'R1'): PrivateKey {
  return generatePrivateKey(type, randomBytes(32));
}

/** The key as files hold it. */
export function pemOf(key: PrivateKey): string {
  return privateKeyPem(key);
}

/** `PUB_R1_…` of a private key. */
export function publicKeyText(key: PrivateKey): string {
  return formatPublicKey(publicKeyOf(key));
}

/** The name of a node as an organisation may give it. Says so where it is not what was typed. */
export function nodeOf(session: Session, organisation: string, node: string): string {
  if (isNodeOf(organisation, node)) return node;
  const name = `${organisation}-${node}`;
  session.output.note(`The names of the nodes of ${organisation} begin with its account: this one is ${name}.`);
  return name;
}

/** A request (PKCS#10 in PEM) for a key, with the names that it is to have. */
export async function requestFor(key: PrivateKey, organisation: string, wish: Wish): Promise<string> {
  const { node, account, roles, hosts } = wish;
  const der = await createRequest(signerOf(key), { organisation, node, account, roles, hosts });
  return encodePem('CERTIFICATE REQUEST', der);
}

/** Sends a request. @throws CommandError when it is refused at once */
export async function applyAt(
  ca: CaClient,
  organisation: string,
  key: PrivateKey,
  wish: Wish,
): Promise<ApplicationAnswer> {
  const request = await requestFor(key, organisation, wish);
  return settled(await ca.apply(organisation, { ...wish, request }));
}

/**
 * Waits until a request is decided. @returns the last answer: `waiting` when the time is over
 * @throws CommandError when it is refused
 */
export async function untilDecided(
  session: Session,
  ca: CaClient,
  organisation: string,
  first: ApplicationAnswer,
  timeoutMs: number,
): Promise<ApplicationAnswer> {
  let answer = first;
  if (answer.status !== 'waiting') return settled(answer);
  const stop = session.output.progress(`Waiting for an operator of ${organisation}`, answer.reason ?? '');
  const began = performance.now();
  try {
    while (answer.status === 'waiting' && performance.now() - began < timeoutMs && !session.signal.aborted) {
      await wait(POLL_MS, undefined, { signal: session.signal }).catch(() => undefined);
      if (session.signal.aborted) break;
      answer = await ca.request(organisation, answer.id);
    }
  } finally {
    stop();
  }
  return settled(answer);
}

function settled(answer: ApplicationAnswer): ApplicationAnswer {
  if (answer.status !== 'refused') return answer;
  throw new CommandError(
    'application_refused',
    exitCodes.unauthorized,
    `the CA refused the request: ${answer.reason ?? 'no reason was given'}`,
    'Another one needs an invitation, or a word with its operator.',
    { values: { request: answer.id } },
  );
}
