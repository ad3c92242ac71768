/** Replicas with real execution on simulated networks. Worse weather is in the simulator's own tests. */
import { readFileSync } from 'node:fs';
import { toHex } from '@snapscale/crypto';
import { getSchedule, permissionKey, transactionKey } from '@snapscale/execution';
import { formatName, name, type SignedBlock, stateRootOf } from '@snapscale/protocol';
import { describe, expect, it } from 'vitest';
import { biosWasm } from '../../../tests/testing/bios-contract.js';
import { balanceOf, SimulatedGenesis, type SimulatedNode, World } from '../../simulator/src/index.js';
import type { ReplicaEffect } from './effects.js';

const artifacts = new URL('../../../contracts/system/artifacts/', import.meta.url);
const token = {
  wasm: readFileSync(new URL('eosio.token.wasm', artifacts)),
  abi: JSON.parse(readFileSync(new URL('eosio.token.abi', artifacts), 'utf8')),
};
const members = ['prod.a', 'prod.b', 'prod.c', 'prod.d'];
const genesis = new SimulatedGenesis({ token, system: biosWasm }, members, ['prod.e']);

type Seen = { readonly node: SimulatedNode; readonly effect: ReplicaEffect };

function start(
  accounts: readonly string[],
  of = genesis,
  cheats: readonly number[] = [],
): { world: World; seen: Seen[] } {
  const seen: Seen[] = [];
  const world = new World({
    genesis: of,
    seed: 1,
    accounts,
    cheats,
    onEffect: (node, effect) => seen.push({ node, effect }),
  });
  world.start();
  return { world, seen };
}

const effectsOf = <K extends ReplicaEffect['kind']>(seen: readonly Seen[], kind: K, node?: SimulatedNode) =>
  seen
    .filter((one) => one.effect.kind === kind && (node === undefined || one.node === node))
    .map(({ effect }) => effect as Extract<ReplicaEffect, { kind: K }>);

const replica = (node: SimulatedNode) => node.replica!;
const isIn = (node: SimulatedNode, id: Uint8Array) => replica(node).headState.get(transactionKey(id)) !== undefined;

function split(world: World, ...groups: readonly (readonly number[])[]): void {
  const group = new Map<number, number>();
  groups.forEach((positions, number) => {
    for (const position of positions) group.set(position + 1, number);
  });
  world.network.groups = group;
}

describe('one producer', () => {
  const alone = new SimulatedGenesis({ token }, ['prod.a']);

  it('answers at once, includes, and is final and durable in the next slot', () => {
    const { world, seen } = start(['prod.a'], alone);
    world.run(1100);
    const [node] = world.nodes as [SimulatedNode];
    const before = balanceOf(node.disk.state, 'bob');
    const transaction = alone.transfer('alice', 'bob', 25, 'rent', node.nowMs);
    world.submit(node, transaction);
    const kinds = seen.map(({ effect }) => effect.kind);
    expect(kinds.lastIndexOf('changes')).toBeLessThan(kinds.lastIndexOf('reply'));
    expect(effectsOf(seen, 'reply')[0]!.result).toMatchObject({ kind: 'trace', trace: { status: 0 } });
    expect(balanceOf(node.reader, 'bob')).toBe(before + 25n);
    expect(balanceOf(node.disk.state, 'bob')).toBe(before);
    world.run(1000);
    expect(balanceOf(node.disk.state, 'bob')).toBe(before + 25n);
    expect(world.checkers.transactions).toBe(1);
    expect(world.checkers.fault).toBeUndefined();
  });

  it('makes a block in every slot', () => {
    const { world } = start(['prod.a'], alone);
    world.run(10_000);
    expect(replica(world.nodes[0]!).head).toMatchObject({ num: 20 });
    expect(replica(world.nodes[0]!).final.num).toBeGreaterThanOrEqual(19);
  });

  it('takes no transactions once it drains', () => {
    const { world, seen } = start(['prod.a'], alone);
    world.run(1000);
    const [node] = world.nodes as [SimulatedNode];
    node.input({ kind: 'drain' });
    world.submit(node, alone.transfer('alice', 'bob', 1, '', node.nowMs));
    expect(effectsOf(seen, 'reply')[0]!.result).toMatchObject({ rejection: { code: 'snap_shutting_down' } });
    expect(replica(node).idle).toBe(false);
    world.run(2_000);
    expect(replica(node).idle).toBe(true);
  });
});

