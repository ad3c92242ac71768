/**
 * The access token: a JWT (RFC 7519) that a member makes for one request from its key and certificate, for
 * `Authorization: Bearer`. It names the node, the request and the body, and lasts a minute at most.
 *
 * `htu` is the request target as the node gets it: path and query, without scheme and host. DPoP (RFC 9449) has the whole
 * URI there, and a server behind a proxy that ends TLS must then be told under which names it is known: the proxy talks
 * plain HTTP to it, often under another host. Here `aud` and `jkt` say which node is meant, and they hold whatever stands
 * in between; the host would add nothing.
 *
 * Nothing that is parsed here is trusted: the signature, the certificate and its standing are checked by the node.
 */
import { decodeBase64Url, encodeBase64Url, sha256 } from '@snapscale/crypto';
import { parseStrictObject } from './strict-json.js';

/** `typ` of the header. */
export const accessTokenType = 'snap-dc+jwt';

/** ES256: P-256. ES256K: secp256k1 (RFC 8812). */
export type TokenAlgorithm = 'ES256' | 'ES256K';

/** How a token names the certificate of its maker. */
export type TokenCertificate =
  /** DER, the leaf first, without the root: `x5c`. */
  | { readonly kind: 'chain'; readonly chain: readonly Uint8Array[] }
  /** SHA-256 of the leaf's DER, base64url: `x5t#S256`. For nodes that have seen the chain. */
  | { readonly kind: 'hash'; readonly hash: string };

/** What a token says. */
export type AccessClaims = {
  /** A name of the maker, as its certificate has it. For logs: what counts is the certificate. */
  readonly iss: string;
  /** `urn:snap:node:NAME` of the node, or what else get_access says. */
  readonly aud: string;
  /** Thumbprint of the node's key. */
  readonly jkt: string;
  /** Method, in capitals. */
  readonly htm: string;
  /** Path and query; a scheme and host before them are accepted, since other libraries write them, and do not count. */
  readonly htu: string;
  /** SHA-256 of the body, base64url; of no bytes where there is no body. */
  readonly digest: string;
  /** Made at, in seconds since 1970. */
  readonly iat: number;
  /** Refused from then on: at most 60 seconds later. */
  readonly exp: number;
  /** Never the same twice. */
  readonly jti: string;
};

/** A token, taken apart. */
export type AccessToken = {
  readonly algorithm: TokenAlgorithm;
  readonly certificate: TokenCertificate;
  readonly claims: AccessClaims;
  /** The bytes that are signed. */
  readonly signingInput: Uint8Array;
  /** r ‖ s, 64 bytes. */
  readonly signature: Uint8Array;
};

/** A token, or why it is none. */
export type TokenReading =
  | { readonly kind: 'token'; readonly token: AccessToken }
  | { readonly kind: 'refused'; readonly code: 'malformed' | 'algorithm'; readonly detail: string };

/** What a token must be for. */
export type ExpectedRequest = {
  readonly audience: string;
  /** Of the node's key. */
  readonly thumbprint: string;
  readonly method: string;
  /** The request target: path and query as they came. */
  readonly target: string;
  /** `digestOf` the body, as it came: compressed where it is. */
  readonly digest: string;
  readonly nowSec: number;
};

/** What tokens are held to. */
export const tokenLimits = {
  /** Characters of a token: with the certificate and that of its CA it has some 3000. */
  charsMax: 8192,
  certificatesMax: 4,
  certificateBytesMax: 4096,
  lifeSecMax: 60,
  /** By how much the clock of the maker may be ahead; one that is behind has less of the token's life. */
  clockAheadSecMax: 30,
  targetCharsMax: 4096,
  textCharsMax: 256,
} as const;

