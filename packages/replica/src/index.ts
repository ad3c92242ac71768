export type { Effect, PersistableBlock, ReplicaEvent, ReplyResult } from './effects.js';
export type { Input, RequestId, Submission } from './inputs.js';
export { defaultPoolLimits, type PoolLimits, TransactionPool } from './pool.js';
export { Replica, type ReplicaOptions } from './replica.js';
