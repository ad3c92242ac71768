#!/usr/bin/env node
// Starts the compiled program, or in a checkout that is not compiled yet its sources. Plain JavaScript, so that it can
// say what is wrong when neither works.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const compiled = new URL('../dist/main.js', import.meta.url);
const source = new URL('../src/main.ts', import.meta.url);
const asSource = process.env.SNAPSCALE_RUN_SOURCES === '1';

if (asSource || existsSync(compiled)) {
  const { run } = await import(asSource ? source.href : compiled.href);
  process.exitCode = await run(process.argv.slice(2));
} else {
  const tsx = locateTsx();
  if (tsx === undefined || !existsSync(source)) {
    process.stderr.write(
      `snapscale is not built: ${fileURLToPath(compiled)} is missing.\n` +
        'Run `npm start` (installs, compiles and starts a node) or `npm run build` in the checkout.\n',
    );
    process.exitCode = 9;
  } else {
    const self = fileURLToPath(import.meta.url);
    const child = spawnSync(
      process.execPath,
      ['--conditions=source', '--import', tsx, self, ...process.argv.slice(2)],
      {
        stdio: 'inherit',
        env: { ...process.env, SNAPSCALE_RUN_SOURCES: '1' },
      },
    );
    process.exitCode = child.status ?? 1;
  }
}

/** The URL of tsx, which runs TypeScript; undefined where it is not installed. */
function locateTsx() {
  try {
    return import.meta.resolve('tsx');
  } catch {
    try {
      return createRequire(import.meta.url).resolve('tsx');
    } catch {
      return undefined;
    }
  }
}
