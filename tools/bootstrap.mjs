// Set-up on a fresh clone: installs the packages and compiles, each only when something has changed since the last time.
// Plain JavaScript, since nothing is installed when it begins.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
const stamps = join(root, 'node_modules', '.cache', 'snapscale');

/** Installs and builds what is missing or stale. Ends the process with a clear text when that fails. */
export async function bootstrap({ build = true } = {}) {
  checkNode();
  await step('packages', hashOf(['package-lock.json']), () =>
    run('Installing packages (about 15 s, once)', npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error']),
  );
  if (!build) return;
  const folders = ['packages', 'apps', 'contracts/compiler', 'contracts/testing'];
  const settings = ['contracts/package.json', 'contracts/tsconfig.json', 'tsconfig.base.json', 'tsconfig.json'];
  const sources = [...folders.flatMap(filesBelow), ...settings];
  await step('build', hashOf(sources), () => run('Compiling', process.execPath, [bin('typescript', 'tsc'), '-b']));
}

/** Path of a command that an installed package provides, to be run by Node itself. */
export function bin(packageName, command = packageName) {
  const manifest = JSON.parse(readFileSync(join(root, 'node_modules', packageName, 'package.json'), 'utf8'));
  const path = typeof manifest.bin === 'string' ? manifest.bin : manifest.bin[command];
  return join(root, 'node_modules', packageName, path);
}

const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  fail(`SnapScale needs Node.js 20.19 or newer; this is ${process.versions.node} (${process.execPath}).`);
}

async function step(name, hash, work) {
  const stamp = join(stamps, name);
  const fresh = existsSync(stamp) && readFileSync(stamp, 'utf8') === hash;
  if (fresh && (name !== 'build' || existsSync(join(root, 'apps/node/dist/main.js')))) return;
  await work();
  mkdirSync(stamps, { recursive: true });
  writeFileSync(stamp, hash);
}

function run(what, command, args) {
  const began = Date.now();
  process.stderr.write(`${what} …\n`);
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: process.platform === 'win32',
    });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    const ticker = setInterval(() => process.stderr.write(`  … ${Math.round((Date.now() - began) / 1000)} s\n`), 5000);
    child.on('error', (error) => fail(`${what} failed: could not run ${command}: ${error.message}`));
    child.on('close', (code) => {
      clearInterval(ticker);
      if (code !== 0) fail(`${what} failed (exit code ${code}):\n${output}`);
      process.stderr.write(`  done in ${((Date.now() - began) / 1000).toFixed(1)} s\n`);
      resolve();
    });
  });
}

function fail(text) {
  process.stderr.write(`${text}\n`);
  process.exit(1);
}

function filesBelow(folder) {
  const found = [];
  const visit = (path) => {
    for (const entry of readdirSync(join(root, path), { withFileTypes: true })) {
      if (entry.name === 'dist' || entry.name === 'node_modules') continue;
      const child = join(path, entry.name);
      if (entry.isDirectory()) visit(child);
      else if (/\.(ts|tsx|json)$/.test(entry.name)) found.push(child);
    }
  };
  visit(folder);
  return found.sort();
}

/** Hash over names and contents. */
function hashOf(paths) {
  const hash = createHash('sha256');
  for (const path of paths) {
    hash.update(`${path}\n`);
    hash.update(readFileSync(join(root, path)));
  }
  hash.update(process.versions.node);
  return hash.digest('hex');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bootstrap();
