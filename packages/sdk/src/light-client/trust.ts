/**
 * What somebody trusts who verifies proofs: a chain id, a genesis, or a checkpoint, which is a schedule that was followed from
 * there. A chain id is the shortest: it is the hash of the genesis, and proofs can bring the genesis along.
 */
import { type Checkpoint, checkpointSchema, violations } from '@snapscale/api';
import { genesisTrust, type LightTrust, trustProblem } from '@snapscale/consensus/light-client';
import { CryptoError, equalBytes, fromHex, toHex } from '@snapscale/crypto';
import {
  type BlockHeader,
  blockId,
  blockNumOf,
  chainIdOf,
  DecodeError,
  decode,
  FormatError,
  type Genesis,
  genesisSchema,
  type Json,
  slotToText,
  votingScheduleSchema,
} from '@snapscale/protocol';

/** What is trusted. Without `light`, the genesis must come with the proof. */
export type Trust = {
  readonly chainId: Uint8Array;
  readonly light: LightTrust | undefined;
  /** Where the checkpoint was taken: a final block, for people to read and for comparison. */
  readonly block?: { readonly num: number; readonly id: string; readonly timestamp: string } | undefined;
};

/** Something that cannot be trusted; the message says why. */
export class TrustError extends Error {
  override readonly name = 'TrustError';
}

/** Trust in nothing but the id of a chain. @throws TrustError */
export function trustChainId(hex: string): Trust {
  if (!/^[0-9a-fA-F]{64}$/.test(hex)) throw new TrustError(`a chain id has 64 hex digits, not ${hex.length}`);
  return { chainId: fromHex(hex.toLowerCase()), light: undefined };
}

/** Trust in a genesis. @throws TrustError for one whose producers cannot vote */
export function trustGenesis(genesis: Genesis): Trust {
  return checked({ chainId: chainIdOf(genesis), light: genesisTrust(genesis) });
}

/** Trust in a genesis in its packed form, if it is that of a chain. @throws TrustError */
export function trustPackedGenesis(packed: Uint8Array, chainId: Uint8Array): Trust {
  const trust = trustGenesis(reading('the genesis', () => decode(genesisSchema, packed)));
  if (!equalBytes(trust.chainId, chainId)) {
    throw new TrustError(`the genesis is that of chain ${toHex(trust.chainId)}, not ${toHex(chainId)}`);
  }
  return trust;
}

/**
 * Reads what a user trusts: a chain id, a genesis (`genesis.json` of a node too), or a checkpoint, as text.
 * @throws TrustError
 */
export function readTrust(text: string): Trust {
  const trimmed = text.trim();
  if (/^[0-9a-fA-F]{64}$/.test(trimmed)) return trustChainId(trimmed);
  let json: unknown;
  try {
    json = JSON.parse(trimmed);
  } catch {
    throw new TrustError('it is neither a chain id nor JSON of a checkpoint or a genesis');
  }
  const object = typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : {};
  const genesis = 'initial_timestamp' in object ? object : object.genesis;
  if (typeof genesis === 'string') {
    throw new TrustError('it is a proof, which cannot vouch for itself: trust a chain id, a genesis or a checkpoint');
  }
  if (genesis !== undefined) {
    return trustGenesis(reading('the genesis', () => genesisSchema.fromJson(genesis as Json)));
  }
  return trustCheckpoint(json);
}

/** Trust in a checkpoint. @throws TrustError */
export function trustCheckpoint(json: unknown): Trust {
  const [problem] = violations(checkpointSchema, json);
  if (problem !== undefined) throw new TrustError(`it is no checkpoint: ${problem}`);
  const { chain_id, schedule, previous_schedule, block } = json as Checkpoint;
  return checked({
    chainId: fromHex(chain_id),
    light: reading('the schedule of the checkpoint', () => ({
      schedule: votingScheduleSchema.fromJson(schedule as unknown as Json),
      previous:
        previous_schedule === undefined
          ? undefined
          : votingScheduleSchema.fromJson(previous_schedule as unknown as Json),
    })),
    block,
  });
}

/** A checkpoint as JSON. @param header of a final block at which it is taken */
export function makeCheckpoint(
  chainId: Uint8Array,
  { schedule, previous }: LightTrust,
  header: BlockHeader,
): Checkpoint {
  const id = blockId(header);
  return {
    version: 1,
    chain_id: toHex(chainId),
    schedule: votingScheduleSchema.toJson(schedule) as unknown as Checkpoint['schedule'],
    ...(previous === undefined
      ? {}
      : { previous_schedule: votingScheduleSchema.toJson(previous) as unknown as Checkpoint['schedule'] }),
    block: { num: blockNumOf(id), id: toHex(id), timestamp: slotToText(header.slot) },
  };
}

function checked(trust: Trust): Trust {
  const problem = trust.light && trustProblem(trust.light);
  if (problem === undefined) return trust;
  throw new TrustError(`schedule ${trust.light?.schedule.version} cannot be trusted: ${problem}`);
}

function reading<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const isExpected = error instanceof FormatError || error instanceof DecodeError || error instanceof CryptoError;
    if (isExpected) throw new TrustError(`${what} cannot be read: ${error.message}`);
    throw error;
  }
}
