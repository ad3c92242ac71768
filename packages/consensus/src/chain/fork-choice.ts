/** Which of several chains is the best one (CON-8). */
import { compareBytes } from '@snapscale/crypto';
import type { ForkTree, TreeNode } from './fork-tree.js';

/** Whether the chain that ends in `a` is better than the one that ends in `b`: a strict total order of blocks. */
export function isBetter(a: TreeNode, b: TreeNode): boolean {
  if (a.certifiedSlot !== b.certifiedSlot) return a.certifiedSlot > b.certifiedSlot;
  if (a.facts.num !== b.facts.num) return a.facts.num > b.facts.num;
  return compareBytes(a.facts.id, b.facts.id) < 0;
}

/** The best block that passes `admits`; the root if no other does. Cost: the size of the tree. */
export function bestBlock(tree: ForkTree, admits: (node: TreeNode) => boolean): TreeNode {
  let best = tree.root;
  for (const node of tree.nodes()) if (node !== best && admits(node) && isBetter(node, best)) best = node;
  return best;
}
