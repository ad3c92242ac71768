/** FIN-17: somebody produces with this node's key. Dave's core, and a second dave. */
import { toHex } from '@snapscale/crypto';
import { blockDigest, blockId } from '@snapscale/protocol';
import { describe, expect, it } from 'vitest';
import type { ConsensusEffect } from './effects.js';
import { ownPeer } from './events.js';
import { fakeBlockSignature, fakeKey } from './testing/fake-signatures.js';
import { type GivenBlock, lonelyCore, only } from './testing/lonely-core.js';

/** The first slot of dave's turn. */
const slot = 36;

function dave() {
  const { core, root, makeBlock, give } = lonelyCore();
  core.step({ kind: 'tick', slot });
  const block = (mark: number, at = slot): GivenBlock => {
    const { header } = makeBlock(core.planBlock(root.facts.id, at)!, mark);
    const signedBy = fakeKey('dave');
    return { header, signature: fakeBlockSignature(signedBy, blockDigest(header)), signedBy };
  };
  const open = () => core.step({ kind: 'openSlot', slot });
  const produce = ({ header, signature }: GivenBlock) => core.step({ kind: 'produced', header, signature });
  const persist = (effects: readonly ConsensusEffect[]) =>
    only(effects, 'persist').flatMap(({ sequence }) => core.step({ kind: 'persisted', sequence }));
  return { core, block, give, open, produce, persist };
}

const isMuted = (effects: readonly ConsensusEffect[]) =>
  only(effects, 'event').some(({ name }) => name === 'own-key-elsewhere');
const forgotten = (effects: readonly ConsensusEffect[]) => only(effects, 'forget').flatMap(({ ids }) => ids.map(toHex));
const idOf = ({ header }: GivenBlock) => blockId(header);

describe('FIN-17 a block of the own account that this node did not make', () => {
  it('makes it silent: it builds and votes no more', () => {
    const { core, block, give, open } = dave();
    const other = block(1);
    expect(isMuted(give(other))).toBe(true);
    expect(core.status.muteReason).toBe(
      "block 2 of slot 36 by dave is of its own account, and this node's record does not know it",
    );
    const effects = core.step({ kind: 'executed', id: idOf(other), valid: true });
    expect(only(effects, 'head')).toHaveLength(1);
    expect(only(effects, 'sign')).toEqual([]);
    expect(open()).toEqual([]);
    expect(core.step({ kind: 'openSlot', slot: slot + 1 })).toEqual([]);
  });

  it('for a slot of its own is evidence as well', () => {
    const { block, give, open, produce, persist } = dave();
    const record = open();
    expect(only(record, 'build')).toHaveLength(1);
    produce(block(1));
    expect(only(persist(record), 'relayBlock')).toHaveLength(1);
    const effects = give(block(2));
    expect(only(effects, 'evidence')).toHaveLength(1);
    expect(isMuted(effects)).toBe(true);
  });

  it('that comes while it builds: the own one is not sent, and forgotten', () => {
    const { core, block, give, open, produce, persist } = dave();
    const record = open();
    expect(isMuted(give(block(1)))).toBe(false);
    const own = block(2);
    const effects = produce(own);
    expect(isMuted(effects)).toBe(true);
    expect(forgotten(effects)).toEqual([toHex(idOf(own))]);
    // Nobody else has the proof that there were two.
    expect(only(effects, 'evidence')).toEqual([]);
    expect(only(persist(record), 'relayBlock')).toEqual([]);
    expect(core.planBlock(idOf(own), slot + 1)).toBeUndefined();
  });

  it('that comes before the record of the own one is durable: that leaves the tree unsent, and the head goes back', () => {
    const { core, block, give, open, produce, persist } = dave();
    const record = open();
    const own = block(1);
    expect(only(produce(own), 'head')).toHaveLength(1);
    const effects = give(block(2));
    expect(isMuted(effects)).toBe(true);
    expect(forgotten(effects)).toContain(toHex(idOf(own)));
    expect(only(effects, 'head')).toMatchObject([{ num: 1 }]);
    expect(only(persist(record), 'relayBlock')).toEqual([]);
    expect(core.head.num).toBe(1);
  });

  it('keeps back the votes that were under way', () => {
    const { core, block, give, open, produce, persist } = dave();
    const record = open();
    const made = produce(block(1));
    const [{ ticket, key, digest } = { ticket: 0, key: undefined, digest: undefined }] = only(made, 'sign');
    expect(key).toBeDefined();
    expect(digest).toBeDefined();
    give(block(2));
    core.step({ kind: 'signed', ticket, signature: new Uint8Array(192) as never });
    const effects = persist(record).concat(core.step({ kind: 'tick', slot: slot + 5 }));
    expect(only(effects, 'sendVote')).toEqual([]);
  });
});

describe('FIN-17 does not take for another what is its own', () => {
  it('when it comes back from a peer, or again', () => {
    const { block, give, open, produce, persist } = dave();
    const record = open();
    const own = block(1);
    produce(own);
    persist(record);
    expect(isMuted(give(own))).toBe(false);
    expect(isMuted(give(own, 2))).toBe(false);
  });

  it('when it is of the own log', () => {
    const { block, give } = dave();
    expect(isMuted(give(block(1), ownPeer))).toBe(false);
  });

  it('when the signature is not its own', () => {
    const { core, block, give } = dave();
    const { header } = block(1);
    const signedBy = fakeKey('alice');
    const effects = give({ header, signature: fakeBlockSignature(signedBy, blockDigest(header)), signedBy });
    expect(only(effects, 'penalise')).toHaveLength(1);
    expect(core.status.muteReason).toBeUndefined();
  });
});
