/**
 * The program with the certificate authorities of all organisations. Nodes and clients do not need it to be up: it is started
 * after them, and again when it dies.
 */
import type { LocalCaStatus, NetworkDescription } from '@snapscale/api';
import { caProgramName } from '@snapscale/api';
import { Child } from '../child.js';
import { toFailure } from '../failure.js';
import type { LogFile } from '../logs/log-file.js';

const RESTART_MS_MIN = 1000;
const RESTART_MS_MAX = 60_000;
/** One that has run for so long is started again at once when it dies. */
const STEADY_MS = 60_000;

export type CaProgramOptions = {
  readonly ports: NonNullable<NetworkDescription['ca']>;
  /** Arguments for Node: options of its own, the program, the program's arguments. */
  readonly command: readonly string[];
  readonly log: LogFile;
  /** For people. */
  readonly notice: (text: string) => void;
};

export class CaProgram {
  readonly #options: CaProgramOptions;
  readonly #child: Child;
  #timer: NodeJS.Timeout | undefined;
  #delayMs = RESTART_MS_MIN;
  #readyAt = 0;

  constructor(options: CaProgramOptions) {
    this.#options = options;
    const { command, log } = options;
    this.#child = new Child({ name: caProgramName, command, log, died: () => this.#again() });
  }

  /** Starts it, and waits until it is ready. @throws LaunchFailure; it is not tried again by itself then */
  async start(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#child.start();
    this.#readyAt = performance.now();
  }

  /** Starts it, now and whenever it ends, without waiting. */
  keepRunning(): void {
    this.start().catch((error) => {
      if (this.#child.state === 'failed') this.#again(toFailure(error).message);
    });
  }

  /** Ends it gracefully; it stays down until it is started. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#child.stop();
  }

  /** Ends it as a power cut would; it stays down until it is started. */
  async kill(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#child.kill();
  }

  abandon(): void {
    clearTimeout(this.#timer);
    this.#child.abandon();
  }

  get isAlive(): boolean {
    return this.#child.isAlive;
  }

  status(): LocalCaStatus {
    const { state, reason, pid } = this.#child;
    const { port, tlsPort } = this.#options.ports;
    return {
      state,
      ...(reason === undefined ? {} : { reason }),
      ...(pid === undefined ? {} : { pid }),
      url: `http://localhost:${port}`,
      tlsUrl: `https://localhost:${tlsPort}`,
    };
  }

  #again(what = `it has died: ${this.#child.reason}`): void {
    if (this.#readyAt > 0 && performance.now() - this.#readyAt > STEADY_MS) this.#delayMs = RESTART_MS_MIN;
    const seconds = this.#delayMs / 1000;
    this.#options.notice(
      `certificate authority: ${what}. The network goes on without it; it is started again in ${seconds} s`,
    );
    this.#timer = setTimeout(() => this.keepRunning(), this.#delayMs);
    this.#delayMs = Math.min(2 * this.#delayMs, RESTART_MS_MAX);
  }
}
