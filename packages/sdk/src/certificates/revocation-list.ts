/** Revocation lists (CRL, RFC 5280 section 5), made of chain state so that OpenSSL and other software can use it. */
import { concatBytes, equalBytes } from '@snapscale/crypto';
import { type Certificate, extensionOids, readExtensionList } from './certificate.js';
import { failCertificate } from './certificate-error.js';
import {
  bigInteger,
  bitString,
  contextTag,
  DerReader,
  der,
  sequence,
  smallInteger,
  tags,
  time,
  unsignedInteger,
} from './encoding/der.js';
import { authorityKeyId, extension } from './extensions.js';
import { keyIdentifier, readSignatureAlgorithm, type Signer, signatureAlgorithm, verifySignature } from './keys.js';
import { type DistinguishedName, readDistinguishedName } from './names.js';

/** A certificate that was revoked. */
export type RevokedCertificate = {
  /** Big-endian; leading zeros do not matter. */
  readonly serial: Uint8Array;
  readonly revokedSec: number;
  /** RFC 5280 section 5.3.1; 0 is not written. */
  readonly reason: number;
};

/** A list as it was read. */
export type RevocationList = {
  readonly issuer: DistinguishedName;
  readonly number: bigint;
  readonly thisUpdateSec: number;
  readonly nextUpdateSec: number | undefined;
  readonly entries: readonly RevokedCertificate[];
  readonly tbs: Uint8Array;
  readonly signature: Uint8Array;
};

const LIST_BYTES_MAX = 12_000_000;
const what = 'revocation list';

/**
 * Makes a list. `number` grows with each: the number of the final block that it was made of. Ten thousand entries take
 * 0.1 s. Returns DER.
 */
export async function createCrl(options: {
  readonly issuer: Certificate;
  readonly signer: Signer;
  readonly entries: readonly RevokedCertificate[];
  readonly number: bigint;
  readonly nowMs: number;
  readonly nextUpdateMs: number;
}): Promise<Uint8Array> {
  const { issuer, signer, entries, number, nowMs, nextUpdateMs } = options;
  if (!issuer.keyUsage.has('cRLSign') || !equalBytes(issuer.publicKey, signer.publicKey)) {
    failCertificate('wrong_profile', 'a revocation list is signed with the key of an authority that may sign lists');
  }
  const tbs = sequence(
    smallInteger(1),
    signatureAlgorithm,
    issuer.subject.encoding,
    time(Math.floor(nowMs / 1000)),
    time(Math.floor(nextUpdateMs / 1000)),
    // An empty list of entries must be left out.
    ...(entries.length === 0 ? [] : [sequence(...entries.map(entryWriter()))]),
    der(
      contextTag(0),
      sequence(
        authorityKeyId(issuer.subjectKeyId ?? keyIdentifier(issuer.publicKey)),
        extension('crlNumber', bigInteger(number)),
      ),
    ),
  );
  return sequence(tbs, signatureAlgorithm, bitString(await signer.sign(tbs)));
}

/** Reads a list in DER. @throws CertificateError */
export function parseCrl(bytes: Uint8Array): RevocationList {
  if (bytes.length > LIST_BYTES_MAX) failCertificate('too_large', `the revocation list has ${bytes.length} bytes`);
  const outer = new DerReader(bytes, what);
  const list = outer.enter(tags.sequence);
  outer.end();
  const tbs = list.value(tags.sequence);
  readSignatureAlgorithm(list, what);
  const signature = list.bytesOfBits();
  list.end();
  return { tbs: tbs.encoding, signature, ...readTbs(new DerReader(tbs.content, what)) };
}

/** Whether a list was signed by this authority. */
export function isCrlOf({ issuer, tbs, signature }: RevocationList, authority: Certificate): boolean {
  return (
    equalBytes(issuer.encoding, authority.subject.encoding) && verifySignature(authority.publicKey, tbs, signature)
  );
}

/** Writes entries. Many have the same second and reason: those are written once. */
function entryWriter(): (entry: RevokedCertificate) => Uint8Array {
  const ends = new Map<string, Uint8Array>();
  return ({ serial, revokedSec, reason }) => {
    const key = `${revokedSec} ${reason}`;
    let end = ends.get(key);
    if (end === undefined) {
      const code = extension('crlReason', der(tags.enumerated, Uint8Array.of(reason)));
      end = reason === 0 ? time(revokedSec) : concatBytes(time(revokedSec), sequence(code));
      ends.set(key, end);
    }
    return sequence(unsignedInteger(serial), end);
  };
}

function readTbs(tbs: DerReader): Omit<RevocationList, 'tbs' | 'signature'> {
  if (tbs.small() !== 1) failCertificate('malformed', 'the revocation list is not of version 2');
  readSignatureAlgorithm(tbs, what);
  const issuer = readDistinguishedName(tbs);
  const thisUpdateSec = tbs.time();
  const nextUpdateSec = tbs.isNext(tags.utcTime) || tbs.isNext(tags.generalizedTime) ? tbs.time() : undefined;
  const entries: RevokedCertificate[] = [];
  if (tbs.isNext(tags.sequence)) {
    const list = tbs.enter(tags.sequence);
    while (!list.isAtEnd) entries.push(readEntry(list.enter(tags.sequence)));
  }
  const extensions = readExtensionList(tbs.enter(contextTag(0)), what);
  tbs.end();
  const number = extensions.get(extensionOids.crlNumber);
  if (number === undefined) return failCertificate('malformed', 'the revocation list has no number');
  return { issuer, thisUpdateSec, nextUpdateSec, entries, number: numberOf(number.value) };
}

function readEntry(entry: DerReader): RevokedCertificate {
  const serial = entry.unsigned(20);
  const revokedSec = entry.time();
  const extensions = entry.isAtEnd ? undefined : readEntryExtensions(entry);
  const reason = extensions === undefined ? 0 : reasonOf(extensions);
  return { serial, revokedSec, reason };
}

function readEntryExtensions(entry: DerReader) {
  const rest = entry.value(tags.sequence);
  entry.end();
  return readExtensionList(new DerReader(rest.encoding, what), what);
}

function reasonOf(extensions: ReturnType<typeof readEntryExtensions>): number {
  const value = extensions.get(extensionOids.crlReason)?.value;
  return value === undefined ? 0 : (new DerReader(value, what).value(tags.enumerated).content[0] ?? 0);
}

function numberOf(value: Uint8Array): bigint {
  const bytes = new DerReader(value, what).unsigned(20);
  return bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}
