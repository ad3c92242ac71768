/** The core's end of the channel to the network thread: frames out, messages in, both several at a time. */
import type { MessagePort } from 'node:worker_threads';
import type { PeerId } from '@snapscale/consensus';
import type { PeerMessage, PeerStatus } from '@snapscale/protocol';
import {
  type BlockQuestion,
  type FromCoreToNetwork,
  type FromNetworkToCore,
  type LinkedPeer,
  OutgoingWriter,
  readIncoming,
  type Taken,
} from '../../net/core-channel.js';
import type { PeerFaultCode } from '../../p2p/faults.js';
import { encodeFrame } from '../../p2p/frames.js';

/** So much is worked off before it is told: each message to another thread costs as much as a vote. Far below what may wait. */
const TAKEN_MESSAGES = 64;
const TAKEN_BYTES = 1 << 20;

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
  /** Worked off, and not told yet. */
  readonly #taken = new Map<PeerId, Taken>();
  #takenMessages = 0;
  #takenBytes = 0;

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

  /** Gives a request back: what it asks for is in the block log now. */
  giveBack(peer: PeerId, request: BlockQuestion): void {
    this.#post({ kind: 'serve', peer, request });
  }

  tellStatus(status: PeerStatus): void {
    this.#tellTaken();
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

  #workOff(batch: Uint8Array): void {
    for (const { from, message } of readIncoming(batch)) {
      this.#listener.received(from, message);
      const { messages, bytes } = this.#taken.get(from) ?? { messages: 0, bytes: 0 };
      this.#taken.set(from, { peer: from, messages: messages + 1, bytes: bytes + message.length });
      this.#takenMessages++;
      this.#takenBytes += message.length;
    }
    if (this.#takenMessages >= TAKEN_MESSAGES || this.#takenBytes >= TAKEN_BYTES) this.#tellTaken();
  }

  /** Tells the network what has been worked off, so that it sends more. */
  #tellTaken(): void {
    if (this.#takenMessages === 0) return;
    this.#post({ kind: 'taken', of: [...this.#taken.values()] });
    this.#taken.clear();
    this.#takenMessages = this.#takenBytes = 0;
  }
}
