/**
 * The network thread: holds the connections to other nodes, passes on to the core what only the core can judge, hands
 * transactions to the main thread, and answers by itself what needs neither.
 */
import { join } from 'node:path';
import type { MessagePort } from 'node:worker_threads';
import type { PeerId } from '@snapscale/consensus';
import type { StateReader } from '@snapscale/execution';
import { encode, type PeerMessage, type PeerStatus, peerMessageSchema, slotToSeconds } from '@snapscale/protocol';
import { Admission } from '../admission/admission.js';
import { IdentityWatch } from '../admission/identity-watch.js';
import { OwnCertificate } from '../admission/own-certificate.js';
import { PeerFault } from '../p2p/faults.js';
import { type Identity, openIdentity } from '../p2p/identity.js';
import { type PeerInfo, PeerNetwork } from '../p2p/network.js';
import { BlockLogReader } from '../store/block-log/block-log-reader.js';
import type { StateStore } from '../store/state-store.js';
import { SnapshotShelf, shelfDirectory } from '../sync-snapshot/snapshot-shelf.js';
import { BlockServer } from './block-server.js';
import { type FromCoreToNetwork, type FromNetworkToCore, IncomingWriter, readOutgoing } from './core-channel.js';
import { CoreGate } from './core-gate.js';
import {
  encodeTransactions,
  type FromNetwork,
  type NetworkStats,
  type NetworkWorkerOptions,
  type ToNetwork,
} from './network-messages.js';
import { PeerNumbers } from './peer-numbers.js';
import { Spaced } from './spaced.js';
import { TrafficCounter } from './traffic.js';
import { isPeersFault } from './transaction-faults.js';
import { TransactionGate } from './transaction-gate.js';

const STATS_INTERVAL_MS = 1_000;
/** Of a snapshot that wait for one peer to take them: room for the two pieces that it asks for at a time. */
const SNAPSHOT_BYTES_WAITING_MAX = 4 << 20;
/** Addresses that refused are tried again because of what the chain says at most so often. */
const RETRY_INTERVAL_MS = 10_000;
/** Peers are told where this node stands at most so often. Blocks tell them more. */
const STATUS_INTERVAL_MS = 1_000;

export type PostToMain = (message: FromNetwork, transfer?: readonly ArrayBuffer[]) => void;

export class NetworkHost {
  readonly #post: PostToMain;
  readonly #core: MessagePort;
  readonly #network: PeerNetwork;
  readonly #numbers = new PeerNumbers();
  readonly #traffic = new TrafficCounter();
  readonly #transactions = new TransactionGate();
  readonly #gate: CoreGate;
  readonly #blocks: BlockServer;
  readonly #log: BlockLogReader;
  readonly #shelf: SnapshotShelf;
  readonly #state: StateStore | undefined;
  readonly #admission: Admission;
  readonly #own: OwnCertificate;
  readonly #retries = new Spaced(RETRY_INTERVAL_MS, () => this.#network.retryAll());
  readonly #watch: IdentityWatch | undefined;
  readonly #forCore = new IncomingWriter();
  readonly #statsTimer: NodeJS.Timeout;
  readonly #statusTimer: NodeJS.Timeout;
  #status: PeerStatus = nowhere;
  #isStatusNew = false;
  #finalSlot: number;
  #isolated: ReadonlySet<string> = new Set();

