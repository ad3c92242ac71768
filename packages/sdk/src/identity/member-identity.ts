/** The identity of a member: its certificate with the chain, and something that signs with its key. */
import { accountUri, nodeUri, organisationUri } from '@snapscale/api';
import type { TokenAlgorithm } from '@snapscale/api/identity';
import { encodeBase64Url, equalBytes, formatPublicKey, keyTypeOf } from '@snapscale/crypto';
import { type Certificate, parseCertificate, parseCertificates } from '../certificates/certificate.js';
import { checkMember, isSelfIssued } from '../certificates/chain.js';
import { type Signer, signerOf } from '../certificates/keys.js';
import { parsePrivateKeyPem } from '../certificates/private-key.js';
import { IdentityError } from './identity-error.js';

/** Who somebody is in a network. Made by `memberIdentity`, which has checked that its parts belong together. */
export type MemberIdentity = {
  readonly signer: Signer;
  /** The certificate of the member. */
  readonly certificate: Certificate;
  /** The certificate, then that of the issuing CA: what tokens carry. Without the root, which every node has. */
  readonly chain: readonly Uint8Array[];
  /** SHA-256 of the certificate, base64url: `x5t#S256`. */
  readonly hash: string;
  readonly algorithm: TokenAlgorithm;
  /** The name that tokens give: the account, else the node, else the organisation. */
  readonly issuer: string;
  /** Account of the organisation. */
  readonly organisation: string;
};

/**
 * An identity of its parts.
 * @param certificate PEM, or DER one by one: the own certificate first, then that of the issuing CA
 * @param key PKCS#8 in PEM, not encrypted; or a signer, for keys in memory (`signerOf`), in Web Cryptography
 *   (`webCryptoSigner`) or in a secure element
 * @throws IdentityError when key and certificate do not belong together; CertificateError when one cannot be read
 */
export function memberIdentity({
  certificate,
  key,
}: {
  readonly certificate: string | readonly Uint8Array[];
  readonly key: string | Signer;
}): MemberIdentity {
  const signer = typeof key === 'string' ? signerOf(parsePrivateKeyPem(key)) : key;
  const all = typeof certificate === 'string' ? parseCertificates(certificate) : certificate.map(parseCertificate);
  const [leaf, ...issuers] = all;
  if (leaf === undefined) throw new IdentityError('unusable', 'there is no certificate');
  if (!equalBytes(leaf.publicKey, signer.publicKey)) {
    throw new IdentityError(
      'unusable',
      `the certificate is for the key ${formatPublicKey(leaf.publicKey)}, the private key is that of ${formatPublicKey(signer.publicKey)}`,
    );
  }
  const { account, node, organisation } = checkMember(leaf);
  return {
    signer,
    certificate: leaf,
    chain: [leaf, ...issuers.filter((issuer) => !isSelfIssued(issuer))].map(({ der }) => der),
    hash: encodeBase64Url(leaf.digest),
    algorithm: keyTypeOf(signer.publicKey) === 'K1' ? 'ES256K' : 'ES256',
    issuer:
      account !== undefined
        ? `${accountUri}${account}`
        : node !== undefined
          ? `${nodeUri}${node}`
          : `${organisationUri}${organisation}`,
    organisation,
  };
}

/** When the certificate is to be renewed: at two thirds of its life. Milliseconds since 1970. */
export function renewalDueMs({ certificate: { notBeforeSec, notAfterSec } }: MemberIdentity): number {
  return Math.floor((notBeforeSec + (2 * (notAfterSec - notBeforeSec)) / 3) * 1000);
}
