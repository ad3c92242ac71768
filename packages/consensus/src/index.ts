/** Consensus: schedule, votes, certificates, fork choice and finality as one pure state machine. */
export { type Electorate, type ElectorateRule, makeElectorate } from './chain/electorate.js';
export * from './chain/finality-tree.js';
export {
  type ChainFacts,
  type ChainPoint,
  type ConsensusRoot,
  consensusRootSchema,
  genesisRoot,
} from './chain/root.js';
export * from './chain/schedule.js';
export {
  isActivationDue,
  type PendingSchedule,
  producersOf,
  proposalProblem,
  type ScheduleState,
  scheduleInForce,
} from './chain/set-change.js';
export * from './consensus-core.js';
export * from './effects.js';
export * from './events.js';
export type { FinalizerActivity } from './production-gate.js';
export * from './voting/evidence.js';
export * from './voting/finalizer.js';
export * from './voting/safety-record.js';
