/**
 * The HTTPS listener. Clients may show a certificate and need not: what it is worth is judged with each request, so that a
 * refusal is an answer with a code and not a connection that breaks (ACC-3).
 */
import { constants } from 'node:crypto';
import { createServer, type Server, type ServerOptions } from 'node:https';
import type { Socket } from 'node:net';
import { type SecureContextOptions, TLSSocket } from 'node:tls';

/** What the listener shows, and whose certificates it asks for. */
export type TlsIdentity = {
  /** PEM: the node's certificate, then its issuing CA's. */
  readonly certificate: string;
  readonly privateKey: string;
  /** PEM of the roots: clients choose a certificate by their names. */
  readonly authorities: readonly string[];
};

/** Time for a handshake, milliseconds. */
const HANDSHAKE_MS_MAX = 5000;
/** A leaf, its issuing CA and a root are three; more are not looked at. */
const CHAIN_MAX = 6;

/** Makes the listener; it does not listen yet. Requests go to `handle`. */
export function createTlsServer(
  identity: TlsIdentity,
  http: ServerOptions,
  handle: NonNullable<Parameters<typeof createServer>[1]>,
): Server {
  const server = createServer(
    {
      ...http,
      ...contextOf(identity),
      requestCert: true,
      rejectUnauthorized: false,
      handshakeTimeout: HANDSHAKE_MS_MAX,
    },
    handle,
  );
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  countHandshakes(server);
  return server;
}

/**
 * What Node does to sort the certificates of a client takes 200 ms for the 200 that OpenSSL lets through. Three of the greatest
 * size, and a short request behind them, fit into so many bytes.
 */
const HANDSHAKE_BYTES_MAX = 16 << 10;
/** Connections that had sent more when their handshake was done: many certificates, or a long request right after them. */
const large = new WeakSet<Socket>();

function countHandshakes(server: Server): void {
  const begun = new Map<string, Socket>();
  server.on('connection', (raw: Socket) => {
    const key = `${raw.remoteAddress} ${raw.remotePort}`;
    begun.set(key, raw);
    raw.once('close', () => begun.get(key) === raw && begun.delete(key));
  });
  server.on('secureConnection', (socket: TLSSocket) => {
    const key = `${socket.remoteAddress} ${socket.remotePort}`;
    const raw = begun.get(key);
    begun.delete(key);
    if (raw === undefined || raw.bytesRead > HANDSHAKE_BYTES_MAX) large.add(socket);
  });
}

/** Takes another identity or other roots into use, for connections from now on. */
export function changeTlsIdentity(server: Server, identity: TlsIdentity): void {
  server.setSecureContext(contextOf(identity));
}

function contextOf({ certificate, privateKey, authorities }: TlsIdentity): SecureContextOptions {
  return {
    cert: certificate,
    key: privateKey,
    ca: [...authorities],
    minVersion: 'TLSv1.2',
    // A resumed session would have the client's certificate without the CAs between it and a root; a renegotiated one, another.
    secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
  };
}

const presented = new WeakMap<Socket, readonly Uint8Array[] | undefined>();

/**
 * The certificates that a client has shown, DER, its own first; undefined when it showed none, or the connection is none of
 * TLS. The handshake has proved that it has the key of the first.
 * @param needsIssuers whether its own must not stand alone where much was sent: see `Admission.needsIssuers`
 */
export function presentedChain(socket: Socket, needsIssuers: boolean): readonly Uint8Array[] | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  if (!presented.has(socket)) presented.set(socket, readChain(socket, needsIssuers || !large.has(socket)));
  return presented.get(socket);
}

function readChain(socket: TLSSocket, withIssuers: boolean): readonly Uint8Array[] | undefined {
  if (!withIssuers) {
    const { raw } = socket.getPeerCertificate(false);
    return raw === undefined ? undefined : [new Uint8Array(raw)];
  }
  const chain: Uint8Array[] = [];
  const seen = new Set<string>();
  for (let next = socket.getPeerCertificate(true); next?.raw !== undefined; next = next.issuerCertificate) {
    if (seen.has(next.fingerprint256) || chain.length === CHAIN_MAX) break;
    seen.add(next.fingerprint256);
    chain.push(new Uint8Array(next.raw));
  }
  return chain.length === 0 ? undefined : chain;
}
