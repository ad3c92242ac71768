/**
 * A certificate authority for development networks and tests: an own root, an issuing CA for each organisation, and
 * certificates of nodes under them. Networks of several organisations have `apps/ca`.
 */
import { randomBytes } from 'node:crypto';
import type { PrivateKey } from '@snapscale/crypto';
import {
  type Certificate,
  createIssuing,
  createRoot,
  encodePem,
  IssuingAuthority,
  newPrivateKey,
  parseCertificate,
  privateKeyPem,
  signerOf,
} from '@snapscale/sdk/certificates';
import type { Identity, PeerRole } from './identity.js';
import { checkName } from './node-name.js';

const DAY_SEC = 86_400;

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
  readonly #key: PrivateKey;
  readonly #root: Certificate;
  readonly #issuing = new Map<string, IssuingAuthority>();

  private constructor(key: PrivateKey, root: Certificate) {
    this.#key = key;
    this.#root = root;
  }

  /** A new authority with a new key, valid for twenty years. */
  static async create(title: string, nowMs: number): Promise<DevelopmentAuthority> {
    const key = newPrivateKey('R1', random);
    const root = parseCertificate(await createRoot({ title, signer: signerOf(key), nowMs, random }));
    return new DevelopmentAuthority(key, root);
  }

  /** The root as PEM. */
  get certificate(): string {
    return encodePem('CERTIFICATE', this.#root.der);
  }

  /** A certificate and a new key for a node. */
  async issue(request: NodeCertificateRequest): Promise<Identity> {
    const { node, organisation, roles, nowMs, validDays = 90, hosts } = request;
    checkName(node);
    const issuing = await this.#issuingOf(organisation, nowMs);
    const key = newPrivateKey('R1', random);
    const grant = { node, roles, hosts, nowMs, lifeSec: validDays * DAY_SEC };
    const certificate = await issuing.issue(signerOf(key).publicKey, grant);
    return {
      certificate: encodePem('CERTIFICATE', certificate) + encodePem('CERTIFICATE', issuing.certificate.der),
      privateKey: privateKeyPem(key),
      authorities: [this.certificate],
    };
  }

  async #issuingOf(organisation: string, nowMs: number): Promise<IssuingAuthority> {
    const known = this.#issuing.get(organisation);
    if (known !== undefined) return known;
    const signer = signerOf(newPrivateKey('R1', random));
    const der = await createIssuing({
      root: this.#root,
      signer: signerOf(this.#key),
      organisation,
      title: organisation,
      publicKey: signer.publicKey,
      nowMs,
      random,
    });
    const issuing = new IssuingAuthority({ certificate: parseCertificate(der), signer, random });
    this.#issuing.set(organisation, issuing);
    return issuing;
  }
}

function random(size: number): Uint8Array {
  return new Uint8Array(randomBytes(size));
}
