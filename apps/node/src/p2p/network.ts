/**
 * All connections of a node: takes them, opens them, keeps one with each other node, and puts out who misbehaves or is
 * no longer a member. TLS 1.3 with certificates on both sides; nobody without one gets to say a word.
 */
import { type KeyObject, X509Certificate } from 'node:crypto';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer, type Server, type TLSSocket } from 'node:tls';
import type { HelloBody, PeerMessage, PeerStatus } from '@snapscale/protocol';
import { Admission } from '../admission/admission.js';
import { BoundedMap } from '../admission/bounded-map.js';
import { AddressAllowance } from './address-allowance.js';
import { Connection, type ConnectionLimits, type ConnectionOwner, defaultConnectionLimits } from './connection.js';
import { faultOf, isAdmissionCode, PeerFault } from './faults.js';
import { encodeFrame } from './frames.js';
import { connectTo, judgeHandshake } from './handshake.js';
import { type Identity, type Member, openIdentity } from './identity.js';
import { type KnownAddress, PeerTable } from './peer-table.js';
import { TokenBucket } from './token-bucket.js';

/** Bounds of all connections together. */
export type NetworkLimits = ConnectionLimits & {
  readonly peersMax: number;
  /** Of one organisation that are no producers and opened the connection themselves. */
  readonly guestsOfOrganisationMax: number;
  /** Sockets whose TLS handshake is under way; the oldest goes when there are more. */
  readonly handshakesMax: number;
  readonly handshakeMsMax: number;
  readonly dialIntervalMs: number;
  /** The node that opened a connection replaces it after this time, so that a renewed certificate on the other side is seen. */
  readonly connectionMsMax: number;
};

export const defaultNetworkLimits: NetworkLimits = {
  ...defaultConnectionLimits,
  peersMax: 160,
  guestsOfOrganisationMax: 16,
  handshakesMax: 128,
  handshakeMsMax: 5_000,
  dialIntervalMs: 250,
  connectionMsMax: 12 * 3_600_000,
};

