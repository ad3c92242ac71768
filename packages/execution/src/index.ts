export { admissionProblem } from './apply/admission.js';
export { applyBlock } from './apply/apply-block.js';
export {
  type ApplyMode,
  applyTransaction,
  type TransactionOutcome,
  type VerifiedTransaction,
} from './apply/apply-transaction.js';
export {
  type BlockClosing,
  BlockExecution,
  type BlockParent,
  type FinishedBlock,
  type RootOf,
} from './apply/block-execution.js';
export { ChainServices } from './apply/chain-services.js';
export type * from './apply/types.js';
export * from './authorization/authorizer-index.js';
export { requiredKeys } from './authorization/check-authorization.js';
export * from './chain/chain-records.js';
export { isProtocolFeature, type ProtocolFeature, protocolFeatures } from './chain/protocol-features.js';
export { type BlockSetting, scheduleAt, scheduledProducer, settingAt } from './chain/schedule.js';
export { getWasmLimits } from './chain/wasm-limits-record.js';
export {
  type BucketStore,
  type CommitmentUpdate,
  StateCommitment,
} from './commitment/state-commitment.js';
export * from './commitment/state-proof.js';
export * from './consortium/consortium.js';
export * from './consortium/membership.js';
export { memberPermissions } from './consortium/permissions.js';
export {
  type Authority,
  type AuthorityStatus,
  getAuthority,
  getOrganisation,
  keyOfDigest as keyOfAuthority,
  keyOfSerial,
  listAuthorities,
  listOrganisations,
  listRoles,
  type Organisation,
  type OrganisationStatus,
  type ReadPolicy,
  type Role,
} from './consortium/rows.js';
export { fromNumber as float128FromNumber, toFloat64 as float128ToNumber } from './host/arithmetic/float128-convert.js';
export { type KeyKind, keyKinds } from './host/database/secondary-keys.js';
export { firstAuthorizer } from './native/fees/charge.js';
export { getParameters } from './native/fees/parameters.js';
export { sponsorshipAt } from './native/fees/sponsorship.js';
export { applyGenesis } from './native/genesis.js';
export { systemAbi } from './native/system-abi.js';
export * from './state/keys.js';
export { MemoryState } from './state/memory-state.js';
export * from './state/reader.js';
export * from './state/records.js';
export { WorkingState } from './state/working-state.js';
