import { describe, expect, it } from 'vitest';
import { Outbox } from '../outbox.js';
import { fakeFinalizerKey } from '../testing/fake-signatures.js';
import { finalizerRules } from './finalizer.js';
import { OwnVotes } from './own-votes.js';
import { assumedSafetyRecord, freshSafetyRecord, type SafetyRecord } from './safety-record.js';

const blockId = new Uint8Array(32).fill(9);

function ownVotes(record: SafetyRecord): OwnVotes {
  return new OwnVotes(new Outbox(), new Uint8Array(32), finalizerRules, [fakeFinalizerKey('alice')], record);
}

describe('FIN-6 votes that an assumed record covers', () => {
  it.each([true, false])('are all up to its slot, of both phases (alone: %s)', (isAlone) => {
    const own = ownVotes(assumedSafetyRecord(100, isAlone));
    for (const phase of [0, 1] as const) {
      expect(own.isCovered({ phase, slot: 99, blockId }), `phase ${phase}`).toBe(true);
      expect(own.isCovered({ phase, slot: 101, blockId }), `phase ${phase}`).toBe(false);
    }
  });

  it('a fresh one covers none', () => {
    const own = ownVotes(freshSafetyRecord);
    for (const phase of [0, 1] as const) expect(own.isCovered({ phase, slot: 1, blockId })).toBe(false);
  });
});
