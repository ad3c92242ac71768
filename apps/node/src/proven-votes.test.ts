import { type BlsSignature, parsePublicKey } from '@snapscale/crypto';
import {
  type BlockHeader,
  blockId,
  type FinalityExtension,
  finalityExtension,
  finalityExtensionSchema,
  makeHeaderExtension,
  name,
  type ProducerSchedule,
  type QuorumCertificate,
  signerBitmap,
  type VotePhase,
} from '@snapscale/protocol';
import { describe, expect, it } from 'vitest';
import { provenVotes } from './proven-votes.js';

const key = parsePublicKey('EOS6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5GDW5CV');
const schedule: ProducerSchedule = {
  version: 1,
  producers: ['alice', 'bob', 'carol', 'dave'].map((producer) => ({ name: name(producer), key })),
};

/** A chain whose block n has what `says` gives of the blocks before. */
function chainOf(length: number, says: (num: number, ids: readonly Uint8Array[]) => Partial<FinalityExtension>) {
  const headers: BlockHeader[] = [];
  const ids: Uint8Array[] = [];
  for (let num = 1; num <= length; num++) {
    const nothing = { justify: undefined, finalized: undefined, finalityMroot: new Uint8Array(32), joint: false };
    const header: BlockHeader = {
      slot: num,
      producer: name('alice'),
      confirmed: 0,
      previous: ids.at(-1) ?? new Uint8Array(32),
      transactionMroot: new Uint8Array(32),
      actionMroot: new Uint8Array(32),
      scheduleVersion: 1,
      newProducers: undefined,
      headerExtensions: [
        makeHeaderExtension(finalityExtension, finalityExtensionSchema, { ...nothing, ...says(num, ids) }),
      ],
    };
    headers.push(header);
    ids.push(blockId(header));
  }
  return { ids, header: (num: number) => headers[num - 1] };
}

const certificate = (phase: VotePhase, blockId: Uint8Array, slot: number, ...signers: number[]): QuorumCertificate => ({
  phase,
  slot,
  blockId,
  signers: signerBitmap(signers, 4),
  signature: new Uint8Array(192) as BlsSignature,
});

describe('votes that the chain proves', () => {
  it('are the newest of each producer, whichever certificate has them', () => {
    const { header, ids } = chainOf(4, (num, known) => {
      if (num === 3)
        return { justify: certificate(0, known[1]!, 2, 0, 1, 3), finalized: certificate(1, known[0]!, 1, 0, 1, 2) };
      if (num === 4) return { justify: certificate(0, known[2]!, 3, 0, 1) };
      return {};
    });
    const votes = provenVotes(4, schedule, header).map(({ producer, block, commit }) => [producer, block.num, commit]);
    expect(votes).toEqual([
      [name('alice'), 3, false],
      [name('bob'), 3, false],
      [name('carol'), 1, true],
      [name('dave'), 2, false],
    ]);
    expect(provenVotes(4, schedule, header)[0]!.block).toEqual({ num: 3, id: ids[2], slot: 3 });
  });

  it('leave out who has been silent, blocks of two electorates and blocks that are not here', () => {
    const silent = chainOf(40, (num, known) => (num === 3 ? { justify: certificate(0, known[1]!, 2, 3) } : {}));
    expect(provenVotes(40, schedule, silent.header)).toEqual([]);
    const joint = chainOf(3, (num, known) =>
      num === 2 ? { joint: true } : num === 3 ? { justify: certificate(0, known[1]!, 2, 0, 1, 2) } : {},
    );
    expect(provenVotes(3, schedule, joint.header)).toEqual([]);
    const elsewhere = chainOf(2, (num) =>
      num === 2 ? { justify: certificate(0, new Uint8Array(32).fill(9), 1, 0) } : {},
    );
    expect(provenVotes(2, schedule, elsewhere.header)).toEqual([]);
    expect(provenVotes(2, schedule, () => undefined)).toEqual([]);
  });
});
