/** Why connections between nodes end. */
import type { AdmissionCode, Refusal } from '../admission/verdict.js';

/** Of the other node's certificate (NET-17): no points, because it must be let in at once when that, or the chain's mind, has changed. */
const admissionPoints = {
  untrusted: 0,
  self_signed: 0,
  not_yet_valid: 0,
  wrong_profile: 0,
  wrong_role: 0,
  unknown_issuer: 0,
  issuer_revoked: 0,
  issuer_expired: 0,
  organisation_suspended: 0,
  organisation_expelled: 0,
  organisation_expired: 0,
  unknown_certificate: 0,
  certificate_revoked: 0,
  certificate_expired: 0,
} as const satisfies Readonly<Record<Exclude<AdmissionCode, 'malformed'>, number>>;

/** Why connections end. Each has points: a node that gathers 100 of them is not let in for a while. */
export const peerFaults = {
  // Nobody's fault.
  shutting_down: 0,
  duplicate_connection: 0,
  self: 0,
  duplicate_node: 0,
  too_many_peers: 0,
  banned: 0,
  connection_lost: 0,
  unreachable: 0,
  isolated: 0,
  // Of the other program's version: once it is upgraded it must be let in at once.
  version: 0,
  ...admissionPoints,
  // May be a matter of configuration or of time.
  wrong_chain: 5,
  not_admitted: 20,
  timeout: 5,
  does_not_read: 10,
  /** It does not give what it says it has. */
  unhelpful: 10,
  /** A transaction that an honest node would not have passed on; a few may be due to another version of the program. */
  bad_transaction: 4,
  /** What consensus found wrong. Three times are no accident; once could be our own. */
  invalid: 40,
  // No honest node does these.
  malformed: 100,
  bad_signature: 100,
  unexpected: 50,
  flooding: 50,
  false_data: 100,
} as const;

/** Points at which a node is put out. They are forgotten by half every ten minutes. */
export const BAN_POINTS = 100;

export type PeerFaultCode = keyof typeof peerFaults;

/** Why a connection ends: a code, and a text that says what happened. */
export class PeerFault extends Error {
  override readonly name = 'PeerFault';
  readonly code: PeerFaultCode;
  /** The peer said so of this node: no reason to blame the peer. */
  readonly isOfPeer: boolean;

  constructor(code: PeerFaultCode, message: string, isOfPeer = false) {
    super(message);
    this.code = code;
    this.isOfPeer = isOfPeer;
  }
}

/** Whether a code is about a certificate. */
export function isAdmissionCode(code: string): boolean {
  return Object.hasOwn(admissionPoints, code);
}

/** The end of a connection whose certificate is refused. */
export function faultOf({ code, message }: Refusal): PeerFault {
  // `malformed` is about messages here, which no honest node sends.
  return new PeerFault(code === 'malformed' ? 'not_admitted' : code, message);
}

/** Whether a text that came from a peer is one of the codes. */
export function isFaultCode(text: string): text is PeerFaultCode {
  return Object.hasOwn(peerFaults, text);
}
