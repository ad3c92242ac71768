/** Counts messages and bytes by kind and direction. */
import { type PeerMessageKind, peerMessageKind } from '@snapscale/protocol';
import type { Traffic } from './network-messages.js';

export class TrafficCounter {
  readonly #kinds = new Map<PeerMessageKind, Traffic>();

  count(direction: 'in' | 'out', number: number, bytes: number): void {
    const kind = peerMessageKind(number);
    if (kind === undefined) return;
    let traffic = this.#kinds.get(kind);
    if (traffic === undefined) {
      traffic = { kind, messagesIn: 0, bytesIn: 0, messagesOut: 0, bytesOut: 0 };
      this.#kinds.set(kind, traffic);
    }
    if (direction === 'in') {
      traffic.messagesIn++;
      traffic.bytesIn += bytes;
    } else {
      traffic.messagesOut++;
      traffic.bytesOut += bytes;
    }
  }

  get all(): readonly Traffic[] {
    return [...this.#kinds.values()];
  }
}
