/** What a fuzzed decoder promises, and what it is when it breaks that. */
import { HttpFailure } from '../../../apps/node/src/http/server/failure.js';

type ErrorClass = abstract new (...parts: never[]) => Error;

/** One decoder. */
export type FuzzTarget = {
  readonly name: string;
  /** Sound inputs, to be damaged. */
  readonly samples: readonly Uint8Array[];
  /** Errors by which it refuses; any other is a finding. */
  readonly refusals: readonly ErrorClass[];
  /** Takes an input. Throws a refusal, or an error that says what is wrong. */
  readonly run: (input: Uint8Array) => void;
  /** JSON gets other values in its places as well as damaged bytes. */
  readonly form?: 'JSON';
  /** One input costs milliseconds. */
  readonly slow?: boolean;
};

/** Longer than this for one input is a finding, milliseconds of CPU. Inputs are no longer than 100,000 bytes or so. */
const SLOW_MS = 1000;
/** More memory than this held at the end of one input is a finding. */
const LARGE_BYTES = 256 * 1024 * 1024;

/** What is wrong with how a target takes an input; undefined when nothing is. */
export function findingOf(target: FuzzTarget, input: Uint8Array): string | undefined {
  const first = attempt(target, input);
  // Collecting garbage, or compiling the decoder itself, may fall into one run, but not into two.
  if (first.problem === undefined && (first.spentMs > SLOW_MS || first.heldBytes > LARGE_BYTES)) {
    const again = attempt(target, input);
    if (again.spentMs > SLOW_MS) return `takes ${again.spentMs.toFixed(0)} ms of CPU`;
    if (again.heldBytes > LARGE_BYTES) return `takes ${(again.heldBytes / 1024 / 1024).toFixed(0)} MiB`;
  }
  return first.problem;
}

type Attempt = { readonly problem: string | undefined; readonly spentMs: number; readonly heldBytes: number };

function attempt(target: FuzzTarget, input: Uint8Array): Attempt {
  const heldBefore = heldBytes();
  const began = process.cpuUsage();
  let problem: string | undefined;
  try {
    target.run(input);
  } catch (error) {
    if (!isRefusal(target, error)) problem = error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  const { user, system } = process.cpuUsage(began);
  return { problem, spentMs: (user + system) / 1000, heldBytes: heldBytes() - heldBefore };
}

function isRefusal({ refusals }: FuzzTarget, error: unknown): boolean {
  if (error instanceof HttpFailure && error.status >= 500) return false;
  return refusals.some((refusal) => error instanceof refusal);
}

function heldBytes(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
