/** Routes about blocks. */
import type { Routes } from '@snapscale/api';
import { fromHex, toHex } from '@snapscale/crypto';
import { blockNumOf, extensionsSchema, reject, scheduleToJson } from '@snapscale/protocol';
import type { NodeBackend, StoredBlock } from '../backend.js';
import type { HandlersOf } from '../server/handler.js';
import { blockInfoJson, blockJson, rawBlockJson, signedHeaderJson } from '../view/block-json.js';
import { activatedFeatures } from '../view/protocol-features.js';

type Names = 'getBlock' | 'getBlockInfo' | 'getBlockHeader' | 'getBlockHeaderState' | 'getRawBlock';

export const blockHandlers: HandlersOf<Pick<Routes['chain'], Names>> = {
  getBlock: (context, { block_num_or_id }) =>
    blockJson(context, requireBlock(context.backend, block_num_or_id)) as never,

  getBlockInfo: ({ backend }, { block_num }) => blockInfoJson(requireBlock(backend, String(block_num))),

  getBlockHeader({ backend }, { block_num_or_id, include_extensions }) {
    const stored = requireBlock(backend, block_num_or_id);
    return {
      id: toHex(stored.id),
      signed_block_header: signedHeaderJson(stored.block),
      ...(include_extensions === true
        ? { block_extensions: extensionsSchema.toJson(stored.block.blockExtensions) as never }
        : {}),
    };
  },

  getBlockHeaderState({ backend }, { block_num_or_id }) {
    const { final } = backend.chainInfo();
    const stored = findBlock(backend, block_num_or_id);
    const num = stored === undefined ? 0 : blockNumOf(stored.id);
    const schedule = stored === undefined ? undefined : backend.scheduleAtBlock(num);
    if (stored === undefined || schedule === undefined || num < final.num) {
      return reject('unknown_block_exception', `Could not find reversible block: ${block_num_or_id}`);
    }
    const active = scheduleToJson(schedule) as never;
    const signer = schedule.producers.find(({ name }) => name === stored.block.header.producer);
    const keys = (scheduleToJson({ version: 0, producers: signer === undefined ? [] : [signer] }) as AuthorityJson)
      .producers[0]?.authority ?? [0, { threshold: 1, keys: [] }];
    return {
      block_num: num,
      id: toHex(stored.id),
      header: signedHeaderJson(stored.block),
      dpos_proposed_irreversible_blocknum: final.num,
      dpos_irreversible_blocknum: final.num,
      active_schedule: active,
      pending_schedule: {
        schedule_lib_num: 0,
        schedule_hash: zeroHash,
        schedule: { version: schedule.version, producers: [] },
      },
      blockroot_merkle: { _active_nodes: [], _node_count: Math.max(0, num - 1) },
      producer_to_last_produced: [],
      producer_to_last_implied_irb: [],
      valid_block_signing_authority: keys,
      confirm_count: [],
      activated_protocol_features: { protocol_features: activatedFeatures.map((feature) => feature.feature_digest) },
      additional_signatures: [],
    };
  },

  getRawBlock: ({ backend }, { block_num_or_id }) =>
    rawBlockJson(requireBlock(backend, block_num_or_id).block) as never,
};

type AuthorityJson = { readonly producers: readonly { readonly authority: readonly [number, never] }[] };

const zeroHash = '0'.repeat(64);

/** The block with this number or id. Rejects with `unknown_block_exception`. */
export function requireBlock(backend: NodeBackend, numOrId: string): StoredBlock {
  return findBlock(backend, numOrId) ?? reject('unknown_block_exception', `Could not find block: ${numOrId}`);
}

function findBlock(backend: NodeBackend, numOrId: string): StoredBlock | undefined {
  if (numOrId.length === 0 || numOrId.length > 64) {
    return reject(
      'block_id_type_exception',
      'Invalid Block number or ID, must be greater than 0 and less than 64 characters',
    );
  }
  if (/^\d{1,10}$/.test(numOrId)) {
    const num = Number(numOrId);
    return num <= 0xffff_ffff ? backend.blockByNum(num) : undefined;
  }
  if (!/^[0-9a-fA-F]{64}$/.test(numOrId)) {
    return reject('block_id_type_exception', `Invalid block ID: ${JSON.stringify(numOrId)}`);
  }
  return backend.blockById(fromHex(numOrId.toLowerCase()));
}
