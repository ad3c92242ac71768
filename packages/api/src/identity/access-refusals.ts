/** Why a node lets somebody not in, each with its code: the one table of the HTTP doors (docs/spec/access.md). */

/** One refusal. */
export type AccessRefusal = {
  /** What the problem is, in a few words: `title` of the answer (RFC 9457). */
  readonly title: string;
  /** 401: another credential may help. 403: the credential is good, and does not allow this. 429: later. */
  readonly status: 401 | 403 | 429;
  /** `error` in `WWW-Authenticate` (RFC 6750 section 3.1); none where no credential came. */
  readonly challenge?: 'invalid_request' | 'invalid_token' | 'insufficient_scope';
  /** What to do about it. */
  readonly advice: string;
};

/** In the order in which a node checks: the first that is wrong is told. */
export const accessRefusals = {
  missing: {
    title: 'A member is needed',
    status: 401,
    advice:
      'Send a token made with your certificate (`Authorization: Bearer`), or connect to `tls_port` of get_access with it. To get a certificate, ask an organisation of the network for an invitation.',
  },
  malformed: {
    title: 'The token is malformed',
    status: 401,
    challenge: 'invalid_request',
    advice: 'Make the token as docs/spec/access.md says; nothing of it was trusted.',
  },
  algorithm: {
    title: 'The algorithm of the token is not accepted',
    status: 401,
    challenge: 'invalid_token',
    advice: 'Sign with ES256 for a key of P-256, with ES256K for one of secp256k1.',
  },
  certificate_chain: {
    title: 'The certificate does not chain to a root of the network',
    status: 401,
    challenge: 'invalid_token',
    advice:
      'Send the certificate of an organisation of this network, followed by that of its issuing CA, in `x5c`. A hash (`x5t#S256`) is enough only while the node remembers the certificate.',
  },
  certificate_validity: {
    title: 'The certificate is not valid now',
    status: 401,
    challenge: 'invalid_token',
    advice: 'Renew the certificate; if it is new, set the clock.',
  },
  role: {
    title: 'The roles of the certificate do not allow this',
    status: 403,
    challenge: 'insufficient_scope',
    advice: 'Ask your organisation for a certificate with a role that does.',
  },
  revoked: {
    title: 'The membership has ended',
    status: 401,
    challenge: 'invalid_token',
    advice:
      'The certificate, its issuing CA or the organisation is revoked, suspended or unknown: ask your organisation.',
  },
  signature: {
    title: 'The signature of the token is wrong',
    status: 401,
    challenge: 'invalid_token',
    advice: 'Sign with the key of the certificate, over what is sent.',
  },
  audience: {
    title: 'The token is for another node',
    status: 401,
    challenge: 'invalid_token',
    advice: 'Take `audience` and `thumbprint` from get_access of this node: its key may have changed.',
  },
  request: {
    title: 'The token is for another request',
    status: 401,
    challenge: 'invalid_token',
    advice: 'Make a token for each request: it names the method, the path with its query, and the SHA-256 of the body.',
  },
  freshness: {
    title: 'The token is not of now',
    status: 401,
    challenge: 'invalid_token',
    advice:
      'Make the token when it is needed; it lasts at most 60 seconds. `clock` of get_access tells the time of the node.',
  },
  replayed: {
    title: 'The token was used before',
    status: 401,
    challenge: 'invalid_token',
    advice: 'Make a token for each request, each with another `jti`.',
  },
  rate_limited: {
    title: 'Too many requests of this member',
    status: 429,
    advice: 'Wait as `Retry-After` says.',
  },
} as const satisfies Readonly<Record<string, AccessRefusal>>;

/** Code of a refusal. */
export type AccessRefusalCode = keyof typeof accessRefusals;

/** Before the code in `type` of an answer. */
const problemUri = 'urn:snap:problem:';

/** The answer to whom is refused (RFC 9457). */
export type AccessProblem = {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: AccessRefusalCode;
};

/** The answer with a code. @param detail what is wrong in this case; the advice of the table where not given */
export function accessProblem(code: AccessRefusalCode, detail?: string): AccessProblem {
  const { title, status, advice } = accessRefusals[code];
  return { type: `${problemUri}${code}`, title, status, detail: detail ?? advice, code };
}

/** `WWW-Authenticate` of the answer with a code. */
export function accessChallenge(code: AccessRefusalCode): string {
  const refusal: AccessRefusal = accessRefusals[code];
  if (refusal.challenge === undefined) return 'Bearer realm="snap"';
  return `Bearer realm="snap", error="${refusal.challenge}", error_description="${code}: ${refusal.title}"`;
}

/** The code in the body of an answer, by which clients decide what to do; undefined where there is none. */
export function accessRefusalOf(body: unknown): AccessRefusalCode | undefined {
  if (typeof body !== 'object' || body === null || !('type' in body) || typeof body.type !== 'string') return undefined;
  if (!body.type.startsWith(problemUri)) return undefined;
  const code = body.type.slice(problemUri.length);
  return Object.hasOwn(accessRefusals, code) ? (code as AccessRefusalCode) : undefined;
}
