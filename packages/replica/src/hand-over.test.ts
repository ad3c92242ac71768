/** A producer that is told to end: it finishes its block, begins no other, and the next one takes over (CON-2). */
import { readFileSync } from 'node:fs';
import { formatName, slotToMs } from '@snapscale/protocol';
import { expect, it } from 'vitest';
import { SimulatedGenesis, type SimulatedNode, World } from '../../simulator/src/index.js';
import type { ReplicaEffect } from './effects.js';

const artifacts = new URL('../../../contracts/system/artifacts/', import.meta.url);
const token = {
  wasm: readFileSync(new URL('eosio.token.wasm', artifacts)),
  abi: JSON.parse(readFileSync(new URL('eosio.token.abi', artifacts), 'utf8')),
};
const members = ['prod.a', 'prod.b', 'prod.c', 'prod.d'];

it('hands production over: at most 2 s without a block, nothing lost, and then the node may end', () => {
  /** Producers of all blocks that were signed. */
  const made: string[] = [];
  const heads: { readonly by: SimulatedNode; readonly slot: number; readonly producer: string }[] = [];
  const world = new World({
    genesis: new SimulatedGenesis({ token }, members),
    seed: 7,
    accounts: members,
    onEffect(by, effect: ReplicaEffect) {
      if (effect.kind === 'head') heads.push({ by, slot: effect.slot, producer: formatName(effect.producer) });
      if (effect.kind === 'signBlock') made.push(by.account);
    },
  });
  world.start();
  // Until somebody is in the middle of its turn, and of a slot.
  do world.run(250);
  while (heads.length < 40 || heads.at(-1)!.slot % 12 !== 4);
  const { producer, slot } = heads.at(-1)!;
  const node = world.nodes.find(({ account }) => account === producer)!;
  const drainedMs = world.timeline.nowMs;
  const before = made.filter((account) => account === producer).length;
  world.submit(node, world.genesis.transfer('alice', 'bob', 5, 'the last one', node.nowMs));
  node.input({ kind: 'drain' });
  expect(node.replica!.idle).toBe(false);

  world.run(700);
  expect(made.filter((account) => account === producer)).toHaveLength(before + 1);
  let idleMs = 0;
  while (!node.replica!.idle && idleMs < 5_000) {
    world.run(50);
    idleMs += 50;
  }
  expect(node.replica!.idle).toBe(true);
  expect(world.timeline.nowMs - drainedMs).toBeLessThan(3_000);
  node.crash();

  world.run(4_000);
  expect(made.filter((account) => account === producer)).toHaveLength(before + 1);
  const later = heads.filter((head) => head.by !== node && head.slot > slot);
  const slots = [...new Set(later.map((head) => head.slot))].sort((a, b) => a - b);
  const finished = slots[0]!;
  const next = slots.find((at) => at > finished)!;
  expect(slotToMs(next) - slotToMs(finished)).toBeLessThanOrEqual(2_000);
  expect(later.find((head) => head.slot === next)!.producer).not.toBe(producer);
  const others = world.nodes.filter((other) => other !== node);
  for (const other of others) expect(other.replica!.final.slot).toBeGreaterThan(next);
  expect(world.checkers.transactions).toBe(1);
  expect(world.checkers.fault).toBeUndefined();
});
