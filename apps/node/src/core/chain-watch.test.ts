import { toHex } from '@snapscale/crypto';
import { type BlockHeader, blockId, blockNumOf, name } from '@snapscale/protocol';
import { beforeEach, describe, expect, test } from 'vitest';
import { ChainWatch, type HeadPoint } from './chain-watch.js';

const schedule = ['alice', 'bob', 'carol', 'dave'].map(name);
let headers: Map<string, BlockHeader>;
let watch: ChainWatch;

const zeros = new Uint8Array(32);
const genesis = { num: 1, id: Uint8Array.from([0, 0, 0, 1, ...zeros.subarray(4)]), slot: 96 };

function block(parent: HeadPoint, slot: number, producer = 'alice', mark = 0): HeadPoint {
  const header: BlockHeader = {
    slot,
    producer: name(producer),
    confirmed: 0,
    previous: parent.id,
    transactionMroot: zeros.slice().fill(mark),
    actionMroot: zeros,
    scheduleVersion: 0,
    newProducers: undefined,
    headerExtensions: [],
  };
  const id = blockId(header);
  headers.set(toHex(id), header);
  return { id, num: blockNumOf(id), slot };
}

beforeEach(() => {
  headers = new Map();
  watch = new ChainWatch([name('bob')], { header: (id) => headers.get(toHex(id)), schedule: () => schedule });
  watch.begin(genesis);
});

describe('missed slots', () => {
  test('are counted against who was authorised', () => {
    // A turn of alice from slot 96 on; after three empty slots the next one is authorised.
    const first = block(genesis, 97);
    watch.headMoved(first);
    expect(watch.slotsMissed).toEqual({});
    watch.headMoved(block(first, 103, 'carol'));
    expect(watch.slotsMissed).toEqual({ alice: 3, bob: 2 });
    expect(watch.own).toEqual([{ producer: 'bob', isScheduled: true, missedInARow: 2 }]);
  });

  test('in a row end with a block of the own', () => {
    const first = block(genesis, 103, 'carol');
    watch.headMoved(first);
    expect(watch.own[0]!.missedInARow).toBe(3);
    watch.headMoved(block(first, 108, 'bob'));
    expect(watch.own[0]!.missedInARow).toBe(0);
    expect(watch.slotsMissed).toEqual({ alice: 6, bob: 4 });
  });

  test('of a halt are nobody’s', () => {
    watch.headMoved(block(genesis, 96 + 49));
    expect(watch.slotsMissed).toEqual({});
  });

  test('are found when several blocks come at once', () => {
    const first = block(genesis, 99);
    const second = block(first, 102);
    watch.headMoved(second);
    expect(watch.slotsMissed).toEqual({ alice: 4 });
  });
});

describe('switches of the head', () => {
  test('are counted with the blocks that were left', () => {
    const first = block(genesis, 97);
    const second = block(first, 98);
    const third = block(second, 99);
    for (const head of [first, second, third]) watch.headMoved(head);
    expect(watch.headSwitches).toBe(0);
    const other = block(first, 100, 'alice', 1);
    watch.headMoved(block(block(other, 101), 102));
    expect([watch.headSwitches, watch.blocksLeft]).toEqual([1, 2]);
    watch.headMoved(third);
    expect([watch.headSwitches, watch.blocksLeft]).toEqual([2, 5]);
  });

  test('also to a block of the same height, and back to an ancestor', () => {
    const first = block(genesis, 97);
    watch.headMoved(first);
    watch.headMoved(block(genesis, 97, 'alice', 1));
    expect([watch.headSwitches, watch.blocksLeft]).toEqual([1, 1]);
    watch.headMoved(genesis);
    expect([watch.headSwitches, watch.blocksLeft]).toEqual([2, 2]);
  });

  test('are not guessed where a block is not known any more', () => {
    watch.headMoved(block(genesis, 97));
    const far = block(block(genesis, 98), 99);
    headers.clear();
    watch.headMoved(far);
    expect(watch.headSwitches).toBe(0);
    watch.headMoved(block(far, 100));
    expect(watch.slotsMissed).toEqual({});
  });
});

test('a producer that is not in the schedule is not expected to produce', () => {
  const stranger = new ChainWatch([name('erin')], { header: () => undefined, schedule: () => schedule });
  expect(stranger.own).toEqual([{ producer: 'erin', isScheduled: false, missedInARow: 0 }]);
});
