/** Reading certificates (X.509 version 3, RFC 5280). */
import { equalBytes, type PublicKey, sha256 } from '@snapscale/crypto';
import { failCertificate } from './certificate-error.js';
import { contextTag, DerReader, tags } from './encoding/der.js';
import { decodePemAll } from './encoding/pem.js';
import { decodePublicKey, readSignatureAlgorithm, verifySignature } from './keys.js';
import {
  type DistinguishedName,
  decodeSubjectNames,
  noNames,
  readDistinguishedName,
  type SubjectNames,
  urisOf,
} from './names.js';

/** What a key may be used for. */
export type KeyUsage =
  | 'digitalSignature'
  | 'nonRepudiation'
  | 'keyEncipherment'
  | 'dataEncipherment'
  | 'keyAgreement'
  | 'keyCertSign'
  | 'cRLSign';

/** A certificate. */
export type Certificate = {
  readonly der: Uint8Array;
  /** SHA-256 of `der`. */
  readonly digest: Uint8Array;
  /** Big-endian, without leading zeros. */
  readonly serial: Uint8Array;
  readonly issuer: DistinguishedName;
  readonly subject: DistinguishedName;
  /** Seconds since 1970. */
  readonly notBeforeSec: number;
  readonly notAfterSec: number;
  readonly publicKey: PublicKey;
  readonly names: SubjectNames;
  /** Present when it may issue certificates. */
  readonly authority: { readonly pathLength: number | undefined } | undefined;
  /** Empty when the certificate does not say. */
  readonly keyUsage: ReadonlySet<KeyUsage>;
  /** `serverAuth`, `clientAuth`, or an identifier; empty when the certificate does not say. */
  readonly extendedKeyUsage: ReadonlySet<string>;
  readonly subjectKeyId: Uint8Array | undefined;
  readonly authorityKeyId: Uint8Array | undefined;
  /** Where its revocation list is. */
  readonly crlUrls: readonly string[];
  /** Extensions that must be understood and are not: such a certificate is good for nothing here. */
  readonly unknownCritical: readonly string[];
  /** What is signed, and the signature in DER. */
  readonly tbs: Uint8Array;
  readonly signature: Uint8Array;
};

/** The most that the consortium's contract takes. */
const CERTIFICATE_BYTES_MAX = 4096;
const EXTENSIONS_MAX = 24;
const what = 'certificate';

export const extensionOids = {
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectNames: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  crlNumber: '2.5.29.20',
  crlReason: '2.5.29.21',
  crlUrls: '2.5.29.31',
  authorityKeyId: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
} as const;

export const extendedUsageOids = { serverAuth: '1.3.6.1.5.5.7.3.1', clientAuth: '1.3.6.1.5.5.7.3.2' } as const;

/** In order of their bits. */
export const keyUsages: readonly KeyUsage[] = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
];

/** Reads a certificate in DER. Signatures are not checked. Cost: 0.3 ms. @throws CertificateError */
export function parseCertificate(bytes: Uint8Array): Certificate {
  if (bytes.length > CERTIFICATE_BYTES_MAX) {
    failCertificate('too_large', `the certificate has ${bytes.length} bytes, at most ${CERTIFICATE_BYTES_MAX}`);
  }
  // A copy: whoever gave the bytes may use them again.
  const encoding = bytes.slice();
  const outer = new DerReader(encoding, what);
  const certificate = outer.enter(tags.sequence);
  outer.end();
  const tbs = certificate.value(tags.sequence);
  readSignatureAlgorithm(certificate, what);
  const signature = certificate.bytesOfBits();
  certificate.end();
  return {
    der: encoding,
    digest: sha256(encoding),
    tbs: tbs.encoding,
    signature,
    ...readTbs(new DerReader(tbs.content, what)),
  };
}

/** Certificates of a PEM text, in order. @throws CertificateError when there is none */
export function parseCertificates(pem: string): Certificate[] {
  const found = decodePemAll(pem, 'CERTIFICATE').map(parseCertificate);
  return found.length > 0 ? found : failCertificate('malformed', 'the text has no certificate in PEM');
}

/** Whether a certificate was signed by another one: names, key identifiers and signature. Cost: 1 ms. */
export function isIssuedBy(certificate: Certificate, issuer: Certificate): boolean {
  return (
    mayBeIssuedBy(certificate, issuer) && verifySignature(issuer.publicKey, certificate.tbs, certificate.signature)
  );
}

/** Whether names and key identifiers fit. */
export function mayBeIssuedBy({ issuer: name, authorityKeyId }: Certificate, issuer: Certificate): boolean {
  if (issuer.authority === undefined || !equalBytes(name.encoding, issuer.subject.encoding)) return false;
  return (
    authorityKeyId === undefined || issuer.subjectKeyId === undefined || equalBytes(authorityKeyId, issuer.subjectKeyId)
  );
}

type Body = Omit<Certificate, 'der' | 'digest' | 'tbs' | 'signature'>;

