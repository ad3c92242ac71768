/**
 * Checks what a witness has recorded over a whole run against the rules of voting and producing, in whatever order the
 * messages came: rules FIN-1 to FIN-3 in the form that needs no order.
 */
import type { SeenBlock, SeenVote, Witness } from './witness.js';

export type Verdict = {
  readonly findings: readonly string[];
  /** Pairs of votes that could not be judged because a block between was never seen. */
  readonly undecided: number;
};

/**
 * Judges everything that the witness has recorded so far, but for cheats: finalizer keys (hex) and accounts whose breaches
 * are part of the drill.
 */
export function judge(
  witness: Pick<Witness, 'blocks' | 'votes'>,
  cheatKeys: ReadonlySet<string>,
  cheats: ReadonlySet<string>,
): Verdict {
  const findings = doubleBlocks([...witness.blocks.values()].filter(({ producer }) => !cheats.has(producer)));
  let undecided = 0;
  for (const [key, votes] of witness.votes) {
    if (cheatKeys.has(key)) continue;
    findings.push(...doubleVotes(key, votes));
    const broken = brokenLocks(key, votes, witness.blocks);
    findings.push(...broken.findings);
    undecided += broken.undecided;
  }
  return { findings, undecided };
}

/** Two headers of one producer for one slot. */
function doubleBlocks(blocks: Iterable<SeenBlock>): string[] {
  const first = new Map<string, string>();
  const findings: string[] = [];
  for (const { producer, slot, id } of blocks) {
    const place = `${producer} ${slot}`;
    const other = first.get(place);
    if (other !== undefined && other !== id)
      findings.push(`${producer} made two blocks for slot ${slot}: ${other}, ${id}`);
    first.set(place, id);
  }
  return findings;
}

/** FIN-10: votes of one key for two blocks of one slot. */
function doubleVotes(key: string, votes: readonly SeenVote[]): string[] {
  const first = new Map<number, SeenVote>();
  const findings: string[] = [];
  for (const vote of votes) {
    const other = first.get(vote.slot);
    if (other === undefined) first.set(vote.slot, vote);
    else if (other.block !== vote.block) {
      findings.push(`${short(key)} voted for two blocks of slot ${vote.slot}: ${other.block}, ${vote.block}`);
    }
  }
  return findings;
}

/**
 * Whoever commits A and prepares B of a higher slot on another branch has broken a rule in either order, unless the
 * headers of B's chain show a certificate above A, or a higher lock lies on B's branch.
 */
function brokenLocks(key: string, votes: readonly SeenVote[], blocks: ReadonlyMap<string, SeenBlock>): Verdict {
  const findings: string[] = [];
  let undecided = 0;
  const commits = votes.filter(({ phase }) => phase === 1).sort((a, b) => a.slot - b.slot);
  for (const prepare of votes) {
    if (prepare.phase !== 0) continue;
    // The highest commit below it is the strictest, as long as that one's branch is B's.
    const below = commits.filter(({ slot }) => slot < prepare.slot).slice(-COMMITS_LOOKED_AT);
    for (const commit of below) {
      const relation = relate(prepare.block, commit.block, commit.slot, blocks);
      if (relation === 'unknown') undecided++;
      if (relation !== 'conflict') continue;
      const higherLock = below.some(
        ({ slot, block }) => slot > commit.slot && relate(prepare.block, block, slot, blocks) === 'descends',
      );
      if (higherLock) continue;
      findings.push(
        `${short(key)} committed ${commit.block} (slot ${commit.slot}) and prepared ${prepare.block} (slot ${prepare.slot}), which is on another branch without a certificate above the first`,
      );
    }
  }
  return { findings, undecided };
}

/** Forks do not live longer than this many commits. */
const COMMITS_LOOKED_AT = 24;

type Relation = 'descends' | 'certified' | 'conflict' | 'unknown';

/** How the chain of `from` stands to a block of a lower slot. */
function relate(from: string, to: string, toSlot: number, blocks: ReadonlyMap<string, SeenBlock>): Relation {
  for (let id = from; ; ) {
    if (id === to) return 'descends';
    const block = blocks.get(id);
    if (block === undefined) return 'unknown';
    if (block.slot <= toSlot) return 'conflict';
    if (block.certifiedSlot > toSlot) return 'certified';
    id = block.previous;
  }
}

function short(key: string): string {
  return `finalizer ${key.slice(0, 16)}…`;
}
