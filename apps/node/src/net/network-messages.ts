/** What the main thread and the network thread say to each other. Transactions travel as bytes, several at a time. */
import type { MessagePort } from 'node:worker_threads';
import type { PeerId } from '@snapscale/consensus';
import { type PeerMessageKind, Reader, type Rejection, Writer } from '@snapscale/protocol';
import type { CertificateStanding } from '../admission/own-certificate.js';
import type { Identity } from '../p2p/identity.js';
import type { NetworkLimits, PeerInfo } from '../p2p/network.js';

/** What the network thread is started with. */
export type NetworkWorkerOptions = {
  readonly identity: Identity;
  readonly chainId: Uint8Array;
  /** 0: any free port. */
  readonly port: number;
  readonly host: string;
  /** `host:port` of other nodes. */
  readonly peers: readonly string[];
  readonly dataDir: string;
  /** The final state says who is a member. Undefined: certificates and authorities alone do. */
  readonly stateDir: string | undefined;
  /** Slot of the final block whose state that is; 0: not known. */
  readonly finalSlot: number;
  /** Where the identity's files are, to see when they change. Undefined: nobody changes them. */
  readonly identityDir: string | undefined;
  /** Name and version of the program. */
  readonly agent: string;
  readonly versions: { readonly min: number; readonly max: number };
  readonly limits: Partial<NetworkLimits>;
  readonly corePort: MessagePort;
};

/** From the main thread. */
export type ToNetwork =
  /** Drop these nodes and keep them out, until another list comes. */
  | { readonly kind: 'isolate'; readonly nodes: readonly string[] }
  | { readonly kind: 'infos'; readonly request: number }
  /** Peers' transactions that did not pass: who sent them, and why. */
  | { readonly kind: 'rejected'; readonly peer: PeerId; readonly rejection: Rejection }
  /** So many transactions, of so many bytes, have been handed on. */
  | { readonly kind: 'taken'; readonly transactions: number; readonly bytes: number }
  | { readonly kind: 'close' };

/** From the network thread. Bytes: transactions, see {@link encodeTransactions}. */
export type FromNetwork =
  | Uint8Array
  | { readonly kind: 'ready'; readonly port: number; readonly node: string; readonly organisation: string }
  | { readonly kind: 'failed'; readonly message: string; readonly code: string | undefined }
  | { readonly kind: 'infos'; readonly request: number; readonly peers: readonly NumberedPeer[] }
  | { readonly kind: 'event'; readonly name: string; readonly detail: Readonly<Record<string, string | number>> }
  | { readonly kind: 'stats'; readonly stats: NetworkStats }
  | { readonly kind: 'closed' };

/** What is known of a connected node, with its number. */
export type NumberedPeer = PeerInfo & { readonly id: PeerId };

/** Messages and bytes of one kind; totals since the start. */
export type Traffic = {
  readonly kind: PeerMessageKind;
  messagesIn: number;
  bytesIn: number;
  messagesOut: number;
  bytesOut: number;
};

/** Figures for metrics. Counters are totals since the start. */
export type NetworkStats = {
  readonly peers: number;
  readonly traffic: readonly Traffic[];
  readonly roundTripMs: Readonly<Record<string, number>>;
  /** Messages for the core, and bytes of them, that it has not worked off yet. */
  readonly coreQueue: { readonly messages: number; readonly bytes: number };
  /** Transactions that were handed on and are not taken yet, and what was left out. */
  readonly transactions: {
    readonly waiting: number;
    readonly passed: number;
    readonly repeated: number;
    readonly dropped: number;
  };
  /** Peers' requests for blocks. */
  readonly served: { readonly waiting: number; readonly blocks: number; readonly bytes: number };
  /** Messages that were left out because their sender sent too many. */
  readonly dropped: number;
  /** Peers that are not read at present because the core has enough of theirs to do. */
  readonly paused: number;
  /** Of this node's own certificate. */
  readonly certificate: CertificateStanding;
  /** Certificates of other nodes that were refused, by code. */
  readonly refused: Readonly<Record<string, number>>;
};

/** A transaction and the peer that sent it: an encoded `packed_transaction`, not checked. */
export type PeerTransaction = { readonly peer: PeerId; readonly packed: Uint8Array };

/** Per transaction: peer u32, length, bytes. */
export function encodeTransactions(transactions: readonly PeerTransaction[]): Uint8Array<ArrayBuffer> {
  const writer = new Writer(transactions.reduce((sum, { packed }) => sum + packed.length + 9, 0));
  for (const { peer, packed } of transactions) {
    writer.u32(peer);
    writer.bytes(packed);
  }
  return writer.finish() as Uint8Array<ArrayBuffer>;
}

/** The transactions are views into `bytes`. */
export function readTransactions(bytes: Uint8Array): PeerTransaction[] {
  const reader = new Reader(bytes);
  const transactions: PeerTransaction[] = [];
  while (reader.remaining > 0) transactions.push({ peer: reader.u32(), packed: reader.bytes() });
  return transactions;
}
