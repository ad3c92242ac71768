/**
 * A walk of many steps, each of which looks at what is there before it does anything. So a walk that was interrupted goes on
 * where it was, and what others have to do in between can take days.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { CommandError, configurationError, exitCodes } from '../program/failures.js';
import type { Session } from '../program/session.js';
import { printable } from '../terminal/style.js';

/** How a step ended. */
export type Outcome =
  | { readonly kind: 'done'; readonly text: string }
  /** It cannot go on: what is missing, and who can do what about it. `soon`: it will probably be there in a moment. */
  | { readonly kind: 'missing'; readonly text: string; readonly todo: string; readonly soon?: boolean };

/** A step. It is called again until it is done, or the time is over. */
export type WalkStep = {
  readonly label: string;
  readonly run: () => Promise<Outcome>;
};

/** Between two looks at a step that waits for others. */
const POLL_MS = 2000;
/** Between two looks at that. */
const SOON_POLL_MS = 300;

/** How long a walk waits. */
export type Patience = {
  /** For others, all together; 0: not at all. */
  readonly othersMs: number;
  /** For own programs: what will be there in a moment is not called missing before. */
  readonly programsMs: number;
};

/**
 * Takes the steps in turn, saying of each what is done or missing.
 * @param again the command that goes on with the walk
 * @throws CommandError when the time is over or the user has stopped; the walk can go on later
 */
export async function takeSteps(
  session: Session,
  steps: readonly WalkStep[],
  patience: Patience,
  again: string,
): Promise<void> {
  const { style } = session.output;
  const width = Math.max(...steps.map(({ label }) => label.length));
  const began = performance.now();
  for (const [index, { label, run }] of steps.entries()) {
    const place = `[${String(index + 1).padStart(String(steps.length).length)}/${steps.length}]`;
    const head = `${style.dim(place)} ${label.padEnd(width)}`;
    const leftMs = Math.max(0, patience.othersMs - (performance.now() - began));
    const text = await takeStep(session, { label, run }, head, { ...patience, othersMs: leftMs }, again);
    session.output.talk(`${style.green('✓')} ${head}  ${text}\n`);
  }
}

/** Tries a step until it is done. @returns what was done */
async function takeStep(
  session: Session,
  { label, run }: WalkStep,
  head: string,
  { othersMs, programsMs }: Patience,
  again: string,
): Promise<string> {
  const { output } = session;
  const began = performance.now();
  let said = '';
  for (;;) {
    const stop = output.progress(label, said);
    const outcome = await run().finally(stop);
    if (outcome.kind === 'done') return printable(outcome.text);
    const isSoon = outcome.soon === true && performance.now() - began < programsMs;
    if (session.signal.aborted || (!isSoon && performance.now() - began >= othersMs))
      throw unfinished(label, outcome, again);
    if (!isSoon && outcome.text !== said) {
      said = outcome.text;
      output.talk(
        `${output.style.yellow('…')} ${head}  missing: ${printable(said)}\n${printable(outcome.todo).replace(/^/gm, '    ')}\n`,
      );
    }
    const pollMs = isSoon ? SOON_POLL_MS : POLL_MS;
    await wait(pollMs, undefined, { signal: session.signal }).catch(() => undefined);
  }
}

/** What a walk remembers: options that must be the same when it goes on. */
export class WalkMemory<State extends object> {
  readonly path: string;

  constructor(directory: string, name: string) {
    this.path = join(directory, name);
  }

  /** What was remembered; undefined at the first time. @throws CommandError */
  read(): State | undefined {
    try {
      return JSON.parse(readFileSync(this.path, 'utf8')) as State;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw configurationError(
        `${this.path} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }

  write(state: State): void {
    writePrivate(this.path, `${JSON.stringify(state, null, 2)}\n`);
  }
}

/** Writes a file that its owner alone can read, whole or not at all. */
export function writePrivate(path: string, content: string | Uint8Array, mode = 0o600): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.new`;
  writeFileSync(temporary, content, { mode, flush: true });
  renameSync(temporary, path);
}

function unfinished(label: string, outcome: Extract<Outcome, { kind: 'missing' }>, again: string): CommandError {
  return new CommandError(
    'unfinished',
    exitCodes.notFinal,
    `not finished at “${label}”: ${outcome.text}`,
    `Everything up to here is kept. Go on with: ${again}`,
    { lines: outcome.todo.split('\n'), values: { step: label, todo: outcome.todo } },
  );
}
