/** From a fetched snapshot to a state that a node can start with: nothing in it is believed that can be checked. */
import { join } from 'node:path';
import { consensusRootSchema } from '@snapscale/consensus';
import { rootProblem } from '@snapscale/consensus/light-client';
import { equalBytes, toHex } from '@snapscale/crypto';
import { DecodeError, decode, stateRootOf } from '@snapscale/protocol';
import { lightBaseOf, writeLightBase } from '../light/light-files.js';
import { restoreSnapshot } from '../snapshots.js';
import { StoreCorruption, StoreFailure } from '../store/failures.js';
import type { VerifiedManifest } from './manifest.js';

/** The snapshot is not what its header promises: whoever offered it lied. */
export class WrongSnapshot extends Error {
  override readonly name = 'WrongSnapshot';
}

/**
 * Builds `DATA/state` from the file. The block of the file is that of the manifest, which is final; the state root of its header
 * covers the committed entries, and the consensus root is the one that its headers and the followed schedules give.
 * @throws WrongSnapshot when the content is at fault; other errors when the disk is
 */
export async function installSnapshot(file: string, dataDir: string, snapshot: VerifiedManifest): Promise<void> {
  try {
    await restoreSnapshot(file, join(dataDir, 'state'), (info) => {
      if (!equalBytes(info.blockId, snapshot.block.id)) {
        throw new WrongSnapshot(`it is of block ${toHex(info.blockId)}, offered was ${toHex(snapshot.block.id)}`);
      }
      const root = decode(consensusRootSchema, info.root);
      const problem = rootProblem(root, snapshot.manifest.headers, snapshot.trusted);
      if (problem !== undefined) throw new WrongSnapshot(`its consensus root does not hold: ${problem}`);
      if (stateRootOf(root.header) === undefined) {
        throw new WrongSnapshot('its header carries no state root, so that the state cannot be checked');
      }
      // Before the state appears: a crash in between must not leave a state without it.
      writeLightBase(dataDir, lightBaseOf(root, snapshot.manifest.steps));
    });
  } catch (error) {
    throw isOfContent(error) ? new WrongSnapshot(messageOf(error), { cause: error }) : error;
  }
}

/** Whatever is wrong with the bytes themselves; the disk says so in errors of its own. */
function isOfContent(error: unknown): boolean {
  if (error instanceof StoreCorruption || error instanceof DecodeError || error instanceof WrongSnapshot) return true;
  return error instanceof Error && !(error instanceof StoreFailure) && !('code' in error);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
