/** Making the access token of one request. */
import {
  type AccessClaims,
  digestOf,
  formatAccessToken,
  type PublicJwk,
  type TokenCertificate,
  tokenSigningInput,
} from '@snapscale/api/identity';
import { encodeBase64Url } from '@snapscale/crypto';
import { compactSignature } from '../certificates/keys.js';
import { IdentityError } from './identity-error.js';
import type { MemberIdentity } from './member-identity.js';

/** What the library needs of the world. */
export type IdentityPorts = {
  /** Milliseconds since 1970. */
  nowMs(): number;
  /** Secure random bytes. */
  randomBytes(size: number): Uint8Array;
};

/** Whom a token is for: `audience` and `thumbprint` of get_access, or of a certificate authority. */
export type TokenAudience = { readonly audience: string; readonly thumbprint: string };

/** The request that a token is for. */
export type RequestToSign = {
  /** In capitals. */
  readonly method: string;
  /** Path and query, as the node gets them. */
  readonly target: string;
  /** As it is sent. */
  readonly body: Uint8Array;
};

/** Half of what nodes accept: enough for a slow connection, and they remember each token until it ends. */
const LIFE_SEC = 30;

/**
 * Makes the token for one request.
 * @param sendHash name the certificate by its hash: for nodes that have seen it in a token lately
 * @param lifeSec at most 60
 */
export async function requestToken(
  identity: MemberIdentity,
  { audience, thumbprint }: TokenAudience,
  { method, target, body }: RequestToSign,
  { nowMs, randomBytes }: IdentityPorts,
  sendHash = false,
  lifeSec = LIFE_SEC,
): Promise<string> {
  const iat = Math.floor(nowMs() / 1000);
  const claims: AccessClaims = {
    iss: identity.issuer,
    aud: audience,
    jkt: thumbprint,
    htm: method,
    htu: target,
    digest: digestOf(body),
    iat,
    exp: iat + lifeSec,
    jti: encodeBase64Url(randomBytes(16)),
  };
  const certificate: TokenCertificate = sendHash
    ? { kind: 'hash', hash: identity.hash }
    : { kind: 'chain', chain: identity.chain };
  const input = tokenSigningInput(identity.algorithm, certificate, claims);
  const signature = compactSignature(await identity.signer.sign(new TextEncoder().encode(input)));
  if (signature === undefined) throw new IdentityError('unusable', 'the signer gave no ECDSA signature in DER');
  return formatAccessToken(input, signature);
}

/**
 * Encrypts a token to the node's key (JWE, ECDH-ES with A256GCM), so that a proxy that ends TLS does not see whose it is.
 * `jose` is loaded when this is first used.
 */
export async function encryptToken(token: string, key: PublicJwk, thumbprint: string): Promise<string> {
  if (key.crv !== 'P-256') {
    throw new IdentityError(
      'not_encryptable',
      `tokens cannot be encrypted to the node: its key is one of ${key.crv}, and only keys of P-256 can be encrypted to`,
    );
  }
  const { CompactEncrypt, importJWK } = await import('jose');
  return new CompactEncrypt(new TextEncoder().encode(token))
    .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', cty: 'JWT', kid: thumbprint })
    .encrypt(await importJWK({ ...key }, 'ECDH-ES'));
}
