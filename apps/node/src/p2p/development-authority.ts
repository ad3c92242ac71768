/**
 * A certificate authority for development networks and tests: an own root, and certificates of nodes under it. Networks
 * of several organisations have the certificate authority of the consortium.
 */
import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import type { Identity, PeerRole } from './identity.js';
import { checkName } from './node-name.js';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;
/** Certificates begin a little in the past, so that a clock that lags does not refuse them. */
const BACKDATE_MS = 5 * 60_000;

/** What a node's certificate is to say. */
export type NodeCertificateRequest = {
  readonly node: string;
  readonly organisation: string;
  readonly roles: readonly PeerRole[];
  readonly nowMs: number;
  /** Default: 90. Negative for certificates that have expired. */
  readonly validDays?: number;
  /** Names and addresses at which the node answers, beside its own name. */
  readonly hosts?: readonly string[];
};

export class DevelopmentAuthority {
  readonly #keys: webcrypto.CryptoKeyPair;
  readonly #root: x509.X509Certificate;

  private constructor(keys: webcrypto.CryptoKeyPair, root: x509.X509Certificate) {
    this.#keys = keys;
    this.#root = root;
  }

  /** A new authority with a new key, valid for ten years. */
  static async create(name: string, nowMs: number): Promise<DevelopmentAuthority> {
    const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const root = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: serial(),
      name: `CN=${name}`,
      notBefore: new Date(nowMs - BACKDATE_MS),
      notAfter: new Date(nowMs + 3650 * DAY_MS),
      signingAlgorithm: algorithm,
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    return new DevelopmentAuthority(keys, root);
  }

  /** The root as PEM. */
  get certificate(): string {
    return this.#root.toString('pem');
  }

  /** A certificate and a new key for a node. */
  async issue(request: NodeCertificateRequest): Promise<Identity> {
    checkName(request.node);
    const { node, organisation, roles, nowMs, validDays = 90, hosts = [] } = request;
    const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const notAfter = nowMs + validDays * DAY_MS;
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: serial(),
      subject: `CN=${node},O=${organisation}`,
      issuer: this.#root.subject,
      notBefore: new Date(Math.min(nowMs - BACKDATE_MS, notAfter - DAY_MS)),
      notAfter: new Date(notAfter),
      signingAlgorithm: algorithm,
      signingKey: this.#keys.privateKey,
      publicKey: keys.publicKey,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
        new x509.SubjectAlternativeNameExtension([
          { type: 'dns', value: node },
          ...hosts.map((host) => ({ type: isAddress(host) ? ('ip' as const) : ('dns' as const), value: host })),
          { type: 'url', value: `urn:snap:node:${node}` },
          { type: 'url', value: `urn:snap:org:${organisation}` },
          ...roles.map((role) => ({ type: 'url' as const, value: `urn:snap:role:${role}` })),
        ]),
        await x509.AuthorityKeyIdentifierExtension.create(this.#root, false),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
    return {
      certificate: certificate.toString('pem'),
      privateKey: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY'),
      authorities: [this.certificate],
    };
  }
}

/** Serial numbers are positive and unpredictable. */
function serial(): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x3f) | 0x40;
  return bytes.toString('hex');
}

function isAddress(host: string): boolean {
  return /^[\d.]+$/.test(host) || host.includes(':');
}
