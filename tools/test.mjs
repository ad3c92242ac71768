// `npm test`: set-up, then all tests. Arguments go to vitest: `npm test -- packages/protocol`.
import { spawn } from 'node:child_process';
import { bin, bootstrap, root } from './bootstrap.mjs';

await bootstrap();
const began = Date.now();
const tests = spawn(process.execPath, [bin('vitest'), 'run', ...process.argv.slice(2)], {
  cwd: root,
  stdio: ['ignore', 'pipe', 'inherit'],
  env: { ...process.env, FORCE_COLOR: process.stdout.isTTY ? '1' : '0' },
});
let tail = '';
tests.stdout.on('data', (chunk) => {
  process.stdout.write(chunk);
  tail = (tail + chunk).slice(-4000);
});
tests.on('close', (code) => {
  const count = (word) => Number(new RegExp(`Tests .*?(\\d+) ${word}`).exec(plain(tail))?.[1] ?? 0);
  process.stdout.write(`\ntook ${((Date.now() - began) / 1000).toFixed(0)} s\n`);
  process.stdout.write(`${count('passed')} passed, ${count('failed')} failed\n`);
  process.exit(code ?? 1);
});

function plain(text) {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes begin with ESC
  return text.replace(/\u001b\[[0-9;]*m/g, '');
}