describe('speculation', () => {
  it('a client of any node is answered at once, and its transaction is in a block once', () => {
    const { world, seen } = start(members);
    world.run(3_000);
    const idle = world.nodes.filter((node) => replica(node).status.waiting === 0);
    const node = idle[3]!;
    const transaction = genesis.transfer('alice', 'carol', 7, 'once', node.nowMs);
    world.submit(node, transaction);
    expect(effectsOf(seen, 'reply', node).at(-1)!.result).toMatchObject({ trace: { status: 0, id: transaction.id } });
    world.submit(node, transaction);
    expect(effectsOf(seen, 'reply', node).at(-1)!.result).toMatchObject({
      trace: { except: { code: 'tx_duplicate' } },
    });
    world.run(3_000);
    expect(world.checkers.transactions).toBe(1);
    for (const other of world.nodes) {
      expect(isIn(other, transaction.id)).toBe(true);
      expect(replica(other).status.waiting).toBe(0);
    }
  });

  it('is bounded: what is too much for it is answered by the block that has it', () => {
    const { world, seen } = start(members);
    world.run(2_600);
    const { producer } = effectsOf(seen, 'head').at(-1)!;
    const node = world.nodes.find(({ account }) => account !== formatName(producer))!;
    // About 48 µs of CPU each, as it is billed.
    const count = 600;
    for (let i = 0; i < count; i++) {
      world.submit(node, genesis.transfer('alice', 'bob', 1, `many ${i}`, node.nowMs));
    }
    const answered = () => effectsOf(seen, 'reply', node).filter(({ result }) => result.kind === 'trace').length;
    expect(answered()).toBeGreaterThan(300);
    expect(answered()).toBeLessThan(count);
    world.run(4_000);
    expect(answered()).toBe(count);
    expect(world.checkers.transactions).toBe(count);
    expect(replica(node).status.waiting).toBe(0);
  });

  it('what follows from an answered transaction works before that is in a block; what fails leaves', () => {
    const { world, seen } = start(members);
    world.run(2_600);
    const node = world.nodes[2]!;
    const all = Number(balanceOf(replica(node).headState, 'alice'));
    world.submit(node, genesis.transfer('alice', 'bob', all, 'all', node.nowMs));
    world.submit(node, genesis.transfer('alice', 'bob', 1, 'too much', node.nowMs));
    world.submit(node, genesis.transfer('bob', 'alice', all, 'back', node.nowMs));
    const failed = effectsOf(seen, 'reply', node).map(
      ({ result }) => result.kind === 'trace' && result.trace.status > 0,
    );
    expect(failed).toEqual([false, true, false]);
    world.run(3_000);
    expect(world.checkers.transactions).toBe(2);
    expect(replica(node).status.waiting).toBe(0);
  });

  it('answers what a transaction would do, and leaves no trace of it', () => {
    const { world, seen } = start(members);
    world.run(1_000);
    const node = world.nodes[1]!;
    const transaction = genesis.transfer('alice', 'bob', 1, 'what if', node.nowMs);
    node.input({ kind: 'query', nowMs: node.nowMs, request: 77, mode: 'trial', transaction });
    expect(effectsOf(seen, 'reply').at(-1)).toMatchObject({ request: 77, result: { trace: { status: 0 } } });
    world.run(2_000);
    expect(isIn(node, transaction.id)).toBe(false);
  });
});

