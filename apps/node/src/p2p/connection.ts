/**
 * One connection to another node, from the end of its TLS handshake to its end: greetings, messages with bounds in both
 * directions, round-trip times, and the reason why it ended.
 */
import type { KeyObject, X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import {
  DecodeError,
  decode,
  type HelloBody,
  type PeerMessage,
  type PeerStatus,
  peerMessageSchema,
} from '@snapscale/protocol';
import { isFaultCode, PeerFault } from './faults.js';
import { encodeFrame, FrameError, FrameReader } from './frames.js';
import { bindingOf, checkHello, type Greeted, makeHello } from './greeting.js';
import type { Member } from './identity.js';
import { TokenBucket } from './token-bucket.js';

/** Bounds of one connection. */
export type ConnectionLimits = {
  /** From the end of the TLS handshake to the other side's greeting. */
  readonly greetingMsMax: number;
  readonly pingIntervalMs: number;
  /** Longest silence while an answer to a ping is due, and longest time in which nothing that was sent is taken. */
  readonly silenceMsMax: number;
  /** What may wait to be sent; with more than that the peer is put out. */
  readonly sendBytesMax: number;
  /** With more than this waiting, transactions are not sent: others will bring them. */
  readonly lossyBytesMax: number;
  readonly receiveBytesPerSecond: number;
  readonly receiveMessagesPerSecond: number;
  /** For measurements only: everything that is sent leaves so much later, as over a longer line. */
  readonly sendDelayMs: number;
};

export const defaultConnectionLimits: ConnectionLimits = {
  greetingMsMax: 5_000,
  pingIntervalMs: 2_000,
  silenceMsMax: 15_000,
  sendBytesMax: 64 << 20,
  lossyBytesMax: 1 << 20,
  receiveBytesPerSecond: 64 << 20,
  receiveMessagesPerSecond: 8_000,
  sendDelayMs: 0,
};

/** What a connection needs from its owner. */
export type ConnectionOwner = {
  readonly key: KeyObject;
  readonly chainId: Uint8Array;
  readonly limits: ConnectionLimits;
  readonly nowMs: () => number;
  /** The own greeting, made at the moment when it is sent. */
  readonly hello: () => HelloBody;
  /** A message has come or is being sent: its number (see `peerMessageKind`) and its bytes. */
  readonly counted: (direction: 'in' | 'out', kind: number, bytes: number) => void;
  /** The greeting is done. A fault that is thrown ends the connection. */
  readonly opened: (connection: Connection) => void;
  /** The first message after the greeting: the other side counts the connection as open too. */
  readonly confirmed: (connection: Connection) => void;
  /** @throws PeerFault to end the connection */
  readonly received: (connection: Connection, message: PeerMessage) => void;
  /** Called once, also for connections that never opened. */
  readonly closed: (connection: Connection, fault: PeerFault) => void;
};

const MEASURED_WEIGHT = 1 / 8;

export class Connection {
  readonly member: Member;
  /** This side opened it. */
  readonly dialled: boolean;
  readonly address: string;
  /** When its TLS handshake was done, milliseconds since 1970. */
  readonly beganMs: number;
  readonly #socket: TLSSocket;
  readonly #owner: ConnectionOwner;
  readonly #certificate: X509Certificate;
  readonly #frames = new FrameReader();
  readonly #bytes: TokenBucket;
  readonly #messages: TokenBucket;
  readonly #timer: NodeJS.Timeout;
  #greeted: Greeted | undefined;
  #status: PeerStatus | undefined;
  #wantsTransactions = true;
  #ping: { readonly nonce: bigint; readonly sentMs: number } | undefined;
  #nextNonce = 1n;
  #roundTripMs: number | undefined;
  #takenMs: number;
  readonly #ownHello: HelloBody;
  #pausedMs: number | undefined;
  #isConfirmed = false;
  #isRetired = false;
  #closed = false;

  constructor(
    socket: TLSSocket,
    certificate: X509Certificate,
    member: Member,
    dialled: boolean,
    owner: ConnectionOwner,
    refusal?: PeerFault,
  ) {
    this.member = member;
    this.dialled = dialled;
    this.address = `${socket.remoteAddress}:${socket.remotePort}`;
    this.#socket = socket;
    this.#owner = owner;
    this.#certificate = certificate;
    const { limits, nowMs } = owner;
    this.beganMs = this.#takenMs = nowMs();
    this.#bytes = new TokenBucket(limits.receiveBytesPerSecond, 2 * limits.receiveBytesPerSecond, this.beganMs);
    this.#messages = new TokenBucket(limits.receiveMessagesPerSecond, limits.receiveMessagesPerSecond, this.beganMs);
    socket.setNoDelay(true);
    socket.on('data', (chunk: Uint8Array) => this.#guard(() => this.#take(chunk)));
    socket.on('drain', () => (this.#takenMs = nowMs()));
    socket.on('error', (error) => this.#end(new PeerFault('connection_lost', error.message)));
    socket.on('close', () => this.#end(new PeerFault('connection_lost', 'the peer closed the connection')));
    this.#timer = setInterval(() => this.#guard(() => this.#watch()), limits.pingIntervalMs);
    this.#ownHello = owner.hello();
    // Whoever is not let in hears why, and no greeting: it must not take itself for connected.
    if (refusal !== undefined) return;
    this.#guard(() => this.#write(encodeFrame(makeHello(this.#ownHello, owner.key, bindingOf(socket), dialled))));
  }

  /** When the other side's certificate ends by itself, milliseconds since 1970. */
  get certificateEndMs(): number {
    return Date.parse(this.#certificate.validTo);
  }

  /** The greeting is done, and nothing has ended it yet. */
  get isOpen(): boolean {
    return this.#greeted !== undefined && !this.#isRetired && !this.#closed;
  }

  /** The other side's greeting; only of an open connection. */
  get greeted(): Greeted {
    if (this.#greeted === undefined) throw new Error('the connection has no greeting yet');
    return this.#greeted;
  }

  /** Where the peer said last that it stands. */
  get status(): PeerStatus | undefined {
    return this.#status;
  }

  /** Smoothed round-trip time in milliseconds, once measured. */
  get roundTripMs(): number | undefined {
    return this.#roundTripMs;
  }

  get bytesReceived(): number {
    return this.#socket.bytesRead;
  }

  get bytesSent(): number {
    return this.#socket.bytesWritten;
  }

  /** Sends a message, or its frame. What is lossy is left out when much waits already. */
  send(message: PeerMessage | Uint8Array, lossy = false): void {
    if (!this.isOpen) return;
    if (lossy && (this.#socket.writableLength > this.#owner.limits.lossyBytesMax || !this.#wantsTransactions)) return;
    this.#guard(() => this.#write(message instanceof Uint8Array ? message : encodeFrame(message)));
  }

  /** Bytes that wait for the peer to take them. */
  get bytesWaiting(): number {
    return this.#socket.writableLength;
  }

  /** Stops reading until `resume`: the owner has too much to do. */
  pause(): void {
    if (this.#pausedMs !== undefined) return;
    this.#pausedMs = this.#owner.nowMs();
    this.#socket.pause();
  }

  resume(): void {
    if (this.#pausedMs === undefined) return;
    // Nothing was read meanwhile: an answer to a ping may be among what waits.
    const pausedMs = this.#owner.nowMs() - this.#pausedMs;
    if (this.#ping !== undefined) this.#ping = { nonce: this.#ping.nonce, sentMs: this.#ping.sentMs + pausedMs };
    this.#pausedMs = undefined;
    this.#socket.resume();
  }

  /** Ends the connection, saying why to the other side. */
  close(fault: PeerFault): void {
    if (this.#closed) return;
    const { code, message } = fault;
    this.#socket.end(encodeFrame({ kind: 'goodbye', goodbye: { code, message: message.slice(0, 160) } }));
    this.#end(fault);
  }

  /**
   * Another connection has taken the place of this one: says so and sends nothing more, but takes what is under way still,
   * until the other side has done the same. So nothing is lost.
   */
  retire(fault: PeerFault): void {
    if (this.#closed || this.#isRetired) return;
    this.#isRetired = true;
    clearInterval(this.#timer);
    this.resume();
    const frame = encodeFrame({ kind: 'goodbye', goodbye: { code: fault.code, message: fault.message } });
    setTimeout(() => this.#socket.end(frame), this.#owner.limits.sendDelayMs);
    setTimeout(() => this.#end(fault), RETIREMENT_MS).unref();
  }

  /** Nothing is read of it at present. */
  get isPaused(): boolean {
    return this.#pausedMs !== undefined;
  }

  #take(chunk: Uint8Array): void {
    const nowMs = this.#owner.nowMs();
    if (!this.#bytes.take(chunk.length, nowMs))
      throw new PeerFault('flooding', 'the peer sends more bytes than allowed');
    for (const bytes of this.#frames.push(chunk)) {
      if (this.#closed) return;
      this.#owner.counted('in', bytes[0]!, bytes.length);
      if (!this.#messages.take(1, nowMs)) throw new PeerFault('flooding', 'the peer sends more messages than allowed');
      this.#receive(decode(peerMessageSchema, bytes));
    }
  }

  #receive(message: PeerMessage): void {
    if (message.kind === 'goodbye') {
      const { code, message: text } = message.goodbye;
      this.#end(new PeerFault(isFaultCode(code) ? code : 'connection_lost', `the peer said: ${text}`, true));
      this.#socket.destroySoon();
      return;
    }
    if (this.#greeted === undefined) this.#greet(message);
    else this.#dispatch(message);
  }

  #greet(message: PeerMessage): void {
    if (message.kind !== 'hello')
      throw new PeerFault('unexpected', `the peer sent ${message.kind} before its greeting`);
    const { chainId, nowMs } = this.#owner;
    this.#greeted = checkHello(message.hello, {
      certificate: this.#certificate,
      binding: bindingOf(this.#socket),
      dialled: !this.dialled,
      chainId,
      versions: { min: this.#ownHello.versionMin, max: this.#ownHello.versionMax },
      nowMs: nowMs(),
    });
    this.#status = this.#greeted.body.status;
    this.#owner.opened(this);
    if (this.isOpen) this.#sendPing(this.#owner.nowMs());
  }

  #dispatch(message: PeerMessage): void {
    if (!this.#isConfirmed) {
      this.#isConfirmed = true;
      this.#owner.confirmed(this);
    }
    switch (message.kind) {
      case 'hello':
        throw new PeerFault('unexpected', 'the peer greeted twice');
      case 'ping':
        this.#write(encodeFrame({ kind: 'pong', pong: message.ping }));
        return;
      case 'pong':
        this.#measure(message.pong.nonce);
        return;
      case 'wantTransactions':
        this.#wantsTransactions = message.wantTransactions;
        return;
      case 'status':
        this.#status = message.status;
        break;
    }
    this.#owner.received(this, message);
  }

  #measure(nonce: bigint): void {
    if (this.#ping?.nonce !== nonce) throw new PeerFault('unexpected', 'the peer answers a ping that was not sent');
    const measuredMs = this.#owner.nowMs() - this.#ping.sentMs;
    this.#ping = undefined;
    const before = this.#roundTripMs ?? measuredMs;
    this.#roundTripMs = before + (measuredMs - before) * MEASURED_WEIGHT;
  }

  #watch(): void {
    const { limits, nowMs } = this.#owner;
    const now = nowMs();
    if (this.#greeted === undefined) {
      if (now - this.beganMs > limits.greetingMsMax) throw new PeerFault('timeout', 'the peer did not greet in time');
      return;
    }
    if (this.#socket.writableLength === 0) this.#takenMs = now;
    else if (now - this.#takenMs > limits.silenceMsMax) {
      throw new PeerFault('does_not_read', `the peer has taken nothing for ${limits.silenceMsMax} ms`);
    }
    if (this.#ping === undefined) this.#sendPing(now);
    else if (this.#pausedMs === undefined && now - this.#ping.sentMs > limits.silenceMsMax) {
      throw new PeerFault('timeout', `the peer has not answered for ${limits.silenceMsMax} ms`);
    }
  }

  #sendPing(nowMs: number): void {
    this.#ping = { nonce: this.#nextNonce++, sentMs: nowMs };
    this.#write(encodeFrame({ kind: 'ping', ping: { nonce: this.#ping.nonce } }));
  }

  #write(frame: Uint8Array): void {
    if (this.#isRetired) return;
    const socket = this.#socket;
    if (socket.writableLength === 0) this.#takenMs = this.#owner.nowMs();
    if (socket.writableLength + frame.length > this.#owner.limits.sendBytesMax) {
      throw new PeerFault('does_not_read', `${socket.writableLength} bytes wait for the peer to take them`);
    }
    this.#owner.counted('out', frame[KIND_AT]!, frame.length);
    const { sendDelayMs } = this.#owner.limits;
    if (sendDelayMs === 0) socket.write(frame);
    // Timers of one length keep their order.
    else setTimeout(() => socket.writable && socket.write(frame), sendDelayMs);
  }

  /** Ends the connection for whatever the peer did wrong. Errors of our own are not caught. */
  #guard(work: () => void): void {
    if (this.#closed) return;
    try {
      work();
    } catch (error) {
      if (error instanceof PeerFault) this.close(error);
      else if (error instanceof FrameError || error instanceof DecodeError) {
        this.close(new PeerFault('malformed', error.message));
      } else throw error;
    }
  }

  #end(fault: PeerFault): void {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#timer);
    // What is still to be sent (the goodbye) gets a moment; then the socket goes, read or not.
    setTimeout(() => this.#socket.destroy(), GOODBYE_MS).unref();
    this.#owner.closed(this, fault);
  }
}

const GOODBYE_MS = 500;
/** For what is under way on a connection that another one has replaced. */
const RETIREMENT_MS = 5_000;
/** The kind of a message is the first byte behind its length. */
const KIND_AT = 4;
