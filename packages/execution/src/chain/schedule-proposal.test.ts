import { type BlsPublicKey, sha256 } from '@snapscale/crypto';
import { encode, name, type ProducerSchedule, producerScheduleSchema, Writer } from '@snapscale/protocol';
import { describe, expect, it } from 'vitest';
import { globalKeys } from '../state/keys.js';
import { MemoryState } from '../state/memory-state.js';
import { WorkingState } from '../state/working-state.js';
import { testKey } from '../testing/test-ledger.js';
import { newProposal, proposalAfterActivation } from './schedule-proposal.js';

const text = (value: string) => new TextEncoder().encode(value);

function finalizerKey(label: string): BlsPublicKey {
  const key = new Uint8Array(96);
  key.set(sha256(text(label)));
  return key as BlsPublicKey;
}

function schedule(version: number, ...accounts: string[]): ProducerSchedule {
  return { version, producers: accounts.map((account) => ({ name: name(account), key: testKey })) };
}

/** A finalizer policy; each description with the key made of it, or of what stands behind its colon. */
function policy(...descriptions: string[]): Uint8Array {
  const writer = new Writer();
  writer.u64(2n);
  writer.varuint32(descriptions.length);
  for (const entry of descriptions) {
    const [description = '', label = description] = entry.split(':');
    writer.bytes(text(description));
    writer.u64(1n);
    writer.bytes(finalizerKey(label));
  }
  return writer.finish();
}

function stateOf(proposed: ProducerSchedule | undefined, finalizers: Uint8Array | undefined, base = new MemoryState()) {
  const state = new WorkingState(base);
  if (proposed !== undefined) state.put(globalKeys.proposedSchedule, encode(producerScheduleSchema, proposed));
  if (finalizers !== undefined) state.put(globalKeys.finalizers, finalizers);
  return state;
}

const empty = new MemoryState();

describe('CON-4: the schedule that a block proposes', () => {
  it('joins producers with the finalizer keys that bear their names, in the order of turns', () => {
    const after = stateOf(schedule(1, 'bob', 'alice'), policy('alice', 'bob', 'carol'));
    expect(newProposal(empty, after)).toEqual({
      version: 1,
      producers: ['bob', 'alice'].map((account) => ({
        name: name(account),
        key: testKey,
        finalizerKey: finalizerKey(account),
      })),
    });
  });

  it.each<readonly [string, ProducerSchedule | undefined, Uint8Array | undefined]>([
    ['no producers', undefined, policy('alice')],
    ['no finalizers', schedule(1, 'alice'), undefined],
    ['a producer without a finalizer key', schedule(1, 'alice', 'bob'), policy('alice')],
    ['finalizers whose descriptions are no names', schedule(1, 'alice'), policy('Alice the Great', 'x'.repeat(200))],
  ])('waits with %s', (_, proposed, finalizers) => {
    expect(newProposal(empty, stateOf(proposed, finalizers))).toBeUndefined();
  });

  it('is proposed once: by the block that completes it, or changes it', () => {
    const waiting = stateOf(schedule(1, 'alice', 'bob'), policy('alice'));
    const complete = stateOf(schedule(1, 'alice', 'bob'), policy('alice', 'bob'));
    expect(newProposal(waiting, complete)?.producers).toHaveLength(2);
    expect(newProposal(complete, complete)).toBeUndefined();
    const same = stateOf(schedule(1, 'alice', 'bob'), policy('bob', 'alice', 'carol'));
    expect(newProposal(complete, same)).toBeUndefined();
    const otherKey = stateOf(schedule(1, 'alice', 'bob'), policy('alice', 'bob:new'));
    expect(newProposal(complete, otherKey)?.producers[1]?.finalizerKey).toEqual(finalizerKey('new'));
    expect(newProposal(complete, stateOf(undefined, policy('alice')))).toBeUndefined();
  });
});

describe('when a schedule comes into force', () => {
  it('nothing is proposed any more, unless it was something else', () => {
    const active = schedule(4, 'alice');
    expect(proposalAfterActivation(undefined, active)).toBeUndefined();
    expect(proposalAfterActivation(schedule(4, 'alice'), active)).toBeUndefined();
    expect(proposalAfterActivation(schedule(4, 'bob'), active)).toEqual(schedule(5, 'bob'));
  });
});
