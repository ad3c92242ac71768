/** What commands write: the result to stdout, everything else to stderr. */
import { hasColour, makeStyle, printable, type Style } from '../terminal/style.js';
import type { Failure } from './failures.js';
import { programName, withProgramName } from './invocation.js';

/** A stream that takes text. */
export type TextStream = {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
};

/** How to write. */
export type OutputOptions = {
  readonly stdout: TextStream;
  readonly stderr: TextStream;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly noColour: boolean;
};

/** Columns of a result that goes to a file or another program. */
const COLUMNS_ELSEWHERE = 120;
/** Patience before it is said that something takes its time, and between the times that it is said. */
const PROGRESS_EVERY_MS = 700;
/** Patience before it is said why. */
const LONG_AFTER_MS = 7000;

/** Writes results and remarks. */
export class Output {
  readonly json: boolean;
  /** Style of what goes to stdout. */
  readonly style: Style;
  /** Whether what goes to stdout has colours. */
  readonly hasColour: boolean;
  readonly #options: OutputOptions;
  readonly #talk: Style;

  constructor(options: OutputOptions) {
    const { stdout, stderr, environment, noColour } = options;
    this.#options = options;
    this.json = options.json;
    const colour = (stream: TextStream) => !noColour && hasColour({ isTerminal: stream.isTTY === true, environment });
    this.hasColour = colour(stdout);
    this.style = makeStyle(this.hasColour);
    this.#talk = makeStyle(colour(stderr));
  }

  /** Whether the result goes to a terminal, where it may be clipped; elsewhere nothing may be lost. */
  get isTerminal(): boolean {
    return this.#options.stdout.isTTY === true;
  }

  /** Columns that a result may take. */
  get columns(): number {
    const { stdout } = this.#options;
    return stdout.isTTY === true ? (stdout.columns ?? 80) : COLUMNS_ELSEWHERE;
  }

  /** The result: as JSON where asked for, otherwise lines for people. */
  result(value: unknown, lines: () => readonly string[]): void {
    if (this.json) this.#options.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
    else this.lines(lines());
  }

  /** Lines of the result. */
  lines(lines: readonly string[]): void {
    if (lines.length > 0) this.#options.stdout.write(`${lines.join('\n')}\n`);
  }

  /** One of a row of results: JSON on one line, or a line for people. */
  event(value: unknown, line: () => string): void {
    this.#options.stdout.write(`${this.json ? JSON.stringify(value) : line()}\n`);
  }

  /** A remark that is not part of the result. */
  note(text: string): void {
    if (this.#options.quiet || this.json) return;
    const said = withProgramName(text, programName(this.#options.environment));
    this.#options.stderr.write(`${this.#talk.dim(printable(said))}\n`);
  }

  /** What something else says, as it comes. */
  talk(text: string): void {
    if (!this.#options.quiet && !this.json) this.#options.stderr.write(text);
  }

  /** Something that the user should know, whatever was asked for. */
  warn(text: string): void {
    this.#options.stderr.write(`${this.#talk.yellow('Warning:')} ${text}\n`);
  }

  /** What to do next. */
  next(...commands: readonly string[]): void {
    if (this.#options.quiet || this.json || this.#options.stderr.isTTY !== true) return;
    const name = programName(this.#options.environment);
    const [first, ...rest] = commands.map((command) => this.#talk.cyan(`${name} ${command}`));
    this.#options.stderr.write(
      `${this.#talk.dim('Next:')} ${first}\n${rest.map((line) => `      ${line}\n`).join('')}`,
    );
  }

  /**
   * Says on a terminal what is being waited for and for how long, if it takes its time. Returns how to take the words away.
   * @param why said too, where it takes very long
   */
  progress(text: string, why = ''): () => void {
    const { stderr, quiet } = this.#options;
    if (quiet || this.json || stderr.isTTY !== true) return () => undefined;
    let shownMs = 0;
    const timer = setInterval(() => {
      shownMs += PROGRESS_EVERY_MS;
      const seconds = shownMs < 2000 ? '' : ` ${Math.floor(shownMs / 1000)} s`;
      const reason = why === '' || shownMs < LONG_AFTER_MS ? '' : `  (${why})`;
      // A line that wraps could not be taken away again.
      const line = `${text} …${seconds}${reason}`.slice(0, (stderr.columns ?? 80) - 1);
      stderr.write(`\r\u001b[2K${this.#talk.dim(line)}`);
    }, PROGRESS_EVERY_MS);
    timer.unref();
    return () => {
      clearInterval(timer);
      if (shownMs > 0) stderr.write('\r\u001b[2K');
    };
  }

  /** Why a command failed: for people on stderr, with --json as a problem document on stdout. */
  failure(failure: Failure, verbose = false): void {
    const { stdout, stderr } = this.#options;
    if (this.json) {
      stdout.write(`${JSON.stringify(failure.problem, null, 2)}\n`);
      return;
    }
    const style = this.#talk;
    const name = programName(this.#options.environment);
    const lines = [
      `${style.red(style.bold('Error:'))} ${sentence(failure.title)}`,
      ...failure.lines.map((line) => `  ${printable(line)}`),
      ...(failure.reference === undefined ? [] : [`  ${style.dim(failure.reference)}`]),
      ...failure.hints.map((hint) => `${style.cyan('Hint:')} ${printable(withProgramName(hint, name))}`),
      ...(verbose ? [style.dim(JSON.stringify(failure.problem, null, 2))] : []),
    ];
    stderr.write(`${lines.join('\n')}\n`);
  }
}

/** A message of the node as it can be shown: without control characters, nor too long. */
function sentence(text: string): string {
  const clean = printable(text.trim());
  return clean.length > 2000 ? `${clean.slice(0, 2000)} …` : clean;
}
