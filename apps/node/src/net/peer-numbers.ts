/** Numbers of nodes: what the core and the verify pool call a peer by. They stay for the life of the process. */
import type { PeerId } from '@snapscale/consensus';

export class PeerNumbers {
  readonly #numbers = new Map<string, PeerId>();
  readonly #names: string[] = [];

  /** The number of a node, a new one if it has none. Numbers begin at 1: 0 is this node itself. */
  numberOf(node: string): PeerId {
    let number = this.#numbers.get(node);
    if (number === undefined) {
      number = this.#names.push(node);
      this.#numbers.set(node, number);
    }
    return number;
  }

  /** The node with this number; undefined if there is none. */
  nameOf(number: PeerId): string | undefined {
    return this.#names[number - 1];
  }
}
