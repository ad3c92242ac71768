import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { authorisedPosition, roundOf } from './schedule.js';

describe('the authorised producer', () => {
  it('CON-1 is the scheduled one when no slot of its turn has been missed', () => {
    for (let slot = 1; slot < 12 * 5; slot++)
      expect(authorisedPosition(4, slot - 1, slot)).toBe(Math.floor(slot / 12) % 4);
  });

  it('CON-2 yields to the next after each three empty slots of one turn', () => {
    const byParent = (parent: number) => Array.from({ length: 12 }, (_, i) => authorisedPosition(21, parent, 240 + i));
    expect(byParent(239)).toEqual([20, 20, 20, 0, 0, 0, 1, 1, 1, 2, 2, 2]);
    // Slots missed in an earlier turn do not count in this one.
    expect(byParent(100)).toEqual(byParent(239));
    const after = Array.from({ length: 7 }, (_, i) => authorisedPosition(21, 244, 245 + i));
    expect(after).toEqual([20, 20, 20, 0, 0, 0, 1]);
  });

  it('CON-2 is one position of the schedule and depends on nothing but the three numbers', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 125 }),
        fc.nat(1e6),
        fc.integer({ min: 1, max: 5000 }),
        (count, parent, gap) => {
          const position = authorisedPosition(count, parent, parent + gap);
          expect(Number.isInteger(position) && position >= 0 && position < count).toBe(true);
          expect(authorisedPosition(count, parent, parent + gap)).toBe(position);
        },
      ),
    );
  });

  it('CON-2 bounds the gap that one dead producer makes by three slots, wherever it sits', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 21 }), fc.nat(20), fc.nat(500), (count, deadSeed, start) => {
        const dead = deadSeed % count;
        let parent = start;
        for (let slot = start + 1; slot < start + 12 * count * 2; slot++) {
          if (authorisedPosition(count, parent, slot) === dead) continue;
          expect(slot - parent - 1).toBeLessThanOrEqual(3);
          parent = slot;
        }
      }),
    );
  });

  it('CON-2 keeps producing when all but one are dead', () => {
    let parent = 0;
    for (let slot = 1; slot < 12 * 21 * 3; slot++) {
      if (authorisedPosition(21, parent, slot) !== 7) continue;
      expect(slot - parent).toBeLessThanOrEqual(12 * 21);
      parent = slot;
    }
    expect(parent).toBeGreaterThan(12 * 21 * 2);
  });

  it('CON-3 counts rounds of 12 slots for each producer', () => {
    expect([0, 47, 48, 95, 96].map((slot) => roundOf(slot, 4))).toEqual([0, 0, 1, 1, 2]);
  });
});
