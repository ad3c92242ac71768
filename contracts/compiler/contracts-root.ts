/** Where the folder of the contracts lies: the same for the sources and for what they are compiled into. */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';

/** Absolute path of `contracts/`, which has the SDK's headers in `include/`. */
export const contractsRoot: string = dirname(
  createRequire(import.meta.url).resolve('@snapscale/contracts/package.json'),
);
