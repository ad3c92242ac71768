/**
 * Certificates of a consortium (X.509): making and reading them, requests, revocation lists, keys in files. Pure: random bytes,
 * time and Web Cryptography are passed in. The DER that it needs is its own, strict and bounded, so that it runs
 * everywhere and a stranger's bytes cost microseconds.
 */
export {
  type CaConfiguration,
  crlNameOf,
  crlUrlOf,
  defaultLives,
  defaultPolicy,
  type FileToWrite,
  formatCaConfiguration,
  type IssuingPolicy,
  joiningFiles,
  type KeyProtection,
  newPrivateKey,
  newSecret,
  organisationFiles,
  parseCaConfiguration,
  rootFiles,
  rootsCrlUrl,
  signedFiles,
} from './ca-directory.js';
export {
  type Certificate,
  isIssuedBy,
  type KeyUsage,
  mayBeIssuedBy,
  parseCertificate,
  parseCertificates,
} from './certificate.js';
export { CertificateError, type CertificateErrorCode } from './certificate-error.js';
export { decodeCertsOnly, encodeCertsOnly, requestAttributes } from './certs-only.js';
export {
  chainOf,
  checkIssuing,
  checkMember,
  checkProfiles,
  checkRoot,
  isSelfIssued,
  type MemberNames,
} from './chain.js';
export { type CertificateDescription, describeCertificate } from './describe.js';
export { decodeBase64, decodePem, decodePemAll, encodeBase64, encodePem, type PemLabel } from './encoding/pem.js';
export {
  createIssuing,
  createRoot,
  IssuingAuthority,
  type MemberGrant,
  presentedCertificate,
  type RandomBytes,
} from './issue.js';
export {
  compactSignature,
  decodePublicKey,
  encodePublicKey,
  encodeSignature,
  type Signer,
  signerOf,
  verifySignature,
} from './keys.js';
export {
  commonNameOf,
  type DistinguishedName,
  formatDistinguishedName,
  type NamesToWrite,
  type SubjectNames,
} from './names.js';
export {
  decryptPrivateKey,
  encryptPrivateKey,
  parsePrivateKeyPem,
  privateKeyPem,
  type WebCrypto,
} from './private-key.js';
export { type CertificateRequest, checkRequest, createRequest, parseRequest } from './request.js';
export { createCrl, isCrlOf, parseCrl, type RevocationList, type RevokedCertificate } from './revocation-list.js';
export { formatVouchedRequest, parseVouchedRequest, type VouchedRequest } from './vouched-request.js';
