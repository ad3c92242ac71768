/** The program: reads the command line, runs the command, and turns whatever happens into an exit code. */
import { CommanderError, type Command as Program } from 'commander';
import { buildProgram, type Invoke } from './program/build.js';
import { type CommandError, describeFailure, exitCodes, usageError } from './program/failures.js';
import { programName } from './program/invocation.js';
import { Output } from './program/output.js';
import { defaultUrl, Session } from './program/session.js';
import { programVersion } from './program/version.js';
import { root } from './tree/root.js';

/** After the user has stopped the program, it may finish what it says for so long. */
const STOP_PATIENCE_MS = 500;

/**
 * Runs the program with the arguments after its name.
 * @returns the exit code; nothing is thrown
 */
export async function run(args: readonly string[]): Promise<number> {
  endQuietlyWhenNobodyReads();
  if (args[0] === '__complete') return printCandidates(args.slice(1));
  const before = outputFor({
    json: args.includes('--json') || args.includes('-j'),
    quiet: false,
    color: !args.includes('--no-color'),
  });
  const stopped = stopSignal();
  let session: Session | undefined;
  let said = '';
  try {
    const invoke: Invoke = async (load, values, globals) => {
      session = new Session(
        {
          url: text(globals.url) ?? text(process.env.SNAPSCALE_URL) ?? defaultUrl,
          passphraseFile: text(globals.passphraseFile),
          identity: text(globals.identity) ?? text(process.env.SNAPSCALE_IDENTITY),
          verbose: globals.verbose === true,
        },
        process.env,
        outputFor(globals),
        stopped,
      );
      await (await load())(session, values);
    };
    const program = buildProgram(root, {
      name: programName(process.env),
      version: programVersion,
      style: before.style,
      columns: before.columns,
      invoke,
    });
    everywhere(program, (command) => {
      command.exitOverride().configureOutput({
        writeOut: (words) => process.stdout.write(words),
        writeErr: (words) => {
          said += words;
        },
        // Otherwise commander takes the colours out of what it thinks goes elsewhere.
        getOutHasColors: () => before.hasColour,
        getErrHasColors: () => before.hasColour,
      });
    });
    await program.parseAsync(wanted(args), { from: 'user' });
    return exitCodes.ok;
  } catch (error) {
    const output = session?.output ?? before;
    if (error instanceof CommanderError) return commandLineFailure(error, said, args, output);
    const failure = describeFailure(error, session?.url ?? defaultUrl);
    output.failure(failure, session?.options.verbose === true);
    return failure.exitCode;
  } finally {
    session?.close();
  }
}

/** The arguments, with `help get table` as `get table --help`. */
function wanted(args: readonly string[]): string[] {
  if (args.length === 0) return ['--help'];
  return args[0] === 'help' ? [...args.slice(1), '--help'] : [...args];
}

function outputFor(options: Readonly<Record<string, unknown>>): Output {
  const { stdout, stderr, env } = process;
  return new Output({
    stdout,
    stderr,
    environment: env,
    json: options.json === true,
    quiet: options.quiet === true,
    noColour: options.color === false,
  });
}

/** What commander found wrong; help that was asked for is no failure. */
function commandLineFailure(error: CommanderError, said: string, args: readonly string[], output: Output): number {
  if (error.exitCode === 0) return exitCodes.ok;
  if (error.code === 'commander.help') {
    process.stderr.write(said);
    return exitCodes.usage;
  }
  const [message = '', ...more] = error.message.replace(/^error: /, '').split('\n');
  const suggestion = more.map((line) => line.replace(/^\((.*)\)$/, '$1')).join(' ');
  const words = args.filter((word) => !word.startsWith('-'));
  const help = `Help: ${['snapscale', ...commandWords(words), '--help'].join(' ')}`;
  const failure = usageError(capital(message), suggestion === '' ? help : `${suggestion} ${help}`);
  output.failure(describeFailure(failure satisfies CommandError, defaultUrl));
  return exitCodes.usage;
}

/** The words at the beginning that name a command. */
function commandWords(words: readonly string[]): string[] {
  const named: string[] = [];
  let commands = root.commands;
  for (const word of words) {
    const found = commands?.find(({ name, aliases }) => name === word || aliases?.includes(word) === true);
    if (found === undefined) break;
    named.push(word);
    commands = found.commands;
  }
  return named;
}

async function printCandidates(words: readonly string[]): Promise<number> {
  const { complete } = await import('./commands/completion.js');
  const candidates = await complete(words, process.env);
  process.stdout.write(candidates.map(([word, description]) => `${word}\t${description}\n`).join(''));
  return exitCodes.ok;
}

/** Aborted by Ctrl-C. Who does not listen to it is ended soon after. */
function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (stop.signal.aborted) process.exit(exitCodes.usage);
      stop.abort();
      setTimeout(() => process.exit(exitCodes.usage), STOP_PATIENCE_MS).unref();
    });
  }
  return stop.signal;
}

/** `snapscale watch | head`: the reader has gone, and so do we. */
function endQuietlyWhenNobodyReads(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(exitCodes.ok);
  });
}

function everywhere(program: Program, change: (command: Program) => void): void {
  change(program);
  for (const command of program.commands) everywhere(command, change);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function capital(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}
