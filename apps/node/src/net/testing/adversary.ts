/** A node of the attacker: a TLS connection with a proper certificate, over which anything can be said. */
import { connect, type TLSSocket } from 'node:tls';
import { decode, type HelloBody, type PeerMessage, type PeerStatus, peerMessageSchema } from '@snapscale/protocol';
import { encodeFrame, FrameReader } from '../../p2p/frames.js';
import { bindingOf, makeHello, protocolVersions } from '../../p2p/greeting.js';
import { type Identity, openIdentity } from '../../p2p/identity.js';
import { testChainId } from '../../verify/testing/transactions.js';

/** Where a node stands that has no block. */
const nowhere: PeerStatus = {
  head: { num: 0, id: new Uint8Array(32), slot: 0 },
  final: { num: 0, id: new Uint8Array(32), slot: 0 },
  earliestBlockNum: 1,
};

export class Adversary {
  readonly socket: TLSSocket;
  readonly #identity: Identity;
  /** What the attacked node has said. */
  readonly received: PeerMessage[] = [];
  /** Is called with every message. */
  answer: (message: PeerMessage) => void = () => {};
  /** Why the attacked node has ended the connection, once it has. */
  ended: string | undefined;

  private constructor(socket: TLSSocket, identity: Identity) {
    this.socket = socket;
    this.#identity = identity;
    const reader = new FrameReader();
    socket.on('data', (chunk: Uint8Array) => {
      for (const bytes of reader.push(chunk)) this.#receive(decode(peerMessageSchema, bytes));
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.ended ??= 'closed';
    });
  }

  /** Opens a connection; nothing is said yet. */
  static async connect(port: number, identity: Identity): Promise<Adversary> {
    const socket = connect({
      host: '127.0.0.1',
      port,
      cert: identity.certificate,
      key: identity.privateKey,
      ca: [...identity.authorities],
      minVersion: 'TLSv1.3',
      checkServerIdentity: () => undefined,
    });
    const adversary = new Adversary(socket, identity);
    await new Promise<void>((resolve, reject) => {
      socket.once('secureConnect', resolve);
      socket.once('error', reject);
    });
    return adversary;
  }

  /** As `connect`, with a greeting. */
  static async greet(port: number, identity: Identity, body: Partial<HelloBody> = {}): Promise<Adversary> {
    const adversary = await Adversary.connect(port, identity);
    adversary.socket.write(adversary.hello(body));
    return adversary;
  }

  /** The frame of a greeting for this connection. */
  hello(body: Partial<HelloBody> = {}): Uint8Array {
    const whole: HelloBody = {
      versionMin: protocolVersions.min,
      versionMax: protocolVersions.max,
      chainId: testChainId,
      agent: 'adversary',
      listens: undefined,
      clockMs: BigInt(Date.now()),
      status: nowhere,
      ...body,
    };
    return encodeFrame(makeHello(whole, openIdentity(this.#identity).key, bindingOf(this.socket), true));
  }

  /** Sends messages as fast as the other side takes them. */
  send(...messages: readonly PeerMessage[]): void {
    if (this.ended === undefined) for (const message of messages) this.socket.write(encodeFrame(message));
  }

  /** Bytes that are not a message. */
  sendBytes(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }

  close(): void {
    this.socket.destroy();
  }

  #receive(message: PeerMessage): void {
    if (message.kind === 'goodbye') this.ended = message.goodbye.code;
    if (message.kind === 'ping') this.send({ kind: 'pong', pong: message.ping });
    else this.received.push(message);
    this.answer(message);
  }
}