const headerNames: ReadonlySet<string> = new Set(['alg', 'typ', 'x5c', 'x5t#S256']);
const hashForm = /^[\w-]{43}$/;
const tokenIdForm = /^[\w-]{16,64}$/;
const methodForm = /^[A-Z]{1,16}$/;
const targetForm = /^(?:https?:\/\/[^/?#]+)?\/[\x21\x22\x24-\x7e]*$/i;
const textForm = /^[\x21-\x7e]+$/;
const base64Form = /^[A-Za-z0-9+/]+={0,2}$/;

/** `aud` of tokens for the certificate authority of an organisation; `jkt` is the thumbprint of its issuing CA's key. */
export function caAudience(organisation: string): string {
  return `urn:snap:ca:${organisation}`;
}

/** The digest of a body: SHA-256, base64url. */
export function digestOf(body: Uint8Array): string {
  return encodeBase64Url(sha256(body));
}

/** The request target of an address: what follows the host. @throws TypeError when it is no URL */
export function targetOf(url: string): string {
  const { pathname, search } = new URL(url);
  return `${pathname}${search}`;
}

/** What is to be signed for a token: its header and claims. */
export function tokenSigningInput(
  algorithm: TokenAlgorithm,
  certificate: TokenCertificate,
  claims: AccessClaims,
): string {
  const named =
    certificate.kind === 'chain' ? { x5c: certificate.chain.map(encodeBase64) } : { 'x5t#S256': certificate.hash };
  return [{ alg: algorithm, typ: accessTokenType, ...named }, claims]
    .map((part) => encodeBase64Url(new TextEncoder().encode(JSON.stringify(part))))
    .join('.');
}

/** The token. @param signature r ‖ s, 64 bytes, of the SHA-256 of `signingInput` */
export function formatAccessToken(signingInput: string, signature: Uint8Array): string {
  return `${signingInput}.${encodeBase64Url(signature)}`;
}

/** Whether a text has the form of a JWE (RFC 7516), with a token for the node's eyes alone inside. */
export function isEncryptedToken(text: string): boolean {
  return text.length <= 2 * tokenLimits.charsMax && text.split('.', 6).length === 5;
}

/** Takes a token apart. Never throws; cost bounded by its length: a tenth of a millisecond. */
export function parseAccessToken(text: string): TokenReading {
  if (text.length > tokenLimits.charsMax)
    return malformed(`it has ${text.length} characters, at most ${tokenLimits.charsMax}`);
  const parts = text.split('.', 4);
  const [headerText = '', claimsText = '', signatureText = ''] = parts;
  if (parts.length !== 3) return malformed('it does not have three parts');
  const header = objectOf(headerText);
  if (header === undefined) return malformed('its header is no JSON object, or has a field twice');
  const algorithm = header.alg;
  if (typeof algorithm !== 'string') return malformed('its header names no algorithm');
  if (algorithm !== 'ES256' && algorithm !== 'ES256K') {
    return { kind: 'refused', code: 'algorithm', detail: 'the token is signed with neither ES256 nor ES256K' };
  }
  if (header.typ !== accessTokenType) return malformed(`its typ is not ${accessTokenType}`);
  // Keys and addresses of keys in a header are how forged tokens vouch for themselves, and `crit` asks for what is unknown.
  if (!Object.keys(header).every((name) => headerNames.has(name)))
    return malformed('its header has other fields than alg, typ, x5c, x5t#S256');
  const certificate = certificateOf(header.x5c, header['x5t#S256']);
  if (typeof certificate === 'string') return malformed(certificate);
  const fields = objectOf(claimsText);
  if (fields === undefined) return malformed('its claims are no JSON object, or have a field twice');
  const claims = claimsOf(fields);
  if (typeof claims === 'string') return malformed(`its claim ${claims} is missing or malformed`);
  const signature = bytesOf(signatureText);
  if (signature?.length !== 64) return malformed('its signature does not have 64 bytes');
  const signingInput = new TextEncoder().encode(`${headerText}.${claimsText}`);
  return { kind: 'token', token: { algorithm, certificate, claims, signingInput, signature } };
}

/**
 * Whether a token is for this node, this request and this moment: the code of the first that is wrong, in the order of
 * docs/spec/access.md. To be asked once its signature was found in order.
 */
export function checkTokenClaims(
  claims: AccessClaims,
  expected: ExpectedRequest,
): 'audience' | 'request' | 'freshness' | undefined {
  if (claims.aud !== expected.audience || claims.jkt !== expected.thumbprint) return 'audience';
  if (
    claims.htm !== expected.method ||
    pathAndQuery(claims.htu) !== expected.target ||
    claims.digest !== expected.digest
  ) {
    return 'request';
  }
  const { iat, exp } = claims;
  const { lifeSecMax, clockAheadSecMax } = tokenLimits;
  if (exp <= iat || exp - iat > lifeSecMax) return 'freshness';
  return iat > expected.nowSec + clockAheadSecMax || exp <= expected.nowSec ? 'freshness' : undefined;
}

function pathAndQuery(htu: string): string {
  return htu.startsWith('/') ? htu : htu.slice(htu.indexOf('/', htu.indexOf('//') + 2));
}

function certificateOf(chain: unknown, hash: unknown): TokenCertificate | string {
  if ((chain === undefined) === (hash === undefined)) return 'its header must have one of x5c and x5t#S256';
  if (hash !== undefined) {
    if (typeof hash !== 'string' || bytesOf(hash)?.length !== 32) return 'its x5t#S256 is no SHA-256';
    return { kind: 'hash', hash };
  }
  if (!Array.isArray(chain) || chain.length === 0 || chain.length > tokenLimits.certificatesMax) {
    return `its x5c is not a list of 1 to ${tokenLimits.certificatesMax} certificates`;
  }
  const certificates = chain.map((entry) => (typeof entry === 'string' ? decodeBase64(entry) : undefined));
  const isUsable = certificates.every((der) => der !== undefined && der.length <= tokenLimits.certificateBytesMax);
  return isUsable
    ? { kind: 'chain', chain: certificates as Uint8Array[] }
    : `its x5c is not of certificates in base64 with at most ${tokenLimits.certificateBytesMax} bytes each`;
}

/** The claims; or the name of the first that is not as it must be. Claims with other names are left aside. */
function claimsOf(fields: Readonly<Record<string, unknown>>): AccessClaims | string {
  const { textCharsMax, targetCharsMax } = tokenLimits;
  const checks: Readonly<Record<keyof AccessClaims, boolean>> = {
    iss: isText(fields.iss, textForm, textCharsMax),
    aud: isText(fields.aud, textForm, textCharsMax),
    jkt: isText(fields.jkt, hashForm, 43),
    htm: isText(fields.htm, methodForm, 16),
    htu: isText(fields.htu, targetForm, targetCharsMax),
    digest: isText(fields.digest, hashForm, 43),
    iat: isTime(fields.iat),
    exp: isTime(fields.exp),
    jti: isText(fields.jti, tokenIdForm, 64),
  };
  const wrong = Object.entries(checks).find(([, isRight]) => !isRight);
  if (wrong !== undefined) return wrong[0];
  const { iss, aud, jkt, htm, htu, digest, iat, exp, jti } = fields as AccessClaims;
  return { iss, aud, jkt, htm, htu, digest, iat, exp, jti };
}

function isText(value: unknown, form: RegExp, charsMax: number): boolean {
  return typeof value === 'string' && value.length <= charsMax && form.test(value);
}

function isTime(value: unknown): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= 0xffffffff;
}

function objectOf(text: string): Readonly<Record<string, unknown>> | undefined {
  const bytes = bytesOf(text);
  return bytes === undefined ? undefined : parseStrictObject(bytes);
}

function bytesOf(text: string): Uint8Array | undefined {
  try {
    return decodeBase64Url(text, 'part of a token');
  } catch {
    return undefined;
  }
}

/** Base64 of RFC 4648 section 4, as `x5c` has it. */
function encodeBase64(bytes: Uint8Array): string {
  const text = encodeBase64Url(bytes).replaceAll('-', '+').replaceAll('_', '/');
  return text.padEnd(Math.ceil(text.length / 4) * 4, '=');
}

function decodeBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0 || !base64Form.test(text)) return undefined;
  return bytesOf(text.replace(/=+$/, '').replaceAll('+', '-').replaceAll('/', '_'));
}

function malformed(problem: string): TokenReading {
  return { kind: 'refused', code: 'malformed', detail: `the token is malformed: ${problem}` };
}