/** What an operator, a page or a metric shows of a peer. */
export type PeerInfo = {
  readonly node: string;
  readonly organisation: string;
  readonly roles: readonly string[];
  /** SHA-256 of its certificate in hexadecimal digits. */
  readonly certificate: string;
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
  /** Judges certificates. Default: by X.509 and the authorities of the identity alone. */
  readonly admission?: Admission;
  readonly chainId: Uint8Array;
  readonly peers: readonly KnownAddress[];
  readonly limits?: Partial<NetworkLimits>;
  readonly nowMs: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  /** The body of a greeting but for what the network knows itself. */
  readonly hello: () => Omit<HelloBody, 'chainId' | 'clockMs'>;
  /** Why a member is not let in, though its certificate is in order; undefined when it is. */
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

export type NetworkEvent = 'peer-refused' | 'dial-failed' | 'clock-differs' | 'refused-by-peer';

/** Clocks that differ by more than this are worth a word: slots are half a second. */
const CLOCK_WORD_MS = 250;
/** Refused connections without a member that are worth a word. */
const STRANGERS_PER_SECOND = 0.2;
const STRANGERS_AT_ONCE = 20;
/** A connection that ends sooner counts as an attempt that failed, so that attempts become rarer. */
const USEFUL_LIFE_MS = 10_000;
/** Connections of one node that wait behind the one in use, until a word has come on that. */
const UNCONFIRMED_MAX = 3;
/** Until a connection whose successor was not taken gets another one; twice as long each time. */
const SUCCESSOR_MS = 30_000;
const LAST_CERTIFICATES_MAX = 4_096;

export class PeerNetwork {
  readonly #options: NetworkOptions;
  readonly #admission: Admission;
  readonly #limits: NetworkLimits;
  #identity: Identity;
  #self: Member;
  #key: KeyObject;
  readonly #table = new PeerTable();
  readonly #allowance = new AddressAllowance();
  readonly #open = new Map<string, Connection>();
  /** Connections that have not greeted yet. */
  readonly #greeting = new Set<Connection>();
  /** Connections that have taken the place of others, which stay until that is certain. */
  readonly #replaced = new Map<Connection, Connection>();
  /** Connections that only wait for what is under way on them. */
  readonly #retired = new Set<Connection>();
  /** Addresses of connections that this side opened, to try again when they end. */
  readonly #dialledTo = new Map<Connection, string>();
  /** The own certificate with which each was opened. */
  readonly #ownCertificates = new WeakMap<Connection, Member>();
  /** When a connection may get a successor, and how often that was tried. */
  readonly #successors = new WeakMap<Connection, { readonly attempts: number; readonly atMs: number }>();
  /** Digests of own certificates, the newest last. */
  readonly #ownDigests = new Set<string>();
  /** The certificate that a node showed last: its faults may be found when it has gone. */
  readonly #lastCertificates = new BoundedMap<string>(LAST_CERTIFICATES_MAX);
  /** Of the roots that the server has. */
  #rootsVersion: number;
  readonly #dialling = new Set<string>();
  readonly #handshakes = new Set<Socket>();
  #server: Server | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closing = false;
  readonly #strangers: TokenBucket;
  readonly #refused = new Map<string, number>();
  /** Refusals since the last one that was said. */
  #strangersUnsaid = 0;

  constructor(options: NetworkOptions) {
    const { member, key } = openIdentity(options.identity);
    this.#identity = options.identity;
    this.#self = member;
    this.#ownDigests.add(member.digest);
    this.#options = options;
    this.#admission = options.admission ?? admissionWithoutChain(options);
    this.#rootsVersion = this.#admission.version;
    this.#limits = { ...defaultNetworkLimits, ...options.limits };
    this.#key = key;
    this.#strangers = new TokenBucket(STRANGERS_PER_SECOND, STRANGERS_AT_ONCE, options.nowMs());
    for (const peer of options.peers) this.#table.add(peer, options.nowMs());
  }

  /** What the own certificate says. */
  get self(): Member {
    return this.#self;
  }

  /** Takes connections at `port` (0: any free one) and begins to open own ones. Returns the port. @throws when it is taken */
  async listen(port: number, host: string): Promise<number> {
    const server = createServer({
      ...this.#secrets(),
      requestCert: true,
      // Who may connect is for `#begin` to say, with a reason; until then nothing of what a stranger sends is read.
      rejectUnauthorized: false,
      minVersion: 'TLSv1.3',
      handshakeTimeout: this.#limits.handshakeMsMax,
      pauseOnConnect: false,
    });
    this.#server = server;
    server.on('connection', (socket: Socket) => this.#admitHandshake(socket));
    server.on('secureConnection', (socket) => this.#accept(socket));
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

  /** How many certificates were refused, by code. */
  get refused(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#refused);
  }

  /** Open connections. */
  get peers(): PeerInfo[] {
    return [...this.#open.values()].map(infoOf);
  }

  /** Every address that is known, with how it went. */
  get addresses(): PeerTable['addresses'] {
    return this.#table.addresses;
  }

  /** How many connections there are, with those that have not greeted yet, and that others take the place of. */
  get connections(): number {
    return this.#all().length;
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
    const connection = this.#open.get(node);
    const certificate = connection?.member.digest ?? this.#lastCertificates.get(node);
    if (certificate === undefined) return;
    this.#table.blame(certificate, fault, nowMs);
    if (this.#table.bannedForMs(certificate, nowMs) === 0) return;
    // Counted already: the connection ends without a word that would count again.
    connection?.close(new PeerFault('banned', `${fault.message}, and more of the kind before`));
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

  /** Looks again whether each peer may be here (NET-21): membership has changed. Takes roots that have changed, too. */
  recheckMembers(): void {
    if (this.#admission.version !== this.#rootsVersion) this.#takeSecrets();
    for (const connection of this.#all()) {
      const refusal = this.#refusalOf(connection.member);
      if (refusal !== undefined) connection.close(refusal);
    }
  }

  /**
   * Takes a renewed certificate (NET-22): new connections use it, and those that there are are replaced one after the other, by new
   * ones that are up before the old ones go. @throws Error when it is not in order, or of another node; nothing has changed then
   */
  renewIdentity(identity: Identity): void {
    const { member, key } = openIdentity(identity);
    if (member.node !== this.#self.node) {
      throw new Error(`the new certificate is that of ${member.node}, this node is ${this.#self.node}`);
    }
    this.#admission.setAuthorities(identity.authorities);
    this.#identity = identity;
    this.#self = member;
    this.#ownDigests.add(member.digest);
    this.#key = key;
    this.#takeSecrets();
    this.#table.retryAll(this.#options.nowMs());
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
    for (const connection of this.#all()) connection.close(fault);
    for (const socket of this.#handshakes) socket.destroy();
    const server = this.#server;
    if (server !== undefined) await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  #all(): Connection[] {
    return [...new Set([...this.#open.values(), ...this.#greeting, ...this.#replaced.values(), ...this.#retired])];
  }

  /** New connections use the present certificate and roots. A context of TLS takes its time to make. */
  #takeSecrets(): void {
    this.#rootsVersion = this.#admission.version;
    this.#server?.setSecureContext({ ...this.#secrets(), minVersion: 'TLSv1.3' });
  }

  #secrets() {
    const { certificate, privateKey } = this.#identity;
    return { cert: certificate, key: privateKey, ca: [...this.#admission.roots()] };
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

  /** A handshake of the server is done. */
  #accept(socket: TLSSocket): void {
    for (const raw of this.#handshakes) {
      if (raw.remotePort !== socket.remotePort || raw.remoteAddress !== socket.remoteAddress) continue;
      this.#handshakes.delete(raw);
      this.#begin(socket, raw, undefined);
      return;
    }
    // It had to make room for others.
    socket.destroy();
  }

  /** @param raw the connection below TLS; @param known the address that this side has opened it to */
  #begin(socket: TLSSocket, raw: Socket, known: KnownAddress | undefined): void {
    const admitted = judgeHandshake(socket, raw, this.#admission);
    if (admitted instanceof PeerFault) {
      this.#refuse(socket, admitted, known);
      return;
    }
    if (known?.node !== undefined && known.node !== admitted.node) {
      const text = `${known.address} answers as ${admitted.node}, not as ${known.node}`;
      this.#refuse(socket, new PeerFault('not_admitted', text), known);
      return;
    }
    const refusal = this.#admissionOf(admitted);
    const connection = new Connection(
      socket,
      new X509Certificate(admitted.chain[0]!),
      admitted,
      known !== undefined,
      this.#owner(),
      refusal,
    );
    this.#greeting.add(connection);
    this.#ownCertificates.set(connection, this.#self);
    if (known !== undefined) this.#dialledTo.set(connection, known.address);
    if (refusal !== undefined) connection.close(refusal);
  }

  /** Ends a connection of which nothing was read yet, saying why. */
  #refuse(socket: TLSSocket, { code, message }: PeerFault, known: KnownAddress | undefined): void {
    this.#refused.set(code, (this.#refused.get(code) ?? 0) + 1);
    this.#refuseStranger(socket, message);
    if (known !== undefined) this.#dialFailed(known.address, message);
    socket.on('error', () => {});
    socket.resume();
    socket.end(encodeFrame({ kind: 'goodbye', goodbye: { code, message: message.slice(0, 160) } }));
    setTimeout(() => socket.destroy(), REFUSAL_MS).unref();
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
    const { node, digest } = member;
    if (this.#ownDigests.has(digest)) return new PeerFault('self', 'this is the node itself');
    if (node === this.self.node) {
      return new PeerFault('duplicate_node', `this node is called ${node}, too, and has another certificate`);
    }
    const bannedMs = this.#table.bannedForMs(digest, this.#options.nowMs());
    if (bannedMs > 0) {
      const seconds = Math.ceil(bannedMs / 1000);
      return new PeerFault('banned', `${node} misbehaved and is let in again in ${seconds} s`);
    }
    return this.#refusalOf(member);
  }

  #refusalOf(member: Member): PeerFault | undefined {
    const verdict = this.#admission.check(member.chain, 'node');
    if (verdict.kind === 'refused') return faultOf(verdict);
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
      confirmed: (connection) => this.#retirePredecessors(connection),
      received: (connection, message) => received(connection.member.node, message),
      closed: (connection, fault) => this.#closed(connection, fault),
    };
  }

  #opened(connection: Connection): void {
    const { node, digest } = connection.member;
    const { nowMs, connected, event } = this.#options;
    this.#greeting.delete(connection);
    this.#lastCertificates.set(node, digest);
    const other = this.#open.get(node);
    const address = this.#dialledTo.get(connection);
    if (address !== undefined) this.#table.found(address, node, digest);
    if (other === undefined) this.#requireRoom(connection);
    if (other !== undefined && !this.#isBetter(connection, other)) {
      throw new PeerFault('duplicate_connection', `there is a connection with ${node} already`);
    }
    if (other !== undefined && this.#predecessorsOf(other) >= UNCONFIRMED_MAX) {
      throw new PeerFault('duplicate_connection', `${node} has opened several connections and uses none of them`);
    }
    const differenceMs = Number(connection.greeted.body.clockMs) - nowMs();
    if (Math.abs(differenceMs) > CLOCK_WORD_MS) event('clock-differs', { node, differenceMs });
    this.#open.set(node, connection);
    if (other === undefined) {
      connected(infoOf(connection));
      return;
    }
    this.#replaced.set(connection, other);
    if (other.isPaused) connection.pause();
  }

  /** An organisation can name as many nodes as it likes: those that came by themselves and make no blocks must not take all places. */
  #requireRoom({ dialled, member }: Connection): void {
    const { peersMax, guestsOfOrganisationMax } = this.#limits;
    if (this.#open.size >= peersMax) {
      throw new PeerFault('too_many_peers', `this node has ${this.#open.size} peers already`);
    }
    if (!isGuest(dialled, member)) return;
    let guests = 0;
    for (const other of this.#open.values()) {
      if (other.member.organisation === member.organisation && isGuest(other.dialled, other.member)) guests++;
    }
    if (guests < guestsOfOrganisationMax) return;
    throw new PeerFault(
      'too_many_peers',
      `this node has ${guests} peers of ${member.organisation} already that make no blocks`,
    );
  }

  /** How many connections wait for the word that this one is in use. */
  #predecessorsOf(connection: Connection): number {
    const old = this.#replaced.get(connection);
    return old === undefined ? 0 : 1 + this.#predecessorsOf(old);
  }

  /** The other side uses the new connection: the old one has only to be emptied. */
  #retirePredecessors(connection: Connection): void {
    const old = this.#replaced.get(connection);
    if (old === undefined) return;
    this.#replaced.delete(connection);
    this.#retirePredecessors(old);
    const { node } = connection.member;
    this.#retired.add(old);
    old.retire(new PeerFault('duplicate_connection', `a newer connection with ${node} takes its place`));
  }

  /**
   * Two nodes that open connections to each other at the same time must keep the same one: that of the node whose name
   * is smaller. One that was opened by the same side as before replaces its predecessor, which may be dead unnoticed.
   * One that was opened with a newer certificate of either side replaces it in any case: with one that begins or ends later, because
   * clocks of CAs differ, and what they give is not always for as long as before.
   */
  #isBetter(fresh: Connection, old: Connection): boolean {
    const [laterBegin, laterEnd] = [this.#beginOf(fresh) - this.#beginOf(old), this.#endOf(fresh) - this.#endOf(old)];
    if (laterBegin > 0 || laterEnd > 0) return true;
    if (laterBegin < 0 || laterEnd < 0) return false;
    if (fresh.dialled === old.dialled) return true;
    const dialler = fresh.dialled ? this.self.node : fresh.member.node;
    const other = fresh.dialled ? fresh.member.node : this.self.node;
    return dialler < other;
  }

  /** Of the certificates of both sides together, by what they say; both sides see the same. */
  #beginOf(connection: Connection): number {
    return connection.member.validFromMs + (this.#ownCertificates.get(connection)?.validFromMs ?? 0);
  }

  #endOf(connection: Connection): number {
    return connection.certificateEndMs + (this.#ownCertificates.get(connection)?.validUntilMs ?? 0);
  }

  #closed(connection: Connection, fault: PeerFault): void {
    const { node, digest } = connection.member;
    const { nowMs, disconnected, event } = this.#options;
    const address = this.#dialledTo.get(connection);
    this.#dialledTo.delete(connection);
    const wasGreeting = this.#greeting.delete(connection);
    const isInUse = this.#open.get(node) === connection;
    const predecessor = this.#unlink(connection);
    // The old connection works still: nobody has to know.
    const wasOpen = isInUse && predecessor?.isOpen !== true;
    if (wasOpen) this.#open.delete(node);
    else if (isInUse) {
      this.#open.set(node, predecessor!);
      if (!connection.isPaused) predecessor!.resume();
    }
    this.#table.blame(digest, fault, nowMs());
    if (address !== undefined && fault.code === 'self') this.#table.leadsHome(address, nowMs());
    else if (address !== undefined && fault.code !== 'duplicate_connection') {
      if (wasOpen && nowMs() - connection.beganMs >= USEFUL_LIFE_MS) this.#table.succeeded(address, nowMs());
      else this.#dialFailed(address, fault.message);
    }
    if (wasOpen) disconnected(node, fault);
    if (fault.isOfPeer && isAdmissionCode(fault.code)) {
      event('refused-by-peer', { node, code: fault.code, reason: fault.message });
    } else if (wasGreeting && fault.code !== 'self')
      event('peer-refused', { node, address: connection.address, reason: fault.message });
  }

  /** Takes a connection out of the order of those of its node. Whoever took its place takes that of its predecessor now, which is returned. */
  #unlink(connection: Connection): Connection | undefined {
    this.#retired.delete(connection);
    const predecessor = this.#replaced.get(connection);
    this.#replaced.delete(connection);
    for (const [successor, old] of this.#replaced) {
      if (old !== connection) continue;
      if (predecessor === undefined) this.#replaced.delete(successor);
      else this.#replaced.set(successor, predecessor);
    }
    return predecessor;
  }

  #startDialling(): void {
    this.#timer = setInterval(() => this.#dialDue(), this.#limits.dialIntervalMs);
    this.#dialDue();
  }

  #dialDue(): void {
    const nowMs = this.#options.nowMs();
    this.#endExpired(nowMs);
    this.#replaceOld(nowMs);
    const connected = new Set(this.#dialledTo.values());
    for (const known of this.#table.due(nowMs)) {
      if (this.#open.size + this.#dialling.size >= this.#limits.peersMax) return;
      const node = known.foundNode;
      if (connected.has(known.address) || this.#dialling.has(known.address)) continue;
      if (node !== undefined && !this.#mayDial(node, known.foundCertificate, nowMs)) continue;
      this.#dial(known);
    }
  }

  /** Certificates end without a block, too. What the chain says of them may have been extended meanwhile. */
  #endExpired(nowMs: number): void {
    for (const connection of this.#all()) {
      if (connection.member.validUntilMs > nowMs) continue;
      const refusal = this.#refusalOf(connection.member);
      if (refusal !== undefined) connection.close(refusal);
    }
  }

  /** One after the other: a connection that was opened with an older certificate, or long ago, gets a successor. */
  #replaceOld(nowMs: number): void {
    for (const known of this.#table.due(nowMs)) {
      const connection = known.foundNode === undefined ? undefined : this.#open.get(known.foundNode);
      if (connection === undefined || this.#replaced.has(connection) || this.#dialling.has(known.address)) continue;
      const isOfOldCertificate = this.#ownCertificates.get(connection)?.digest !== this.#self.digest;
      const isLong = connection.dialled && nowMs - connection.beganMs > this.#limits.connectionMsMax;
      if (!isOfOldCertificate && !isLong) continue;
      const { attempts, atMs } = this.#successors.get(connection) ?? { attempts: 0, atMs: nowMs };
      if (nowMs < atMs) continue;
      // The other side may have a reason to keep the old one: it is asked less and less often.
      const waitMs = Math.min(SUCCESSOR_MS * 2 ** Math.min(attempts, 16), this.#limits.connectionMsMax);
      this.#successors.set(connection, { attempts: attempts + 1, atMs: nowMs + waitMs });
      this.#dial(known);
      return;
    }
  }

  #mayDial(node: string, certificate: string | undefined, nowMs: number): boolean {
    if (this.#open.has(node)) return false;
    if (certificate !== undefined && this.#table.bannedForMs(certificate, nowMs) > 0) return false;
    return this.#options.isWanted?.(node) ?? true;
  }

  #dial(known: KnownAddress): void {
    const { nowMs } = this.#options;
    this.#table.attempted(known.address, nowMs());
    this.#dialling.add(known.address);
    const raw = connectTo(known.address);
    const socket = connect({
      socket: raw,
      ...this.#secrets(),
      rejectUnauthorized: false,
      minVersion: 'TLSv1.3',
      // The certificate names a node, not a host: who must answer is checked against its name.
      checkServerIdentity: () => undefined,
    });
    raw.on('error', (error) => socket.destroy(error));
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
      else this.#begin(socket, raw, known);
    });
  }

  #dialFailed(address: string, reason: string): void {
    const { nowMs, random, event } = this.#options;
    this.#table.failed(address, reason, nowMs(), random());
    event('dial-failed', { address, reason });
  }
}

/** How long a stranger may take to read why it is refused. */
const REFUSAL_MS = 500;

function admissionWithoutChain({ identity, nowMs }: NetworkOptions): Admission {
  return new Admission({
    state: { get: () => undefined, first: () => undefined, last: () => undefined },
    finalTimeSec: () => undefined,
    authorities: identity.authorities,
    nowMs,
  });
}

/** It came by itself, and the chain does not depend on it. */
function isGuest(dialled: boolean, { roles }: Member): boolean {
  return !dialled && !roles.includes('producer');
}

function infoOf(connection: Connection): PeerInfo {
  const { member, address, dialled, roundTripMs, bytesReceived, bytesSent, status, greeted } = connection;
  return {
    node: member.node,
    organisation: member.organisation,
    roles: member.roles,
    certificate: member.digest,
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
