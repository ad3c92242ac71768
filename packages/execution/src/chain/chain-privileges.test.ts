import { defaultChainConfig, defaultSnapParameters, names } from '@snapscale/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import { applyGenesis } from '../native/genesis.js';
import { testKey } from '../native/test-support.js';
import { globalKeys } from '../state/keys.js';
import { MemoryState } from '../state/memory-state.js';
import { WorkingState } from '../state/working-state.js';
import { ChainPrivileges } from './chain-privileges.js';
import { getProposedSchedule, getSchedule, putProposedSchedule, putSchedule } from './chain-records.js';

describe('setFinalizers', () => {
  let state: WorkingState;
  let privileges: ChainPrivileges;
  beforeEach(() => {
    state = new WorkingState(new MemoryState());
    const genesis = { initialSlot: 1, initialKey: testKey(1), config: defaultChainConfig, producers: [] };
    applyGenesis(state, { ...genesis, parameters: defaultSnapParameters });
    privileges = new ChainPrivileges(state, () => {});
  });

  const [one, other] = [Uint8Array.of(1, 2, 3), Uint8Array.of(1, 2, 4)];
  const producers = [{ name: names.eosio, key: testKey(2) }];

  it('belongs to the schedule that is proposed', () => {
    privileges.setProposedProducers({ producers });
    const proposed = getProposedSchedule(state);
    privileges.setFinalizers(one);
    expect(getProposedSchedule(state)).toEqual(proposed);
    expect(state.get(globalKeys.finalizers)).toEqual(one);
  });

  it('proposes the same producers again when nothing else is proposed', () => {
    privileges.setFinalizers(one);
    const active = getSchedule(state);
    expect(getProposedSchedule(state)).toEqual({ version: active.version + 1, producers: active.producers });
  });

  it('changes nothing when they are the same', () => {
    privileges.setFinalizers(one);
    putSchedule(state, getProposedSchedule(state)!);
    putProposedSchedule(state, undefined);
    privileges.setFinalizers(one.slice());
    expect(getProposedSchedule(state)).toBeUndefined();
    privileges.setFinalizers(other);
    expect(getProposedSchedule(state)?.version).toBe(2);
  });
});
