/** A peer with a proper certificate that says whatever a drill wants to all nodes. */
import type { PeerMessage } from '@snapscale/protocol';
import type { Identity } from '../../../apps/node/src/p2p/identity.js';
import { PeerNetwork } from '../../../apps/node/src/p2p/network.js';
import { within } from './http.js';

export type AccompliceOptions = {
  readonly identity: Identity;
  readonly chainId: Uint8Array;
  /** Ports of the nodes' peer links. */
  readonly peers: readonly number[];
  readonly received: (message: PeerMessage, say: (message: PeerMessage) => void) => void;
};

const CONNECTED_MS_MAX = 30_000;

export class Accomplice {
  readonly #network: PeerNetwork;

  private constructor({ identity, chainId, peers, received }: AccompliceOptions) {
    const nowhere = { num: 0, id: new Uint8Array(32), slot: 0 };
    this.#network = new PeerNetwork({
      identity,
      chainId,
      peers: peers.map((port) => ({ address: `127.0.0.1:${port}`, node: undefined, configured: true })),
      nowMs: Date.now,
      random: Math.random,
      hello: () => ({
        versionMin: 1,
        versionMax: 1,
        agent: 'drill accomplice',
        listens: undefined,
        status: { head: nowhere, final: nowhere, earliestBlockNum: 0 },
      }),
      refusal: () => undefined,
      connected: () => {},
      disconnected: () => {},
      received: (_, message) => received(message, (answer) => this.#network.broadcast(answer)),
      event: () => {},
    });
  }

  /** Connects to all nodes. @throws when it cannot */
  static async start(options: AccompliceOptions): Promise<Accomplice> {
    const accomplice = new Accomplice(options);
    await accomplice.#network.listen(0, '127.0.0.1');
    const connected = await within(CONNECTED_MS_MAX, () => accomplice.#network.peers.length === options.peers.length);
    if (connected === undefined) {
      await accomplice.close();
      throw new Error(
        `the accomplice is connected with ${accomplice.#network.peers.length} of ${options.peers.length} nodes`,
      );
    }
    return accomplice;
  }

  close(): Promise<void> {
    return this.#network.close();
  }
}
