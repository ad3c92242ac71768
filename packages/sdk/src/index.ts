/** The SDK: everything that a program does with a SnapScale network. Runs in browsers and in Node, without I/O of its own. */
export type { Fetch, StreamEvent, StreamRequest } from '@snapscale/api';
export { AbiCache, actionNames, type CachedAbi, tableNames } from './abi-cache.js';
export {
  type AccountInfo,
  type ControlledPermission,
  createAccountAction,
  deletePermissionAction,
  findAccount,
  linkPermissionAction,
  permissionsOfKeys,
  setPermissionAction,
  unlinkPermissionAction,
} from './accounts.js';
export { bytesFromBase64 } from './base64.js';
export { type ChainInfo, type Client, type ClientOptions, createClient, events, httpAddress } from './client.js';
export {
  abiBytes,
  type ContractComparison,
  type ContractFiles,
  type ContractPart,
  compareContract,
  type NameChanges,
  type PartChange,
} from './contract-comparison.js';
export {
  type AffectedTable,
  assertWasm,
  type DeployPlan,
  planDeploy,
  setAbiAction,
  setCodeAction,
} from './contracts.js';
export {
  exceptionOf,
  invalid,
  notFound,
  SnapError,
  type SnapErrorKind,
  type SnapErrorParts,
  toSnapError,
} from './errors.js';
export { getChainProof, type ProofSubject } from './light-client/get-proof.js';
export type { ProvenActionView, ProvenContent, ProvenRowView } from './light-client/proof-content.js';
export {
  makeCheckpoint,
  readTrust,
  type Trust,
  TrustError,
  trustChainId,
  trustCheckpoint,
  trustGenesis,
} from './light-client/trust.js';
export { type ChainProofVerdict, type VerifyOptions, verifyChainProof } from './light-client/verify-proof.js';
export {
  dropRole,
  grantRole,
  planRole,
  type RoleDefinition,
  type RoleOptions,
  type RolePlan,
  revokeRole,
} from './roles/plan-role.js';
export { findRole, type Role, type RoleHolder, roleHoldersMax, rolesOf } from './roles/role.js';
export {
  type AccountAccess,
  type Capability,
  missingHolders,
  type Participation,
  whatMay,
  whoCan,
} from './roles/who-can.js';
export { explainPermission, type PermissionPart, type PermissionReport } from './signing/explain-permission.js';
export { combinedKeys, type KeySource, keysInMemory } from './signing/key-source.js';
export { formatPermission, type PermissionInput, parseAuthority, parsePermission } from './signing/permission.js';
export {
  dryRun,
  readOnly,
  type Sent,
  sendTransaction,
  type TransactionResult,
  type TransactionStatus,
  type TransactOptions,
  transact,
  type WaitOptions,
  waitUntilFinal,
} from './signing/send.js';
export {
  type ActionInput,
  defaultExpireSeconds,
  encodeAction,
  expirationOf,
  idOf,
  type PreparedTransaction,
  packedJsonOf,
  packedOf,
  prepareTransaction,
  signTransaction,
  signWith,
  type TransactionOptions,
} from './signing/transaction.js';
export { closest } from './spelling.js';
export { type ProofVerdict, type StateProofAnswer, verifyStateProof } from './state-proof.js';
export {
  type TablePage,
  type TableQuery,
  type TableScope,
  tablePage,
  tableRows,
  tableScopes,
} from './tables.js';
export {
  balancesOf,
  inTokenDecimals,
  type TokenStats,
  type Transfer,
  tokenContract,
  tokenStats,
  transferAction,
} from './tokens.js';
