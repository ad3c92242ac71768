/** Asks a node for a proof, and makes one document of its parts. What the node says is not checked here. */
import {
  type ApiClient,
  type ChainProof,
  type ProofPart,
  proofVersion,
  type ResponseOf,
  type Routes,
} from '@snapscale/api';
import { CryptoError, fromHex } from '@snapscale/crypto';
import { blockHeaderSchema, DecodeError, decode } from '@snapscale/protocol';
import { invalid } from '../errors.js';

/** What to prove. */
export type ProofSubject =
  | { readonly kind: 'block'; readonly block: string }
  | { readonly kind: 'transaction'; readonly id: string }
  /** `ordinal`: of the action in the trace, 1 unless given. */
  | { readonly kind: 'action'; readonly id: string; readonly ordinal?: number | undefined }
  | {
      readonly kind: 'row';
      readonly code: string;
      readonly scope: string;
      readonly table: string;
      /** A number or a name. */
      readonly primaryKey: string;
    }
  /** An entry of the state by its key in hex. */
  | { readonly kind: 'entry'; readonly key: string };

type Update = ResponseOf<Routes['snap']['getLightClientUpdate']>;

/** Answers that are put together at most. */
const PAGES_MAX = 128;

/**
 * A proof of something that is final, or will be in a moment: the node waits for it.
 * @param fromSchedule version of the schedule that the verifier trusts; 0, that of the genesis, suits everybody
 */
export async function getChainProof(api: ApiClient, subject: ProofSubject, fromSchedule = 0): Promise<ChainProof> {
  const first = await api.snap.getLightClientUpdate({ from_schedule: fromSchedule });
  const updates = [first, ...(await laterUpdates(api, first))];
  const part = await partFor(api, subject);
  // The schedule can change between the two answers.
  const newest = updates.at(-1)!;
  if (anchorVersion(part) > newest.schedule_version) {
    const next = await api.snap.getLightClientUpdate({ from_schedule: newest.schedule_version });
    updates.push(next, ...(await laterUpdates(api, next)));
  }
  const { chain_id, anchor, block, transaction, action, entry } = part;
  return {
    version: proofVersion,
    chain_id,
    ...(first.genesis === undefined ? {} : { genesis: first.genesis }),
    steps: updates.flatMap(({ steps }) => steps),
    anchor,
    block,
    ...(transaction === undefined ? {} : { transaction }),
    ...(action === undefined ? {} : { action }),
    ...(entry === undefined ? {} : { entry }),
  };
}

async function laterUpdates(api: ApiClient, first: Update): Promise<Update[]> {
  const updates: Update[] = [];
  for (let last = first; last.more; updates.push(last)) {
    if (updates.length >= PAGES_MAX || last.steps.length === 0) {
      invalid(
        `the node's list of schedules does not end after ${updates.length + 1} answers`,
        'Begin with a newer checkpoint, or ask another node.',
      );
    }
    last = await api.snap.getLightClientUpdate({ from_schedule: last.schedule_version });
  }
  return updates;
}

function partFor(api: ApiClient, subject: ProofSubject): Promise<ProofPart> {
  switch (subject.kind) {
    case 'block':
      return api.snap.getBlockProof({ block_num_or_id: subject.block });
    case 'transaction':
      return api.snap.getTransactionProof({ id: subject.id });
    case 'action':
      return api.snap.getActionProof({
        id: subject.id,
        ...(subject.ordinal === undefined ? {} : { action_ordinal: subject.ordinal }),
      });
    case 'row': {
      const { code, scope, table, primaryKey } = subject;
      return api.snap.getRowProof({ code, scope, table, primary_key: primaryKey });
    }
    case 'entry':
      return api.snap.getRowProof({ key: subject.key });
  }
}

/** 0 for what cannot be read: the verifier will say so. */
function anchorVersion({ anchor }: ProofPart): number {
  try {
    return decode(blockHeaderSchema, fromHex(anchor.header)).scheduleVersion;
  } catch (error) {
    if (error instanceof DecodeError || error instanceof CryptoError) return 0;
    throw error;
  }
}
