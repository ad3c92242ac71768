/** Contracts in AssemblyScript: the examples of proton-tsc, compiled by its own compiler, once. */
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ContractFiles, readContract } from './contract-ledger.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const require = createRequire(import.meta.url);

function cacheFolder(): string {
  const { version } = JSON.parse(readFileSync(join(root, 'node_modules/proton-tsc/package.json'), 'utf8'));
  return join(root, 'node_modules/.cache/snapscale', `proton-tsc-${version}`);
}

/**
 * The example `contract`, compiled. What was compiled once is kept in `node_modules/.cache`.
 * Cost: about eight seconds of one core the first time.
 */
export async function compileExample(contract: string): Promise<ContractFiles> {
  const cache = cacheFolder();
  const target = join(cache, contract);
  if (!existsSync(target)) {
    // The compiler does not take sources below a folder called node_modules for its own.
    const work = mkdtempSync(join(tmpdir(), 'snapscale-asc-'));
    cpSync(join(root, 'node_modules/proton-tsc/examples'), work, { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(work, 'node_modules'), 'junction');
    await compile(work, `${contract}/${contract}.contract.ts`);
    const made = `${target}-${process.pid}`;
    mkdirSync(cache, { recursive: true });
    cpSync(join(work, contract, 'target'), made, { recursive: true });
    try {
      renameSync(made, target);
    } catch (error) {
      // Somebody else was quicker.
      rmSync(made, { recursive: true });
      if (!existsSync(target)) throw error;
    }
    rmSync(work, { recursive: true });
  }
  return readContract(join(target, `${contract}.contract`));
}

function compile(folder: string, source: string): Promise<void> {
  const preload = [require.resolve('tsx/cjs'), fileURLToPath(new URL('./ts-node-stub.cjs', import.meta.url))];
  const args = [
    '--no-deprecation',
    ...preload.flatMap((path) => ['--require', path]),
    join(root, 'node_modules/proton-asc/bin/proton-asc.js'),
    source,
  ];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, SNAPSCALE_STUBBED_MODULE: join(root, 'node_modules/ts-node/dist/index.js') },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    child.on('error', reject);
    child.on('close', () => {
      if (existsSync(join(folder, source.replace(/[^/]+$/, 'target'), source.replace(/.*\/(.*)\.ts$/, '$1.wasm'))))
        resolve();
      else reject(new Error(`${source} was not compiled:\n${output}`));
    });
  });
}
