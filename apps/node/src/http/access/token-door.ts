/**
 * The token door: `Authorization: Bearer` with a token that the client made for this one request (docs/spec/access.md). The checks
 * are in the order of ACC-6, in two parts, since what the body is worth shows only when it has arrived.
 */
import { createHash, verify } from 'node:crypto';
import {
  type AccessClaims,
  type AccessToken,
  checkTokenClaims,
  isEncryptedToken,
  parseAccessToken,
} from '@snapscale/api/identity';
import type { Admission } from '../../admission/admission.js';
import { BoundedMap } from '../../admission/bounded-map.js';
import type { AdmittedMember } from '../../admission/verdict.js';
import { admit, type Refused, refused } from './admit.js';
import type { FutureTokens } from './future-tokens.js';
import type { NodeKeys } from './node-keys.js';
import { ReplayCache } from './replay-cache.js';

/** The head of a request, as it came. */
export type RequestHead = {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
};

/** A token that is in order as far as the head of the request shows. */
export type BegunToken = {
  readonly kind: 'begun';
  readonly member: AdmittedMember;
  readonly chain: readonly Uint8Array[];
  readonly claims: AccessClaims;
};

/** Chains that tokens may name by hash, some 2 KB each. Only those of tokens that were in order get in. */
const CHAINS_MAX = 8192;

const algorithms: Readonly<Record<string, string>> = { prime256v1: 'ES256', secp256k1: 'ES256K' };

export class TokenDoor {
  readonly #admission: Pick<Admission, 'check'>;
  readonly #keys: NodeKeys;
  readonly #nowMs: () => number;
  readonly #startedSec: number;
  readonly #chains = new BoundedMap<readonly Uint8Array[]>(CHAINS_MAX);
  readonly #replays = new ReplayCache();
  readonly #futures: FutureTokens | undefined;

  /** @param futures undefined for a door that remembers nothing after a restart */
  constructor(admission: Pick<Admission, 'check'>, keys: NodeKeys, nowMs: () => number, futures?: FutureTokens) {
    this.#admission = admission;
    this.#keys = keys;
    this.#nowMs = nowMs;
    this.#startedSec = Math.floor(nowMs() / 1000);
    this.#futures = futures;
  }

  /**
   * All checks but those of body, freshness and replay. Never rejects. Cost: one signature; that of the chain when it was not
   * seen lately; opening it when it is encrypted.
   */
  async begin(text: string, request: RequestHead): Promise<BegunToken | Refused> {
    if (!isEncryptedToken(text)) return this.#begin(text, request);
    const opened = await this.#keys.decrypt(text);
    if (opened === undefined) {
      return refused('malformed', 'the token is encrypted, but not to the key of this node by ECDH-ES and A256GCM');
    }
    return this.#begin(opened, request);
  }

  /** What is left, with the body's bytes. Undefined: the token is in order, and used up. */
  complete({ member, claims }: BegunToken, request: RequestHead, body: Uint8Array): Refused | undefined {
    const nowSec = this.#nowMs() / 1000;
    switch (this.#checkClaims(claims, request, createHash('sha256').update(body).digest('base64url'), nowSec)) {
      case 'audience':
        return refused('audience');
      case 'request':
        return refused('request', 'the token was made for another body: digest is not its SHA-256');
      case 'freshness':
        return refused(
          'freshness',
          `the token is too old, from the future, or made to last too long: the clock here shows ${Math.floor(nowSec)}`,
        );
    }
    // ACC-12: what was used before the start is not remembered.
    if (claims.iat < this.#startedSec || claims.iat <= (this.#futures?.untilSec ?? 0)) {
      return refused('freshness', 'the token is older than the start of this node');
    }
    switch (this.#replays.use(member.digest, claims.jti, claims.exp, Math.floor(nowSec))) {
      case 'new':
        return this.#futures?.use(claims.iat, nowSec) === false
          ? refused('freshness', 'the token is from the future, and the node cannot note that it was used')
          : undefined;
      case 'replayed':
        return refused('replayed');
      case 'full':
        return refused('rate_limited', 'too many tokens of this certificate have not expired yet');
    }
  }

  #begin(text: string, request: RequestHead): BegunToken | Refused {
    const reading = parseAccessToken(text);
    if (reading.kind === 'refused') return refused(reading.code, reading.detail);
    const { token } = reading;
    const { certificate, claims } = token;
    const chain = certificate.kind === 'chain' ? certificate.chain : this.#chains.get(certificate.hash);
    if (chain === undefined) {
      return refused('certificate_chain', 'no certificate with this x5t#S256 was seen lately: send it in x5c');
    }
    const member = admit(this.#admission.check(chain));
    if ('kind' in member) return member;
    const wrong = checkSignature(token, member);
    if (wrong !== undefined) return wrong;
    switch (this.#checkClaims(claims, request, claims.digest, this.#nowMs() / 1000)) {
      case 'audience':
        return refused('audience');
      case 'request':
        return refused('request', 'the token was made for another method (htm) or another path and query (htu)');
    }
    if (certificate.kind === 'chain') {
      this.#chains.set(Buffer.from(member.digest, 'hex').toString('base64url'), chain);
    }
    return { kind: 'begun', member, chain, claims };
  }

  #checkClaims(claims: AccessClaims, { method, target }: RequestHead, digest: string, nowSec: number) {
    const { audience, thumbprint } = this.#keys;
    return checkTokenClaims(claims, {
      audience,
      thumbprint: this.#keys.accepts(claims.jkt) ? claims.jkt : thumbprint,
      method,
      target,
      digest,
      nowSec,
    });
  }
}

/** The algorithm is that of the key, and never the token's choice (ACC-7). */
function checkSignature(
  { algorithm, signingInput, signature }: AccessToken,
  { key }: AdmittedMember,
): Refused | undefined {
  if (algorithms[key.asymmetricKeyDetails?.namedCurve ?? ''] !== algorithm) {
    return refused('algorithm', 'alg of the token is not that of the key of its certificate');
  }
  return verify('sha256', signingInput, { key, dsaEncoding: 'ieee-p1363' }, signature)
    ? undefined
    : refused('signature');
}
