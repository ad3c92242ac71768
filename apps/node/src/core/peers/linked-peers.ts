/** The nodes to which there is a connection, with what they said last. */
import type { PeerId } from '@snapscale/consensus';
import type { PeerStatus } from '@snapscale/protocol';
import type { LinkedPeer } from '../../net/core-channel.js';

export class LinkedPeers {
  readonly #peers = new Map<PeerId, LinkedPeer & { status: PeerStatus | undefined }>();

  get size(): number {
    return this.#peers.size;
  }

  get producers(): PeerId[] {
    return this.#ids(({ isProducer }) => isProducer);
  }

  get others(): PeerId[] {
    return this.#ids(({ isProducer }) => !isProducer);
  }

  get highestClaimed(): number {
    let highest = 0;
    for (const { status } of this.#peers.values()) highest = Math.max(highest, status?.head.num ?? 0);
    return highest;
  }

  has(peer: PeerId): boolean {
    return this.#peers.has(peer);
  }

  isProducer(peer: PeerId): boolean {
    return this.#peers.get(peer)?.isProducer ?? false;
  }

  statusOf(peer: PeerId): PeerStatus | undefined {
    return this.#peers.get(peer)?.status;
  }

  allBut(except: PeerId): PeerId[] {
    return this.#ids(({ id }) => id !== except);
  }

  add(peer: LinkedPeer): void {
    this.#peers.set(peer.id, { ...peer, status: undefined });
  }

  remove(peer: PeerId): void {
    this.#peers.delete(peer);
  }

  heard(peer: PeerId, status: PeerStatus): void {
    const linked = this.#peers.get(peer);
    if (linked !== undefined) linked.status = status;
  }

  #ids(isWanted: (peer: LinkedPeer) => boolean): PeerId[] {
    const ids: PeerId[] = [];
    for (const peer of this.#peers.values()) if (isWanted(peer)) ids.push(peer.id);
    return ids;
  }
}
