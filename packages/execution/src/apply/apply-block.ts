/** Importing: a block from elsewhere (or from our own log) is executed again and must give exactly the same header. */
import { equalBytes, toHex } from '@snapscale/crypto';
import { type BlockHeader, blockId, formatName, reject, type SignedBlock } from '@snapscale/protocol';
import type { BlockSetting } from '../chain/schedule.js';
import type { StateReader } from '../state/reader.js';
import { sameReceipt, type VerifiedTransaction } from './apply-transaction.js';
import { type BlockClosing, BlockExecution, type BlockParent, type FinishedBlock } from './block-execution.js';
import type { ChainServices } from './chain-services.js';

/**
 * Executes `block` on `base`, the state after `parent`, in the setting that its slot calls for. `verified` are its
 * transactions, in order; `closing` has the header extensions that consensus has checked.
 * Rejects with `block_validate_exception` when anything that the header commits to differs.
 */
export function applyBlock(
  services: ChainServices,
  base: StateReader,
  parent: BlockParent,
  block: SignedBlock,
  verified: readonly VerifiedTransaction[],
  setting: BlockSetting,
  closing?: BlockClosing,
): FinishedBlock {
  const { header } = block;
  checkLink(parent, header);
  const execution = new BlockExecution(services, base, parent, setting);
  if (execution.producer !== header.producer) {
    invalid(
      parent,
      `producer ${formatName(header.producer)} signed slot ${header.slot}, which is ${formatName(execution.producer)}'s`,
    );
  }
  block.transactions.forEach((receipt, index) => {
    const transaction = verified[index];
    if (transaction === undefined) invalid(parent, `transaction ${index} of the block was not decoded`);
    const outcome = execution.apply(transaction);
    if (outcome === undefined) invalid(parent, `transaction ${index} exceeds the block's CPU or NET`);
    if (outcome.receipt === undefined) {
      invalid(parent, `transaction ${toHex(transaction.id)} fails: ${outcome.trace.except?.message ?? 'no reason'}`);
    }
    if (!sameReceipt(outcome.receipt, receipt)) {
      invalid(
        parent,
        `transaction ${toHex(transaction.id)} is billed ${receipt.cpuUsageUs} us and ${receipt.netUsageWords} words, which should be ${outcome.receipt.cpuUsageUs} us and ${outcome.receipt.netUsageWords} words`,
      );
    }
  });
  const finished = execution.finish(closing);
  const expected = blockId(finished.header);
  const actual = blockId(header);
  if (!equalBytes(expected, actual)) {
    invalid(parent, `the block's id is ${toHex(actual)}, execution gives ${toHex(expected)}`);
  }
  return finished;
}

function checkLink(parent: BlockParent, header: BlockHeader): void {
  if (!equalBytes(header.previous, parent.id)) {
    invalid(parent, `it extends ${toHex(header.previous)}, not ${toHex(parent.id)}`);
  }
  if (header.slot <= parent.header.slot) {
    invalid(parent, `its slot ${header.slot} is not after its parent's, ${parent.header.slot}`);
  }
}

function invalid(parent: BlockParent, why: string): never {
  return reject('block_validate_exception', `block ${parent.num + 1} is invalid: ${why}`);
}