describe('forks', () => {
  it('both sides of a partition go on; then all agree, readers follow, and transactions of the losing side are not lost', () => {
    const { world } = start(members);
    world.run(2_000);
    split(world, [0, 1], [2, 3]);
    const [left, , right] = world.nodes as [SimulatedNode, SimulatedNode, SimulatedNode];
    const finalBefore = replica(left).final.num;
    world.run(4_000);
    const sent = [left, right].map((node) => world.transfer(node).id);
    world.run(16_000);
    expect(toHex(replica(left).head.id)).not.toBe(toHex(replica(right).head.id));
    expect(sent.map((id) => isIn(left, id))).toEqual([true, false]);
    expect(sent.map((id) => isIn(right, id))).toEqual([false, true]);
    expect(replica(right).final.num).toBeLessThan(finalBefore + 4);
    split(world);
    world.run(15_000);
    for (const node of world.nodes) {
      expect(sent.map((id) => isIn(node, id))).toEqual([true, true]);
      expect(replica(node).final.num).toBeGreaterThan(finalBefore + 30);
    }
    world.checkers.compareStates(world.nodes);
    expect(world.checkers.fault).toBeUndefined();
    expect(world.checkers.transactions).toBe(2);
    expect(world.counts.get('evidence')).toBeUndefined();
  });

  it('transactions of the losing side that need each other keep their order', () => {
    const { world } = start(members);
    world.run(2_000);
    split(world, [0], [1, 2, 3]);
    const [loser, winner] = world.nodes as [SimulatedNode, SimulatedNode];
    world.run(20_000);
    const [alices, bobs] = ['alice', 'bob'].map((account) => Number(balanceOf(replica(loser).headState, account)));
    const sent = [
      ['alice', 'carol', 1],
      ['alice', 'bob', alices! - 1],
      ['bob', 'carol', bobs! + alices! - 1],
    ] as const;
    const ids = sent.map(([from, to, amount], i) => {
      const transaction = genesis.transfer(from, to, amount, `chain ${i}`, loser.nowMs);
      world.submit(loser, transaction);
      return transaction.id;
    });
    const isReversible = () => ids.every((id) => isIn(loser, id)) && replica(loser).status.waiting === 0;
    for (let i = 0; i < 100 && !isReversible(); i++) world.run(500);
    expect(ids.map((id) => isIn(winner, id))).toEqual([false, false, false]);
    split(world);
    world.run(20_000);
    for (const node of world.nodes) expect(ids.map((id) => isIn(node, id))).toEqual([true, true, true]);
    expect(world.checkers.fault).toBeUndefined();
  });

  it('headers carry the state root that every node computes', () => {
    const { world, seen } = start(members);
    world.run(3_000);
    const blocks = effectsOf(seen, 'commit').flatMap((commit) => commit.blocks);
    expect(blocks.length).toBeGreaterThan(12);
    for (const { block } of blocks) expect(stateRootOf(block.header)).toHaveLength(32);
    const node = world.nodes[0]!;
    const key = permissionKey(name('alice'), name('active'));
    world.transfer(node);
    world.run(1_500);
    expect(replica(node).prove(key)).toMatchObject({ value: expect.any(Uint8Array), proof: { kind: 'member' } });
  });
});

describe('a restart', () => {
  it('finds committed state, reversible blocks and promises again', () => {
    const { world } = start(members);
    world.run(2_000);
    split(world, [0], [1], [2], [3]);
    world.run(8_000);
    const node = world.nodes.reduce((best, other) => (replica(other).head.num > replica(best).head.num ? other : best));
    const { head } = replica(node);
    expect(head.num).toBeGreaterThan(node.disk.committedNum + 1);
    node.crash();
    node.start();
    world.run(20);
    expect(replica(node).head).toEqual(head);
    split(world);
    world.run(10_000);
    expect(world.checkers.fault).toBeUndefined();
    expect(world.counts.get('evidence')).toBeUndefined();
    expect(world.counts.get('own-key-elsewhere')).toBeUndefined();
    for (const other of world.nodes) expect(replica(other).final.num).toBeGreaterThan(head.num);
  });

  it('catches up with what it has missed', () => {
    const { world } = start(members);
    world.run(1_000);
    const [node] = world.nodes as [SimulatedNode];
    node.crash();
    for (let i = 0; i < 20; i++) {
      world.transfer(world.nodes[1 + (i % 3)]!);
      world.run(1_000);
    }
    node.start();
    world.run(5_000);
    expect(replica(node).final.num).toBe(replica(world.nodes[1]!).final.num);
    world.checkers.compareStates(world.nodes);
    expect(world.checkers.fault).toBeUndefined();
  });
});

