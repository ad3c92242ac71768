/** What the storage layer throws: failures of the world (disk, other processes), never a peer's or a user's fault. */

import { StateFault } from '@snapscale/execution';

/** Storage cannot do what was asked. The message says what was attempted, with which path and values. */
export class StoreFailure extends StateFault {
  override readonly name: string = 'StoreFailure';
}

/** Where and how stored bytes differ from what was written. */
export type CorruptionEvidence = {
  /** Path of the damaged file. */
  readonly file: string;
  /** Byte offset in that file where the damaged record begins, where it is known. */
  readonly offset?: number;
  readonly expected: string;
  readonly actual: string;
};

/** Stored bytes are not what was written; nothing was repaired, because a repair could lose final data. */
export class StoreCorruption extends StoreFailure {
  override readonly name: string = 'StoreCorruption';
  readonly evidence: CorruptionEvidence;

  /** @param what the thing that was read, for example "block 17". */
  constructor(what: string, evidence: CorruptionEvidence, options?: ErrorOptions) {
    super(
      `${what} is corrupt in ${evidence.file}${evidence.offset === undefined ? '' : ` at offset ${evidence.offset}`}: ` +
        `expected ${evidence.expected}, found ${evidence.actual}`,
      options,
    );
    this.evidence = evidence;
  }
}

/** Another process (or this one) already uses the data directory. */
export class DirectoryInUse extends StoreFailure {
  override readonly name: string = 'DirectoryInUse';
}

/** The system's error code of a caught value ("ENOENT"), or undefined. */
export function systemErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
