/** What a door learns of a certificate that somebody shows: who it is, or why it is refused. */
import type { KeyObject } from 'node:crypto';
import type { PublicKey } from '@snapscale/crypto';
import type { RefusalCode } from '@snapscale/execution';

/** Why a certificate is refused: what X.509 or the profile says, or what the chain says. */
export type AdmissionCode =
  | RefusalCode
  /** Not a certificate, or too large, or too many of them. */
  | 'malformed'
  /** No chain of signatures leads to a trusted root. */
  | 'untrusted'
  | 'self_signed'
  | 'not_yet_valid'
  /** A certificate, but not of the kind that the consortium issues; or one that its row does not describe. */
  | 'wrong_profile'
  /** Its roles do not open this door. */
  | 'wrong_role';

/** What a door asks for: `node` for a link between nodes, `member` for anybody with a role. */
export type AdmissionNeed = 'node' | 'member';

/** What the verdict rests on (ADR 0022): X.509 alone, X.509 and what cannot be undone, or chain state in full. */
export type AdmissionBasis = 'certificate' | 'catching_up' | 'chain';

/** Somebody who is let in. */
export type AdmittedMember = {
  /** Account of its organisation. */
  readonly organisation: string;
  /** The account that it acts with, where it has one. */
  readonly account: string | undefined;
  /** Name of the node; undefined for a member that is none. */
  readonly node: string | undefined;
  /** As in certificates (`ca-operator`). With the basis `chain` those that its organisation may give now. */
  readonly roles: readonly string[];
  /** What the roles allow (`memberPermissions`), by the chain's table of roles. Empty with another basis than `chain`. */
  readonly permissions: readonly string[];
  /** Since when the certificate is valid. */
  readonly validFromMs: number;
  /** When it ends as far as is known now: certificate, CAs, and with the basis `chain` also what the chain says. */
  readonly validUntilMs: number;
  /** SHA-256 of the certificate in DER, in hexadecimal digits: the name of a session. */
  readonly digest: string;
  /** In hexadecimal digits, without leading zeros. */
  readonly serial: string;
  /** The certificate's key, to verify what its holder signed. */
  readonly key: KeyObject;
  /** The same as the chain has it. */
  readonly publicKey: PublicKey;
  readonly basis: AdmissionBasis;
};

export type Verdict =
  | { readonly kind: 'admitted'; readonly member: AdmittedMember }
  | { readonly kind: 'refused'; readonly code: AdmissionCode; readonly message: string };

export type Refusal = Extract<Verdict, { kind: 'refused' }>;

/** Of a message: it may hold names that a stranger has chosen. */
const MESSAGE_CHARS_MAX = 300;

export function refused(code: AdmissionCode, message: string): Refusal {
  return { kind: 'refused', code, message: message.slice(0, MESSAGE_CHARS_MAX) };
}
