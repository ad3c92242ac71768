/**
 * The greeting: each side sends one `hello`, signed by its certificate's key together with a secret of this TLS session.
 * A greeting recorded elsewhere, or sent back to its author, is worthless.
 */
import type { KeyObject, X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { equalBytes, toHex } from '@snapscale/crypto';
import {
  decode,
  encode,
  type HelloBody,
  helloBodySchema,
  helloSignedSchema,
  type PeerMessage,
} from '@snapscale/protocol';
import { PeerFault } from './faults.js';
import { isSignedBy, signAs } from './identity.js';

/** Versions of the language that this program speaks. */
export const protocolVersions = { min: 1, max: 1 } as const;

const BINDING_LABEL = 'EXPORTER-snapscale-p2p';
const DOMAIN = 'SNAP/HELLO/1';
/** Clocks that differ by more than this cannot follow the same slots. */
export const CLOCK_DIFFERENCE_MS_MAX = 60_000;

/** What is known of the other side after its greeting. */
export type Greeted = { readonly body: HelloBody; readonly version: number };

/** The secret that only the two ends of this TLS session know. */
export function bindingOf(socket: TLSSocket): Uint8Array {
  return socket.exportKeyingMaterial(32, BINDING_LABEL, Buffer.alloc(0));
}

/** The own greeting on a session. `dialled`: this side opened the connection. */
export function makeHello(body: HelloBody, key: KeyObject, binding: Uint8Array, dialled: boolean): PeerMessage {
  const bytes = encode(helloBodySchema, body);
  const signature = signAs(key, encode(helloSignedSchema, { domain: DOMAIN, binding, dialled, body: bytes }));
  return { kind: 'hello', hello: { body: bytes, signature } };
}

/** What a greeting is checked against. */
export type Expectation = {
  readonly certificate: X509Certificate;
  readonly binding: Uint8Array;
  /** The other side opened the connection. */
  readonly dialled: boolean;
  readonly chainId: Uint8Array;
  /** Versions that this side offers. */
  readonly versions: { readonly min: number; readonly max: number };
  readonly nowMs: number;
};

/** Checks the other side's greeting. @throws PeerFault that says what is wrong */
export function checkHello(
  hello: { readonly body: Uint8Array; readonly signature: Uint8Array },
  expected: Expectation,
): Greeted {
  const { certificate, binding, dialled, chainId, versions, nowMs } = expected;
  const signed = encode(helloSignedSchema, { domain: DOMAIN, binding, dialled, body: hello.body });
  if (!isSignedBy(certificate, signed, hello.signature)) {
    throw new PeerFault(
      'bad_signature',
      'the greeting is not signed for this connection by the key of the certificate',
    );
  }
  const body = decode(helloBodySchema, hello.body);
  if (!equalBytes(body.chainId, chainId)) {
    throw new PeerFault(
      'wrong_chain',
      `the peer is on chain ${toHex(body.chainId)}, this node on ${toHex(chainId)}: compare the two genesis files`,
    );
  }
  const version = Math.min(body.versionMax, versions.max);
  if (version < body.versionMin || version < versions.min) {
    const older = body.versionMax < versions.min ? 'the peer' : 'this node';
    throw new PeerFault(
      'version',
      `the peer (${body.agent}) speaks versions ${body.versionMin} to ${body.versionMax} of the protocol, this node ${versions.min} to ${versions.max}: ${older} must be upgraded`,
    );
  }
  const differenceMs = Number(body.clockMs) - nowMs;
  if (Math.abs(differenceMs) > CLOCK_DIFFERENCE_MS_MAX) {
    throw new PeerFault(
      'timeout',
      `the clocks differ by ${Math.round(differenceMs / 1000)} s, more than ${CLOCK_DIFFERENCE_MS_MAX / 1000} s: set the time on one of the two machines`,
    );
  }
  return { body, version };
}
