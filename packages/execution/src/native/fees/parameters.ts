/** The ledger's own parameters (economics.md): prices, shares, switches. */
import type { SnapParameters } from '@snapscale/protocol';
import type { StateReader } from '../../state/reader.js';
import type { WorkingState } from '../../state/working-state.js';
import { parameterRows } from './tables.js';

/** Key of the only row: the table's own name. */
const only = parameterRows.name;

/** Highest price, smallest units of the token per thousand units of use: keeps fees within an amount's 62 bits. */
const pricesMax = 1_000_000_000_000n;

/** Basis points: a fee's shares sum up to this. */
export const sharesTotal = 10_000;

const decodedParameters = new WeakMap<Uint8Array, SnapParameters>();

/**
 * The parameters in force. Throws when the state has none, which is a fault of the node: genesis was not applied.
 * Cost: one lookup, since decoded parameters are kept by the identity of their bytes.
 */
export function getParameters(state: StateReader): SnapParameters {
  const bytes = parameterRows.getBytes(state, only);
  if (bytes === undefined) throw new Error('the state has no chain parameters: genesis was not applied');
  let parameters = decodedParameters.get(bytes);
  if (parameters === undefined) {
    parameters = parameterRows.decode(bytes);
    decodedParameters.set(bytes, parameters);
  }
  return parameters;
}

/** Stores parameters that `parametersFault` finds nothing wrong with. */
export function putParameters(state: WorkingState, parameters: SnapParameters): void {
  parameterRows.put(state, only, parameters);
}

/** True when transactions cost nothing; RAM may still need deposits. */
export function isFree({ cpuPrice, netPrice }: SnapParameters): boolean {
  return cpuPrice === 0n && netPrice === 0n;
}

/** What is wrong with parameters, for people; undefined when nothing is. */
export function parametersFault(parameters: SnapParameters): string | undefined {
  const { cpuPrice, netPrice, ramPrice, producerShare, edgeShare, fundShare, gasPerMicrosecond } = parameters;
  for (const [what, price] of Object.entries({ CPU: cpuPrice, NET: netPrice, RAM: ramPrice })) {
    if (price < 0n || price > pricesMax) return `the price of ${what} must be 0 to ${pricesMax}, not ${price}`;
  }
  const shares = producerShare + edgeShare + fundShare;
  if (shares !== sharesTotal) {
    return `the shares of producer, edge and fund must sum up to ${sharesTotal} basis points, not ${shares}`;
  }
  if (gasPerMicrosecond < 1) return 'gas per microsecond must be at least 1';
  return undefined;
}
