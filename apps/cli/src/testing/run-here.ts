/** A command in this process, with what it has written: for tests that need no process of their own. */
import { buildProgram } from '../program/build.js';
import type { Handler } from '../program/command.js';
import { describeFailure } from '../program/failures.js';
import { Output } from '../program/output.js';
import { type Environment, Session } from '../program/session.js';
import { makeStyle } from '../terminal/style.js';
import { root } from '../tree/root.js';

/** What a run has left behind. */
export type RunHere = {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The JSON on stdout. */
  // biome-ignore lint/suspicious/noExplicitAny: what a test expects of it, it says
  readonly json: () => any;
};

/** Runs a command line. Nobody is there to answer questions. `handler` takes the place of what the command does. */
export async function runHere(
  args: readonly string[],
  environment: Environment,
  { signal = new AbortController().signal, handler }: { signal?: AbortSignal; handler?: Handler } = {},
): Promise<RunHere> {
  let [stdout, stderr, code] = ['', '', 0];
  const stream = (take: (text: string) => void) => ({ write: take, isTTY: false });
  const program = buildProgram(root, {
    name: 'snapscale',
    version: '0',
    style: makeStyle(false),
    invoke: async (load, values, globals) => {
      const output = new Output({
        stdout: stream((text) => (stdout += text)),
        stderr: stream((text) => (stderr += text)),
        environment,
        json: globals.json === true,
        quiet: false,
        noColour: true,
      });
      const url = String(globals.url ?? environment.SNAPSCALE_URL ?? 'http://127.0.0.1:1');
      const identity = (globals.identity as string | undefined) ?? environment.SNAPSCALE_IDENTITY;
      const session = new Session(
        { url, identity, passphraseFile: undefined, verbose: false },
        environment,
        output,
        signal,
      );
      try {
        await (handler ?? (await load()))(session, values);
      } catch (error) {
        const failure = describeFailure(error, url);
        code = failure.exitCode;
        output.failure(failure);
      } finally {
        session.close();
      }
    },
  });
  program.exitOverride().configureOutput({ writeErr: (text) => (stderr += text) });
  await program.parseAsync([...args], { from: 'user' });
  return { code, stdout, stderr, json: () => JSON.parse(stdout) };
}
