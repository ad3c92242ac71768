/**
 * All connections of a node: takes them, opens them, keeps one with each other node, and puts out who misbehaves or is
 * no longer a member. TLS 1.3 with certificates on both sides; nobody without one gets to say a word.
 */
import type { KeyObject } from 'node:crypto';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer, type Server, type TLSSocket } from 'node:tls';
import type { HelloBody, PeerMessage, PeerStatus } from '@snapscale/protocol';
import { AddressAllowance } from './address-allowance.js';
import { Connection, type ConnectionLimits, type ConnectionOwner, defaultConnectionLimits } from './connection.js';
import { PeerFault } from './faults.js';
import { encodeFrame } from './frames.js';
import { type Identity, type Member, memberOf, openIdentity } from './identity.js';
import { type KnownAddress, PeerTable } from './peer-table.js';
import { TokenBucket } from './token-bucket.js';

/** Bounds of all connections together. */
export type NetworkLimits = ConnectionLimits & {
  readonly peersMax: number;
  /** Sockets whose TLS handshake is under way; the oldest goes when there are more. */
  readonly handshakesMax: number;
  readonly handshakeMsMax: number;
  readonly dialIntervalMs: number;
};

export const defaultNetworkLimits: NetworkLimits = {
  ...defaultConnectionLimits,
  peersMax: 160,
  handshakesMax: 128,
  handshakeMsMax: 5_000,
  dialIntervalMs: 250,
};

/** What an operator, a page or a metric shows of a peer. */
export type PeerInfo = {
  readonly node: string;
  readonly organisation: string;
  readonly roles: readonly string[];
  readonly address: string;
  readonly agent: string;
  readonly dialled: boolean;
  readonly roundTripMs: number | undefined;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  /** Version of the protocol that both speak. */
  readonly version: number;
  readonly status: PeerStatus | undefined;
};

export type NetworkOptions = {
  readonly identity: Identity;
  readonly chainId: Uint8Array;
  readonly peers: readonly KnownAddress[];
  readonly limits?: Partial<NetworkLimits>;
  readonly nowMs: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  /** The body of a greeting but for what the network knows itself. */
  readonly hello: () => Omit<HelloBody, 'chainId' | 'clockMs'>;
  /** Why a member is not let in (revoked, suspended …); undefined when it is. */
  readonly refusal: (member: Member) => PeerFault | undefined;
  /** Whether to open connections to a node. Default: to all. */
  readonly isWanted?: (node: string) => boolean;
  /** Of every message, for metrics. */
  readonly counted?: ConnectionOwner['counted'];
  readonly connected: (peer: PeerInfo) => void;
  readonly disconnected: (node: string, fault: PeerFault) => void;
  /** @throws PeerFault to put the peer out */
  readonly received: (node: string, message: PeerMessage) => void;
  /** For the log. */
  readonly event: (name: NetworkEvent, detail: Readonly<Record<string, string | number>>) => void;
};

export type NetworkEvent = 'peer-refused' | 'dial-failed' | 'clock-differs';

/** Clocks that differ by more than this are worth a word: slots are half a second. */
const CLOCK_WORD_MS = 250;
/** Refused connections without a member that are worth a word. */
const STRANGERS_PER_SECOND = 0.2;
const STRANGERS_AT_ONCE = 20;
/** A connection that ends sooner counts as an attempt that failed, so that attempts become rarer. */
const USEFUL_LIFE_MS = 10_000;

export class PeerNetwork {
  readonly self: Member;
  readonly #options: NetworkOptions;
  readonly #limits: NetworkLimits;
  readonly #key: KeyObject;
  readonly #table = new PeerTable();
  readonly #allowance = new AddressAllowance();
  readonly #open = new Map<string, Connection>();
  /** Connections that have not greeted yet. */
  readonly #greeting = new Set<Connection>();
  /** Addresses of connections that this side opened, to try again when they end. */
  readonly #dialledTo = new Map<Connection, string>();
  readonly #dialling = new Set<string>();
  readonly #handshakes = new Set<Socket>();
  #server: Server | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closing = false;
  readonly #strangers: TokenBucket;
  /** Refusals since the last one that was said. */
  #strangersUnsaid = 0;

