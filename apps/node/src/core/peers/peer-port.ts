/** The core's end of the channel to the network thread: frames out, messages in, both several at a time. */
import type { MessagePort } from 'node:worker_threads';
import type { PeerId } from '@snapscale/consensus';
import type { PeerMessage, PeerStatus } from '@snapscale/protocol';
import {
  type FromCoreToNetwork,
  type FromNetworkToCore,
  type LinkedPeer,
  OutgoingWriter,
  readIncoming,
  type Taken,
} from '../../net/core-channel.js';
import type { PeerFaultCode } from '../../p2p/faults.js';
import { encodeFrame } from '../../p2p/frames.js';

export type PeerPortListener = {
  readonly connected: (peer: LinkedPeer) => void;
  readonly disconnected: (peer: PeerId) => void;
  /** An encoded message. */
  readonly received: (from: PeerId, message: Uint8Array) => void;
};

export class PeerPort {
  readonly #port: MessagePort;
  readonly #listener: PeerPortListener;
  readonly #outgoing = new OutgoingWriter();

  constructor(port: MessagePort, listener: PeerPortListener) {
    this.#port = port;
    this.#listener = listener;
    port.on('message', (message: FromNetworkToCore) => this.#receive(message));
  }

  /** Sends a message to these peers. What is lossy is left out where much waits already. */
  send(to: readonly PeerId[], message: PeerMessage, lossy = false): void {
    if (to.length === 0) return;
    if (this.#outgoing.isEmpty) queueMicrotask(() => this.#flush());
    this.#outgoing.add({ to, lossy, frame: encodeFrame(message) });
  }

  blame(peer: PeerId, code: PeerFaultCode, message: string): void {
    this.#post({ kind: 'blame', peer, code, message });
  }

  tellStatus(status: PeerStatus): void {
    this.#post({ kind: 'status', status });
  }

  close(): void {
    this.#flush();
    this.#port.close();
  }

  #flush(): void {
    if (this.#outgoing.isEmpty) return;
    const bytes = this.#outgoing.take();
    this.#port.postMessage(bytes, [bytes.buffer]);
  }

  #post(message: FromCoreToNetwork): void {
    this.#port.postMessage(message);
  }

  #receive(message: FromNetworkToCore): void {
    if (message instanceof Uint8Array) this.#workOff(message);
    else if (message.kind === 'connected') this.#listener.connected(message.peer);
    else this.#listener.disconnected(message.peer);
  }

  /** Tells the network what has been worked off, so that it sends more. */
  #workOff(batch: Uint8Array): void {
    const taken = new Map<PeerId, Taken>();
    for (const { from, message } of readIncoming(batch)) {
      this.#listener.received(from, message);
      const { messages, bytes } = taken.get(from) ?? { messages: 0, bytes: 0 };
      taken.set(from, { peer: from, messages: messages + 1, bytes: bytes + message.length });
    }
    this.#post({ kind: 'taken', of: [...taken.values()] });
  }
}