  private constructor(options: NetworkWorkerOptions, state: StateStore | undefined, post: PostToMain) {
    this.#post = post;
    this.#core = options.corePort;
    this.#log = BlockLogReader.open(join(options.dataDir, 'blocks'));
    this.#shelf = new SnapshotShelf(shelfDirectory(options.dataDir));
    this.#state = state;
    this.#finalSlot = options.finalSlot;
    this.#admission = new Admission({
      state: this.#state ?? emptyState,
      finalTimeSec: () => (this.#finalSlot === 0 ? undefined : slotToSeconds(this.#finalSlot)),
      authorities: options.identity.authorities,
      nowMs: Date.now,
    });
    this.#own = new OwnCertificate(this.#admission, Date.now, (name, detail) => this.#event(name, detail));
    this.#network = this.#makeNetwork(options);
    this.#watch = this.#watchIdentity(options);
    this.#gate = new CoreGate((peer, paused) => this.#setPaused(peer, paused));
    this.#blocks = new BlockServer({
      log: this.#log,
      nowMs: Date.now,
      send: (peer, message) => this.#send(peer, message),
      bytesWaiting: (peer) => this.#network.bytesWaiting(this.#nameOf(peer)),
      passOn: (peer, request) => this.#passToCore(peer, request),
      fault: (error) => this.#event('block-log-unreadable', { reason: messageOf(error) }),
    });
    this.#core.on('message', (message: FromCoreToNetwork) => this.#receiveFromCore(message));
    this.#statsTimer = setInterval(() => {
      // Time alone can end a certificate, or make the state one that is too old.
      this.#lookAtMembers();
      post({ kind: 'stats', stats: this.#stats() });
    }, STATS_INTERVAL_MS);
    this.#statusTimer = setInterval(() => this.#tellStatus(), STATUS_INTERVAL_MS);
  }

  /** Begins to take and open connections. @throws when the port is taken or the identity is not in order */
  static async start(options: NetworkWorkerOptions, post: PostToMain): Promise<NetworkHost> {
    const host = new NetworkHost(options, await openState(options.stateDir), post);
    const port = await host.#network.listen(options.port, options.host);
    const { node, organisation } = host.#network.self;
    post({ kind: 'ready', port, node, organisation });
    return host;
  }

  /** Takes a message of the main thread. */
  receive(message: ToNetwork): void {
    switch (message.kind) {
      case 'isolate':
        this.#isolated = new Set(message.nodes);
        this.#network.recheckMembers();
        // Whoever was kept out has gathered failures: the wait for the next attempt begins anew.
        this.#network.retryAll();
        break;
      case 'infos': {
        const peers = this.#network.peers.map((info) => ({ ...info, id: this.#numbers.numberOf(info.node) }));
        this.#post({ kind: 'infos', request: message.request, peers });
        break;
      }
      case 'rejected':
        if (isPeersFault(message.rejection)) {
          this.#blame(message.peer, new PeerFault('bad_transaction', message.rejection.message));
        }
        break;
      case 'taken':
        this.#transactions.taken(message.transactions, message.bytes);
        break;
      case 'close':
        void this.#close();
        break;
    }
  }

  #makeNetwork({ identity, chainId, peers, agent, versions, limits }: NetworkWorkerOptions): PeerNetwork {
    return new PeerNetwork({
      identity,
      admission: this.#admission,
      chainId,
      peers: peers.map((address) => ({ address, node: undefined, configured: true })),
      limits,
      nowMs: Date.now,
      random: Math.random,
      hello: () => ({
        versionMin: versions.min,
        versionMax: versions.max,
        agent,
        listens: undefined,
        status: this.#status,
      }),
      refusal: ({ node }) =>
        this.#isolated.has(node) ? new PeerFault('isolated', `${node} is kept apart from this node`) : undefined,
      isWanted: (node) => !this.#isolated.has(node),
      counted: (direction, kind, bytes) => this.#traffic.count(direction, kind, bytes),
      connected: (peer) => this.#connected(peer),
      disconnected: (node, fault) => this.#disconnected(node, fault),
      received: (node, message) => this.#received(this.#numbers.numberOf(node), message),
      event: (name, detail) => this.#event(name, detail),
    });
  }

  /** A renewed certificate, or other authorities, take effect without a restart. */
  #watchIdentity({ identityDir: directory, identity: inUse }: NetworkWorkerOptions): IdentityWatch | undefined {
    if (directory === undefined) return undefined;
    return new IdentityWatch({
      directory,
      inUse,
      changed: (identity) => {
        this.#requireAdmitted(identity);
        this.#network.renewIdentity(identity);
        const { node, validUntilMs } = this.#network.self;
        this.#event('identity-renewed', { node, expires: new Date(validUntilMs).toISOString() });
      },
      fault: (error) => this.#event('identity-unusable', { directory, reason: error.message }),
    });
  }

  /** A certificate that the final state does not know yet must not replace one that it knows. @throws Error */
  #requireAdmitted(identity: Identity): void {
    const verdict = this.#admission.check(openIdentity(identity).member.chain, 'node');
    if (verdict.kind === 'admitted' || this.#own.look(this.#network.self).refusal !== undefined) return;
    throw new Error(`the new certificate is not admitted (yet): ${verdict.message}`);
  }

  /** With each final block: when what certificates allow has changed, all connections are looked at anew. */
  #lookAtMembers(): void {
    this.#state?.refresh();
    this.#retries.look(Date.now());
    if (!this.#admission.changed()) return;
    this.#network.recheckMembers();
    // Whoever was refused may be welcome now. Any member can change the number that says so, as often as there are blocks.
    this.#retries.want(Date.now());
  }

  #connected({ node, organisation, roles, agent, version, dialled, status }: PeerInfo): void {
    const id = this.#numbers.numberOf(node);
    this.#postToCore({ kind: 'connected', peer: { id, node, isProducer: roles.includes('producer') } });
    this.#event('peer-connected', {
      node,
      organisation,
      agent,
      version,
      opened: dialled ? 'by this node' : 'by the peer',
    });
    this.#gate.connected(id);
    // Its greeting says where it stands, as a status would.
    if (status !== undefined) this.#passToCore(id, { kind: 'status', status });
  }

  #disconnected(node: string, fault: PeerFault): void {
    const id = this.#numbers.numberOf(node);
    this.#blocks.forget(id);
    this.#postToCore({ kind: 'disconnected', peer: id });
    this.#event('peer-disconnected', { node, code: fault.code, reason: fault.message });
  }

  /** @throws PeerFault */
  #received(peer: PeerId, message: PeerMessage): void {
    const nowMs = Date.now();
    if (!this.#gate.admits(peer, message.kind, nowMs)) return;
    switch (message.kind) {
      case 'transactions':
        if (this.#transactions.offer(peer, message.transactions, nowMs)) queueMicrotask(() => this.#handTransactions());
        break;
      case 'getBlock':
      case 'getBlocks':
        this.#blocks.request(peer, message);
        break;
      case 'block':
        if (this.#gate.admitsBlock(peer, message.block.length, nowMs)) this.#passToCore(peer, message);
        break;
      case 'compactBlock':
        if (this.#gate.admitsBlock(peer, message.compactBlock.block.length, nowMs)) this.#passToCore(peer, message);
        break;
      case 'getBlockTransactions':
      case 'blockTransactions':
      case 'blocks':
      case 'vote':
      case 'certificate':
      case 'status':
        this.#passToCore(peer, message);
        break;
      case 'getSnapshot':
      case 'getChunk':
        this.#giveSnapshot(peer, message, nowMs);
        break;
      case 'snapshot':
      case 'chunk':
        throw new PeerFault('unexpected', `the peer sent a ${message.kind} that nobody asked for`);
      default:
        // Connections keep the rest to themselves.
        break;
    }
  }

  /** Whoever asks for more than it takes is not answered: an honest peer never has so much under way. */
  #giveSnapshot(
    peer: PeerId,
    message: Extract<PeerMessage, { kind: 'getSnapshot' | 'getChunk' }>,
    nowMs: number,
  ): void {
    if ((this.#network.bytesWaiting(this.#nameOf(peer)) ?? 0) > SNAPSHOT_BYTES_WAITING_MAX) return;
    if (message.kind === 'getSnapshot') {
      const { request } = message.getSnapshot;
      this.#send(peer, { kind: 'snapshot', snapshot: { request, manifest: this.#shelf.manifest(nowMs) } });
      return;
    }
    const { request, snapshot, index } = message.getChunk;
    const data = this.#shelf.piece(snapshot, index, nowMs);
    this.#send(peer, { kind: 'chunk', chunk: { request, data } });
  }

  #handTransactions(): void {
    const batch = encodeTransactions(this.#transactions.take());
    this.#post(batch, [batch.buffer]);
  }

  #passToCore(from: PeerId, message: PeerMessage): void {
    const encoded = encode(peerMessageSchema, message);
    this.#gate.passed(from, encoded.length, Date.now());
    // Votes of many peers come at about the same time: what one look at all sockets brought wakes the core once.
    if (this.#forCore.isEmpty) setImmediate(() => this.#flushToCore());
    this.#forCore.add({ from, message: encoded });
  }

  #flushToCore(): void {
    if (this.#forCore.isEmpty) return;
    const batch = this.#forCore.take();
    this.#core.postMessage(batch, [batch.buffer]);
  }

  /** What was collected goes first: the core must not hear that a peer left before what it said. */
  #postToCore(message: Exclude<FromNetworkToCore, Uint8Array>): void {
    this.#flushToCore();
    this.#core.postMessage(message);
  }

  #receiveFromCore(message: FromCoreToNetwork): void {
    if (message instanceof Uint8Array) {
      for (const { to, lossy, frame } of readOutgoing(message)) {
        for (const peer of to) this.#network.send(this.#nameOf(peer), frame, lossy);
      }
      return;
    }
    switch (message.kind) {
      case 'status': {
        const { final } = message.status;
        const isFinal = final.slot !== this.#finalSlot;
        this.#status = message.status;
        this.#isStatusNew = true;
        this.#finalSlot = final.slot;
        // The state of a final block is stored before anybody hears of it.
        if (isFinal) this.#lookAtMembers();
        break;
      }
      case 'blame':
        this.#blame(message.peer, new PeerFault(message.code, message.message));
        break;
      case 'serve':
        this.#blocks.request(message.peer, message.request, true);
        break;
      case 'taken':
        this.#gate.taken(message.of);
        break;
    }
  }

  #tellStatus(): void {
    if (!this.#isStatusNew) return;
    this.#isStatusNew = false;
    this.#network.broadcast({ kind: 'status', status: this.#status });
  }

  #blame(peer: PeerId, fault: PeerFault): void {
    const node = this.#nameOf(peer);
    this.#event('peer-blamed', { node, code: fault.code, reason: fault.message });
    this.#network.blame(node, fault);
  }

  #send(peer: PeerId, message: PeerMessage): void {
    this.#network.send(this.#nameOf(peer), message);
  }

  #setPaused(peer: PeerId, paused: boolean): void {
    if (paused) this.#network.pause(this.#nameOf(peer));
    else this.#network.resume(this.#nameOf(peer));
  }

  #nameOf(peer: PeerId): string {
    return this.#numbers.nameOf(peer) ?? '';
  }

  #event(name: string, detail: Readonly<Record<string, string | number>>): void {
    this.#post({ kind: 'event', name, detail });
  }

  #stats(): NetworkStats {
    const { peers } = this.#network;
    const measured = peers.flatMap(({ node, roundTripMs }) => (roundTripMs === undefined ? [] : [[node, roundTripMs]]));
    return {
      peers: peers.length,
      traffic: this.#traffic.all,
      roundTripMs: Object.fromEntries(measured),
      transactions: this.#transactions.stats,
      served: this.#blocks.stats,
      ...this.#gate.stats,
      certificate: this.#own.look(this.#network.self),
      refused: this.#network.refused,
    };
  }

  async #close(): Promise<void> {
    clearInterval(this.#statsTimer);
    clearInterval(this.#statusTimer);
    this.#blocks.close();
    this.#watch?.close();
    await this.#network.close();
    this.#core.close();
    await this.#state?.close();
    this.#log.close();
    this.#post({ kind: 'closed' });
  }
}

const emptyState: StateReader = { get: () => undefined, first: () => undefined, last: () => undefined };

/** LMDB is loaded where it is needed: its loading takes longer than everything else of this thread. */
async function openState(directory: string | undefined): Promise<StateStore | undefined> {
  if (directory === undefined) return undefined;
  const { StateStore } = await import('../store/state-store.js');
  return StateStore.open(directory, { readOnly: true });
}

const nowhere: PeerStatus = {
  head: { num: 0, id: new Uint8Array(32), slot: 0 },
  final: { num: 0, id: new Uint8Array(32), slot: 0 },
  earliestBlockNum: 0,
};

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
