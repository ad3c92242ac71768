/** Routes about the chain as a whole. */
import type { Routes } from '@snapscale/api';
import { formatPublicKey, toHex } from '@snapscale/crypto';
import { getChainConfig, getProposedSchedule, getSchedule, getWasmLimits } from '@snapscale/execution';
import {
  chainConfigSchema,
  formatName,
  integerToJson,
  type ProducerSchedule,
  scheduleToJson,
  slotToText,
} from '@snapscale/protocol';
import type { ChainInfo } from '../backend.js';
import type { HandlersOf } from '../server/handler.js';
import { activatedFeatures } from '../view/protocol-features.js';
import { getProducers } from './producers.js';

type Names =
  | 'getInfo'
  | 'getActivatedProtocolFeatures'
  | 'getConsensusParameters'
  | 'getFinalizerInfo'
  | 'getProducers'
  | 'getProducerSchedule'
  | 'getScheduledTransactions';

export const chainInfoHandlers: HandlersOf<Pick<Routes['chain'], Names>> = {
  getInfo({ backend }) {
    const chain = backend.chainInfo();
    const config = getChainConfig(backend.headState());
    const { version, fullVersion, hash } = backend.serverVersion;
    const headId = toHex(chain.head.id);
    const netLimit = integerToJson(config.maxBlockNetUsage) as number | string;
    return {
      server_version: hash,
      chain_id: toHex(chain.chainId),
      head_block_num: chain.head.num,
      last_irreversible_block_num: chain.final.num,
      last_irreversible_block_id: toHex(chain.final.id),
      head_block_id: headId,
      head_block_time: slotToText(chain.head.slot),
      head_block_producer: formatName(chain.head.producer),
      // Resources are metered objectively: what a block may hold does not vary with load.
      virtual_block_cpu_limit: config.maxBlockCpuUsage,
      virtual_block_net_limit: netLimit,
      block_cpu_limit: config.maxBlockCpuUsage,
      block_net_limit: netLimit,
      server_version_string: version,
      fork_db_head_block_num: chain.head.num,
      fork_db_head_block_id: headId,
      server_full_version_string: fullVersion,
      total_cpu_weight: 0,
      total_net_weight: 0,
      earliest_available_block_num: chain.earliestBlockNum,
      last_irreversible_block_time: slotToText(chain.final.slot),
      ...(chain.edgeAccount === undefined ? {} : { edge_account: formatName(chain.edgeAccount) }),
    };
  },

  getActivatedProtocolFeatures(_context, request) {
    const { lower_bound = 0, upper_bound = 0xffff_ffff, limit = 10, search_by_block_num, reverse } = request;
    const keyOf = (feature: (typeof activatedFeatures)[number]) =>
      search_by_block_num === true ? feature.activation_block_num : feature.activation_ordinal;
    const matching = activatedFeatures.filter((feature) => {
      const key = keyOf(feature);
      return key >= lower_bound && key <= upper_bound;
    });
    if (reverse === true) matching.reverse();
    const next = matching[limit];
    return {
      activated_protocol_features: matching.slice(0, limit),
      ...(next === undefined ? {} : { more: next.activation_ordinal }),
    };
  },

  getConsensusParameters({ state }) {
    return {
      chain_config: chainConfigSchema.toJson(getChainConfig(state)) as never,
      wasm_config: snakeCaseKeys(getWasmLimits(state)) as never,
    };
  },

  getFinalizerInfo({ backend, state }) {
    const schedule = getSchedule(state);
    const proposed = getProposedSchedule(state);
    const votes = backend.trackedVotes();
    const keys = new Map(schedule.producers.map(({ name, key }) => [name, formatPublicKey(key)]));
    return {
      active_finalizer_policy: finalizerPolicy(schedule),
      pending_finalizer_policy: proposed === undefined ? null : finalizerPolicy(proposed),
      last_tracked_votes: votes.map(({ producer, block, commit }) => ({
        description: formatName(producer),
        public_key: keys.get(producer) ?? '',
        is_vote_strong: commit,
        finalizer_policy_generation: schedule.version,
        voted_for_block_id: toHex(block.id),
        voted_for_block_num: block.num,
        voted_for_block_timestamp: slotToText(block.slot),
      })),
    };
  },

  getProducers,

  getProducerSchedule({ state }) {
    const proposed = getProposedSchedule(state);
    return {
      active: scheduleToJson(getSchedule(state)) as never,
      pending: null,
      proposed: proposed === undefined ? null : (scheduleToJson(proposed) as never),
    };
  },

  getScheduledTransactions: () => ({ transactions: [], more: '' }),
};

/** The producers of a schedule vote on finality, each with one vote; more than two thirds make a block final. */
function finalizerPolicy(schedule: ProducerSchedule) {
  return {
    generation: schedule.version,
    threshold: Math.floor((schedule.producers.length * 2) / 3) + 1,
    finalizers: schedule.producers.map(({ name, key }) => ({
      description: formatName(name),
      weight: 1,
      public_key: formatPublicKey(key),
    })),
  };
}

function snakeCaseKeys(record: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(record).map(([key, value]) => [
      key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  );
}

/** For handlers that answer with the place of the chain. */
export function chainPlace(chain: ChainInfo) {
  return {
    head_number: chain.head.num,
    head_id: toHex(chain.head.id),
    head_timestamp: slotToText(chain.head.slot),
    irreversible_number: chain.final.num,
    irreversible_id: toHex(chain.final.id),
    irreversible_timestamp: slotToText(chain.final.slot),
  };
}
