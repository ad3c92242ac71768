// `npm start`: set-up, then the node in this process's place.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { bootstrap, root } from './bootstrap.mjs';

await bootstrap();
const node = spawn(process.execPath, [join(root, 'apps/node/dist/main.js'), ...process.argv.slice(2)], {
  stdio: 'inherit',
});
// Ctrl-C reaches the node by itself, as it is in the same process group; a signal sent to this process alone is passed on.
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => node.kill(signal));
process.on('SIGINT', () => {});
node.on('exit', (code, signal) => process.exit(signal === null ? (code ?? 1) : 1));
