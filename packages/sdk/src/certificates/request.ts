/**
 * Requests for certificates (PKCS#10, RFC 2986): a public key, what the applicant wants to be called, and a signature that
 * proves possession of the private key. What is asked for binds nobody; only the key is taken from it as it is.
 */
import type { PublicKey } from '@snapscale/crypto';
import { extensionOids, readExtensionList } from './certificate.js';
import { failCertificate } from './certificate-error.js';
import { bitString, contextTag, DerReader, der, oid, sequence, setOf, smallInteger, tags } from './encoding/der.js';
import { extension } from './extensions.js';
import {
  decodePublicKey,
  encodePublicKey,
  readSignatureAlgorithm,
  type Signer,
  signatureAlgorithm,
  verifySignature,
} from './keys.js';
import {
  type DistinguishedName,
  decodeSubjectNames,
  encodeDistinguishedName,
  encodeSubjectNames,
  type NamesToWrite,
  noNames,
  readDistinguishedName,
  type SubjectNames,
} from './names.js';

/** A request whose signature is right. */
export type CertificateRequest = {
  readonly der: Uint8Array;
  readonly publicKey: PublicKey;
  readonly subject: DistinguishedName;
  /** What it asks to be called. */
  readonly names: SubjectNames;
};

/** What the consortium's contract takes in an application. */
const REQUEST_BYTES_MAX = 2048;
const ATTRIBUTES_MAX = 8;
const extensionRequestOid = '1.2.840.113549.1.9.14';
const what = 'certificate request';

/** Makes a request, signed by the applicant's key. Returns DER. */
export async function createRequest(
  signer: Signer,
  { commonName, ...names }: NamesToWrite & { readonly commonName?: string | undefined },
): Promise<Uint8Array> {
  const subject = encodeDistinguishedName(commonName ?? names.node ?? names.account ?? 'applicant', names.organisation);
  const wanted = encodeSubjectNames(names);
  const attributes =
    wanted === undefined
      ? []
      : [sequence(oid(extensionRequestOid), setOf(sequence(extension('subjectNames', wanted))))];
  const info = sequence(smallInteger(0), subject, encodePublicKey(signer.publicKey), der(contextTag(0), ...attributes));
  return sequence(info, signatureAlgorithm, bitString(await signer.sign(info)));
}

/**
 * Reads a request in DER and checks its size, the kind of its key and the proof of possession. Cost: 2 ms at most.
 * @throws CertificateError
 */
export function checkRequest(bytes: Uint8Array): CertificateRequest {
  const { info, signature, ...request } = readRequest(bytes);
  if (!verifySignature(request.publicKey, info, signature)) {
    failCertificate('wrong_signature', 'the request is not signed with its own key: possession is not proven');
  }
  return request;
}

/** Reads a request that was checked before: its signature is not verified. @throws CertificateError */
export function parseRequest(bytes: Uint8Array): CertificateRequest {
  const { der: encoding, publicKey, subject, names } = readRequest(bytes);
  return { der: encoding, publicKey, subject, names };
}

function readRequest(
  bytes: Uint8Array,
): CertificateRequest & { readonly info: Uint8Array; readonly signature: Uint8Array } {
  if (bytes.length > REQUEST_BYTES_MAX) {
    failCertificate('too_large', `the request has ${bytes.length} bytes, at most ${REQUEST_BYTES_MAX}`);
  }
  const encoding = bytes.slice();
  const outer = new DerReader(encoding, what);
  const request = outer.enter(tags.sequence);
  outer.end();
  const info = request.value(tags.sequence);
  const content = readInfo(new DerReader(info.content, what));
  readSignatureAlgorithm(request, what);
  const signature = request.bytesOfBits();
  request.end();
  return { der: encoding, ...content, info: info.encoding, signature };
}

function readInfo(info: DerReader): Omit<CertificateRequest, 'der'> {
  if (info.small() !== 0) failCertificate('malformed', 'the request is of an unknown version');
  const subject = readDistinguishedName(info);
  const publicKey = decodePublicKey(info.value(tags.sequence).encoding);
  let names = noNames;
  // Left out by some programs, although the standard has no such word.
  if (info.isNext(contextTag(0))) {
    const attributes = info.enter(contextTag(0));
    for (let count = 0; !attributes.isAtEnd; count++) {
      if (count === ATTRIBUTES_MAX)
        failCertificate('too_large', `the request has more than ${ATTRIBUTES_MAX} attributes`);
      const attribute = attributes.enter(tags.sequence);
      const identifier = attribute.oid();
      const values = attribute.enter(tags.set);
      attribute.end();
      if (identifier !== extensionRequestOid) continue;
      const wanted = readExtensionList(values, what).get(extensionOids.subjectNames);
      if (wanted !== undefined) names = decodeSubjectNames(wanted.value);
    }
  }
  info.end();
  return { publicKey, subject, names };
}
