/**
 * What the network thread and the core say to each other, over a port of their own, so that votes and blocks never wait
 * for HTTP. Frequent messages travel as bytes, several at a time, and their buffers move.
 */
import type { PeerId } from '@snapscale/consensus';
import { type PeerMessage, type PeerStatus, Reader, Writer } from '@snapscale/protocol';
import type { PeerFaultCode } from '../p2p/faults.js';

/** A node to which there is a connection, as the core knows it. */
export type LinkedPeer = {
  readonly id: PeerId;
  readonly node: string;
  readonly isProducer: boolean;
};

/** From the core. Bytes: see {@link OutgoingWriter}. */
export type FromCoreToNetwork =
  | Uint8Array
  /** Where this node stands: greetings say so, and peers are told now and then. */
  | { readonly kind: 'status'; readonly status: PeerStatus }
  | { readonly kind: 'blame'; readonly peer: PeerId; readonly code: PeerFaultCode; readonly message: string }
  /** What a peer asks for has become final since the network passed it on: it is in the block log now. */
  | { readonly kind: 'serve'; readonly peer: PeerId; readonly request: BlockQuestion }
  /** These messages, and bytes of them, of each peer have been worked off. */
  | { readonly kind: 'taken'; readonly of: readonly Taken[] };

/** A peer's request for whole blocks. */
export type BlockQuestion = Extract<PeerMessage, { readonly kind: 'getBlock' | 'getBlocks' }>;

export type Taken = { readonly peer: PeerId; readonly messages: number; readonly bytes: number };

/** To the core. Bytes: see {@link IncomingWriter}. */
export type FromNetworkToCore =
  | Uint8Array
  | { readonly kind: 'connected'; readonly peer: LinkedPeer }
  | { readonly kind: 'disconnected'; readonly peer: PeerId };

/** A frame for some peers. What is lossy is left out where much waits already. */
export type Outgoing = { readonly to: readonly PeerId[]; readonly lossy: boolean; readonly frame: Uint8Array };

/** Collects frames: per frame u8 lossy, count and numbers of the receivers, length, bytes. */
export class OutgoingWriter {
  readonly #writer = new Writer(4096);

  get isEmpty(): boolean {
    return this.#writer.position === 0;
  }

  add({ to, lossy, frame }: Outgoing): void {
    const writer = this.#writer;
    writer.u8(lossy ? 1 : 0);
    writer.u32(to.length);
    for (const peer of to) writer.u32(peer);
    writer.bytes(frame);
  }

  /** The frames in a buffer of their own, and a fresh start. */
  take(): Uint8Array<ArrayBuffer> {
    const bytes = this.#writer.finish() as Uint8Array<ArrayBuffer>;
    this.#writer.reset();
    return bytes;
  }
}

/** The frames hold views into `bytes`. */
export function* readOutgoing(bytes: Uint8Array): Generator<Outgoing> {
  const reader = new Reader(bytes);
  while (reader.remaining > 0) {
    const lossy = reader.u8() === 1;
    const to = Array.from({ length: reader.u32() }, () => reader.u32());
    yield { to, lossy, frame: reader.bytes() };
  }
}

/** An encoded message and who sent it. */
export type Incoming = { readonly from: PeerId; readonly message: Uint8Array };

/** Collects what peers sent: per message u32 sender, length, bytes. */
export class IncomingWriter {
  readonly #writer = new Writer(4096);

  get isEmpty(): boolean {
    return this.#writer.position === 0;
  }

  add({ from, message }: Incoming): void {
    this.#writer.u32(from);
    this.#writer.bytes(message);
  }

  take(): Uint8Array<ArrayBuffer> {
    const bytes = this.#writer.finish() as Uint8Array<ArrayBuffer>;
    this.#writer.reset();
    return bytes;
  }
}

/** The messages are views into `bytes`. */
export function* readIncoming(bytes: Uint8Array): Generator<Incoming> {
  const reader = new Reader(bytes);
  while (reader.remaining > 0) yield { from: reader.u32(), message: reader.bytes() };
}
