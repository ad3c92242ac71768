/** What a TLS handshake has shown of the other side, and whether that is enough (NET-17). */
import { connect as connectTcp, type Socket } from 'node:net';
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls';
import type { Admission } from '../admission/admission.js';
import type { AdmittedMember } from '../admission/verdict.js';
import { faultOf, PeerFault } from './faults.js';
import type { Member } from './identity.js';

/** One more than is looked at: too many are refused. */
const SHOWN_MAX = 4;
/**
 * Of a whole handshake and the first words after it: three certificates of the greatest size fit in. Node looks for the issuer of
 * each certificate among all others, which takes 200 ms for the 200 that OpenSSL would take.
 */
const HANDSHAKE_BYTES_MAX = 16 << 10;

/**
 * Whom a handshake has shown, or why it is not let in. OpenSSL and the admission must agree.
 * @param raw the connection below, whose bytes are counted
 */
export function judgeHandshake(socket: TLSSocket, raw: Socket, admission: Admission): Member | PeerFault {
  if (raw.bytesRead > HANDSHAKE_BYTES_MAX) {
    return new PeerFault(
      'not_admitted',
      `the handshake has ${raw.bytesRead} bytes, at most ${HANDSHAKE_BYTES_MAX} are read`,
    );
  }
  const chain = presentedChain(socket);
  if (chain.length === 0) return new PeerFault('not_admitted', 'the peer has no certificate');
  const verdict = admission.check(chain, 'node');
  if (verdict.kind === 'refused') return faultOf(verdict);
  if (!socket.authorized) {
    return new PeerFault('untrusted', `TLS refuses the certificate: ${socket.authorizationError}`);
  }
  return memberOf(verdict.member, chain);
}

/** A TCP connection to `host:port`; addresses of IPv6 in brackets. */
export function connectTo(address: string): Socket {
  const split = address.lastIndexOf(':');
  return connectTcp({ host: address.slice(0, split).replace(/^\[|\]$/g, ''), port: Number(address.slice(split + 1)) });
}

/**
 * Certificates that the other side has shown, its own first. To be asked once and first: `getPeerX509Certificate` takes the list
 * apart (Node 20).
 */
function presentedChain(socket: TLSSocket): Uint8Array[] {
  const chain: Uint8Array[] = [];
  let next: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (next?.raw !== undefined && chain.length < SHOWN_MAX) {
    chain.push(new Uint8Array(next.raw));
    // A root names itself.
    next = next.issuerCertificate === next ? undefined : next.issuerCertificate;
  }
  return chain;
}

function memberOf(admitted: AdmittedMember, chain: readonly Uint8Array[]): Member {
  const { organisation, roles, digest, validFromMs, validUntilMs } = admitted;
  return { node: admitted.node!, organisation, roles, digest, validFromMs, validUntilMs, chain };
}
