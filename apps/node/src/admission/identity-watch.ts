/** Sees when the files of a node's identity change, by whomever, and reads them again. */
import { statSync } from 'node:fs';
import type { Identity } from '../p2p/identity.js';
import { identityFiles, readIdentity } from '../p2p/identity-files.js';

export type IdentityWatchOptions = {
  readonly directory: string;
  /** What is in use. The files may have changed already since it was read. */
  readonly inUse: Identity;
  /** Takes what was read. @throws Error when it cannot be used; it is read again at the next look then */
  readonly changed: (identity: Identity) => void;
  /** The files cannot be used, not only for a moment. The old identity stays in use. */
  readonly fault: (error: Error) => void;
  readonly intervalMs?: number;
};

const INTERVAL_MS = 2_000;
/** Files are replaced one after the other: what does not fit together at one look may at the next. */
const FAULTS_BEFORE_WORD = 2;

export class IdentityWatch {
  readonly #options: IdentityWatchOptions;
  readonly #timer: NodeJS.Timeout;
  /** Of the files that were read last; undefined before the first look. */
  #seen: string | undefined;
  #inUse: Identity;
  #faults = 0;

  constructor(options: IdentityWatchOptions) {
    this.#options = options;
    this.#inUse = options.inUse;
    this.#timer = setInterval(() => this.look(), options.intervalMs ?? INTERVAL_MS);
    this.#timer.unref();
  }

  /** Looks now. */
  look(): void {
    const seen = fingerprint(this.#options.directory);
    if (seen === this.#seen) return;
    try {
      const identity = readIdentity(this.#options.directory);
      if (textOf(identity) !== textOf(this.#inUse)) this.#options.changed(identity);
      this.#inUse = identity;
      this.#seen = seen;
      this.#faults = 0;
    } catch (error) {
      this.#faults++;
      if (this.#faults === FAULTS_BEFORE_WORD) this.#options.fault(error as Error);
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }
}

function textOf({ certificate, privateKey, authorities }: Identity): string {
  return [certificate, privateKey, ...authorities].map((pem) => pem.trim()).join('\n');
}

function fingerprint(directory: string): string {
  return Object.values(identityFiles(directory))
    .map((path) => {
      const stat = statSync(path, { throwIfNoEntry: false });
      return stat === undefined ? '' : `${stat.ino} ${stat.size} ${stat.mtimeMs}`;
    })
    .join('\n');
}
