/** Routes about this node. */
import type { Routes } from '@snapscale/api';
import { slotToMs } from '@snapscale/protocol';
import type { NodeBackend } from '../backend.js';
import { plainFailure } from '../server/failure.js';
import { type HandlersOf, WithStatus } from '../server/handler.js';
import type { HttpOptions } from '../server/options.js';

export const nodeHandlers: HandlersOf<Pick<Routes['node'], 'getHealth' | 'getReady' | 'createSnapshot'>> = {
  getHealth({ backend }) {
    const { head, final } = backend.chainInfo();
    const { checks } = backend.health();
    const ok = checks.every((check) => check.ok);
    const report = {
      status: ok ? ('ok' as const) : ('failing' as const),
      head_block_num: head.num,
      final_block_num: final.num,
      head_age_ms: headAgeMs(backend),
      checks,
    };
    return new WithStatus(ok ? 200 : 503, report);
  },

  getReady({ backend, options }) {
    const reasons = reasonsNotReady(backend, options);
    const ready = reasons.length === 0;
    return new WithStatus(ready ? 200 : 503, { ready, reasons });
  },

  async createSnapshot({ backend, isLocal }) {
    if (!isLocal) throw plainFailure(403, 'snapshots are written for clients on the machine of the node only');
    const { file, blockNum, blockId } = await backend.writeSnapshot();
    return { head_block_num: blockNum, head_block_id: blockId, snapshot_name: file };
  },
};

/** Why this node should get no requests; empty when it should. */
function reasonsNotReady(backend: NodeBackend, options: HttpOptions): readonly string[] {
  const { ready, reasons } = backend.health();
  const ageMs = headAgeMs(backend);
  const own = ageMs > options.headAgeMaxMs ? [`the newest block is ${Math.round(ageMs / 1000)} s old`] : [];
  const unnamed = !ready && reasons.length === 0 ? ['the node is not ready'] : [];
  return [...reasons, ...unnamed, ...own];
}

function headAgeMs(backend: NodeBackend): number {
  return Math.max(0, Date.now() - slotToMs(backend.chainInfo().head.slot));
}
