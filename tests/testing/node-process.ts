/** A real node for tests: the compiled program as a child process, on a free port and in a directory of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The key that controls every account of a development network. */
export const developmentKey = '5KQwrPbwdL6PhXujxW37FSSQZ1JiwsST4cqQzDeyXtP79zkvFD3';
export const developmentPublicKey = 'EOS6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5GDW5CV';

const root = fileURLToPath(new URL('../..', import.meta.url));
const program = join(root, 'apps/node/dist/main.js');
const READY_MS = 60_000;
const STOP_MS = 15_000;
const POLL_MS = 25;

export type NodeProcess = {
  readonly url: string;
  readonly pid: number;
  readonly dataDir: string;
  /** What the process has written so far. */
  output(): string;
  /** Posts JSON and gives the status and the JSON of the answer. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every form
  post(path: string, body?: unknown): Promise<{ readonly status: number; readonly body: any }>;
  /** Ends the process by its id, gracefully, and removes its directory. */
  stop(): Promise<void>;
};

/** Starts a development network. The compiled program must exist: `npm test` builds it first. */
export async function startNodeProcess(args: readonly string[] = []): Promise<NodeProcess> {
  if (!existsSync(program)) throw new Error(`${program} is missing: run npm run build`);
  const dataDir = mkdtempSync(join(tmpdir(), 'snapscale-test-'));
  const child = spawn(process.execPath, [program, '--data', dataDir, '--port', '0', '--log-level', 'warn', ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const exited = new Promise<void>((resolve) => child.on('close', () => resolve()));
  // A test run that dies must not leave the node behind.
  const abandon = () => child.kill('SIGKILL');
  process.once('exit', abandon);
  exited.then(() => process.off('exit', abandon));
  const address = () => /running at http:\/\/localhost:(\d+)/.exec(output)?.[1];
  await until('the node is ready', () => address() !== undefined || child.exitCode !== null, READY_MS);
  const port = address();
  if (port === undefined) throw new Error(`the node ended before it was ready:\n${output}`);
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    pid: child.pid!,
    dataDir,
    output: () => output,
    async post(path, body = {}) {
      const response = await fetch(url + path, { method: 'POST', body: JSON.stringify(body) });
      return { status: response.status, body: await response.json() };
    },
    async stop() {
      await end(child, exited);
      rmSync(dataDir, { recursive: true, force: true });
      if (child.exitCode !== 0) throw new Error(`the node ended with exit code ${child.exitCode}:\n${output}`);
    },
  };
}

async function end(child: ChildProcess, exited: Promise<void>): Promise<void> {
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await exited;
  clearTimeout(timer);
}

/** Looks again and again until `holds` gives something that is not false or undefined, which is returned. */
export async function until<T>(
  what: string,
  holds: () => T | false | undefined | Promise<T | false | undefined>,
  deadlineMs = 15_000,
): Promise<T> {
  const end = Date.now() + deadlineMs;
  for (;;) {
    const found = await holds();
    if (found !== false && found !== undefined) return found;
    if (Date.now() > end) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
