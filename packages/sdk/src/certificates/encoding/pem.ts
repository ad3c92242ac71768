/** PEM: DER as text between lines that name it (RFC 7468). */
import { bytesFromBase64 } from '../../base64.js';
import { failCertificate } from '../certificate-error.js';

/** What is written. OpenSSL and Node read revocation lists under `X509 CRL` alone. */
export type PemLabel =
  | 'CERTIFICATE'
  | 'CERTIFICATE REQUEST'
  | 'X509 CRL'
  | 'PRIVATE KEY'
  | 'ENCRYPTED PRIVATE KEY'
  | 'PKCS7';

/** One block of a PEM text. */
export type PemBlock = { readonly label: string; readonly der: Uint8Array };

/** A revocation list of ten thousand entries has half a megabyte. */
const TEXT_CHARS_MAX = 16_000_000;
const BLOCKS_MAX = 256;

/** A block of PEM, with a line feed at its end. */
export function encodePem(label: PemLabel, der: Uint8Array): string {
  const lines = encodeBase64(der).match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

/** Bytes as base64 in one line. */
export function encodeBase64(bytes: Uint8Array): string {
  let binary = '';
  for (let i = 0; i < bytes.length; i += 4096) binary += String.fromCharCode(...bytes.subarray(i, i + 4096));
  return btoa(binary);
}

/** All blocks of a text, in order; what stands between them is skipped. @throws CertificateError */
export function pemBlocks(text: string): PemBlock[] {
  if (text.length > TEXT_CHARS_MAX) failCertificate('too_large', `the PEM text has ${text.length} characters`);
  const blocks: PemBlock[] = [];
  const begin = /-----BEGIN ([A-Z0-9 ]{1,40})-----/g;
  for (let match = begin.exec(text); match !== null; match = begin.exec(text)) {
    const label = match[1]!;
    const end = text.indexOf(`-----END ${label}-----`, begin.lastIndex);
    if (end < 0) return failCertificate('malformed', `the PEM text has no end of its ${label}`);
    if (blocks.length === BLOCKS_MAX) failCertificate('too_large', `the PEM text has more than ${BLOCKS_MAX} blocks`);
    blocks.push({ label, der: base64Body(text.slice(begin.lastIndex, end), label) });
    begin.lastIndex = end;
  }
  return blocks;
}

/** Blocks with this label. @throws CertificateError */
export function decodePemAll(text: string, label: PemLabel): Uint8Array[] {
  return pemBlocks(text)
    .filter((block) => block.label === label)
    .map((block) => block.der);
}

/** The only block with this label. @throws CertificateError */
export function decodePem(text: string, label: PemLabel): Uint8Array {
  const found = decodePemAll(text, label);
  if (found.length !== 1) {
    const others = pemBlocks(text).map((block) => block.label);
    return failCertificate(
      'malformed',
      `the text has ${found.length} blocks ${label} instead of one${others.length > 0 ? ` (it has: ${[...new Set(others)].join(', ')})` : ''}`,
    );
  }
  return found[0]!;
}

/** Base64, with or without line breaks. @throws CertificateError */
export function decodeBase64(text: string, what: string): Uint8Array {
  const body = text.replace(/[\s]+/g, '');
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(body) || body.length % 4 === 1) {
    return failCertificate('malformed', `the ${what} is not base64`);
  }
  return bytesFromBase64(body);
}

function base64Body(body: string, label: string): Uint8Array {
  // Headers such as `DEK-Info` belong to an encryption that nothing here can undo.
  if (body.includes(':')) failCertificate('malformed', `the ${label} has PEM headers: convert it to PKCS#8 first`);
  return decodeBase64(body, label);
}
