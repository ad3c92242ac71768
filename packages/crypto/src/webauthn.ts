/**
 * WebAuthn assertions as transaction signatures (W3C Web Authentication, section 7.2, the part a chain can check):
 * the challenge is the signing digest, the origin is https, and the authenticator signed for that origin's relying party.
 */
import { encodeBase64Url } from './base64url.js';
import { equalBytes } from './bytes.js';
import { failCrypto } from './errors.js';
import { sha256 } from './hash.js';
import { type Signature, webAuthnParts } from './keys.js';

/** What a checked assertion says: the digest its key signed, and what becomes part of the packed public key. */
export type WebAuthnAssertion = {
  readonly signedDigest: Uint8Array;
  /** 0 none, 1 present, 2 verified. A key demands exactly one of them, since it is part of the key. */
  readonly userPresence: number;
  readonly relyingPartyId: Uint8Array;
};

/** The members of the client data that matter here, of any JSON type. */
type ClientData = { readonly type?: unknown; readonly challenge?: unknown; readonly origin?: unknown };

const AUTHENTICATOR_DATA_BYTES_MIN = 37;
const FLAG_USER_PRESENT = 0x01;
const FLAG_USER_VERIFIED = 0x04;
const ORIGIN_SCHEME = 'https://';

/**
 * Checks an assertion against a transaction's signing digest. Order of checks: client data is JSON with the type
 * 'webauthn.get'; challenge = digest; origin begins with https:// (its port is left out of the relying party id);
 * the authenticator data names the hash of the relying party id.
 * @throws CryptoError naming the first check that failed.
 */
export function checkWebAuthnAssertion(signature: Signature, digest: Uint8Array): WebAuthnAssertion {
  const { authenticatorData, clientDataJson } = webAuthnParts(signature);
  const client = readClientData(clientDataJson);
  if (client.type !== 'webauthn.get') failCrypto('cannot accept WebAuthn signature: its type is not webauthn.get');
  if (client.challenge !== encodeBase64Url(digest)) {
    failCrypto('cannot accept WebAuthn signature: its challenge is not the signing digest');
  }
  const relyingPartyId = relyingPartyOf(client.origin);
  if (authenticatorData.length < AUTHENTICATOR_DATA_BYTES_MIN) {
    failCrypto(
      `cannot accept WebAuthn signature: authenticator data has ${authenticatorData.length} bytes, at least 37`,
    );
  }
  if (!equalBytes(authenticatorData.subarray(0, 32), sha256(relyingPartyId))) {
    failCrypto('cannot accept WebAuthn signature: the authenticator signed for another relying party');
  }
  const flags = authenticatorData[32]!;
  const signed = new Uint8Array(authenticatorData.length + 32);
  signed.set(authenticatorData);
  signed.set(sha256(clientDataJson), authenticatorData.length);
  return { signedDigest: sha256(signed), userPresence: presenceOf(flags), relyingPartyId };
}

function presenceOf(flags: number): number {
  if ((flags & FLAG_USER_VERIFIED) !== 0) return 2;
  return (flags & FLAG_USER_PRESENT) !== 0 ? 1 : 0;
}

function readClientData(bytes: Uint8Array): ClientData {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (cause) {
    failCrypto('cannot accept WebAuthn signature: client data is not JSON', cause);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    failCrypto('cannot accept WebAuthn signature: client data is not a JSON object');
  }
  return value;
}

function relyingPartyOf(origin: unknown): Uint8Array {
  if (typeof origin !== 'string' || !origin.startsWith(ORIGIN_SCHEME)) {
    failCrypto('cannot accept WebAuthn signature: the origin does not begin with https://');
  }
  const host = origin.slice(ORIGIN_SCHEME.length);
  const port = host.lastIndexOf(':');
  return new TextEncoder().encode(port < 0 ? host : host.slice(0, port));
}
