/**
 * What nodes say to each other. One variant is the whole language; the table beside it bounds each message, so that a
 * receiver refuses a frame by its first bytes, before it holds the rest.
 *
 * Blocks, transactions, votes and certificates travel as bytes: the thread that owns the connection passes them on, and
 * the one that checks them decodes them.
 */
import { array, optional, struct, variant } from './codec/composites.js';
import { bool, bytes, checksum256, string, u16, u32, u64 } from './codec/scalars.js';
import type { Schema, TypeOf } from './codec/schema.js';
import { limits, peerLimits } from './limits.js';
import { slotSchema } from './time.js';

/** A place on a chain. */
export const chainPointSchema = struct('chain_point', { num: u32, id: checksum256, slot: slotSchema });
export type ChainPointValue = TypeOf<typeof chainPointSchema>;

/** Where a node stands: its best block, and its newest final one. */
export const peerStatusSchema = struct('peer_status', {
  head: chainPointSchema,
  final: chainPointSchema,
  /** The oldest block that it can serve. */
  earliestBlockNum: u32,
});
export type PeerStatus = TypeOf<typeof peerStatusSchema>;

/** The part of a greeting that its signature covers. */
export const helloBodySchema = struct('hello_body', {
  /** Versions of this protocol that the node speaks: the greatest common one is used. */
  versionMin: u16,
  versionMax: u16,
  chainId: checksum256,
  /** Name and version of the program, for people. */
  agent: string(peerLimits.agentBytesMax),
  /** `host:port` at which the node takes connections, if it does. */
  listens: optional(string(peerLimits.addressBytesMax)),
  /** The node's clock, milliseconds since 1970: tells a wrong clock early. */
  clockMs: u64,
  status: peerStatusSchema,
});
export type HelloBody = TypeOf<typeof helloBodySchema>;

/** First message in each direction. `signature`: by the key of the certificate, over the body and the TLS session. */
const helloSchema = struct('hello', {
  body: bytes(peerLimits.helloBodyBytesMax),
  signature: bytes(peerLimits.helloSignatureBytesMax),
});

/** Why a connection ends; the reader may show `message` to people. */
const goodbyeSchema = struct('goodbye', {
  code: string(peerLimits.codeBytesMax),
  message: string(peerLimits.messageTextBytesMax),
});

const blockBytes = bytes(peerLimits.blockBytesMax);

/** A block without its transactions' bodies: a peer that has them needs no more. */
const compactBlockSchema = struct('compact_block', {
  /** A `signed_block` with each transaction by its id. */
  block: bytes(peerLimits.compactBlockBytesMax),
});

const getBlockTransactionsSchema = struct('get_block_transactions', {
  blockId: checksum256,
  /** Positions in the block, ascending. */
  positions: array(u16, peerLimits.positionsMax),
});

const blockTransactionsSchema = struct('block_transactions', {
  blockId: checksum256,
  transactions: array(bytes(limits.packedTransactionBytesMax), peerLimits.positionsMax),
});

/** Asks for final or best-chain blocks by number. `request` comes back in the answer. */
const getBlocksSchema = struct('get_blocks', { request: u32, from: u32, count: u16 });
/** Asks for one block, and for as many as `ancestors` of the blocks before it. */
const getBlockSchema = struct('get_block', { request: u32, id: checksum256, ancestors: u16 });

/**
 * Blocks that follow on each other. To `getBlocks`: the first of what was asked for, as many as fit. To `getBlock`: the
 * block is the last. None if the peer has none.
 */
const blocksSchema = struct('blocks', { request: u32, blocks: array(blockBytes, peerLimits.blocksPerAnswerMax) });

const getSnapshotSchema = struct('get_snapshot', { request: u32 });
const snapshotSchema = struct('snapshot', {
  request: u32,
  /** Undefined: there is none. Else the manifest that names the snapshot's chunks by their hashes. */
  manifest: optional(bytes(peerLimits.manifestBytesMax)),
});
const getChunkSchema = struct('get_chunk', { request: u32, snapshot: checksum256, index: u32 });
const chunkSchema = struct('chunk', { request: u32, data: optional(bytes(peerLimits.chunkBytesMax)) });

/** Every message, in the order of its number on the wire. New ones are added at the end. */
export const peerMessageSchema = variant('peer_message', {
  hello: helloSchema,
  goodbye: goodbyeSchema,
  ping: struct('ping', { nonce: u64 }),
  pong: struct('pong', { nonce: u64 }),
  status: peerStatusSchema,
  transactions: array(bytes(limits.packedTransactionBytesMax), peerLimits.transactionsPerMessageMax),
  block: blockBytes,
  compactBlock: compactBlockSchema,
  getBlockTransactions: getBlockTransactionsSchema,
  blockTransactions: blockTransactionsSchema,
  vote: bytes(peerLimits.voteBytesMax),
  certificate: bytes(peerLimits.certificateBytesMax),
  getBlocks: getBlocksSchema,
  getBlock: getBlockSchema,
  blocks: blocksSchema,
  getSnapshot: getSnapshotSchema,
  snapshot: snapshotSchema,
  getChunk: getChunkSchema,
  chunk: chunkSchema,
  /** Whether the peer should send transactions: a node that only follows does not need them. */
  wantTransactions: bool,
});
export type PeerMessage = TypeOf<typeof peerMessageSchema>;
export type PeerMessageKind = PeerMessage['kind'];

/** Bytes of each message at most, in the order of `peerMessageSchema`: its number and its content. */
const sizes: Readonly<Record<PeerMessageKind, number>> = {
  hello: 1024,
  goodbye: 1024,
  ping: 16,
  pong: 16,
  status: 128,
  transactions: peerLimits.transactionMessageBytesMax,
  block: peerLimits.blockBytesMax + 8,
  compactBlock: peerLimits.compactBlockBytesMax + 8,
  getBlockTransactions: 64 + 2 * peerLimits.positionsMax,
  blockTransactions: peerLimits.blockBytesMax + 64,
  vote: peerLimits.voteBytesMax + 8,
  certificate: peerLimits.certificateBytesMax + 8,
  getBlocks: 16,
  getBlock: 64,
  blocks: peerLimits.blocksMessageBytesMax,
  getSnapshot: 16,
  snapshot: peerLimits.manifestBytesMax + 16,
  getChunk: 64,
  chunk: peerLimits.chunkBytesMax + 16,
  wantTransactions: 4,
};
const kinds = Object.keys(sizes) as readonly PeerMessageKind[];

/** The kind of message with this number on the wire, or undefined. */
export function peerMessageKind(number: number): PeerMessageKind | undefined {
  return kinds[number];
}

/** Most bytes that a message of this kind takes. */
export function peerMessageBytesMax(kind: PeerMessageKind): number {
  return sizes[kind];
}

/** What the signature of a greeting covers: domain, the TLS session's own secret, who speaks, and the body. */
export const helloSignedSchema: Schema<HelloSigned> = struct('hello_signed', {
  domain: string(16),
  binding: checksum256,
  dialled: bool,
  body: bytes(peerLimits.helloBodyBytesMax),
});
export type HelloSigned = {
  /** `SNAP/HELLO/1`. */
  readonly domain: string;
  /** Exported keying material of the TLS session: another session has another one. */
  readonly binding: Uint8Array;
  /** True from the side that opened the connection: its greeting cannot be sent back to it. */
  readonly dialled: boolean;
  readonly body: Uint8Array;
};
