export type { FinalBlock, JournalEntry, ReplicaEffect, ReplicaNotice, ReplyResult } from './effects.js';
export type { ReplicaInput, RequestId, Submission } from './inputs.js';
export type { PoolLimits } from './pool.js';
export { Replica, type ReplicaOptions } from './replica.js';
