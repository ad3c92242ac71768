/**
 * The CA's own certificate for HTTPS, issued by the first organisation. Its key lives in memory alone and is new at each start
 * and each renewal. It is no member's certificate and is not on chain.
 */
import { randomBytes } from 'node:crypto';
import { encodePem, newPrivateKey, privateKeyPem, signerOf } from '@snapscale/sdk/certificates';
import type { TlsIdentity } from './http/server.js';
import type { OrganisationCa } from './issuing/organisation-ca.js';

const LIFE_SEC = 30 * 86_400;
/** It is renewed long before its end, so that nobody ever meets an old one. */
export const OWN_RENEWAL_MS = (LIFE_SEC / 3) * 1000;

/** Makes a certificate for these names and addresses. Clients of all the organisations are known. */
export async function ownIdentity(
  first: OrganisationCa,
  all: Iterable<OrganisationCa>,
  hosts: readonly string[],
  nowMs: number,
): Promise<TlsIdentity> {
  const key = newPrivateKey('R1', (size) => new Uint8Array(randomBytes(size)));
  const der = await first.authority.issueServer(signerOf(key).publicKey, { hosts, lifeSec: LIFE_SEC, nowMs });
  const authorities = [...all].flatMap(({ files }) => [...files.roots, files.issuing, ...files.earlier]);
  return {
    cert: encodePem('CERTIFICATE', der) + encodePem('CERTIFICATE', first.files.issuing.der),
    key: privateKeyPem(key),
    ca: [...new Set(authorities.map((certificate) => encodePem('CERTIFICATE', certificate.der)))],
  };
}