describe('a proposed schedule', () => {
  it('is carried by headers, comes into force, and its new member produces and votes', () => {
    const { world, seen } = start([...members, 'prod.e']);
    world.run(2_000);
    const chosen = ['prod.b', 'prod.c', 'prod.d', 'prod.e'];
    world.submit(world.nodes[0]!, genesis.proposal(chosen, world.nodes[0]!.nowMs));
    expect(effectsOf(seen, 'reply').at(-1)!.result).toMatchObject({ trace: { status: 0 } });
    world.run(70_000);
    for (const { disk } of world.nodes) {
      expect(disk.root.facts.schedule).toEqual(genesis.schedule(1, chosen));
      expect(disk.root.facts.electorate.schedules).toHaveLength(1);
      expect(getSchedule(disk.state).producers.map((producer) => formatName(producer.name))).toEqual(chosen);
    }
    const last = effectsOf(seen, 'head').slice(-400);
    expect(last.some(({ producer }) => producer === name('prod.e'))).toBe(true);
    expect(last.some(({ producer }) => producer === name('prod.a'))).toBe(false);
    expect(world.checkers.fault).toBeUndefined();
  });
});

describe('blocks that are not what they seem', () => {
  const good = (): { world: World; seen: Seen[]; block: SignedBlock; victim: SimulatedNode } => {
    const { world, seen } = start(members, genesis, [1]);
    world.run(1_000);
    world.transfer(world.nodes[1]!);
    split(world, [0, 1, 2], [3]);
    world.run(3_000);
    const block = effectsOf(seen, 'sendBlock').find((sent) => sent.block.transactions.length > 0)!.block;
    return { world, seen, block, victim: world.nodes[3]! };
  };

  it.each<readonly [string, (block: SignedBlock) => SignedBlock]>([
    ['without its transactions', (block) => ({ ...block, transactions: [] })],
    [
      'with a transaction twice',
      (block) => ({ ...block, transactions: [...block.transactions, ...block.transactions] }),
    ],
    [
      'with another bill',
      (block) => ({ ...block, transactions: block.transactions.map((receipt) => ({ ...receipt, cpuUsageUs: 1 })) }),
    ],
    [
      'with an extension that its header does not cover',
      (block) => ({ ...block, blockExtensions: [{ type: 1, data: new Uint8Array(1) }] }),
    ],
  ])('%s: the sender is penalised, and the honest block is taken afterwards', (_, change) => {
    const { world, seen, block, victim } = good();
    victim.receive({ kind: 'block', block: change(block) }, 2);
    expect(effectsOf(seen, 'penalise', victim)).toMatchObject([
      { peer: 2, rejection: { code: 'block_validate_exception' } },
    ]);
    split(world);
    world.run(5_000);
    expect(replica(victim).final.num).toBe(replica(world.nodes[0]!).final.num);
  });

  it('replayed blocks, final ones and of the tree, change nothing', () => {
    const { world, seen, victim } = good();
    split(world);
    world.run(5_000);
    const sent = effectsOf(seen, 'sendBlock').slice(0, 30);
    const { head } = replica(victim);
    for (const { block } of sent) victim.receive({ kind: 'block', block }, 1);
    expect(replica(victim).head).toEqual(head);
    expect(replica(victim).status.bodies).toBeLessThan(12);
    expect(effectsOf(seen, 'penalise')).toEqual([]);
  });
});
