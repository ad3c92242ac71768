/**
 * Schedules that contracts propose, as headers carry them: producers with the keys that sign their blocks and the keys
 * that sign their votes (CON-4). The state holds the two in different records, set by different privileged calls.
 */
import { type BlsPublicKey, equalBytes } from '@snapscale/crypto';
import {
  encode,
  FormatError,
  type Name,
  type ProducerSchedule,
  parseName,
  producerKeysSchema,
  Reader,
  type VotingProducer,
  type VotingSchedule,
  votingScheduleSchema,
} from '@snapscale/protocol';
import { globalKeys } from '../state/keys.js';
import type { StateReader } from '../state/reader.js';
import { getProposedSchedule } from './chain-records.js';

/**
 * The schedule that a block proposes, whose execution has led from `before` to `after`: undefined if it proposes none, or one
 * that has to wait because a producer of it has no finalizer key.
 */
export function newProposal(before: StateReader, after: StateReader): VotingSchedule | undefined {
  // Values are never modified in place: the same bytes are the same records.
  const isUntouched = PROPOSAL_KEYS.every((key) => before.get(key) === after.get(key));
  if (isUntouched) return undefined;
  const proposal = completeProposal(after);
  if (proposal === undefined) return undefined;
  const earlier = completeProposal(before);
  return earlier !== undefined && sameSchedule(earlier, proposal) ? undefined : proposal;
}

/**
 * What is still proposed once `active` is in force: nothing if it was `proposed`; else the proposal waits on, for finalizer
 * keys, as the next version.
 */
export function proposalAfterActivation(
  proposed: ProducerSchedule | undefined,
  active: ProducerSchedule,
): ProducerSchedule | undefined {
  if (proposed === undefined || sameProducers(proposed, active)) return undefined;
  return { version: active.version + 1, producers: proposed.producers };
}

const PROPOSAL_KEYS = [globalKeys.proposedSchedule, globalKeys.finalizers];

function completeProposal(state: StateReader): VotingSchedule | undefined {
  const proposed = getProposedSchedule(state);
  const policy = state.get(globalKeys.finalizers);
  if (proposed === undefined || policy === undefined) return undefined;
  const keys = finalizerKeys(policy);
  const producers: VotingProducer[] = [];
  for (const { name, key } of proposed.producers) {
    const finalizerKey = keys.get(name);
    if (finalizerKey === undefined) return undefined;
    producers.push({ name, key, finalizerKey });
  }
  return { version: proposed.version, producers };
}

/** Keys of a packed finalizer policy by the account that each description names; `set_finalizers` has checked its form. */
function finalizerKeys(policy: Uint8Array): ReadonlyMap<Name, BlsPublicKey> {
  const keys = new Map<Name, BlsPublicKey>();
  const reader = new Reader(policy);
  reader.u64();
  const count = reader.varuint32();
  for (let i = 0; i < count; i++) {
    const account = accountOf(reader.bytes());
    reader.u64();
    const key = reader.bytes().slice() as BlsPublicKey;
    if (account !== undefined && !keys.has(account)) keys.set(account, key);
  }
  return keys;
}

function accountOf(description: Uint8Array): Name | undefined {
  try {
    return parseName(String.fromCharCode(...description));
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}

function sameSchedule(a: VotingSchedule, b: VotingSchedule): boolean {
  return equalBytes(encode(votingScheduleSchema, a), encode(votingScheduleSchema, b));
}

function sameProducers(a: ProducerSchedule, b: ProducerSchedule): boolean {
  return equalBytes(encode(producerKeysSchema, a.producers), encode(producerKeysSchema, b.producers));
}
