/**
 * When a finalizer may vote: rules FIN-1, FIN-2, FIN-3 and FIN-5 as pure functions over the little that it has to remember. The proof
 * that they are safe is in docs/spec/consensus.md; the explorer in `model/` runs these very functions.
 */
import { equalBytes } from '@snapscale/crypto';

/** A block as the rules see it. */
export type BlockPoint = { readonly slot: number; readonly id: Uint8Array };

/** What a finalizer has promised, by voting. */
export type FinalizerState = {
  /** The block that it prepared last. */
  readonly lastPrepared: BlockPoint | undefined;
  /** The block with the highest slot that it committed. */
  readonly lock: BlockPoint | undefined;
  /** Highest slot of a block that it prepared and that is not `lastPrepared` or an ancestor of it; −1 if there is none. */
  readonly offBranch: number;
};

/** A block that could be prepared. */
export type PrepareCandidate = BlockPoint & {
  /** Slot of the highest certificate that the block's chain carries in headers up to its own; −1 if there is none. */
  readonly justifiedSlot: number;
};

/** Whether `ancestor` is `block` or an ancestor of it. False when one of them is not known: the rules then forbid more. */
export type Ancestry = (ancestor: BlockPoint, block: BlockPoint) => boolean;

/** The rules; a parameter of what applies them, so that tests can break one. */
export type FinalizerRules = {
  mayPrepare(state: FinalizerState, block: PrepareCandidate, isAncestor: Ancestry): boolean;
  afterPrepare(state: FinalizerState, block: BlockPoint, isAncestor: Ancestry): FinalizerState;
  /** Whoever asks holds a valid prepare certificate for `block`. */
  mayCommit(state: FinalizerState, block: BlockPoint, isAncestor: Ancestry): boolean;
  afterCommit(state: FinalizerState, block: BlockPoint): FinalizerState;
};

/** Of a finalizer that never voted. */
export const freshFinalizerState: FinalizerState = { lastPrepared: undefined, lock: undefined, offBranch: -1 };

/** The rules as they are. */
export const finalizerRules: FinalizerRules = {
  mayPrepare({ lastPrepared, lock }, block, isAncestor) {
    // FIN-1: slots of prepared blocks grow.
    if (lastPrepared !== undefined && block.slot <= lastPrepared.slot) return false;
    // FIN-2: the lock is left only for a chain that shows a higher certificate.
    return lock === undefined || isAncestor(lock, block) || block.justifiedSlot > lock.slot;
  },

  afterPrepare(state, { slot, id }, isAncestor) {
    const left = state.lastPrepared;
    // FIN-5: `left` has the highest slot of all that was prepared, so it alone decides.
    const switches = left !== undefined && !isAncestor(left, { slot, id });
    return { ...state, lastPrepared: { slot, id }, offBranch: switches ? left.slot : state.offBranch };
  },

  mayCommit({ lastPrepared, lock, offBranch }, block, isAncestor) {
    // FIN-3
    if (lastPrepared === undefined || !isAncestor(block, lastPrepared)) return false;
    if (block.slot <= offBranch) return false;
    return lock === undefined || block.slot > lock.slot || equalBytes(block.id, lock.id);
  },

  afterCommit: (state, { slot, id }) => ({ ...state, lock: { slot, id } }),
};
