/** A child process of the benchmark that runs one of its TypeScript files and talks over messages. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { root } from './node-process.js';

/** @param To what it is told, @param From what it says. */
export class MessagingProcess<To extends object, From extends { readonly kind: string }> {
  readonly #child: ChildProcess;
  readonly #held: From[] = [];
  #take: ((message: From) => void) | undefined;
  #fail: ((error: Error) => void) | undefined;
  #ended: Error | undefined;

  constructor(file: URL) {
    this.#child = fork(fileURLToPath(file), [], {
      cwd: root,
      execArgv: ['--conditions=source', '--import', 'tsx'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#child.on('message', (message: From) => {
      const take = this.#take;
      this.#take = undefined;
      if (take === undefined) this.#held.push(message);
      else take(message);
    });
    this.#child.on('exit', (code) => {
      this.#ended = new Error(`${file.pathname} ended with exit code ${code}`);
      this.#fail?.(this.#ended);
    });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  tell(message: To): void {
    this.#child.send(message);
  }

  /** The next message, which must be of this kind. */
  async hear<K extends From['kind']>(kind: K): Promise<Extract<From, { readonly kind: K }>> {
    const message =
      this.#held.shift() ??
      (await new Promise<From>((resolve, reject) => {
        if (this.#ended !== undefined) reject(this.#ended);
        this.#take = resolve;
        this.#fail = reject;
      }));
    if (message.kind !== kind) throw new Error(`expected a message ${kind}, got ${message.kind}`);
    return message as Extract<From, { readonly kind: K }>;
  }

  /** Ends the process. */
  end(): void {
    this.#fail = undefined;
    this.#child.kill('SIGKILL');
  }
}
