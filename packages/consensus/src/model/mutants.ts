/** Rules with one part left out, by lying to the real ones about what they ask. */
import { type ElectorateRule, makeElectorate } from '../chain/electorate.js';
import { type FinalizerRules, finalizerRules } from '../voting/finalizer.js';

export const mutants = {
  'FIN-2 without the lock': {
    ...finalizerRules,
    mayPrepare: (state, block, isAncestor) =>
      finalizerRules.mayPrepare({ ...state, lock: undefined }, block, isAncestor),
  },
  'FIN-3 without offBranch': {
    ...finalizerRules,
    mayCommit: (state, block, isAncestor) => finalizerRules.mayCommit({ ...state, offBranch: -1 }, block, isAncestor),
  },
  'FIN-3 for blocks off the prepared branch': {
    ...finalizerRules,
    mayCommit: (state, block) => finalizerRules.mayCommit(state, block, () => true),
  },
} as const satisfies Record<string, FinalizerRules>;

/** This one is safe: it serves liveness, and one certificate a slot. */
export const withoutGrowingSlots: FinalizerRules = {
  ...finalizerRules,
  mayPrepare: (state, block, isAncestor) =>
    finalizerRules.mayPrepare({ ...state, lastPrepared: undefined }, block, isAncestor),
};

/** FIN-4 left out: the new finalizers alone vote on the blocks of the new schedule, as soon as there are any. */
export const withoutJointElectorate: ElectorateRule = ({ electorate }, begins) =>
  begins === undefined ? electorate : makeElectorate(begins);
