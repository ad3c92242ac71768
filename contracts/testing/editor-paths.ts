/** How an editor finds the types of this library from a project that lies anywhere. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { contractsRoot } from '../compiler/contracts-root.js';

/** `compilerOptions.paths` for the `tsconfig.json` of a contract project. */
export function editorPaths(): Readonly<Record<string, readonly string[]>> {
  const compiled = join(contractsRoot, 'dist', 'testing', 'index.d.ts');
  const source = join(contractsRoot, 'testing', 'index.ts');
  return { '@snapscale/contracts/testing': [existsSync(compiled) ? compiled : source] };
}
