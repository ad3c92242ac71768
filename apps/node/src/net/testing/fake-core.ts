/** A core without consensus or execution, for tests of the network: a chain of blocks that it believes, and what it heard. */
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { equalBytes, merkleRoot, type PublicKey, publicKeyOf, recoverPublicKey, sign, toHex } from '@snapscale/crypto';
import type { VerifiedTransaction } from '@snapscale/execution';
import {
  type BlockHeader,
  blockDigest,
  blockId,
  blockNumOf,
  name,
  type PackedTransaction,
  receiptDigests,
  type SignedBlock,
} from '@snapscale/protocol';
import type { ReplicaInput } from '@snapscale/replica';
import type { PeerLinkOwner } from '../../core/peers/owner.js';
import { PeerLink } from '../../core/peers/peer-link.js';
import { loadSignatureRecovery } from '../../verify/signature-recovery.js';
import { testChainId, testKey } from '../../verify/testing/transactions.js';
import { verifyReceived } from '../../verify/verify-transaction.js';

const recovery = loadSignatureRecovery();
const producerKey = testKey(77);

/** Any signature: with it, blocks cost nothing where nobody looks at it. */
const someSignature = sign(producerKey, new Uint8Array(32));

/** A block on `previous` with these transactions. */
export function fakeBlock(
  previous: Uint8Array,
  slot: number,
  packed: readonly PackedTransaction[] = [],
  isSigned = true,
): SignedBlock {
  const transactions = packed.map((transaction) => ({
    status: 0 as const,
    cpuUsageUs: 100,
    netUsageWords: 12,
    transaction: { kind: 'packed' as const, packed: transaction },
  }));
  const header: BlockHeader = {
    slot,
    producer: name('prod'),
    confirmed: 0,
    previous,
    transactionMroot: merkleRoot(receiptDigests(transactions)),
    actionMroot: new Uint8Array(32),
    scheduleVersion: 0,
    newProducers: undefined,
    headerExtensions: [],
  };
  const producerSignature = isSigned ? sign(producerKey, blockDigest(header)) : someSignature;
  return { header, producerSignature, transactions, blockExtensions: [] };
}

/** A chain of `count` blocks from number 1, a slot each. */
export function fakeChain(
  count: number,
  { firstSlot = 1, isSigned = true }: { readonly firstSlot?: number; readonly isSigned?: boolean } = {},
): SignedBlock[] {
  const blocks: SignedBlock[] = [];
  let previous: Uint8Array = new Uint8Array(32);
  for (let num = 1; num <= count; num++) {
    const block = fakeBlock(previous, firstSlot + num - 1, [], isSigned);
    blocks.push(block);
    previous = blockId(block.header);
  }
  return blocks;
}

export class FakeCore implements PeerLinkOwner {
  readonly chain: SignedBlock[] = [];
  readonly inputs: ReplicaInput[] = [];
  readonly events: { readonly name: string; readonly detail: Readonly<Record<string, string | number>> }[] = [];
  readonly transactions = new Map<string, VerifiedTransaction>();
  /** Blocks up to this number are final. */
  finalNum = 0;
  /** Milliseconds by which its clock is ahead. */
  skewMs = 0;
  /** Calls of `verify`, to see what was spared. */
  verified = 0;
  link: PeerLink | undefined;
  /** Blocks whose parent is missing, by its id. */
  readonly #orphans = new Map<string, SignedBlock>();
  /** By signatures: tests repeat themselves, and must not take long on a busy machine. */
  readonly #verified = new Map<string, VerifiedTransaction>();

  /** The link to the network, and the port that the network gets. */
  open(): MessagePort {
    const { port1, port2 } = new MessageChannel();
    this.link = new PeerLink(port1, this);
    return port2;
  }

  /** Inputs of one kind. */
  heard<K extends ReplicaInput['kind']>(kind: K): Extract<ReplicaInput, { kind: K }>[] {
    return this.inputs.filter((input): input is Extract<ReplicaInput, { kind: K }> => input.kind === kind);
  }

