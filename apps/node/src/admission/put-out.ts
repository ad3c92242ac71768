/**
 * Who was put out for good, as far as a state knows that may be old (NET-19).
 *
 * The digest of a certificate is not looked at: an ECDSA signature can be written in two ways, so that everybody can make other
 * bytes of a CA's certificate which are as valid, and a CA may have several certificates of one key. Keys, organisations and
 * serials are inside of what was signed.
 */
import { equalBytes, toHex } from '@snapscale/crypto';
import type { StateReader } from '@snapscale/execution';
import {
  type Authority,
  getMember,
  getOrganisation,
  keyOfSerial,
  listAuthorities,
} from '@snapscale/execution/consortium';
import { type Name, parseName } from '@snapscale/protocol';
import { type Certificate, parseCertificate } from '@snapscale/sdk/certificates';
import { BoundedMap } from './bounded-map.js';
import type { Profile } from './profile.js';
import type { TrustedChain } from './trust.js';
import { type Refusal, refused } from './verdict.js';

/** How long a CA may have been signed before the chain has it: organisations vote on it. */
const ENTERING_SEC = 7 * 86_400;
const KEYS_MAX = 2_048;

export class PutOut {
  readonly #state: StateReader;
  /** Of the certificates of CAs on chain by their digests; empty where it is no certificate. What has a digest does not change. */
  readonly #keys = new BoundedMap<string>(KEYS_MAX);

  constructor(state: StateReader) {
    this.#state = state;
  }

  /**
   * Why the chain does not let somebody in any more, whatever it has heard since.
   * @param finalSec time of the final block whose state this is
   */
  refusalOf({ leaf, issuer, root }: TrustedChain, profile: Profile, finalSec: number): Refusal | undefined {
    const account = parseName(profile.organisation);
    const what = `an issuing CA of ${profile.organisation}`;
    if (issuer === root) return refused('unknown_issuer', `a root is not ${what}`);
    if (getOrganisation(this.#state, account)?.status === 'expelled') {
      return refused('organisation_expelled', `the consortium has expelled ${profile.organisation}`);
    }
    const { known, roots } = this.#rowsOf(issuer, root);
    if ([...known, ...roots].some(({ status }) => status === 'revoked')) {
      return refused('issuer_revoked', `the key of ${what}, or of the root above it, is revoked`);
    }
    if (known.some(({ organisation }) => isGone(this.#state, organisation))) {
      return refused('organisation_expelled', `the consortium has expelled the owner of the key of ${what}`);
    }
    const member = getMember(this.#state, account, keyOfSerial(leaf.serial));
    if (member?.isRevoked === true && equalBytes(member.serial, leaf.serial)) {
      return refused(
        'certificate_revoked',
        `the certificate ${toHex(leaf.serial)} of ${profile.organisation} is revoked`,
      );
    }
    if (known.some(({ organisation }) => organisation === account)) return undefined;
    // It may have come in since.
    if (finalSec < issuer.notBeforeSec + ENTERING_SEC) return undefined;
    return refused('unknown_issuer', `the consortium has no ${what} with this key`);
  }

  /** What the chain has with the keys of two CAs. */
  #rowsOf(issuer: Certificate, root: Certificate): { readonly known: Authority[]; readonly roots: Authority[] } {
    const all = listAuthorities(this.#state);
    const of = ({ publicKey }: Certificate): Authority[] => {
      const key = toHex(publicKey);
      return all.filter((authority) => this.#keyOf(authority) === key);
    };
    return { known: of(issuer), roots: of(root) };
  }

  #keyOf({ digest, der }: Authority): string {
    const name = toHex(digest);
    const known = this.#keys.get(name);
    if (known !== undefined) return known;
    const key = publicKeyOf(der);
    this.#keys.set(name, key);
    return key;
  }
}

function isGone(state: StateReader, organisation: Name | undefined): boolean {
  if (organisation === undefined) return false;
  const row = getOrganisation(state, organisation);
  // One that was expelled is forgotten some time after; its CAs are not.
  return row === undefined || row.status === 'expelled';
}

function publicKeyOf(der: Uint8Array): string {
  try {
    return toHex(parseCertificate(der).publicKey);
  } catch {
    // What the contract holds was parsed by nobody.
    return '';
  }
}
