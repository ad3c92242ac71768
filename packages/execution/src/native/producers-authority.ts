/** The authorities of `eosio.prods`: what more than two thirds, a half, or a third of the active producers may do. */
import { type Name, names, type ProducerSchedule } from '@snapscale/protocol';
import { storePermission } from '../authorization/permission-store.js';
import { getPermission } from '../state/records.js';
import type { WorkingState } from '../state/working-state.js';

/**
 * Writes the authorities of `eosio.prods` for a schedule that becomes active. Producers stand in the order of their names
 * and not of their turns, so that the authorities are well-formed. As in nodeos, the time of last change stays. A permission
 * that the producers have deleted stays so.
 */
export function updateProducersAuthority(state: WorkingState, { producers }: ProducerSchedule): void {
  const accounts = producers
    .map(({ name }) => ({ permission: { actor: name, permission: names.active }, weight: 1 }))
    .sort((a, b) => (a.permission.actor < b.permission.actor ? -1 : 1));
  const moreThan = (parts: number, of: number) => Math.floor((producers.length * parts) / of) + 1;
  const set = (permission: Name, threshold: number) => {
    const existing = getPermission(state, names.eosioProds, permission);
    if (existing === undefined) return;
    const { parent, lastUpdatedUs } = existing;
    const authority = { threshold, keys: [], accounts, waits: [] };
    storePermission(state, names.eosioProds, permission, { parent, authority, timeUs: lastUpdatedUs });
  };
  set(names.active, moreThan(2, 3));
  set(names.prodMajor, moreThan(1, 2));
  set(names.prodMinor, moreThan(1, 3));
}
