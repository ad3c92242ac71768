/** What doors need of the consortium as a whole: its roots, who may read, and whether anything has changed. */
import type { StateReader } from '../state/reader.js';
import { getAuthority, getReadPolicy, getStateRow, type ReadPolicy } from './rows.js';

/** A root that is not revoked. */
export type ConsortiumRoot = {
  readonly digest: Uint8Array;
  /** X.509 in DER, as the contract has it: nobody has parsed it. */
  readonly der: Uint8Array;
  readonly validUntilSec: number;
};

export type Consortium = {
  /** See `consortiumVersion`. */
  readonly version: bigint;
  readonly reads: ReadPolicy;
  /** The newest last; those that have expired, which only the caller's clock can tell, included. */
  readonly roots: readonly ConsortiumRoot[];
};

/**
 * The consortium of a chain; undefined where none was founded. If something else than the contract has written its state,
 * there are no roots, version 0 and the strictest policy: nobody is let in.
 */
export function readConsortium(state: StateReader): Consortium | undefined {
  const row = getStateRow(state);
  if (row === undefined) return undefined;
  if (row === 'malformed') return { version: 0n, reads: 'roles', roots: [] };
  const roots: ConsortiumRoot[] = [];
  for (const key of row.roots) {
    const root = getAuthority(state, key);
    if (root === undefined || root.organisation !== undefined || root.status === 'revoked') continue;
    roots.push({ digest: root.digest, der: root.der, validUntilSec: root.validUntilSec });
  }
  return { version: row.version, reads: getReadPolicy(state), roots };
}

/**
 * A number that grows with every change that can end or narrow what some certificate allows, or that changes the roots; undefined
 * where no consortium was founded. One read: doors look at it with each final block.
 */
export function consortiumVersion(state: StateReader): bigint | undefined {
  const row = getStateRow(state);
  return row === 'malformed' ? 0n : row?.version;
}
