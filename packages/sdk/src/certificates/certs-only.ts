/** PKCS#7 without content or signature, for certificates alone: what EST answers with (RFC 7030 section 4.1.3). */
import { failCertificate } from './certificate-error.js';
import { contextTag, DerReader, der, oid, sequence, setOf, smallInteger, tags } from './encoding/der.js';

import { curveOids, ecPublicKeyOid } from './keys.js';

const signedDataOid = '1.2.840.113549.1.7.2';
const dataOid = '1.2.840.113549.1.7.1';
const CERTIFICATES_MAX = 32;
const what = 'PKCS#7 bundle';

/** A bundle of certificates in DER. */
export function encodeCertsOnly(certificates: readonly Uint8Array[]): Uint8Array {
  const signedData = sequence(
    smallInteger(1),
    setOf(),
    sequence(oid(dataOid)),
    // As a set, but in the order given: the first is what was asked for.
    der(contextTag(0), ...certificates),
    setOf(),
  );
  return sequence(oid(signedDataOid), der(contextTag(0), signedData));
}

/** What EST asks of requests (`csrattrs`, RFC 7030 section 4.5): a P-256 key, and ECDSA with SHA-256. In DER. */
export const requestAttributes: Uint8Array = sequence(
  sequence(oid(ecPublicKeyOid), setOf(oid(curveOids.R1))),
  oid('1.2.840.10045.4.3.2'),
);

/** Certificates of a bundle, in DER and in its order. @throws CertificateError */
export function decodeCertsOnly(bytes: Uint8Array): Uint8Array[] {
  const outer = new DerReader(bytes, what);
  const info = outer.enter(tags.sequence);
  outer.end();
  if (info.oid() !== signedDataOid) failCertificate('malformed', 'the PKCS#7 bundle holds no certificates');
  const data = info.enter(contextTag(0)).enter(tags.sequence);
  data.small();
  data.value(tags.set);
  data.value(tags.sequence);
  const certificates: Uint8Array[] = [];
  if (data.isNext(contextTag(0))) {
    const list = data.enter(contextTag(0));
    while (!list.isAtEnd) {
      if (certificates.length === CERTIFICATES_MAX)
        failCertificate('too_large', 'the PKCS#7 bundle has too many certificates');
      certificates.push(list.value(tags.sequence).encoding.slice());
    }
  }
  return certificates;
}
