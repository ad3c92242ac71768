/** The programs that a joining organisation runs: its CA and its node, as processes that outlive the command. */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { configurationError } from '../program/failures.js';
import { writePrivate } from './walk.js';

/** The checkout that this program is part of. */
const root = fileURLToPath(new URL('../../../..', import.meta.url));
const compiled = { node: join(root, 'apps/node/dist/main.js'), ca: join(root, 'apps/ca/dist/main.js') };

/** A program to run. */
export type Program = {
  readonly kind: 'node' | 'ca';
  readonly args: readonly string[];
  /** Where it writes. */
  readonly log: string;
  /** Where its process id is kept. */
  readonly pidFile: string;
};

/** How programs are started; tests have a way of their own. */
export type Starter = {
  /** Starts a program unless it runs. @returns what it is, for people */
  start(program: Program): string;
  /** A port that nobody uses now. */
  freePort(): Promise<number>;
  /** Time for a program to answer, or to catch up, before that counts as missing. */
  readonly answerMs: number;
};

/** Real processes. */
export const processes: Starter = {
  answerMs: 30_000,
  start(program) {
    const running = runningPid(program.pidFile);
    if (running !== undefined) return `runs as process ${running}`;
    const path = compiled[program.kind];
    if (!existsSync(path)) throw configurationError(`${path} is missing`, 'Compile it: npm run build');
    mkdirSync(dirname(program.log), { recursive: true });
    const log = openSync(program.log, 'a', 0o600);
    const child = spawn(process.execPath, [path, ...program.args], { detached: true, stdio: ['ignore', log, log] });
    closeSync(log);
    child.unref();
    writePrivate(program.pidFile, `${child.pid}\n`);
    return `started as process ${child.pid}`;
  },
  freePort: () =>
    new Promise((resolve, reject) => {
      const server = createServer();
      server.once('error', reject);
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
      });
    }),
};

/** The first of a node's hosts that others can reach from elsewhere; undefined where all are this machine's own. */
export function publicHost(hosts: readonly string[]): string | undefined {
  return hosts.find((host) => !/^(localhost|127\.\d+\.\d+\.\d+|::1)$/.test(host));
}

/** Options of a node that others reach from elsewhere. */
export function reachableOptions(hosts: readonly string[]): readonly string[] {
  return publicHost(hosts) === undefined ? [] : ['--peer-host', '0.0.0.0'];
}

/** The command line that starts a program, as people type it. */
export function commandLine({ kind, args }: Program): string {
  const path = relative(process.cwd(), compiled[kind]);
  return ['node', path.startsWith('..') ? compiled[kind] : path, ...args].join(' ');
}

/** The last lines of a program's log, for whoever wonders why it does not answer. */
export function lastLines(path: string, count = 4): string[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-count);
}

function runningPid(pidFile: string): number | undefined {
  if (!existsSync(pidFile)) return undefined;
  const pid = Number(readFileSync(pidFile, 'utf8'));
  try {
    if (pid > 0) process.kill(pid, 0);
    return pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}
