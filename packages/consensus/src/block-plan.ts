/** What a block on a given parent must say in its header (CON-2, CON-6, FIN-8, FIN-11). */
import {
  activeScheduleExtension,
  type Extension,
  finalityExtension,
  finalityExtensionSchema,
  makeHeaderExtension,
  type QuorumCertificate,
  votingScheduleSchema,
} from '@snapscale/protocol';
import { finalityRoot } from './chain/finality-tree.js';
import type { ForkTree, TreeNode } from './chain/fork-tree.js';
import { treeAfter } from './chain/header-check.js';
import { authorisedProducer } from './chain/schedule.js';
import { producersOf, scheduleInForce } from './chain/set-change.js';
import type { BlockPlan } from './effects.js';

/** The plan of a block for `slot` on `parent`. */
export function planBlock(tree: ForkTree, parent: TreeNode, slot: number): BlockPlan {
  const { facts } = parent;
  const schedule = scheduleInForce(facts, slot);
  const begins = schedule !== facts.schedule;
  return {
    slot,
    previous: facts.id,
    producer: authorisedProducer(schedule, facts.slot, slot).name,
    scheduleVersion: schedule.version,
    newProducers: begins ? producersOf(schedule) : undefined,
    schedule,
    headerExtensions: [
      finality(tree, parent, tree.electorateOf(facts, begins ? schedule : undefined).schedules.length > 1),
      ...(begins ? [makeHeaderExtension(activeScheduleExtension, votingScheduleSchema, schedule)] : []),
    ],
  };
}

function finality(tree: ForkTree, parent: TreeNode, joint: boolean): Extension {
  let { justify, finalized } = parent.facts;
  for (let node: TreeNode | undefined = parent; node !== undefined; node = node.parent) {
    justify = higher(justify, node.prepare);
    finalized = higher(finalized, node.commit);
  }
  const finalityMroot = finalityRoot(treeAfter(tree, parent, finalized));
  return makeHeaderExtension(finalityExtension, finalityExtensionSchema, { justify, finalized, finalityMroot, joint });
}

function higher(a: QuorumCertificate | undefined, b: QuorumCertificate | undefined): QuorumCertificate | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return b.slot > a.slot ? b : a;
}
