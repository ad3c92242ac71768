/**
 * The compiler's own process. Clang is a WebAssembly module of 75 MB, which V8's optimising compiler would work on for
 * ten seconds and more; the flag against that holds for a whole process, and contracts must not run under it.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { contractsRoot } from './contracts-root.js';
import { mainStackFlag } from './main-stack.js';
import type { CompileInput, CppStandard, ToolResult } from './toolchain.js';

export type Job =
  | { readonly kind: 'syntaxTree' | 'object'; readonly input: CompileInput }
  | { readonly kind: 'link'; readonly objects: readonly Uint8Array[]; readonly debug: boolean }
  | { readonly kind: 'sdkTree'; readonly standard: CppStandard; readonly name: string };

export type JobReply =
  | { readonly kind: 'done'; readonly result: ToolResult }
  | { readonly kind: 'failed'; readonly message: string };

/** Memory of the process beyond which it is killed (ordinary builds need 0.5 to 0.7 GB). */
const residentBytesMax = 3 * 1024 ** 3;
const memoryCheckMs = 500;

const workerPath = fileURLToPath(
  new URL(`./compile-worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url),
);

/** Starts the process at the first job. Jobs run one after the other. */
export class CompileProcess {
  private readonly cacheDir: string;
  private readonly jobMsMax: number;
  private child: ChildProcess | undefined;
  private queue: Promise<unknown> = Promise.resolve();

  /** A job that takes longer than `jobMsMax` ends with an error, and the process with it. */
  constructor(cacheDir: string, jobMsMax: number) {
    this.cacheDir = cacheDir;
    this.jobMsMax = jobMsMax;
  }

  run(job: Job): Promise<ToolResult> {
    const result = this.queue.then(() => this.runOnce(job).catch((cause: unknown) => this.runAfresh(job, cause)));
    this.queue = result.catch(() => undefined);
    return result;
  }

  /** Ends the process. A later job starts another. */
  close(): void {
    this.child?.kill('SIGKILL');
    this.child = undefined;
  }

  /** Memory may be what earlier jobs left behind: whether this one needs too much shows in a process of its own. */
  private runAfresh(job: Job, cause: unknown): Promise<ToolResult> {
    if (!(cause instanceof MemoryExceeded)) throw cause;
    return this.runOnce(job);
  }

  private runOnce(job: Job): Promise<ToolResult> {
    this.child ??= this.start();
    const child = this.child;
    return new Promise((resolve, reject) => {
      const settle = (outcome: () => void): void => {
        clearTimeout(deadline);
        clearInterval(watch);
        for (const [event, listener] of Object.entries(listeners)) child.off(event, listener);
        outcome();
      };
      const abandon = (failure: Error | string): void =>
        settle(() => {
          if (this.child === child) this.close();
          reject(typeof failure === 'string' ? new Error(failure) : failure);
        });
      const listeners = {
        message: (reply: JobReply) =>
          settle(() => (reply.kind === 'done' ? resolve(reply.result) : reject(new Error(reply.message)))),
        exit: (code: number | null, signal: string | null) =>
          abandon(`the compiler's process ended early (${signal ?? code})`),
        error: (cause: Error) => abandon(`the compiler's process failed: ${cause.message}`),
      };
      const tooLong = `compiling took longer than ${this.jobMsMax} ms and was stopped`;
      const deadline = setTimeout(() => abandon(tooLong), this.jobMsMax);
      const watch = setInterval(
        () => residentBytes(child.pid) > residentBytesMax && abandon(new MemoryExceeded()),
        memoryCheckMs,
      );
      for (const [event, listener] of Object.entries(listeners)) child.on(event, listener);
      child.send(job, (cause) => cause && abandon(`the compiler's process failed: ${cause.message}`));
    });
  }

  private start(): ChildProcess {
    const loader = workerPath.endsWith('.ts') ? ['--conditions=source', '--import', 'tsx'] : [];
    const child = fork(workerPath, [this.cacheDir], {
      cwd: contractsRoot,
      execArgv: ['--liftoff-only', '--expose-gc', mainStackFlag(), ...loader],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const forget = (): void => {
      if (this.child === child) this.child = undefined;
    };
    child.on('exit', forget).on('error', forget);
    // Between jobs the process does not keep this one alive; it ends by itself when this one does.
    child.unref();
    child.channel?.unref();
    return child;
  }
}

/** The memory of a process, where the operating system tells it in /proc; 0 elsewhere. */
function residentBytes(pid: number | undefined): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * 4096;
  } catch {
    return 0;
  }
}

class MemoryExceeded extends Error {
  constructor() {
    super(`compiling took more than ${residentBytesMax} bytes of memory and was stopped`);
  }
}