  /** Makes a block on the head and sends it to all peers. */
  produce(packed: readonly PackedTransaction[] = []): SignedBlock {
    const { id, slot } = this.head();
    const block = fakeBlock(id, slot + 1, packed);
    this.chain.push(block);
    this.link!.carryOut({ kind: 'sendBlock', id: blockId(block.header), block, except: 0 });
    this.link!.moved();
    return block;
  }

  /** This node has verified a transaction. */
  know(received: PackedTransaction): VerifiedTransaction {
    const transaction = verifyReceived(received, testChainId, recovery.port).verified;
    this.transactions.set(toHex(transaction.id), transaction);
    return transaction;
  }

  step(input: ReplicaInput): void {
    this.inputs.push(input);
    if (input.kind !== 'block') return;
    this.#take(input.block, input.from);
  }

  #take(block: SignedBlock, from: number): void {
    const id = blockId(block.header);
    if (this.#has(id)) return;
    const previous = this.#place(block.header.previous);
    if (previous === undefined) {
      this.#orphans.set(toHex(block.header.previous), block);
      this.link!.carryOut({ kind: 'requestBlock', id: block.header.previous, from });
      return;
    }
    if (previous.num !== this.head().num) return;
    this.chain.push(block);
    this.link!.carryOut({ kind: 'sendBlock', id, block, except: from });
    this.link!.moved();
    const child = this.#orphans.get(toHex(id));
    this.#orphans.delete(toHex(id));
    if (child !== undefined) this.#take(child, from);
  }

  nowMs(): number {
    return Date.now() + this.skewMs;
  }

  head(): { id: Uint8Array; num: number; slot: number } {
    return pointOf(this.chain.at(-1));
  }

  final(): { id: Uint8Array; num: number; slot: number } {
    return pointOf(this.chain[this.finalNum - 1]);
  }

  earliestBlockNum(): number {
    return 1;
  }

  block(id: Uint8Array): SignedBlock | undefined {
    const num = blockNumOf(id);
    return num > this.finalNum && this.#has(id) ? this.chain[num - 1] : undefined;
  }

  bestChain(fromNum: number, count: number): readonly SignedBlock[] {
    const from = Math.max(fromNum, this.finalNum + 1);
    return from === fromNum ? this.chain.slice(from - 1, from - 1 + count) : [];
  }

  known(id: Uint8Array): VerifiedTransaction | undefined {
    return this.transactions.get(toHex(id));
  }

  verify(received: PackedTransaction): VerifiedTransaction {
    this.verified++;
    const key = received.signatures.map(toHex).join();
    const verified = this.#verified.get(key) ?? verifyReceived(received, testChainId, recovery.port).verified;
    this.#verified.set(key, verified);
    return verified;
  }

  signedBy(block: SignedBlock): PublicKey {
    return recoverPublicKey(block.producerSignature, blockDigest(block.header), recovery.port);
  }

  isBlockKey(key: PublicKey): boolean {
    return equalBytes(key, publicKeyOf(producerKey));
  }

  event(name: string, detail: Readonly<Record<string, string | number>>): void {
    this.events.push({ name, detail });
  }

  #place(id: Uint8Array): { num: number } | undefined {
    if (id.every((byte) => byte === 0)) return { num: 0 };
    return this.#has(id) ? { num: blockNumOf(id) } : undefined;
  }

  #has(id: Uint8Array): boolean {
    const block = this.chain[blockNumOf(id) - 1];
    return block !== undefined && equalBytes(blockId(block.header), id);
  }
}

function pointOf(block: SignedBlock | undefined): { id: Uint8Array; num: number; slot: number } {
  if (block === undefined) return { id: new Uint8Array(32), num: 0, slot: 0 };
  const id = blockId(block.header);
  return { id, num: blockNumOf(id), slot: block.header.slot };
}
