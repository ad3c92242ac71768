// `npm start`: set-up, then the network, or with --single one node alone, in this process's place.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { bootstrap, root } from './bootstrap.mjs';

const given = process.argv.slice(2);
/** These make sense for one node alone only. */
const isSingle = given.some((argument) => /^--(single|production|snapshot)(=|$)/.test(argument));
const program = isSingle ? 'apps/node/dist/main.js' : 'apps/node/dist/launcher/main.js';
const options = given.filter((argument) => argument !== '--single');

await bootstrap();
const child = spawn(process.execPath, [join(root, program), ...options], { stdio: 'inherit' });
// Ctrl-C reaches the child by itself, as it is in the same process group; a signal sent to this process alone is passed on.
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
process.on('SIGINT', () => {});
child.on('exit', (code, signal) => process.exit(signal === null ? (code ?? 1) : 1));
