/**
 * A request for the next issuing CA of an organisation, for a root that is elsewhere: with a line before it that the present
 * issuing CA has signed the request. So a root signs no CA in the name of an organisation that does not want it.
 */
import { failCertificate } from './certificate-error.js';
import { decodeBase64, decodePem, encodeBase64, encodePem } from './encoding/pem.js';

const header = 'Present-CA-Signature';
const line = new RegExp(`^${header}: ([A-Za-z0-9+/]{8,120}={0,2})\\r?$`, 'm');
const TEXT_CHARS_MAX = 8192;

/** A request in DER, and the signature of the present issuing CA over it. */
export type VouchedRequest = { readonly der: Uint8Array; readonly signature: Uint8Array };

/** The text of a request. What stands before PEM is skipped by other software. */
export function formatVouchedRequest({ der, signature }: VouchedRequest): string {
  return `${header}: ${encodeBase64(signature)}\n${encodePem('CERTIFICATE REQUEST', der)}`;
}

/** Reads such a text. The signature is not checked. @throws CertificateError */
export function parseVouchedRequest(text: string): VouchedRequest {
  if (text.length > TEXT_CHARS_MAX) failCertificate('too_large', 'the request for a certificate is too large');
  const der = decodePem(text, 'CERTIFICATE REQUEST');
  const signature = line.exec(text)?.[1];
  if (signature === undefined) {
    return failCertificate(
      'wrong_signature',
      `the request is not signed by the present issuing CA (a line ${header}): take the file that org rotate --save writes`,
    );
  }
  return { der, signature: decodeBase64(signature, 'signature of the present issuing CA') };
}
