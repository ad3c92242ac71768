/**
 * Who somebody is in a network: a key, its certificate, and requests that show both (docs/guides/secure-access.md). Runs in
 * browsers and in Node; time, random bytes, timers and `fetch` are passed in.
 */
export { type Signer, signerOf } from '../certificates/keys.js';
export {
  type Authority,
  applicationState,
  applyForCertificate,
  authorityOf,
  estAuthorities,
  estEnrol,
  identityOfAnswer,
  renewIdentity,
  type TextFetch,
  type Wanted,
} from './enrolment.js';
export { IdentityError, type IdentityErrorCode } from './identity-error.js';
export { IdentityKeeper, type Renewal, type Timers } from './identity-keeper.js';
export { type AnyFetch, type MemberAnswer, type MemberFetchOptions, memberFetch } from './member-fetch.js';
export { type MemberIdentity, memberIdentity, renewalDueMs } from './member-identity.js';
export {
  encryptToken,
  type IdentityPorts,
  type RequestToSign,
  requestToken,
  type TokenAudience,
} from './request-token.js';
export { type SigningPort, webCryptoSigner } from './web-crypto-signer.js';
