/** What a proven block holds: a transaction, an action, or an entry of the state after it, by the roots in its header. */
import type { ChainProof } from '@snapscale/api';
import { CryptoError, equalBytes, fromHex, type MerkleProof, toHex, verifyMerkleProof } from '@snapscale/crypto';
import {
  type Action,
  actionDigest,
  actionReceiptDigest,
  actionReceiptSchema,
  actionSchema,
  type BlockHeader,
  DecodeError,
  decode,
  formatName,
  type Inflate,
  type Name,
  type PackedTransaction,
  Reader,
  receiptDigest,
  type Schema,
  stateRootOf,
  transactionId,
  transactionReceiptSchema,
  transactionStatusNames,
  unpackTransaction,
} from '@snapscale/protocol';
import { stateProofProblem } from '../state-proof.js';
import { ProofProblem } from './proof-problem.js';

/** An action as a proof shows it: names as text, data as hex. */
export type ProvenActionView = {
  readonly account: string;
  readonly name: string;
  readonly authorization: readonly { readonly actor: string; readonly permission: string }[];
  readonly data: string;
};

/** A row of a table by its place, and who pays for it. */
export type ProvenRowView = {
  readonly code: string;
  readonly scope: string;
  readonly table: string;
  readonly primaryKey: string;
  /** Undefined, as `data`, when there is no such row. */
  readonly payer: string | undefined;
  readonly data: string | undefined;
};

/** What is proved of the block beyond that it is final. */
export type ProvenContent =
  | { readonly kind: 'block' }
  | {
      readonly kind: 'transaction';
      readonly id: string;
      readonly status: (typeof transactionStatusNames)[number];
      readonly cpuUsageUs: number;
      readonly netUsageWords: number;
      /** Undefined for a transaction of which the block has only the id. */
      readonly actions: readonly ProvenActionView[] | undefined;
    }
  | {
      readonly kind: 'action';
      readonly receiver: string;
      readonly globalSequence: bigint;
      readonly action: ProvenActionView;
      readonly returnValue: string;
    }
  | {
      readonly kind: 'entry';
      readonly key: string;
      /** Undefined: there is no such entry. */
      readonly value: string | undefined;
      readonly row: ProvenRowView | undefined;
    };

/** First bytes of keys that the state root covers (docs/spec/state-commitment.md). */
const COMMITTED = 'abcjklprt';

/** Verifies the part of a proof below the block's header. @throws ProofProblem */
export function proveContent(proof: ChainProof, header: BlockHeader, inflate: Inflate | undefined): ProvenContent {
  const { transaction, action, entry } = proof;
  const parts = [transaction, action, entry].filter((part) => part !== undefined);
  if (parts.length > 1) throw new ProofProblem('the document proves several things at once: it must be one');
  if (transaction !== undefined) return proveTransaction(transaction, header, inflate);
  if (action !== undefined) return proveAction(action, header);
  if (entry !== undefined) return proveEntry(entry, header);
  return { kind: 'block' };
}

function proveTransaction(
  { receipt: hex, path }: NonNullable<ChainProof['transaction']>,
  header: BlockHeader,
  inflate: Inflate | undefined,
): ProvenContent {
  const receipt = read('the receipt of the transaction', transactionReceiptSchema, hex);
  if (!verifyMerkleProof(header.transactionMroot, receiptDigest(receipt), pathOf(path))) {
    throw new ProofProblem('the receipt does not lead to the transaction root of the block');
  }
  const { status, cpuUsageUs, netUsageWords, transaction } = receipt;
  const opened = transaction.kind === 'packed' ? open(transaction.packed, inflate) : undefined;
  return {
    kind: 'transaction',
    id: toHex(transaction.kind === 'id' ? transaction.id : transactionId(opened!.packed)),
    status: transactionStatusNames[status],
    cpuUsageUs,
    netUsageWords,
    actions: opened?.transaction.actions.map(actionView),
  };
}

function open(packed: PackedTransaction, inflate: Inflate | undefined): ReturnType<typeof unpackTransaction> {
  if (packed.compression === 1 && inflate === undefined) {
    throw new ProofProblem('the transaction is compressed, and this program was given no way to decompress it');
  }
  try {
    return unpackTransaction(packed, inflate);
  } catch (error) {
    if (error instanceof DecodeError) throw new ProofProblem(`the transaction cannot be opened: ${error.message}`);
    throw error;
  }
}

function proveAction(part: NonNullable<ChainProof['action']>, header: BlockHeader): ProvenContent {
  const receipt = read('the receipt of the action', actionReceiptSchema, part.receipt);
  const action = read('the action', actionSchema, part.action);
  const returnValue = fromHex(part.return_value);
  if (!equalBytes(receipt.actDigest, actionDigest(action, returnValue))) {
    throw new ProofProblem('the receipt is for another action, or for another return value');
  }
  if (!verifyMerkleProof(header.actionMroot, actionReceiptDigest(receipt), pathOf(part.path))) {
    throw new ProofProblem('the receipt does not lead to the action root of the block');
  }
  return {
    kind: 'action',
    receiver: formatName(receipt.receiver),
    globalSequence: receipt.globalSequence,
    action: actionView(action),
    returnValue: part.return_value,
  };
}

function proveEntry({ key, value, proof }: NonNullable<ChainProof['entry']>, header: BlockHeader): ProvenContent {
  const root = stateRootOf(header);
  if (root === undefined) throw new ProofProblem('the header of the block carries no state root');
  const keyBytes = fromHex(key);
  if (!COMMITTED.includes(String.fromCharCode(keyBytes[0] ?? 0))) {
    throw new ProofProblem('entries of this kind are not covered by the state root: that it is absent proves nothing');
  }
  const problem = stateProofProblem(root, keyBytes, value === null ? null : fromHex(value), fromHex(proof));
  if (problem !== undefined) throw new ProofProblem(`the proof does not show the entry: ${problem}`);
  return { kind: 'entry', key, value: value ?? undefined, row: rowView(keyBytes, value) };
}

/** Code, scope, table and primary key out of the key of a row. */
function rowView(key: Uint8Array, value: string | null): ProvenRowView | undefined {
  if (key.length !== 33 || key[0] !== 'k'.charCodeAt(0)) return undefined;
  const view = new DataView(key.buffer, key.byteOffset, key.byteLength);
  const name = (at: number) => formatName(view.getBigUint64(at, false) as Name);
  return {
    code: name(1),
    scope: name(9),
    table: name(17),
    primaryKey: String(view.getBigUint64(25, false)),
    payer: value === null ? undefined : formatName(new Reader(fromHex(value)).u64() as Name),
    data: value === null ? undefined : value.slice(16),
  };
}

function actionView({ account, name, authorization, data }: Action): ProvenActionView {
  return {
    account: formatName(account),
    name: formatName(name),
    authorization: authorization.map(({ actor, permission }) => ({
      actor: formatName(actor),
      permission: formatName(permission),
    })),
    data: toHex(data),
  };
}

function pathOf(path: NonNullable<ChainProof['transaction']>['path']): MerkleProof {
  return { index: path.index, leafCount: path.leaf_count, siblings: path.siblings.map(fromHex) };
}

function read<T>(what: string, schema: Schema<T>, hex: string): T {
  try {
    return decode(schema, fromHex(hex));
  } catch (error) {
    if (error instanceof DecodeError || error instanceof CryptoError) {
      throw new ProofProblem(`${what} cannot be read: ${error.message}`);
    }
    throw error;
  }
}
