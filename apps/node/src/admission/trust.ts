/**
 * Chains of signatures from a member's certificate over the issuing CA of its organisation to a trusted root, by
 * node:crypto. Dates count at each look; signatures are checked once, and remembered by SHA-256.
 */
import { decodePem, isSelfIssued, mayBeIssuedBy } from '@snapscale/sdk/certificates';
import { BoundedMap } from './bounded-map.js';
import { digestOf, openCertificate, type ParsedCertificate, readCertificate } from './certificate.js';
import { type Refusal, refused } from './verdict.js';

/** A chain whose signatures are in order. The leaf may be signed by the root itself, which is then its issuer too. */
export type TrustedChain = {
  readonly leaf: ParsedCertificate;
  readonly issuer: ParsedCertificate;
  readonly root: ParsedCertificate;
};

/** Bytes of one certificate in DER: the chain's bound for those of CAs, and more than a member's ever has. */
const CERTIFICATE_BYTES_MAX = 4096;
/** Leaf, issuing CA, root. */
const CHAIN_LENGTH_MAX = 3;
const REMEMBERED_MAX = 4_096;

/** The issuing CAs of an organisation that are known already, for a certificate that is shown without its own. */
export type KnownIssuers = (organisation: string) => readonly ParsedCertificate[];

/** Trusted roots by SHA-256 in hexadecimal digits. */
export type Roots = ReadonlyMap<string, ParsedCertificate>;

export class ChainVerifier {
  readonly #chains = new BoundedMap<TrustedChain>(REMEMBERED_MAX);
  readonly #knownIssuers: KnownIssuers;

  constructor(knownIssuers: KnownIssuers) {
    this.#knownIssuers = knownIssuers;
  }

  /** The chain from the first certificate to one of the roots. Cost: nothing when it was seen before; otherwise about 0.5 ms. */
  verify(chain: readonly Uint8Array[], roots: Roots): TrustedChain | Refusal {
    if (chain.length === 0) return refused('malformed', 'no certificate was shown');
    if (chain.length > CHAIN_LENGTH_MAX) {
      return refused('malformed', `${chain.length} certificates were shown, at most ${CHAIN_LENGTH_MAX} are looked at`);
    }
    const large = chain.find((der) => der.length > CERTIFICATE_BYTES_MAX);
    if (large !== undefined) {
      return refused('malformed', `a certificate has ${large.length} bytes, at most ${CERTIFICATE_BYTES_MAX} are read`);
    }
    const key = chain.map(digestOf).join('.');
    const known = this.#chains.get(key);
    // Roots come and go: a chain to one that is gone is looked for anew.
    if (known !== undefined && roots.has(known.root.digestHex)) return known;
    const found = findChain(chain, roots, this.#knownIssuers);
    if (!('kind' in found)) this.#chains.set(key, found);
    return found;
  }
}

/** Trusted roots of PEM texts, each of which holds one certificate. @throws Error when one does not */
export function rootsOf(pems: readonly string[]): Map<string, ParsedCertificate> {
  const roots = pems.map((pem) => openCertificate(decodePem(pem, 'CERTIFICATE')));
  return new Map(roots.map((root) => [root.digestHex, root]));
}

function findChain(chain: readonly Uint8Array[], roots: Roots, knownIssuers: KnownIssuers): TrustedChain | Refusal {
  const parsed = chain.map(readCertificate);
  const broken = parsed.indexOf(undefined);
  if (broken >= 0) return refused('malformed', `certificate ${broken + 1} of those shown is not X.509 in DER`);
  const [leaf, second] = parsed as [ParsedCertificate, ParsedCertificate | undefined];
  if (isSelfIssued(leaf)) return refused('self_signed', 'the certificate is signed by its holder');
  if (leaf.authority !== undefined) return refused('wrong_profile', "the certificate is that of a CA, not a member's");
  // A stranger's key verifies nothing before a root has vouched for it: it could be one that takes long.
  const trusted = [...roots.values()];
  const shown = second === undefined || roots.has(second.digestHex) ? undefined : below(second, leaf, trusted);
  if (shown !== undefined) return shown;
  for (const known of knownIssuers(leaf.names.organisations[0] ?? '')) {
    const found = mayBeIssuedBy(leaf, known) ? below(known, leaf, trusted) : undefined;
    if (found !== undefined) return found;
  }
  const issuer = issuerAmong(leaf, trusted);
  if (issuer === undefined) {
    return refused(
      'untrusted',
      'no CA that was shown, and no trusted root, has signed the certificate within a chain of trust',
    );
  }
  return { leaf, issuer, root: issuerAmong(issuer, trusted) ?? issuer };
}

/** The chain by this issuing CA, if it is one. */
function below(
  issuer: ParsedCertificate,
  leaf: ParsedCertificate,
  roots: readonly ParsedCertificate[],
): TrustedChain | undefined {
  const root = issuerAmong(issuer, roots);
  return root !== undefined && isIssuedBy(leaf, issuer) ? { leaf, issuer, root } : undefined;
}

/** The CA among these that signed a certificate. */
function issuerAmong(
  certificate: ParsedCertificate,
  candidates: readonly ParsedCertificate[],
): ParsedCertificate | undefined {
  return candidates.find((candidate) => isIssuedBy(certificate, candidate));
}

function isIssuedBy(certificate: ParsedCertificate, issuer: ParsedCertificate): boolean {
  if (!mayBeIssuedBy(certificate, issuer) || !mayIssue(issuer, certificate)) return false;
  try {
    return certificate.x509.checkIssued(issuer.x509) && certificate.x509.verify(issuer.x509.publicKey);
  } catch {
    return false;
  }
}

/** Whether an authority may sign certificates, and this one below itself. */
function mayIssue({ authority, keyUsage, unknownCritical }: ParsedCertificate, below: ParsedCertificate): boolean {
  if (authority === undefined || !keyUsage.has('keyCertSign') || unknownCritical.length > 0) return false;
  return below.authority === undefined || (authority.pathLength ?? 1) >= 1;
}
