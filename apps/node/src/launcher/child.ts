/** A program of the network, a node or the certificate authority: its process, from the start to the end, however that comes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import type { LocalNodeState } from '@snapscale/api';
import { LaunchFailure } from './failure.js';
import type { LogFile } from './logs/log-file.js';

/** A stop that takes longer than this becomes a kill, milliseconds; a node gives itself 10 s. */
const STOP_TIMEOUT_MS = 20_000;
/** Lines of the log that are shown when a node fails. */
const LAST_LINES = 6;

/** What the process says over its IPC channel. */
type ChildMessage = { readonly kind: 'ready' } | { readonly kind: 'failed'; readonly message: string };

export type ChildOptions = {
  /** How it is called where nodes are named. */
  readonly name: string;
  /** Arguments for Node: options of its own, the program, the program's arguments. */
  readonly command: readonly string[];
  readonly log: LogFile;
  /** Called when the process has ended without being asked to after it was ready. */
  readonly died: () => void;
};

export class Child {
  readonly name: string;
  readonly #options: ChildOptions;
  #process: ChildProcess | undefined;
  #state: LocalNodeState = 'stopped';
  #reason: string | undefined;
  #lastLines: readonly string[] = [];
  #said: string | undefined;
  #exited: Promise<void> = Promise.resolve();

  constructor(options: ChildOptions) {
    this.#options = options;
    this.name = options.name;
  }

  get state(): LocalNodeState {
    return this.#state;
  }

  get isAlive(): boolean {
    return this.#process !== undefined;
  }

  /** Why it is not running; undefined where that was asked for. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** What it wrote last before it failed. */
  get lastLines(): readonly string[] {
    return this.#lastLines;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Starts the process and waits until it says that it is ready. @throws LaunchFailure when it ends before */
  async start(): Promise<void> {
    const { log, command } = this.#options;
    if (this.isAlive) throw new LaunchFailure(`${this.name} is ${this.#state} already (process ${this.pid})`);
    this.#state = 'starting';
    this.#reason = undefined;
    this.#said = undefined;
    this.#lastLines = [];
    const logBeganAt = log.sizeBytes;
    const output = log.open();
    const child = spawn(process.execPath, [...command], { stdio: ['ignore', output, output, 'ipc'] });
    closeSync(output);
    this.#process = child;
    return new Promise((resolve, reject) => {
      child.on('message', (message) => {
        const said = message as ChildMessage;
        if (said.kind === 'failed') this.#said = said.message;
        if (said.kind !== 'ready') return;
        this.#state = 'running';
        this.began(child);
        resolve();
      });
      this.#exited = new Promise((ended) => {
        const end = (how: string, isClean: boolean) => {
          if (this.#process !== child) return;
          this.#process = undefined;
          this.#ended(how, isClean, logBeganAt);
          ended();
          reject(this.failure());
        };
        child.once('error', (error) => end(`cannot be started: ${error.message}`, false));
        child.once('exit', (code, signal) => {
          // One that is still starting has nothing to finish, and ends by the signal.
          end(signal === null ? `exit code ${code}` : signal, code === 0 || signal === 'SIGTERM');
        });
      });
      this.began(child);
    });
  }

  /** Called when the process is there, and once more when it is ready. */
  protected began(_process: ChildProcess): void {}

  /** Ends the process gracefully. Also when it is still starting. */
  async stop(): Promise<void> {
    await this.#end('stopping', 'SIGTERM');
  }

  /** Ends the process as a power cut would. */
  async kill(): Promise<void> {
    await this.#end('killed', 'SIGKILL');
  }

  /** Asks the process to end, without waiting: this one is ending. */
  abandon(): void {
    this.#process?.kill('SIGTERM');
  }

  /** Why it does not run, for whoever wanted it to. */
  failure(): LaunchFailure {
    const { log } = this.#options;
    return new LaunchFailure(`${this.name} could not be started: ${this.#reason ?? this.#state}`, {
      lines: this.#lastLines,
      hint: `Its whole log: ${log.path}`,
    });
  }

  async #end(state: 'stopping' | 'killed', signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#process;
    if (child === undefined) {
      // What has ended by itself stays seen until now.
      this.#state = 'stopped';
      this.#reason = undefined;
      return;
    }
    this.#state = state;
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await this.#exited;
    clearTimeout(timer);
  }

  #ended(how: string, isClean: boolean, logBeganAt: number): void {
    const { log, died } = this.#options;
    const wasRunning = this.#state === 'running';
    if (this.#state === 'killed') return;
    if (this.#state === 'stopping') {
      this.#state = 'stopped';
      if (!isClean) this.#reason = `did not stop by itself: ${how}`;
      return;
    }
    this.#state = 'failed';
    this.#lastLines = log.tail(LAST_LINES, Math.min(logBeganAt, log.sizeBytes));
    this.#reason = this.#said ?? `its process has ended (${how})`;
    if (wasRunning) died();
  }
}
