/** Steps on one chain, run in order, each told to whoever watches. */
import type { SystemChain } from './system-chain.js';

export type Step = readonly [title: string, run: (chain: SystemChain) => void];

/** Steps that share values, made anew for each run. */
export type Scenario = { readonly title: string; readonly steps: readonly Step[] };
