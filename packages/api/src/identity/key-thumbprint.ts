/** Public keys as JSON Web Keys, and the hash that names one (RFC 7517, RFC 7638; secp256k1 by RFC 8812). */
import {
  concatBytes,
  decodeBase64Url,
  encodeBase64Url,
  keyTypeOf,
  type PublicKey,
  pointOf,
  publicKeyOfPoint,
  sha256,
} from '@snapscale/crypto';

/** A public key as a JSON Web Key. */
export type PublicJwk = {
  readonly kty: 'EC';
  readonly crv: 'P-256' | 'secp256k1';
  /** 32 bytes, base64url. */
  readonly x: string;
  readonly y: string;
};

/** The JWK of a chain key. @throws CryptoError for a WebAuthn key, or one that is not on its curve */
export function jwkOf(key: PublicKey): PublicJwk {
  const point = pointOf(key);
  return {
    kty: 'EC',
    crv: keyTypeOf(key) === 'K1' ? 'secp256k1' : 'P-256',
    x: encodeBase64Url(point.subarray(1, 33)),
    y: encodeBase64Url(point.subarray(33, 65)),
  };
}

/** The chain key of a JWK. @throws CryptoError when it is none */
export function publicKeyOfJwk({ crv, x, y }: PublicJwk): PublicKey {
  const point = concatBytes(Uint8Array.of(4), decodeBase64Url(x, 'x of a JWK'), decodeBase64Url(y, 'y of a JWK'));
  return publicKeyOfPoint(crv === 'secp256k1' ? 'K1' : 'R1', point);
}

/** The thumbprint of a key (RFC 7638 with SHA-256): 43 characters of base64url. Other fields of the key do not count. */
export function thumbprintOf({ kty, crv, x, y }: PublicJwk): string {
  return encodeBase64Url(sha256(new TextEncoder().encode(JSON.stringify({ crv, kty, x, y }))));
}
