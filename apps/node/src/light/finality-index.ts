/**
 * Paths in the Merkle tree over the ids of final blocks (FIN-11), for a chain of any length: the roots of full groups of 256
 * leaves are kept, so that a path costs at most two groups of reads and a few hashes.
 *
 * A node that began from a snapshot has no ids of older blocks, but the peaks of the tree at that block. They are all that paths
 * of later leaves need: a full subtree beside such a path either is a peak, or consists of peaks and of known leaves.
 */
import type { FinalityTree } from '@snapscale/consensus';
import { sha256Pair } from '@snapscale/crypto';

/** Roots of groups, in their order from the first known one on; kept so that a restart does not compute them again. */
export type GroupStore = {
  /** Index of the first group that was kept. */
  readonly first: number;
  readonly roots: readonly Uint8Array[];
  append(root: Uint8Array): void;
};

/** A path, or why there is none: `missing`: ids that it needs are not here; `indexing`: not yet. */
export type PathResult =
  | { readonly kind: 'path'; readonly siblings: readonly Uint8Array[] }
  | { readonly kind: 'missing' }
  | { readonly kind: 'indexing'; readonly done: number; readonly of: number };

const GROUP_LEVEL = 8;
/** Groups that one path may compute: 8,192 ids, measured 15 to 100 ms. */
const GROUPS_PER_PATH = 32;

export class FinalityIndex {
  readonly #idOf: (num: number) => Uint8Array | undefined;
  readonly #store: GroupStore;
  /** Roots of subtrees of more than a group, by level and position. */
  readonly #nodes = new Map<string, Uint8Array>();
  readonly #peaks = new Map<string, Uint8Array>();
  readonly #base: number;

  /**
   * @param idOf id of the final block with a number; leaf i is block i + 1
   * @param base the tree at the block that this node began from; undefined where the ids begin with block 1
   */
  constructor(idOf: (num: number) => Uint8Array | undefined, store: GroupStore, base?: FinalityTree) {
    this.#idOf = idOf;
    this.#store = store;
    this.#base = base?.leafCount ?? 0;
    let from = 0;
    let at = 0;
    for (let level = 31; level >= 0; level--) {
      if (base === undefined || ((base.leafCount >>> level) & 1) === 0) continue;
      this.#peaks.set(`${level} ${from / 2 ** level}`, base.peaks[at++]!);
      from += 2 ** level;
    }
  }

  /** The first group that can be computed from what is here. */
  static firstGroup(base: FinalityTree | undefined): number {
    return (base?.leafCount ?? 0) >>> GROUP_LEVEL;
  }

  /** Computes at most `groups` roots towards a tree of `leafCount` leaves. Returns how many groups are still to be computed. */
  advance(leafCount: number, groups: number): number {
    const full = leafCount >>> GROUP_LEVEL;
    const until = Math.min(full, this.#nextGroup + groups);
    while (this.#nextGroup < until) {
      const root = this.#compute(GROUP_LEVEL, this.#nextGroup);
      if (root === undefined) return 0;
      this.#store.append(root);
    }
    return Math.max(0, full - this.#nextGroup);
  }

  /** The hashes beside the way from leaf `index` to the root over `leafCount` leaves, the leaf's level first. */
  path(leafCount: number, index: number): PathResult {
    const behind = this.advance(leafCount, GROUPS_PER_PATH);
    if (behind > 0) return { kind: 'indexing', done: this.#nextGroup, of: leafCount >>> GROUP_LEVEL };
    const siblings: Uint8Array[] = [];
    for (let level = 0, width = leafCount; width > 1; level++, width = (width + 1) >>> 1) {
      const beside = Math.floor(index / 2 ** level) ^ 1;
      if (beside >= width) continue;
      const node = this.#subtree(level, beside, leafCount);
      if (node === undefined) return { kind: 'missing' };
      siblings.push(node);
    }
    return { kind: 'path', siblings };
  }

  get #nextGroup(): number {
    return this.#store.first + this.#store.roots.length;
  }

  /** A node of the tree over `leafCount` leaves; at its right edge it may be over fewer leaves than its level has. */
  #subtree(level: number, position: number, leafCount: number): Uint8Array | undefined {
    if ((position + 1) * 2 ** level <= leafCount) return this.#full(level, position);
    const middle = (2 * position + 1) * 2 ** (level - 1);
    const left = this.#subtree(level - 1, 2 * position, leafCount);
    // The last node of an odd level moves up unchanged.
    if (middle >= leafCount) return left;
    return join(left, this.#subtree(level - 1, 2 * position + 1, leafCount));
  }

  /** The root of a full subtree. */
  #full(level: number, position: number): Uint8Array | undefined {
    if (level < GROUP_LEVEL) return this.#compute(level, position);
    if (level === GROUP_LEVEL) {
      const { first, roots } = this.#store;
      return roots[position - first] ?? this.#compute(level, position);
    }
    const key = `${level} ${position}`;
    const node = this.#nodes.get(key) ?? this.#compute(level, position);
    if (node !== undefined) this.#nodes.set(key, node);
    return node;
  }

  #compute(level: number, position: number): Uint8Array | undefined {
    const first = position * 2 ** level;
    if (first < this.#base) {
      const peak = this.#peaks.get(`${level} ${position}`);
      // Below the base only peaks are known, and what they make together with what follows.
      if (peak !== undefined || first + 2 ** level <= this.#base) return peak;
    }
    if (level === 0) return this.#idOf(first + 1);
    const left = this.#full(level - 1, 2 * position);
    return left === undefined ? undefined : join(left, this.#full(level - 1, 2 * position + 1));
  }
}

/** A store that lasts as long as the process. */
export function memoryGroups(first = 0): GroupStore {
  const roots: Uint8Array[] = [];
  return { first, roots, append: (root) => void roots.push(root) };
}

function join(left: Uint8Array | undefined, right: Uint8Array | undefined): Uint8Array | undefined {
  return left === undefined || right === undefined ? undefined : sha256Pair(left, right);
}
