import { type PublicKey, sha256 } from '@snapscale/crypto';
import {
  activeScheduleExtension,
  type BlockHeader,
  type FinalityExtension,
  finalityExtension,
  finalityExtensionSchema,
  headerExtension,
  makeHeaderExtension,
  name,
  proposedScheduleExtension,
  type QuorumCertificate,
  type Rejection,
  votingScheduleSchema,
} from '@snapscale/protocol';
import { describe, expect, it } from 'vitest';
import { planBlock } from '../block-plan.js';
import { Cluster, makeSchedule } from '../testing/cluster.js';
import { fakeKey } from '../testing/fake-signatures.js';
import { ForkTree } from './fork-tree.js';
import { checkHeader } from './header-check.js';
import { producersOf } from './set-change.js';

const names = ['alice', 'bob', 'carol', 'dave'];

/** A tree whose root is block 6 of slot 5, with blocks 7 to 10 above it that nobody has voted for. */
function makeTree() {
  let root: ConstructorParameters<typeof ForkTree>[0] | undefined;
  const cluster = new Cluster({
    names,
    onEffect: (_, effect) => {
      if (effect.kind === 'finalized') root = effect.root;
    },
  });
  for (let slot = 1; slot <= 5; slot++) cluster.slot(slot);
  const tree = new ForkTree(root!);
  let parent = tree.root;
  for (let slot = 6; slot <= 9; slot++) {
    const header = headerOn(tree, parent, slot);
    const checked = checkHeader(tree, parent, header, fakeKey('alice'));
    if ('code' in checked) throw new Error(checked.message);
    parent = tree.insert(header, sha256(Uint8Array.of(slot)) as never, checked.facts, parent);
  }
  return { tree, parent };
}

function headerOn(tree: ForkTree, on: typeof tree.root, slot: number): BlockHeader {
  const { previous, producer, scheduleVersion, newProducers, headerExtensions } = planBlock(tree, on, slot);
  return {
    slot,
    producer,
    confirmed: 0,
    previous,
    transactionMroot: new Uint8Array(32),
    actionMroot: new Uint8Array(32),
    scheduleVersion,
    newProducers,
    headerExtensions,
  };
}

const { tree, parent } = makeTree();
const good = headerOn(tree, parent, 10);
const finality = headerExtension(good, finalityExtension, finalityExtensionSchema)!;
const check = (header: BlockHeader, key: PublicKey = fakeKey('alice')) => checkHeader(tree, parent, header, key);
const refused = (header: BlockHeader, key?: PublicKey) => check(header, key) as Rejection;
const withFinality = (change: Partial<FinalityExtension>): BlockHeader => ({
  ...good,
  headerExtensions: [makeHeaderExtension(finalityExtension, finalityExtensionSchema, { ...finality, ...change })],
});
const certificateFor = (node: typeof parent, phase: 0 | 1): QuorumCertificate => ({
  ...finality.justify!,
  phase,
  slot: node.facts.slot,
  blockId: node.facts.id,
});

describe('a header', () => {
  it('is right as planned, and its new certificates remain to be verified', () => {
    expect(check(good)).toMatchObject({ facts: { num: 11, slot: 10 }, certificates: [] });
    const justify = certificateFor(parent, 0);
    expect(check(withFinality({ justify }))).toMatchObject({ certificates: [{ certificate: justify }] });
  });

  it('CON-1 comes after its parent', () => {
    for (const slot of [9, 8, 0]) expect(refused({ ...good, slot }).code).toBe('block_validate_exception');
  });

  it('CON-2 is by the one producer whose turn it is, and signed by it', () => {
    expect(refused({ ...good, producer: name('bob') }).code).toBe('wrong_producer');
    expect(refused({ ...good, slot: 13 }).code).toBe('wrong_producer');
    expect(refused(good, fakeKey('bob')).code).toBe('wrong_signing_key');
  });

  it('CON-6 names the schedule in force and begins none before its time', () => {
    const other = makeSchedule(1, names);
    const extension = makeHeaderExtension(activeScheduleExtension, votingScheduleSchema, other);
    const extensions = [...good.headerExtensions, extension];
    expect(refused({ ...good, scheduleVersion: 1 }).code).toBe('snap_invalid_schedule');
    expect(refused({ ...good, newProducers: producersOf(other) }).code).toBe('snap_invalid_schedule');
    expect(refused({ ...good, headerExtensions: extensions }).code).toBe('snap_invalid_schedule');
  });

  it('CON-4 proposes only what can follow', () => {
    const propose = (version: number, accounts: string[]) => {
      const proposed = makeSchedule(version, accounts);
      const extension = makeHeaderExtension(proposedScheduleExtension, votingScheduleSchema, proposed);
      return { ...good, headerExtensions: [...good.headerExtensions, extension] };
    };
    expect(check(propose(1, ['erin']))).toMatchObject({ facts: { pending: { proposedNum: 11 } } });
    expect(refused(propose(0, ['erin'])).code).toBe('snap_invalid_schedule');
    expect(refused(propose(1, ['erin', 'erin'])).code).toBe('snap_invalid_schedule');
  });

  it('FIN-8 says something about finality, once, and readably', () => {
    expect(refused({ ...good, headerExtensions: [] }).code).toBe('snap_invalid_finality');
    const twice = [...good.headerExtensions, ...good.headerExtensions];
    expect(refused({ ...good, headerExtensions: twice }).code).toBe('invalid_block_header_extension');
    const broken = [{ type: finalityExtension, data: new Uint8Array(5) }];
    expect(refused({ ...good, headerExtensions: broken }).code).toBe('invalid_block_header_extension');
  });

  it('FIN-8 has certificates that grow, of the right phase, for ancestors, by a quorum', () => {
    const cases: Partial<FinalityExtension>[] = [
      { justify: undefined },
      { finalized: undefined },
      { justify: { ...finality.justify!, slot: finality.justify!.slot - 1 } },
      { justify: certificateFor(parent, 1) },
      { finalized: certificateFor(parent, 0) },
      { justify: { ...certificateFor(parent, 0), blockId: sha256(new Uint8Array(1)) } },
      { justify: { ...certificateFor(parent, 0), blockId: new Uint8Array(32).fill(255) } },
      { justify: { ...certificateFor(parent, 0), slot: parent.facts.slot + 1 } },
      { justify: { ...certificateFor(parent, 0), signers: Uint8Array.of(3) } },
      { justify: { ...certificateFor(parent, 0), signers: Uint8Array.of(255) } },
      { justify: { ...certificateFor(parent, 0), signers: new Uint8Array(32) } },
    ];
    for (const change of cases) expect(refused(withFinality(change)).code).toBe('snap_invalid_finality');
  });

  it('FIN-4 FIN-11 has the right root and the right electorate', () => {
    expect(refused(withFinality({ finalityMroot: new Uint8Array(32) })).code).toBe('snap_invalid_finality');
    expect(refused(withFinality({ joint: true })).code).toBe('snap_invalid_finality');
    // A certificate for a later block needs the root over the blocks up to that.
    expect(refused(withFinality({ finalized: certificateFor(parent, 1) })).message).toMatch(/another root over the 10/);
  });
});