  constructor(options: NetworkOptions) {
    const { member, key } = openIdentity(options.identity);
    this.self = member;
    this.#options = options;
    this.#limits = { ...defaultNetworkLimits, ...options.limits };
    this.#key = key;
    this.#strangers = new TokenBucket(STRANGERS_PER_SECOND, STRANGERS_AT_ONCE, options.nowMs());
    for (const peer of options.peers) this.#table.add(peer, options.nowMs());
  }

  /** Takes connections at `port` (0: any free one) and begins to open own ones. Returns the port. @throws when it is taken */
  async listen(port: number, host: string): Promise<number> {
    const { certificate, privateKey, authorities } = this.#options.identity;
    const server = createServer({
      cert: certificate,
      key: privateKey,
      ca: [...authorities],
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.3',
      handshakeTimeout: this.#limits.handshakeMsMax,
      pauseOnConnect: false,
    });
    this.#server = server;
    server.on('connection', (socket: Socket) => this.#admitHandshake(socket));
    server.on('secureConnection', (socket) => this.#begin(socket, false, undefined));
    server.on('tlsClientError', (error, socket) => {
      this.#refuseStranger(socket, error.message);
      socket.destroy();
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, () => {
        server.off('error', reject);
        resolve();
      });
    });
    this.#startDialling();
    return (server.address() as AddressInfo).port;
  }

  /** Open connections. */
  get peers(): PeerInfo[] {
    return [...this.#open.values()].map(infoOf);
  }

  /** Every address that is known, with how it went. */
  get addresses(): PeerTable['addresses'] {
    return this.#table.addresses;
  }

  isConnected(node: string): boolean {
    return this.#open.has(node);
  }

  /** Bytes that wait for this node to take them; undefined when it is not connected. */
  bytesWaiting(node: string): number | undefined {
    return this.#open.get(node)?.bytesWaiting;
  }

  /** Sends a message, or its frame, to one node; nothing happens when it is not connected. */
  send(node: string, message: PeerMessage | Uint8Array, lossy = false): void {
    this.#open.get(node)?.send(message, lossy);
  }

  /** Sends to all nodes but those for which `skip` is true. The message is encoded once. */
  broadcast(message: PeerMessage, skip: (node: string) => boolean = () => false, lossy = false): void {
    let frame: Uint8Array | undefined;
    for (const [node, connection] of this.#open) {
      if (skip(node)) continue;
      frame ??= encodeFrame(message);
      connection.send(frame, lossy);
    }
  }

  /** Counts a fault against a node; it is put out only when it has gathered too many points. */
  blame(node: string, fault: PeerFault): void {
    const nowMs = this.#options.nowMs();
    this.#table.blame(node, fault, nowMs);
    if (this.#table.bannedForMs(node, nowMs) === 0) return;
    // Counted already: the connection ends without a word that would count again.
    this.#open.get(node)?.close(new PeerFault('banned', `${fault.message}, and more of the kind before`));
  }

  /** Reads nothing from this node until `resume`: what it sent has to be worked off first. */
  pause(node: string): void {
    this.#open.get(node)?.pause();
  }

  resume(node: string): void {
    this.#open.get(node)?.resume();
  }

  /** Tries every address again now. */
  retryAll(): void {
    this.#table.retryAll(this.#options.nowMs());
  }

  /** Looks again whether each peer may be here: membership or dates have changed. */
  recheckMembers(): void {
    for (const connection of [...this.#open.values(), ...this.#greeting]) {
      const refusal = this.#refusalOf(connection.member);
      if (refusal !== undefined) connection.close(refusal);
    }
  }

  /** Adds an address at which a node may be. */
  addAddress(known: KnownAddress): void {
    this.#table.add(known, this.#options.nowMs());
  }

  /** Ends every connection and stops listening. */
  async close(): Promise<void> {
    this.#closing = true;
    clearInterval(this.#timer);
    const fault = new PeerFault('shutting_down', 'the node is shutting down');
    for (const connection of [...this.#open.values(), ...this.#greeting]) connection.close(fault);
    for (const socket of this.#handshakes) socket.destroy();
    const server = this.#server;
    if (server !== undefined) await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  /** Sockets that only connect and say nothing are bounded: the one that has waited longest makes room. */
  #admitHandshake(socket: Socket): void {
    const { handshakesMax } = this.#limits;
    socket.on('error', () => socket.destroy());
    if (!this.#allowance.admits(socket.remoteAddress ?? '', this.#options.nowMs())) {
      socket.destroy();
      return;
    }
    this.#handshakes.add(socket);
    socket.once('close', () => this.#handshakes.delete(socket));
    if (this.#handshakes.size > handshakesMax) {
      const oldest = this.#handshakes.values().next().value!;
      this.#handshakes.delete(oldest);
      oldest.destroy();
    }
  }

  #begin(socket: TLSSocket, dialled: boolean, known: KnownAddress | undefined): void {
    // The raw socket below a TLS socket of the server is no longer in its handshake.
    for (const raw of this.#handshakes) {
      if (raw.remotePort === socket.remotePort && raw.remoteAddress === socket.remoteAddress)
        this.#handshakes.delete(raw);
    }
    try {
      const certificate = socket.getPeerX509Certificate();
      if (certificate === undefined) throw new PeerFault('not_admitted', 'the peer has no certificate');
      const member = memberOf(certificate);
      if (known?.node !== undefined && known.node !== member.node) {
        throw new PeerFault('not_admitted', `${known.address} answers as ${member.node}, not as ${known.node}`);
      }
      const refusal = this.#admissionOf(member);
      const connection = new Connection(socket, certificate, member, dialled, this.#owner(), refusal);
      this.#greeting.add(connection);
      if (known !== undefined) this.#dialledTo.set(connection, known.address);
      if (refusal !== undefined) connection.close(refusal);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#refuseStranger(socket, reason);
      if (known !== undefined) this.#dialFailed(known.address, reason);
      socket.destroy();
    }
  }

  /** Anybody can come without a certificate, as often as he likes: the log says so now and then. */
  #refuseStranger(socket: TLSSocket, reason: string): void {
    if (!this.#strangers.take(1, this.#options.nowMs())) {
      this.#strangersUnsaid++;
      return;
    }
    const unsaid = this.#strangersUnsaid;
    this.#strangersUnsaid = 0;
    this.#options.event('peer-refused', { address: addressOf(socket), reason, ...(unsaid > 0 ? { unsaid } : {}) });
  }

  /** Why a node that has just connected is not let in. */
  #admissionOf(member: Member): PeerFault | undefined {
    const { node } = member;
    if (node === this.self.node) return new PeerFault('self', 'this is the node itself');
    const bannedMs = this.#table.bannedForMs(node, this.#options.nowMs());
    if (bannedMs > 0) {
      const seconds = Math.ceil(bannedMs / 1000);
      return new PeerFault('banned', `${node} misbehaved and is let in again in ${seconds} s`);
    }
    return this.#refusalOf(member);
  }

  #refusalOf(member: Member): PeerFault | undefined {
    if (member.validToMs < this.#options.nowMs()) {
      const expired = new Date(member.validToMs).toISOString();
      return new PeerFault('not_admitted', `the certificate of ${member.node} expired at ${expired}`);
    }
    return this.#options.refusal(member);
  }

  #owner(): ConnectionOwner {
    const { chainId, nowMs, hello, received } = this.#options;
    return {
      key: this.#key,
      chainId,
      limits: this.#limits,
      nowMs,
      hello: () => ({ ...hello(), chainId, clockMs: BigInt(nowMs()) }),
      counted: this.#options.counted ?? (() => {}),
      opened: (connection) => this.#opened(connection),
      received: (connection, message) => received(connection.member.node, message),
      closed: (connection, fault) => this.#closed(connection, fault),
    };
  }

  #opened(connection: Connection): void {
    const { node } = connection.member;
    const { nowMs, connected, event } = this.#options;
    this.#greeting.delete(connection);
    const other = this.#open.get(node);
    const address = this.#dialledTo.get(connection);
    if (address !== undefined) this.#table.found(address, node);
    if (other === undefined && this.#open.size >= this.#limits.peersMax) {
      throw new PeerFault('too_many_peers', `this node has ${this.#open.size} peers already`);
    }
    if (other !== undefined && !this.#isBetter(connection, other)) {
      throw new PeerFault('duplicate_connection', `there is a connection with ${node} already`);
    }
    const differenceMs = Number(connection.greeted.body.clockMs) - nowMs();
    if (Math.abs(differenceMs) > CLOCK_WORD_MS) event('clock-differs', { node, differenceMs });
    this.#open.set(node, connection);
    if (other !== undefined) {
      other.close(new PeerFault('duplicate_connection', `a newer connection with ${node} takes its place`));
    } else connected(infoOf(connection));
  }

  /**
   * Two nodes that open connections to each other at the same time must keep the same one: that of the node whose name
   * is smaller. One that was opened by the same side as before replaces its predecessor, which may be dead unnoticed.
   */
  #isBetter(fresh: Connection, old: Connection): boolean {
    if (fresh.dialled === old.dialled) return true;
    const dialler = fresh.dialled ? this.self.node : fresh.member.node;
    const other = fresh.dialled ? fresh.member.node : this.self.node;
    return dialler < other;
  }

  #closed(connection: Connection, fault: PeerFault): void {
    const { node } = connection.member;
    const { nowMs, disconnected, event } = this.#options;
    const address = this.#dialledTo.get(connection);
    this.#dialledTo.delete(connection);
    const wasGreeting = this.#greeting.delete(connection);
    const wasOpen = this.#open.get(node) === connection;
    if (wasOpen) this.#open.delete(node);
    this.#table.blame(node, fault, nowMs());
    if (address !== undefined && fault.code !== 'duplicate_connection') {
      if (wasOpen && nowMs() - connection.beganMs >= USEFUL_LIFE_MS) this.#table.succeeded(address, nowMs());
      else this.#dialFailed(address, fault.message);
    }
    if (fault.code === 'self' && address !== undefined) this.#table.remove(address);
    if (wasOpen) disconnected(node, fault);
    else if (wasGreeting && fault.code !== 'self')
      event('peer-refused', { node, address: connection.address, reason: fault.message });
  }

  #startDialling(): void {
    this.#timer = setInterval(() => this.#dialDue(), this.#limits.dialIntervalMs);
    this.#dialDue();
  }

  #dialDue(): void {
    const nowMs = this.#options.nowMs();
    const connected = new Set(this.#dialledTo.values());
    for (const known of this.#table.due(nowMs)) {
      if (this.#open.size + this.#dialling.size >= this.#limits.peersMax) return;
      const node = known.foundNode;
      if (connected.has(known.address) || this.#dialling.has(known.address)) continue;
      if (node !== undefined && !this.#mayDial(node, nowMs)) continue;
      this.#dial(known);
    }
  }

  #mayDial(node: string, nowMs: number): boolean {
    if (this.#open.has(node) || this.#table.bannedForMs(node, nowMs) > 0) return false;
    return this.#options.isWanted?.(node) ?? true;
  }

  #dial(known: KnownAddress): void {
    const { identity, nowMs } = this.#options;
    const split = known.address.lastIndexOf(':');
    const host = known.address.slice(0, split).replace(/^\[|\]$/g, '');
    this.#table.attempted(known.address, nowMs());
    this.#dialling.add(known.address);
    const socket = connect({
      host,
      port: Number(known.address.slice(split + 1)),
      cert: identity.certificate,
      key: identity.privateKey,
      ca: [...identity.authorities],
      minVersion: 'TLSv1.3',
      // The certificate names a node, not a host: who must answer is checked against its name.
      checkServerIdentity: () => undefined,
    });
    const deadline = setTimeout(() => socket.destroy(new Error('no answer in time')), this.#limits.handshakeMsMax);
    const settle = (): void => {
      clearTimeout(deadline);
      this.#dialling.delete(known.address);
      socket.off('error', failed);
    };
    const failed = (error: Error): void => {
      settle();
      socket.on('error', () => {});
      this.#dialFailed(known.address, error.message);
    };
    socket.on('error', failed);
    socket.once('secureConnect', () => {
      settle();
      if (this.#closing) socket.destroy();
      else this.#begin(socket, true, known);
    });
  }

  #dialFailed(address: string, reason: string): void {
    const { nowMs, random, event } = this.#options;
    this.#table.failed(address, reason, nowMs(), random());
    event('dial-failed', { address, reason });
  }
}

function infoOf(connection: Connection): PeerInfo {
  const { member, address, dialled, roundTripMs, bytesReceived, bytesSent, status, greeted } = connection;
  return {
    node: member.node,
    organisation: member.organisation,
    roles: [...member.roles],
    address,
    agent: greeted.body.agent,
    dialled,
    roundTripMs,
    bytesReceived,
    bytesSent,
    version: greeted.version,
    status,
  };
}

function addressOf(socket: TLSSocket): string {
  return socket.remoteAddress === undefined ? 'unknown' : `${socket.remoteAddress}:${socket.remotePort}`;
}
