/** The program: reads the command line, runs the command, and turns whatever happens into an exit code. */
import { CommanderError } from 'commander';
import { buildProgram } from './program/build.js';
import { describeFailure, exitCodes, usageError } from './program/failures.js';
import { Output } from './program/output.js';
import { defaultUrl, Session } from './program/session.js';
import { programVersion } from './program/version.js';
import { root } from './tree/root.js';

/**
 * Runs the program with the arguments after its name.
 * @returns the exit code; nothing is thrown
 */
export async function run(args: readonly string[]): Promise<number> {
  quietPipes();
  if (args[0] === '__complete') return printCandidates(args.slice(1));
  const before = outputFor(args, {});
  const stopped = stopSignal();
  let session: Session | undefined;
  let said = '';
  try {
    const program = buildProgram(root, programVersion, async (load, values, globals) => {
      const options = {
        url: text(globals.url) ?? text(process.env.SNAPSCALE_URL) ?? defaultUrl,
        passphraseFile: text(globals.passphraseFile),
        verbose: globals.verbose === true,
      };
      session = new Session(options, process.env, outputFor(args, globals), stopped);
      await (await load())(session, values);
    });
    everywhere(program, (command) => {
      command.configureOutput({
        writeOut: (help) => process.stdout.write(help),
        writeErr: (help) => (said += help),
        getOutHasColors: () => before.hasColour,
        getErrHasColors: () => before.hasColour,
      });
      command.exitOverride();
    });
    await program.parseAsync(['node', 'snapscale', ...args]);
    return exitCodes.ok;
  } catch (error) {
    if (error instanceof CommanderError) return commandLineFailure(error, said, session?.output ?? before);
    const output = session?.output ?? before;
    output.failure(describeFailure(error, session?.url ?? defaultUrl));
    if (session?.options.verbose === true) process.stderr.write(`${stackOf(error)}\n`);
    return describeFailure(error, session?.url ?? defaultUrl).exitCode;
  } finally {
    session?.close();
  }
}
