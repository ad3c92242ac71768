/**
 * What light clients are told, out of final headers: a header with the commit certificate that a later one carries, the steps
 * from schedule to schedule, and older blocks by their place in the tree over final blocks.
 *
 * The block log has no certificates beside the blocks. A certificate for a block stands in the headers of its descendants
 * (FIN-8), so that the newest block that can be shown as final is the one that the header of the newest final block names.
 */
import type { FinalityTree } from '@snapscale/consensus';
import { type FinalHeader, finalCountOf, isProvenFinal, type LightStep } from '@snapscale/consensus/light-client';
import { equalBytes } from '@snapscale/crypto';
import {
  type BlockHeader,
  blockId,
  blockNumOf,
  finalityExtension,
  finalityExtensionSchema,
  headerExtension,
  type QuorumCertificate,
} from '@snapscale/protocol';
import { FinalityIndex, type GroupStore, memoryGroups } from './finality-index.js';
import type { LightBase } from './light-files.js';

/** Final blocks as a node has them. */
export type FinalChain = {
  finalNum(): number;
  /** The first block whose header is here. */
  earliestNum(): number;
  /** Of a final block; undefined if it is not here. */
  header(num: number): BlockHeader | undefined;
  id(num: number): Uint8Array | undefined;
};

/** Steps of one answer, and where they lead. */
export type LightUpdate = {
  readonly steps: readonly LightStep[];
  readonly scheduleVersion: number;
  readonly more: boolean;
};

/** A final block under a header with a certificate. `path` is undefined if it is that header's block itself. */
export type FinalProof = {
  readonly anchor: FinalHeader;
  readonly header: BlockHeader;
  readonly path: { readonly leafCount: number; readonly siblings: readonly Uint8Array[] } | undefined;
};

/**
 * Why there is no proof. `later`: no certified header shows the block as final yet. `missing`: this node does not have the blocks
 * that are needed. `indexing`: the node is still computing what it needs.
 */
export type NoProof =
  | { readonly kind: 'later' }
  | { readonly kind: 'missing'; readonly earliestNum: number }
  | { readonly kind: 'indexing'; readonly done: number; readonly of: number };

/** Steps, and their headers together, of one answer at most; one step always fits. */
const STEPS_MAX = 16;
const ANSWER_HEADERS_MAX = 512;
/** Headers of one step at most: after longer disputes, clients need a newer checkpoint. */
const STEP_HEADERS_MAX = 2048;
/** Steps that are kept of those that can be found again, the newest. */
const KEPT_STEPS_MAX = 1024;

export class LightChain {
  readonly #chain: FinalChain;
  readonly #tree: FinalityTree | undefined;
  #index: FinalityIndex;
  readonly #steps = new Map<number, LightStep>();
  /** Steps of the base: they cannot be found again. */
  readonly #firstKept: number;
  /** Numbers of the blocks with which schedules came into force, as far as they are known, by version. */
  readonly #beginnings = new Map<number, number>();

  /**
   * @param base what is known of the chain before the block that this node began from
   * @param groupsFrom keeps what was computed, from a group on; only as long as this object unless given
   */
  constructor(chain: FinalChain, base?: LightBase, groupsFrom: (first: number) => GroupStore = memoryGroups) {
    this.#chain = chain;
    this.#tree = base?.tree;
    this.#index = this.#makeIndex(groupsFrom);
    for (const step of base?.steps ?? []) this.#steps.set(step.headers[0]?.scheduleVersion ?? 0, step);
    this.#firstKept = this.#steps.size;
  }

  /** The newest header with a certificate; undefined on a chain that is too young. */
  anchor(): FinalHeader | undefined {
    const newest = this.#chain.header(this.#chain.finalNum());
    const certificate = newest && certificateIn(newest);
    if (certificate === undefined) return undefined;
    const header = this.#chain.header(blockNumOf(certificate.blockId));
    return header === undefined ? undefined : { header, certificate };
  }

