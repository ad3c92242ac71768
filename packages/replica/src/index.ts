export type { Effect, PersistableBlock, ReplicaEvent, ReplyResult } from './effects.js';
export type { Input, RequestId, Submission } from './inputs.js';
export type { FinalBlock, JournalEntry, NetworkEffect, NetworkNotice } from './network/effects.js';
export type { NetworkInput } from './network/inputs.js';
export { NetworkReplica, type NetworkReplicaOptions } from './network/network-replica.js';
export { defaultPoolLimits, type PoolLimits, TransactionPool } from './pool.js';
export { Replica, type ReplicaOptions } from './replica.js';
