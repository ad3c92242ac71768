/**
 * Issuing certificates. A root signs the issuing CAs of organisations and nothing else; an issuing CA signs its members. The
 * profile is that of the consortium: what is not said here cannot get into a certificate, whatever a request asks for.
 */
import { equalBytes, type PublicKey } from '@snapscale/crypto';
import { type Certificate, parseCertificate } from './certificate.js';
import { failCertificate } from './certificate-error.js';
import { bitString, contextTag, der, sequence, smallInteger, time, unsignedInteger } from './encoding/der.js';
import {
  authorityKeyId,
  basicConstraints,
  crlUrl as crlUrlExtension,
  extendedKeyUsage,
  extension,
  keyUsage,
  subjectKeyId,
} from './extensions.js';
import { encodePublicKey, keyIdentifier, type Signer, signatureAlgorithm } from './keys.js';
import { encodeDistinguishedName, encodeSubjectNames } from './names.js';

/** Secure random bytes. */
export type RandomBytes = (size: number) => Uint8Array;

const DAY_SEC = 86_400;
/** Certificates begin a little in the past, so that a clock that lags does not refuse them. */
const BACKDATE_SEC = 300;
const ROOT_LIFE_SEC = 20 * 365 * DAY_SEC;
const ISSUING_LIFE_SEC = 5 * 365 * DAY_SEC;
const SERIAL_BYTES = 16;

/** Makes the certificate of a root. `signer` is its own key. Returns DER. */
export async function createRoot(options: {
  readonly title: string;
  readonly signer: Signer;
  readonly nowMs: number;
  /** Twenty years where not given. */
  readonly lifeSec?: number | undefined;
  readonly random: RandomBytes;
}): Promise<Uint8Array> {
  const { title, signer, nowMs, lifeSec = ROOT_LIFE_SEC, random } = options;
  requireP256(signer.publicKey);
  const name = encodeDistinguishedName(title);
  const id = keyIdentifier(signer.publicKey);
  return sign(signer, {
    serial: newSerial(random),
    issuer: name,
    subject: name,
    ...validity(nowMs, lifeSec),
    publicKey: signer.publicKey,
    extensions: [basicConstraints(1), keyUsage(['keyCertSign', 'cRLSign']), subjectKeyId(id), authorityKeyId(id)],
  });
}

/** Makes the certificate of an organisation's issuing CA, signed by the root. Returns DER. */
export async function createIssuing(options: {
  readonly root: Certificate;
  /** Of the root. */
  readonly signer: Signer;
  /** Account of the organisation. */
  readonly organisation: string;
  readonly title: string;
  readonly publicKey: PublicKey;
  readonly nowMs: number;
  /** Five years where not given; never longer than the root. */
  readonly lifeSec?: number | undefined;
  readonly random: RandomBytes;
  /** Where the root's revocation list is. */
  readonly crlUrl?: string | undefined;
}): Promise<Uint8Array> {
  const { root, signer, organisation, title, publicKey, nowMs, lifeSec = ISSUING_LIFE_SEC, random, crlUrl } = options;
  requireKeyOf(root, signer);
  requireP256(publicKey);
  const { notBeforeSec, notAfterSec } = validity(nowMs, lifeSec);
  return sign(signer, {
    serial: newSerial(random),
    issuer: root.subject.encoding,
    subject: encodeDistinguishedName(`${title.slice(0, 54)} issuing`, organisation),
    notBeforeSec,
    notAfterSec: Math.min(notAfterSec, root.notAfterSec),
    publicKey,
    extensions: [
      basicConstraints(0),
      keyUsage(['keyCertSign', 'cRLSign']),
      extension('subjectNames', encodeSubjectNames({ organisation })!),
      subjectKeyId(keyIdentifier(publicKey)),
      authorityKeyId(keyIdOf(root)),
      ...(crlUrl === undefined ? [] : [crlUrlExtension(crlUrl)]),
    ],
  });
}

/** What a certificate of a member is to say. */
export type MemberGrant = {
  /** As in certificates: `producer`, `ca-operator`, … */
  readonly roles: readonly string[];
  /** Name of the node. With it the certificate is also good for a server. */
  readonly node?: string | undefined;
  readonly account?: string | undefined;
  /** DNS names and IP addresses of the node, beside its name. */
  readonly hosts?: readonly string[] | undefined;
  /** Who it is, for people; node or account where not given. */
  readonly commonName?: string | undefined;
  /** It never lives longer than its CA. Negative for one that has expired. */
  readonly lifeSec: number;
  readonly nowMs: number;
};

/** An organisation's issuing CA, with its key at hand. */
export class IssuingAuthority {
  readonly certificate: Certificate;
  /** Account of the organisation. */
  readonly organisation: string;
  readonly #signer: Signer;
  readonly #random: RandomBytes;
  readonly #crlUrl: string | undefined;

  /** @throws CertificateError when the certificate is not of an issuing CA, or the key is another */
  constructor(options: {
    readonly certificate: Certificate;
    readonly signer: Signer;
    readonly random: RandomBytes;
    readonly crlUrl?: string | undefined;
  }) {
    const { certificate, signer, random, crlUrl } = options;
    const [organisation, ...more] = certificate.names.organisations;
    if (certificate.authority === undefined || organisation === undefined || more.length > 0) {
      failCertificate('wrong_profile', 'the certificate is not that of an organisation’s issuing CA');
    }
    requireKeyOf(certificate, signer);
    this.certificate = certificate;
    this.organisation = organisation!;
    this.#signer = signer;
    this.#random = random;
    this.#crlUrl = crlUrl;
  }

