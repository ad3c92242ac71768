/** The blocks above the final one, as a tree, and the few final ones that headers may still refer to. */
import { type Signature, toHex } from '@snapscale/crypto';
import { type BlockHeader, blockNumOf, type QuorumCertificate } from '@snapscale/protocol';
import type { Ancestry, BlockPoint } from '../voting/finalizer.js';
import { type ElectorateRule, electorateOf } from './electorate.js';
import type { ChainFacts, ChainPoint, ConsensusRoot } from './root.js';

/** `accepted`: its header is right. `valid`: executed here. `invalid`: execution refused it, or an ancestor of it. */
export type BlockStatus = 'accepted' | 'executing' | 'valid' | 'invalid';

/** A block of the tree. Only the tree and the core change one. */
export type TreeNode = {
  readonly key: string;
  readonly header: BlockHeader;
  /** Undefined at the root that a core started from. */
  readonly signature: Signature | undefined;
  readonly facts: ChainFacts;
  /** Undefined at the root. */
  parent: TreeNode | undefined;
  readonly children: Set<TreeNode>;
  status: BlockStatus;
  /** Verified certificates for this very block. */
  prepare: QuorumCertificate | undefined;
  commit: QuorumCertificate | undefined;
  /** Highest slot of a block on its chain, itself included, with a known certificate; −1 if there is none. */
  certifiedSlot: number;
};

export class ForkTree {
  readonly #nodes = new Map<string, TreeNode>();
  /** Ids of final ancestors of the root, by number. */
  readonly #trail = new Map<number, ChainPoint>();
  #root: TreeNode;
  #certificate: QuorumCertificate | undefined;

  /** Who votes on a child of a block. */
  readonly electorateOf: ElectorateRule;

  constructor({ header, facts, trail, certificate }: ConsensusRoot, rule: ElectorateRule = electorateOf) {
    this.electorateOf = rule;
    this.#root = makeNode(header, undefined, facts, undefined);
    this.#root.status = 'valid';
    this.#root.certifiedSlot = facts.slot;
    this.#nodes.set(this.#root.key, this.#root);
    this.#certificate = certificate;
    for (const point of trail) this.#trail.set(point.num, point);
  }

  /** The newest final block that has been executed. */
  get root(): TreeNode {
    return this.#root;
  }

  /** Blocks, the root included. */
  get size(): number {
    return this.#nodes.size;
  }

  get(id: Uint8Array): TreeNode | undefined {
    return this.#nodes.get(toHex(id));
  }

  /** All blocks, parents before children. */
  nodes(): IterableIterator<TreeNode> {
    return this.#nodes.values();
  }

  /** Adds a block on a parent of the tree. */
  insert(header: BlockHeader, signature: Signature, facts: ChainFacts, parent: TreeNode): TreeNode {
    const node = makeNode(header, signature, facts, parent);
    node.certifiedSlot = parent.certifiedSlot;
    if (parent.status === 'invalid') node.status = 'invalid';
    parent.children.add(node);
    this.#nodes.set(node.key, node);
    return node;
  }

  /** Blocks of this producer for this slot. Cost: the size of the tree above the slot; trees are small. */
  siblings(slot: number, producer: bigint): number {
    let count = 0;
    for (const { header } of this.#nodes.values()) if (header.slot === slot && header.producer === producer) count++;
    return count;
  }

  /** The ancestor of `node` (or itself) with this number, if it is still known. */
  ancestor(node: TreeNode, num: number): ChainPoint | undefined {
    if (num < this.#root.facts.num) return this.#trail.get(num);
    return this.ancestorNode(node, num)?.facts;
  }

  /** The newest final block as of a slot; undefined if that is too long ago to be remembered. */
  finalAt(slot: number): ChainPoint | undefined {
    if (slot >= this.#root.facts.slot) return this.#root.facts;
    let newest: ChainPoint | undefined;
    for (const point of this.#trail.values()) {
      if (point.slot <= slot && (newest === undefined || point.num > newest.num)) newest = point;
    }
    return newest;
  }

  /** As {@link ancestor}, among the blocks of the tree. */
  ancestorNode(node: TreeNode, num: number): TreeNode | undefined {
    if (num > node.facts.num) return undefined;
    let found: TreeNode | undefined = node;
    while (found !== undefined && found.facts.num > num) found = found.parent;
    return found;
  }

  /** Whether `ancestor` is `node` or above it on its chain. */
  descends(node: TreeNode, ancestor: TreeNode): boolean {
    return this.ancestorNode(node, ancestor.facts.num) === ancestor;
  }

  /** {@link descends} for blocks that may be unknown or final already. */
  readonly isAncestor: Ancestry = (ancestor: BlockPoint, block: BlockPoint) => {
    const node = this.get(block.id);
    if (node === undefined) return false;
    const above = this.get(ancestor.id);
    if (above !== undefined) return this.descends(node, above);
    const key = toHex(ancestor.id);
    for (const { id } of this.#trail.values()) if (toHex(id) === key) return true;
    return false;
  };

  /** Notes a verified certificate for a block of the tree. */
  certify(node: TreeNode, certificate: QuorumCertificate): void {
    if (certificate.phase === 0) node.prepare ??= certificate;
    else node.commit ??= certificate;
    const { slot } = node.facts;
    const raised = [node];
    for (let below = raised.pop(); below !== undefined; below = raised.pop()) {
      if (below.certifiedSlot >= slot) continue;
      below.certifiedSlot = slot;
      raised.push(...below.children);
    }
  }

  /** Marks a block and all that build on it as invalid. */
  invalidate(node: TreeNode): void {
    node.status = 'invalid';
    for (const child of node.children) this.invalidate(child);
  }

  /** Takes a block and all that build on it out of the tree. Returns their ids. */
  remove(node: TreeNode): Uint8Array[] {
    node.parent?.children.delete(node);
    const removed: Uint8Array[] = [];
    const rest = [node];
    for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
      this.#nodes.delete(next.key);
      removed.push(next.facts.id);
      rest.push(...next.children);
    }
    return removed;
  }

  /** Makes a descendant of the root the new one. Forks beside the way to it must be gone already. */
  advance(node: TreeNode, certificate: QuorumCertificate): void {
    const passed: TreeNode[] = [];
    for (let above = node.parent; above !== undefined; above = above.parent) passed.unshift(above);
    for (const { key, facts } of passed) {
      this.#nodes.delete(key);
      this.#trail.set(facts.num, facts);
    }
    node.parent = undefined;
    this.#root = node;
    this.#certificate = certificate;
    const needed = oldestNeeded(node.facts);
    for (const num of this.#trail.keys()) if (num < needed) this.#trail.delete(num);
  }

  /** What a core needs to begin again from the root. */
  snapshot(): ConsensusRoot {
    const { header, facts } = this.#root;
    const trail = [...this.#trail.values()].sort((a, b) => a.num - b.num);
    return { header, facts, trail, certificate: this.#certificate };
  }
}

/** Children may repeat the certificates of their parent, or go up from there. */
function oldestNeeded({ justify, finalityTree }: ChainFacts): number {
  const justified = justify === undefined ? 0 : blockNumOf(justify.blockId);
  return Math.min(justified, finalityTree.leafCount);
}

function makeNode(
  header: BlockHeader,
  signature: Signature | undefined,
  facts: ChainFacts,
  parent: TreeNode | undefined,
): TreeNode {
  return {
    key: toHex(facts.id),
    header,
    signature,
    facts,
    parent,
    children: new Set(),
    status: 'accepted',
    prepare: undefined,
    commit: undefined,
    certifiedSlot: -1,
  };
}
