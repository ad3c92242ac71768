/** Routes for clients that trust no node: final headers with certificates, and proofs against them. */
import type { ResponseOf, Routes } from '@snapscale/api';
import type { FinalHeader } from '@snapscale/consensus/light-client';
import { equalBytes, type MerkleProof, merkleProof, merkleRoot, toHex } from '@snapscale/crypto';
import { keyBytes } from '@snapscale/execution';
import {
  type ActionTrace,
  actionReceiptDigests,
  actionReceiptSchema,
  actionSchema,
  type BlockHeader,
  blockHeaderSchema,
  blockNumOf,
  encode,
  genesisSchema,
  quorumCertificateSchema,
  receiptDigests,
  reject,
  transactionReceiptSchema,
} from '@snapscale/protocol';
import type { FinalProof, NoProof } from '../../light/light-chain.js';
import type { NodeBackend, ProvenEntry, StoredBlock, TransactionLocation } from '../backend.js';
import { busy, plainFailure } from '../server/failure.js';
import type { HandlersOf, RequestContext } from '../server/handler.js';
import { requireBlock } from './blocks.js';
import { entryKey } from './snap.js';
import { idPrefix } from './traces.js';
import { waitForFinal } from './wait-for-final.js';

type Names = 'getLightClientUpdate' | 'getBlockProof' | 'getTransactionProof' | 'getActionProof' | 'getRowProof';
type Part = ResponseOf<Routes['snap']['getBlockProof']>;

/** Transactions or actions of a block whose digests count as one request for the rate limit. */
const HASHES_PER_TOKEN = 200;
/** Blocks that a row is proved against, one after the other, when they do not stay on the chain. */
const ROW_ATTEMPTS = 3;

export const proofHandlers: HandlersOf<Pick<Routes['snap'], Names>> = {
  getLightClientUpdate({ backend }, { from_schedule = 0 }) {
    const update = backend.light.steps(from_schedule);
    if ('kind' in update) return refuse(update, `the changes of the schedule after version ${from_schedule}`);
    const anchor = update.more ? undefined : backend.light.anchor();
    const { chainId, genesis } = backend.chainInfo();
    return {
      chain_id: toHex(chainId),
      ...(from_schedule === 0 ? { genesis: toHex(encode(genesisSchema, genesis)) } : {}),
      steps: update.steps.map(({ headers, certificate }) => ({
        headers: headers.map(headerHex),
        certificate: toHex(encode(quorumCertificateSchema, certificate)),
      })),
      schedule_version: update.scheduleVersion,
      more: update.more,
      anchor: anchor === undefined ? null : anchorJson(anchor),
    };
  },

  async getBlockProof(context, { block_num_or_id }) {
    const { id } = requireBlock(context.backend, block_num_or_id);
    return partOf(context.backend, await finalBlock(context, id));
  },

  async getTransactionProof(context, { id }) {
    const { backend } = context;
    const { stored, location } = requireTransaction(backend, id);
    const { transactions, header } = stored.block;
    context.charge(Math.ceil(transactions.length / HASHES_PER_TOKEN));
    const proof = await finalBlock(context, stored.id);
    const receipt = transactions[location.position]!;
    const path = merklePath(receiptDigests(transactions), location.position, header.transactionMroot);
    return {
      ...partOf(backend, proof),
      transaction: { receipt: toHex(encode(transactionReceiptSchema, receipt)), path },
    };
  },

  async getActionProof(context, { id, action_ordinal = 1 }) {
    const { backend } = context;
    const { stored, location } = requireTransaction(backend, id);
    const num = blockNumOf(stored.id);
    const executed = executedActions(backend, num);
    context.charge(Math.ceil(executed.length / HASHES_PER_TOKEN));
    const trace = backend.tracesOfBlock(num)?.find((candidate) => equalBytes(candidate.id, location.id));
    const wanted = trace?.actionTraces.find(({ actionOrdinal }) => actionOrdinal === action_ordinal);
    if (wanted?.receipt === undefined) {
      return reject('invalid_http_request', `transaction ${id} has no executed action with ordinal ${action_ordinal}`);
    }
    const { receipt, action, returnValue } = wanted;
    const position = executed.findIndex((other) => other.receipt!.globalSequence === receipt.globalSequence);
    const proof = await finalBlock(context, stored.id);
    const digests = actionReceiptDigests(executed.map((other) => other.receipt!));
    return {
      ...partOf(backend, proof),
      action: {
        receipt: toHex(encode(actionReceiptSchema, receipt)),
        action: toHex(encode(actionSchema, action)),
        return_value: toHex(returnValue),
        path: merklePath(digests, position, stored.block.header.actionMroot),
      },
    };
  },

  async getRowProof(context, request) {
    const { backend } = context;
    const key = entryKey(request);
    for (let attempt = 0; attempt < ROW_ATTEMPTS; attempt++) {
      const entry = await backend.stateProof(key);
      if (entry === undefined) return reject('unsupported_feature', 'this chain does not commit to its state');
      const proof = await finalEntry(context, entry);
      if (proof === 'forked') continue;
      return {
        ...partOf(backend, proof),
        entry: {
          key: toHex(keyBytes(key)),
          value: entry.value === undefined ? null : toHex(entry.value),
          proof: toHex(entry.proof),
        },
      };
    }
    throw busy('the newest blocks did not stay on the chain while the row was proved: try again');
  },
};

