/** What a node that began from a snapshot keeps of the chain before it, so that it can serve light clients, and others who begin. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { appendLeaf, type ConsensusRoot, type FinalityTree, finalityTreeSchema } from '@snapscale/consensus';
import { type LightStep, lightStepSchema } from '@snapscale/consensus/light-client';
import { array, DecodeError, decode, encode, struct, u8 } from '@snapscale/protocol';
import { writeFileAtomicSync } from '../store/atomic-write.js';

/** The tree over all blocks up to the snapshot's, and the steps up to its schedule. */
export type LightBase = { readonly tree: FinalityTree; readonly steps: readonly LightStep[] };

const STEPS_MAX = 4096;
const FORMAT_VERSION = 1;

const baseSchema = struct('light_base', {
  version: u8,
  tree: finalityTreeSchema,
  steps: array(lightStepSchema, STEPS_MAX),
});

/** The base that stands at the block of a root, itself included. */
export function lightBaseOf({ facts, trail }: ConsensusRoot, steps: readonly LightStep[]): LightBase {
  let tree = facts.finalityTree;
  for (const { num, id } of [...trail, facts]) if (num === tree.leafCount + 1) tree = appendLeaf(tree, id);
  return { tree, steps };
}

/** Writes it below the data directory. @throws StoreFailure */
export function writeLightBase(dataDir: string, { tree, steps }: LightBase): void {
  mkdirSync(join(dataDir, FOLDER), { recursive: true });
  writeFileAtomicSync(fileIn(dataDir), encode(baseSchema, { version: FORMAT_VERSION, tree, steps }));
}

/** Undefined where the node has the chain from its first block. A damaged file is as good as none: old blocks are not proved. */
export function readLightBase(dataDir: string): LightBase | undefined {
  if (!existsSync(fileIn(dataDir))) return undefined;
  try {
    return decode(baseSchema, new Uint8Array(readFileSync(fileIn(dataDir))));
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

const FOLDER = 'light';

function fileIn(dataDir: string): string {
  return join(dataDir, FOLDER, 'base');
}
