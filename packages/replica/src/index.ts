export type { FinalBlock, JournalEntry, NetworkEffect, NetworkNotice, ReplyResult } from './network/effects.js';
export type { NetworkInput, RequestId, Submission } from './network/inputs.js';
export { NetworkReplica, type NetworkReplicaOptions } from './network/network-replica.js';
export type { PoolLimits } from './pool.js';
