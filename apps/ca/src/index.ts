/** The certificate authority of organisations, for tests that run one in their own process. */

export { type CaOptions, type RunningCa, startCa } from './ca.js';
export type { ChainAccess, RowQuery } from './chain/chain-access.js';
export { ChainRefusal, ChainUnavailable, ConfigurationError } from './failures.js';