  /** Proves that block `num` is final. */
  prove(num: number): FinalProof | NoProof {
    const anchor = this.anchor();
    const missing = { kind: 'missing', earliestNum: this.#chain.earliestNum() } as const;
    if (anchor === undefined) return { kind: 'later' };
    const header = num > this.#chain.finalNum() ? undefined : this.#chain.header(num);
    const leafCount = finalCountOf(anchor.header);
    const isAnchor = header !== undefined && equalBytes(blockId(header), blockId(anchor.header));
    if (header !== undefined && isAnchor) return { anchor, header, path: undefined };
    if (leafCount === undefined || num > leafCount) return { kind: 'later' };
    if (header === undefined) return missing;
    const result = this.#index.path(leafCount, num - 1);
    if (result.kind === 'missing') return missing;
    if (result.kind === 'indexing') return result;
    const { siblings } = result;
    if (isProvenFinal(anchor.header, blockId(header), { index: num - 1, leafCount, siblings })) {
      return { anchor, header, path: { leafCount, siblings } };
    }
    // What was kept is of another chain, or damaged: it is computed anew.
    this.#index = this.#makeIndex(memoryGroups);
    return { kind: 'indexing', done: 0, of: leafCount };
  }

  /** The changes after the schedule of this version, or the reason why there are none. */
  steps(fromVersion: number): LightUpdate | NoProof {
    const newest = this.#chain.header(this.#chain.finalNum());
    const steps: LightStep[] = [];
    let version = fromVersion;
    let headers = 0;
    let isLate = false;
    while (newest !== undefined && version < newest.scheduleVersion && steps.length < STEPS_MAX) {
      const step = this.#stepTo(version + 1);
      if (step === 'missing') return { kind: 'missing', earliestNum: this.#chain.earliestNum() };
      isLate = step === 'later';
      if (step === 'later') break;
      headers += step.headers.length;
      if (steps.length > 0 && headers > ANSWER_HEADERS_MAX) break;
      steps.push(step);
      version++;
    }
    const more = newest !== undefined && version < newest.scheduleVersion && !isLate;
    return { steps, scheduleVersion: version, more };
  }

  /** Does some of the work that old blocks need, so that requests for them need not. */
  advance(groups: number): void {
    const anchor = this.anchor();
    if (anchor !== undefined) this.#index.advance(finalCountOf(anchor.header) ?? 0, groups);
  }

  #makeIndex(groupsFrom: (first: number) => GroupStore): FinalityIndex {
    const groups = groupsFrom(FinalityIndex.firstGroup(this.#tree));
    return new FinalityIndex((num) => this.#chain.id(num), groups, this.#tree);
  }

  #stepTo(version: number): LightStep | 'missing' | 'later' {
    const kept = this.#steps.get(version);
    if (kept !== undefined) return kept;
    const begins = this.#beginningOf(version);
    if (begins === undefined) return 'missing';
    // The first certificate in headers for that block or a later one is by both electorates (FIN-4).
    const last = Math.min(this.#chain.finalNum(), begins + STEP_HEADERS_MAX);
    for (let num = begins + 1; num <= last; num++) {
      const header = this.#chain.header(num);
      const certificate = header && certificateIn(header);
      const certified = certificate === undefined ? 0 : blockNumOf(certificate.blockId);
      if (certificate === undefined || certified < begins) continue;
      const headers: BlockHeader[] = [];
      for (let at = begins; at <= certified; at++) headers.push(this.#chain.header(at)!);
      this.#keep(version, { headers, certificate });
      return { headers, certificate };
    }
    return last < this.#chain.finalNum() ? 'missing' : 'later';
  }

  /** Versions never fall along the chain, and each is in force in some block: search by halves. */
  #beginningOf(version: number): number | undefined {
    const known = this.#beginnings.get(version);
    if (known !== undefined) return known;
    let low = Math.max(this.#chain.earliestNum(), this.#beginnings.get(version - 1) ?? 1);
    let high = this.#chain.finalNum();
    const first = this.#chain.header(low);
    if (first === undefined) return undefined;
    if (first.scheduleVersion === version && first.newProducers !== undefined) return low;
    // Where the oldest header here is of this schedule already, the one that began it is gone.
    if (first.scheduleVersion >= version) return undefined;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      const header = this.#chain.header(middle);
      if (header === undefined) return undefined;
      if (header.scheduleVersion >= version) high = middle;
      else low = middle;
    }
    this.#beginnings.set(version, high);
    return high;
  }

  #keep(version: number, step: LightStep): void {
    this.#steps.set(version, step);
    if (this.#steps.size <= this.#firstKept + KEPT_STEPS_MAX) return;
    const found = [...this.#steps.keys()].slice(this.#firstKept);
    this.#steps.delete(Math.min(...found));
  }
}

function certificateIn(header: BlockHeader): QuorumCertificate | undefined {
  return headerExtension(header, finalityExtension, finalityExtensionSchema)?.finalized;
}