  /**
   * Signs a certificate for a server that is no member, such as the CA's own: it has no role and is not for clients, so that no
   * door takes it for a member's. Returns DER.
   */
  async issueServer(
    publicKey: PublicKey,
    { hosts, lifeSec, nowMs }: { readonly hosts: readonly string[]; readonly lifeSec: number; readonly nowMs: number },
  ): Promise<Uint8Array> {
    const { notBeforeSec, notAfterSec } = validity(nowMs, lifeSec);
    return sign(this.#signer, {
      serial: newSerial(this.#random),
      issuer: this.certificate.subject.encoding,
      subject: encodeDistinguishedName(hosts[0] ?? 'server', this.organisation),
      notBeforeSec,
      notAfterSec: Math.min(notAfterSec, this.certificate.notAfterSec),
      publicKey,
      extensions: [
        basicConstraints(undefined),
        keyUsage(['digitalSignature']),
        extendedKeyUsage(['serverAuth']),
        extension('subjectNames', encodeSubjectNames({ hosts, organisation: this.organisation })!),
        subjectKeyId(keyIdentifier(publicKey)),
        authorityKeyId(keyIdOf(this.certificate)),
      ],
    });
  }

  /** When a certificate with this life would end, in seconds. */
  endOf(lifeSec: number, nowMs: number): number {
    return Math.min(validity(nowMs, lifeSec).notAfterSec, this.certificate.notAfterSec);
  }

  /** Signs a certificate for a key whose possession has been proven. Returns DER. */
  async issue(publicKey: PublicKey, grant: MemberGrant): Promise<Uint8Array> {
    const { node, account, roles, hosts, lifeSec, nowMs } = grant;
    if (roles.length === 0) failCertificate('wrong_profile', 'a certificate needs a role');
    const { notBeforeSec } = validity(nowMs, lifeSec);
    const end = this.endOf(lifeSec, nowMs);
    const names = { node, account, roles, hosts, organisation: this.organisation };
    return sign(this.#signer, {
      serial: newSerial(this.#random),
      issuer: this.certificate.subject.encoding,
      subject: encodeDistinguishedName(grant.commonName ?? node ?? account ?? roles[0]!, this.organisation),
      // Of one that is made expired, for tests.
      notBeforeSec: end > notBeforeSec ? notBeforeSec : end - DAY_SEC,
      notAfterSec: end,
      publicKey,
      extensions: [
        basicConstraints(undefined),
        keyUsage(['digitalSignature']),
        extendedKeyUsage(node === undefined && hosts === undefined ? ['clientAuth'] : ['serverAuth', 'clientAuth']),
        extension('subjectNames', encodeSubjectNames(names)!),
        subjectKeyId(keyIdentifier(publicKey)),
        authorityKeyId(keyIdOf(this.certificate)),
        ...(this.#crlUrl === undefined ? [] : [crlUrlExtension(this.#crlUrl)]),
      ],
    });
  }
}

/** Digests that a certificate is signed with, as `checkMembership` wants them. `chain`: leaf, issuing CA, root. */
export function presentedCertificate([leaf, issuing, root]: readonly Certificate[]): {
  readonly issuer: Uint8Array;
  readonly root: Uint8Array;
  readonly serial: Uint8Array;
  readonly digest: Uint8Array;
} {
  if (leaf === undefined || issuing === undefined || root === undefined) {
    return failCertificate(
      'wrong_profile',
      'a chain has three certificates: of the member, the issuing CA and the root',
    );
  }
  return { issuer: issuing.digest, root: root.digest, serial: leaf.serial, digest: leaf.digest };
}

type Tbs = {
  readonly serial: Uint8Array;
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  readonly notBeforeSec: number;
  readonly notAfterSec: number;
  readonly publicKey: PublicKey;
  readonly extensions: readonly Uint8Array[];
};

async function sign(signer: Signer, content: Tbs): Promise<Uint8Array> {
  const { serial, issuer, subject, notBeforeSec, notAfterSec, publicKey, extensions } = content;
  const tbs = sequence(
    der(contextTag(0), smallInteger(2)),
    unsignedInteger(serial),
    signatureAlgorithm,
    issuer,
    sequence(time(notBeforeSec), time(notAfterSec)),
    subject,
    encodePublicKey(publicKey),
    der(contextTag(3), sequence(...extensions)),
  );
  const certificate = sequence(tbs, signatureAlgorithm, bitString(await signer.sign(tbs)));
  // What readers would refuse must not leave: sizes, names, the point of the key.
  parseCertificate(certificate);
  return certificate;
}

/** Positive, unpredictable, and of the same length each time. */
function newSerial(random: RandomBytes): Uint8Array {
  const bytes = random(SERIAL_BYTES).slice();
  bytes[0] = (bytes[0]! & 0x3f) | 0x40;
  return bytes;
}

/** The time before now counts as part of the life: the consortium bounds the whole. */
function validity(nowMs: number, lifeSec: number): { readonly notBeforeSec: number; readonly notAfterSec: number } {
  const nowSec = Math.floor(nowMs / 1000);
  const backdateSec = Math.max(0, Math.min(BACKDATE_SEC, Math.floor(lifeSec / 12)));
  return { notBeforeSec: nowSec - backdateSec, notAfterSec: nowSec + Math.floor(lifeSec) - backdateSec };
}

function keyIdOf({ subjectKeyId: id, publicKey }: Certificate): Uint8Array {
  return id ?? keyIdentifier(publicKey);
}

function requireKeyOf({ publicKey }: Certificate, signer: Signer): void {
  if (!equalBytes(publicKey, signer.publicKey)) {
    failCertificate('wrong_signature', 'the private key does not belong to the certificate of the authority');
  }
}

/** TLS has to follow chains, and has no secp256k1. */
function requireP256(key: PublicKey): void {
  if (key[0] !== 1) failCertificate('weak_key', 'an authority needs a P-256 key: TLS has no signatures with secp256k1');
}
