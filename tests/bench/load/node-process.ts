/** A real node as a child process: started on a data directory, measured through /proc, stopped or killed by its id. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The repository's root, with a slash at its end. */
export const root = fileURLToPath(new URL('../../..', import.meta.url));
/** The compiled node. */
export const nodeProgram = fileURLToPath(new URL('../../../apps/node/dist/main.js', import.meta.url));
/** The compiled certificate authority. */
export const caProgram = fileURLToPath(new URL('../../../apps/ca/dist/main.js', import.meta.url));

/** CPU time that a thread has used, seconds. The first thread of a process is its main thread. */
export type ThreadCpu = { readonly thread: number; readonly seconds: number };

/** A node that ended before it was ready; the message holds what it wrote. */
export class StartRefused extends Error {
  override readonly name = 'StartRefused';
  readonly exitCode: number | null;
  readonly output: string;

  constructor(exitCode: number | null, output: string) {
    super(`the node ended with exit code ${exitCode} before it was ready:\n${output}`);
    this.exitCode = exitCode;
    this.output = output;
  }
}

export type NodeProcessOptions = {
  /** Arguments for Node itself, before the program. */
  readonly execArgv?: readonly string[];
  /** Arguments for the program besides `--data` and `--port`. */
  readonly args?: readonly string[];
  /** Give up when the node is not ready after this time. Default 60 s. */
  readonly readyTimeoutMs?: number;
};

/** A node that answers at `url`. */
export class NodeProcess {
  readonly url: string;
  readonly port: number;
  readonly dataDir: string;
  /** Time from the start of the process until its address was printed. */
  readonly readyMs: number;
  readonly #child: ChildProcess;
  readonly #output: string[];
  readonly #exited: Promise<number | null>;

  private constructor(
    child: ChildProcess,
    output: string[],
    exited: Promise<number | null>,
    port: number,
    dataDir: string,
    readyMs: number,
  ) {
    this.#child = child;
    this.#output = output;
    this.#exited = exited;
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
    this.dataDir = dataDir;
    this.readyMs = readyMs;
  }

  /** Starts the compiled node on a free port of the loopback interface. @throws StartRefused */
  static async start(dataDir: string, options: NodeProcessOptions = {}): Promise<NodeProcess> {
    if (!existsSync(nodeProgram)) throw new Error(`${nodeProgram} is missing: run npm run build first`);
    const { execArgv = [], args = [], readyTimeoutMs = 60_000 } = options;
    const began = performance.now();
    const child = spawn(process.execPath, [...execArgv, nodeProgram, '--data', dataDir, '--port', '0', ...args], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output: string[] = [];
    const exited = new Promise<number | null>((resolve) => child.on('close', resolve));
    const port = await new Promise<number>((resolve, reject) => {
      const timer = setTimeout(() => {
        child.kill('SIGKILL');
        reject(new Error(`the node was not ready after ${readyTimeoutMs / 1000} s:\n${output.join('')}`));
      }, readyTimeoutMs);
      const read = (chunk: Buffer) => {
        output.push(chunk.toString());
        if (output.length > OUTPUT_CHUNKS_MAX) output.splice(0, OUTPUT_CHUNKS_MAX / 2);
        const found = /running at http:\/\/[^:\s]+:(\d+)/.exec(output.join(''));
        if (found === null) return;
        clearTimeout(timer);
        child.stdout!.off('data', read);
        child.stdout!.resume();
        resolve(Number(found[1]));
      };
      child.stdout!.on('data', read);
      child.stderr!.on('data', (chunk: Buffer) => output.push(chunk.toString()));
      void exited.then((code) => {
        clearTimeout(timer);
        reject(new StartRefused(code, output.join('')));
      });
    });
    return new NodeProcess(child, output, exited, port, dataDir, performance.now() - began);
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** What the node has written to standard error, and to standard output until it was ready. */
  get output(): string {
    return this.#output.join('');
  }

  /** Resolves with the exit code when the process has ended; null after a signal. */
  get exited(): Promise<number | null> {
    return this.#exited;
  }

  /** Asks the node to end, and waits for it; kills it when it does not. */
  async stop(timeoutMs = 15_000): Promise<number | null> {
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), timeoutMs);
    const code = await this.#exited;
    clearTimeout(timer);
    return code;
  }

  /** Ends the node as a power cut would, as far as a process can tell. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }
}

const OUTPUT_CHUNKS_MAX = 2000;
/** `USER_HZ` of every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** CPU time of a process with all of its threads, seconds; NaN where there is no /proc. */
export function cpuSecondsOf(pid: number): number {
  return readCpu(`/proc/${pid}/stat`);
}

/** CPU time of each thread that is alive, in the order of their start. */
export function threadCpu(pid: number): ThreadCpu[] {
  const folder = `/proc/${pid}/task`;
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .map(Number)
    .sort((a, b) => a - b)
    .map((thread) => ({ thread, seconds: readCpu(`${folder}/${thread}/stat`) }));
}

/** Resident memory of a process in bytes: all of it, and what belongs to no file; NaN where there is no /proc. */
export function memoryOf(pid: number): { readonly rssBytes: number; readonly anonymousBytes: number } {
  const path = `/proc/${pid}/status`;
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const field = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(text)?.[1] ?? Number.NaN) * 1024;
  return { rssBytes: field('VmRSS'), anonymousBytes: field('RssAnon') };
}

function readCpu(path: string): number {
  try {
    const text = readFileSync(path, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  } catch {
    return Number.NaN;
  }
}