function finalEntry(context: RequestContext, { num, id }: ProvenEntry): Promise<FinalProof | 'forked'> {
  const { backend } = context;
  return waitForFinal(context, `block ${num}`, () => {
    if (backend.chainInfo().final.num < num) return undefined;
    const stored = backend.blockSummary(num);
    if (stored !== undefined && !equalBytes(stored.id, id)) return 'forked';
    return provenNow(backend, num);
  });
}

function finalBlock(context: RequestContext, id: Uint8Array): Promise<FinalProof> {
  const { backend } = context;
  const num = blockNumOf(id);
  return waitForFinal(context, `block ${num}`, () => {
    if (backend.chainInfo().final.num < num) return undefined;
    const stored = backend.blockSummary(num);
    if (stored !== undefined && !equalBytes(stored.id, id)) {
      return reject('unknown_block_exception', `block ${toHex(id)} did not stay on the chain: block ${num} is another`);
    }
    return provenNow(backend, num);
  });
}

/** The proof of a block that is final; undefined if it must be waited for. */
function provenNow(backend: NodeBackend, num: number): FinalProof | undefined {
  const proof = backend.light.prove(num);
  if (!('kind' in proof)) return proof;
  return proof.kind === 'later' ? undefined : refuse(proof, `block ${num}`);
}

function refuse(problem: NoProof, what: string): never {
  switch (problem.kind) {
    case 'indexing':
      throw busy(
        `this node is still indexing old blocks, ${problem.done} of ${problem.of} groups: ask again for ${what} later`,
      );
    case 'missing':
      return reject(
        'unknown_block_exception',
        `this node cannot prove ${what}: it keeps blocks from ${problem.earliestNum} on. Ask a node that keeps all, or begin with a newer checkpoint`,
      );
    case 'later':
      throw busy(`no certified header shows ${what} as final yet: try again later`);
  }
}

function partOf(backend: NodeBackend, { anchor, header, path }: FinalProof): Part {
  return {
    chain_id: toHex(backend.chainInfo().chainId),
    anchor: anchorJson(anchor),
    block: {
      header: headerHex(header),
      path: path === undefined ? null : { leaf_count: path.leafCount, siblings: path.siblings.map(toHex) },
    },
  };
}

function anchorJson({ header, certificate }: FinalHeader): Part['anchor'] {
  return { header: headerHex(header), certificate: toHex(encode(quorumCertificateSchema, certificate)) };
}

function headerHex(header: BlockHeader): string {
  return toHex(encode(blockHeaderSchema, header));
}

type MerklePath = NonNullable<Part['transaction']>['path'];

function merklePath(digests: readonly Uint8Array[], position: number, root: Uint8Array): MerklePath {
  if (!equalBytes(merkleRoot(digests), root)) {
    throw plainFailure(500, 'what this node has stored of the block does not lead to the root in its header');
  }
  const { index, leafCount, siblings }: MerkleProof = merkleProof(digests, position);
  return { index, leaf_count: leafCount, siblings: siblings.map(toHex) };
}

/** Actions with receipts in the order of execution, which is that of the leaves. */
function executedActions(backend: NodeBackend, num: number): ActionTrace[] {
  return (backend.tracesOfBlock(num) ?? [])
    .flatMap(({ actionTraces }) => actionTraces)
    .filter(({ receipt }) => receipt !== undefined)
    .sort((a, b) => (a.receipt!.globalSequence < b.receipt!.globalSequence ? -1 : 1));
}

function requireTransaction(
  backend: NodeBackend,
  text: string,
): { readonly stored: StoredBlock; readonly location: TransactionLocation } {
  const location = backend.findTransaction(idPrefix(text));
  const stored = location === undefined ? undefined : backend.blockByNum(location.blockNum);
  const isWhole = location !== undefined && toHex(location.id).startsWith(text.toLowerCase());
  if (location === undefined || stored === undefined || !isWhole) {
    return reject('tx_not_found', `transaction ${text} is not in a block that this node has: is it final yet?`);
  }
  return { stored, location };
}