function readTbs(tbs: DerReader): Body {
  if (tbs.enter(contextTag(0)).small() !== 2) failCertificate('malformed', 'the certificate is not of version 3');
  const serial = tbs.unsigned(20);
  if (serial.length === 0) failCertificate('malformed', 'the certificate has the serial 0');
  readSignatureAlgorithm(tbs, what);
  const issuer = readDistinguishedName(tbs);
  const validity = tbs.enter(tags.sequence);
  const notBeforeSec = validity.time();
  const notAfterSec = validity.time();
  validity.end();
  const subject = readDistinguishedName(tbs);
  const publicKey = decodePublicKey(tbs.value(tags.sequence).encoding);
  const extensions = readExtensions(tbs);
  tbs.end();
  return { serial, issuer, subject, notBeforeSec, notAfterSec, publicKey, ...extensions };
}

type Extensions = Pick<
  Body,
  | 'names'
  | 'authority'
  | 'keyUsage'
  | 'extendedKeyUsage'
  | 'subjectKeyId'
  | 'authorityKeyId'
  | 'crlUrls'
  | 'unknownCritical'
>;

function readExtensions(tbs: DerReader): Extensions {
  const values = tbs.isNext(contextTag(3)) ? readExtensionList(tbs.enter(contextTag(3)), what) : new Map();
  const read = <T>(identifier: string, decode: (value: DerReader) => T): T | undefined => {
    const extension = values.get(identifier);
    if (extension === undefined) return undefined;
    const reader = new DerReader(extension.value, what);
    const result = decode(reader);
    reader.end();
    return result;
  };
  const known = new Set<string>(Object.values(extensionOids));
  const names = values.get(extensionOids.subjectNames);
  return {
    names: names === undefined ? noNames : decodeSubjectNames(names.value),
    authority: read(extensionOids.basicConstraints, readBasicConstraints),
    keyUsage: new Set(read(extensionOids.keyUsage, readKeyUsage)),
    extendedKeyUsage: new Set(read(extensionOids.extendedKeyUsage, readExtendedKeyUsage)),
    subjectKeyId: read(extensionOids.subjectKeyId, (value) => value.value(tags.octetString).content),
    authorityKeyId: read(extensionOids.authorityKeyId, readAuthorityKeyId),
    crlUrls: read(extensionOids.crlUrls, readCrlUrls) ?? [],
    unknownCritical: [...values].filter(([id, { isCritical }]) => isCritical && !known.has(id)).map(([id]) => id),
  };
}

/** An extension's value and whether it must be understood, by identifier. */
export type ExtensionValues = ReadonlyMap<string, { readonly isCritical: boolean; readonly value: Uint8Array }>;

/** Reads a list of extensions. @throws CertificateError when one is there twice */
export function readExtensionList(reader: DerReader, whole: string): ExtensionValues {
  const list = reader.enter(tags.sequence);
  reader.end();
  const values = new Map<string, { isCritical: boolean; value: Uint8Array }>();
  while (!list.isAtEnd) {
    const extension = list.enter(tags.sequence);
    const identifier = extension.oid();
    const isCritical = extension.isNext(tags.boolean) && extension.boolean();
    const value = extension.value(tags.octetString).content;
    extension.end();
    if (values.has(identifier)) failCertificate('malformed', `the ${whole} has the extension ${identifier} twice`);
    values.set(identifier, { isCritical, value });
    if (values.size > EXTENSIONS_MAX)
      failCertificate('too_large', `the ${whole} has more than ${EXTENSIONS_MAX} extensions`);
  }
  return values;
}

function readBasicConstraints(value: DerReader): Certificate['authority'] {
  const constraints = value.enter(tags.sequence);
  const isAuthority = constraints.isNext(tags.boolean) && constraints.boolean();
  const pathLength = constraints.isNext(tags.integer) ? constraints.small() : undefined;
  constraints.end();
  return isAuthority ? { pathLength } : undefined;
}

function readKeyUsage(value: DerReader): KeyUsage[] {
  const { bytes } = value.bits();
  return keyUsages.filter((_, bit) => ((bytes[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0);
}

function readExtendedKeyUsage(value: DerReader): string[] {
  const list = value.enter(tags.sequence);
  const usages: string[] = [];
  while (!list.isAtEnd) {
    const identifier = list.oid();
    usages.push(Object.entries(extendedUsageOids).find(([, known]) => known === identifier)?.[0] ?? identifier);
  }
  return usages;
}

function readAuthorityKeyId(value: DerReader): Uint8Array | undefined {
  const parts = value.enter(tags.sequence);
  const id = parts.optional(contextTag(0, 'primitive'))?.content;
  while (!parts.isAtEnd) parts.any();
  return id;
}

function readCrlUrls(value: DerReader): string[] {
  const points = value.enter(tags.sequence);
  const urls: string[] = [];
  while (!points.isAtEnd) {
    const point = points.enter(tags.sequence);
    if (point.isNext(contextTag(0))) {
      const name = point.enter(contextTag(0));
      if (name.isNext(contextTag(0))) urls.push(...urisOf(name.enter(contextTag(0))));
    }
  }
  return urls;
}
