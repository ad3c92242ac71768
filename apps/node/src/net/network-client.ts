/** The main thread's side of the network thread: starts it, takes peers' transactions, asks who is connected. */
import type { MessagePort, Worker } from 'node:worker_threads';
import type { PeerId } from '@snapscale/consensus';
import type { Rejection } from '@snapscale/protocol';
import { protocolVersions } from '../p2p/greeting.js';
import type { Identity } from '../p2p/identity.js';
import type { NetworkLimits } from '../p2p/network.js';
import { startThread } from '../threads/start-thread.js';
import {
  type FromNetwork,
  type NetworkStats,
  type NetworkWorkerOptions,
  type NumberedPeer,
  type PeerTransaction,
  readTransactions,
  type ToNetwork,
} from './network-messages.js';

export type NetworkClientOptions = {
  readonly identity: Identity;
  readonly chainId: Uint8Array;
  /** At which connections are taken; 0: any free one. */
  readonly port: number;
  readonly host: string;
  /** `host:port` of other nodes. */
  readonly peers: readonly string[];
  readonly dataDir: string;
  /** Where the state is that says who is a member; its writer must be open. Default: certificates alone say so. */
  readonly stateDir?: string;
  /** Slot of the final block whose state that is. Default: not known, which is taken for long ago. */
  readonly finalSlot?: number;
  /** Where the identity's files are: when they change, they are read again. */
  readonly identityDir?: string;
  /** The network's end of the channel to the core; given away. */
  readonly corePort: MessagePort;
  /** Name and version of the program, shown to other nodes. Default `snapscale`. */
  readonly agent?: string;
  /** Versions of the protocol to offer. Default: those of this program. */
  readonly versions?: { readonly min: number; readonly max: number };
  readonly limits?: Partial<NetworkLimits>;
  /** Takes peers' transactions, for the verify pool (`submit(0, packed, peer)`). The bytes are the taker's. */
  readonly transactions: (batch: readonly PeerTransaction[]) => void;
  readonly event: (name: string, detail: Readonly<Record<string, string | number>>) => void;
  /** The thread ended although nobody asked it to. */
  readonly died?: (error: Error) => void;
};

export class NetworkClient {
  /** At which connections are taken. */
  readonly port: number;
  /** What this node's certificate calls it. */
  readonly node: string;
  readonly organisation: string;
  readonly #worker: Worker;
  readonly #options: NetworkClientOptions;
  readonly #infos = new Map<number, (peers: readonly NumberedPeer[]) => void>();
  #lastRequest = 0;
  #stats: NetworkStats | undefined;
  #closed: (() => void) | undefined;

  private constructor(worker: Worker, options: NetworkClientOptions, ready: Extract<FromNetwork, { kind: 'ready' }>) {
    this.#worker = worker;
    this.#options = options;
    this.port = ready.port;
    this.node = ready.node;
    this.organisation = ready.organisation;
    worker.on('message', (message: FromNetwork) => this.#receive(message));
    worker.on('error', (error) => this.#died(error));
    worker.on('exit', () => this.#died(new Error('the network thread ended')));
  }

  /** Starts the thread; resolves when it takes connections. Rejects with an Error that says what is wrong. */
  static async start(options: NetworkClientOptions): Promise<NetworkClient> {
    const { identity, chainId, port, host, peers, dataDir, stateDir, identityDir, corePort } = options;
    const { agent = 'snapscale', versions = protocolVersions, limits = {}, finalSlot = 0 } = options;
    const workerData = {
      identity,
      chainId,
      port,
      host,
      peers,
      dataDir,
      stateDir,
      finalSlot,
      identityDir,
      corePort,
      agent,
      versions,
      limits,
    } satisfies NetworkWorkerOptions;
    const worker = startThread(new URL('./network-worker.js', import.meta.url), {
      workerData,
      transferList: [corePort],
    });
    const ready = await new Promise<Extract<FromNetwork, { kind: 'ready' }>>((resolve, reject) => {
      worker.once('error', reject);
      // Events may come before it is ready; the constructor listens from then on.
      const listen = (message: FromNetwork) => {
        if ('kind' in message && message.kind === 'event') options.event(message.name, message.detail);
        if ('kind' in message && message.kind === 'failed') {
          void worker.terminate();
          reject(startFailure(message, options));
        }
        if (!('kind' in message) || message.kind !== 'ready') return;
        worker.off('message', listen);
        worker.off('error', reject);
        resolve(message);
      };
      worker.on('message', listen);
    });
    return new NetworkClient(worker, options, ready);
  }

  /** Figures of a moment ago; undefined in the first second. */
  get stats(): NetworkStats | undefined {
    return this.#stats;
  }

  /** The nodes to which there is a connection. */
  peers(): Promise<readonly NumberedPeer[]> {
    return new Promise((resolve) => {
      const request = ++this.#lastRequest;
      this.#infos.set(request, resolve);
      this.#send({ kind: 'infos', request });
    });
  }

  /** Drops these nodes and keeps them out, until it is called with others. For tests of partitions. */
  isolate(nodes: readonly string[]): void {
    this.#send({ kind: 'isolate', nodes });
  }

  /** A peer's transaction did not pass the verify pool: the peer is blamed if that is its fault. */
  rejected(peer: PeerId, rejection: Rejection): void {
    this.#send({ kind: 'rejected', peer, rejection });
  }

  /** Ends all connections, saying so to the others, and the thread. */
  async close(): Promise<void> {
    if (this.#closed !== undefined) return;
    await new Promise<void>((resolve) => {
      this.#closed = resolve;
      this.#send({ kind: 'close' });
    });
    await this.#worker.terminate();
  }

  #send(message: ToNetwork): void {
    this.#worker.postMessage(message);
  }

  #receive(message: FromNetwork): void {
    if (message instanceof Uint8Array) {
      const batch = readTransactions(message);
      this.#options.transactions(batch);
      const bytes = batch.reduce((sum, { packed }) => sum + packed.length, 0);
      this.#send({ kind: 'taken', transactions: batch.length, bytes });
      return;
    }
    switch (message.kind) {
      case 'infos':
        this.#infos.get(message.request)?.(message.peers);
        this.#infos.delete(message.request);
        break;
      case 'event':
        this.#options.event(message.name, message.detail);
        break;
      case 'stats':
        this.#stats = message.stats;
        break;
      case 'closed':
        this.#closed?.();
        break;
      case 'ready':
      case 'failed':
        break;
    }
  }

  #died(error: Error): void {
    if (this.#closed === undefined) this.#options.died?.(error);
    else this.#closed();
  }
}

function startFailure(
  { message, code }: Extract<FromNetwork, { kind: 'failed' }>,
  { host, port }: NetworkClientOptions,
): Error {
  if (code !== 'EADDRINUSE') return new Error(`the network could not start: ${message}`);
  return new Error(
    `port ${port} of ${host} is taken by another program (another node?): stop it, or choose another with --peer-port N`,
  );
}
