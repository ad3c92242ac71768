/** What the chain itself proves of its finalizers' votes: each one's newest, as certificates in headers name their signers. */
import {
  type BlockHeader,
  blockNumOf,
  finalityExtension,
  finalityExtensionSchema,
  headerExtension,
  type ProducerSchedule,
  signersOf,
} from '@snapscale/protocol';
import type { TrackedVote } from './http/backend.js';

/** Two turns: a finalizer whose votes have been in no certificate for so long is silent. */
const HEADERS_MAX = 24;

/**
 * The newest vote of each producer of the schedule, in its order, without those that have been silent. `header` gives blocks of
 * the best chain. Votes for blocks on which two schedules vote are left out: there the order of signers is another one.
 */
export function provenVotes(
  headNum: number,
  schedule: ProducerSchedule,
  header: (num: number) => BlockHeader | undefined,
): readonly TrackedVote[] {
  const { producers } = schedule;
  const newest = new Map<number, TrackedVote>();
  for (let num = headNum; num > headNum - HEADERS_MAX && newest.size < producers.length; num--) {
    const found = header(num);
    const finality = found && headerExtension(found, finalityExtension, finalityExtensionSchema);
    for (const certificate of [finality?.justify, finality?.finalized]) {
      if (certificate === undefined || !isOfSchedule(header(blockNumOf(certificate.blockId)), schedule)) continue;
      const { blockId, slot, phase, signers } = certificate;
      const block = { num: blockNumOf(blockId), id: blockId, slot };
      for (const position of signersOf(signers, producers.length) ?? []) {
        if (newest.has(position)) continue;
        newest.set(position, { producer: producers[position]!.name, block, commit: phase === 1 });
      }
    }
  }
  return [...newest].sort(([a], [b]) => a - b).map(([, vote]) => vote);
}

function isOfSchedule(header: BlockHeader | undefined, { version }: ProducerSchedule): boolean {
  if (header?.scheduleVersion !== version) return false;
  return headerExtension(header, finalityExtension, finalityExtensionSchema)?.joint !== true;
}
