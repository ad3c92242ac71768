/** `network up`: starts the process that holds the nodes, in front of the user or behind. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { NetworkReply, NetworkStatus } from '@snapscale/api';
import type { Handler } from '../program/command.js';
import { CommandError, cancelled, configurationError, exitCodes } from '../program/failures.js';
import type { Session } from '../program/session.js';
import type { Values } from '../program/values.js';
import { type FinalReply, launcherProgram, networkDirectory, statusOf, tryCommand } from './launcher-client.js';
import { networkLines, showNetwork } from './network-view.js';

/** Options that are passed on as they are; the launcher checks them. */
const OPTIONS = ['producers', 'port', 'logLevel'] as const;

export const upCommand: Handler = async (session, values) => {
  const directory = networkDirectory(values.text('data'));
  const running = await tryCommand(directory, { kind: 'status' });
  if (running !== undefined) {
    throw new CommandError(
      'network_running',
      exitCodes.failed,
      `a network is running in ${directory} already (process ${running.pid})`,
      'End it with: snapscale network down. Another one needs another directory: --data DIR',
      { lines: networkLines(running, session.output.style) },
    );
  }
  requireCompiled();
  const options = ['--data', directory, ...OPTIONS.flatMap((name) => optionOf(values, name))];
  if (values.flag('membersOnly')) options.push('--members-only');
  if (values.flag('foreground')) return inForeground(session, options);
  const status = await inBackground(session, options);
  showNetwork(status, session.output);
  session.output.next('transfer alice bob "5.0000 XST"', 'network status', 'network down');
};

/** Ends nodes whose launcher was killed. */
export async function endLeftBehind({ output }: Session, directory: string): Promise<void> {
  requireCompiled();
  const child = spawn(process.execPath, [launcherProgram, '--clean', '--data', directory], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const reply = await lastReply(child, (text) => output.note(text));
  if (reply !== undefined) statusOf(reply);
}

function requireCompiled(): void {
  if (existsSync(launcherProgram)) return;
  throw configurationError(`${launcherProgram} is missing`, 'Compile the checkout with: npm run build');
}

function optionOf(values: Values, name: (typeof OPTIONS)[number]): string[] {
  const value = values.text(name);
  return value === undefined ? [] : [name === 'logLevel' ? '--log-level' : `--${name}`, value];
}

/** Lets the launcher have the terminal, and ends with it. */
async function inForeground(session: Session, options: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [launcherProgram, ...options], { stdio: 'inherit' });
  // Ctrl-C reaches it by itself, being in the same process group.
  session.signal.addEventListener('abort', () => child.kill('SIGTERM'));
  const code = await new Promise<number | null>((resolve) => child.on('exit', resolve));
  if (code !== 0) throw new CommandError('network_failed', exitCodes.failed, 'the network has ended with a failure');
}

/** Starts the launcher so that it outlives this program, and waits until the network is up. */
async function inBackground({ output, signal }: Session, options: readonly string[]): Promise<NetworkStatus> {
  const child = spawn(process.execPath, [launcherProgram, '--background', ...options], {
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const stop = () => child.disconnect();
  signal.addEventListener('abort', stop);
  try {
    const reply = await lastReply(child, (text) => output.note(text));
    if (reply === undefined) {
      throw signal.aborted
        ? cancelled('stopped: the network is ended again')
        : configurationError('the launcher has ended without a word');
    }
    return statusOf(reply);
  } finally {
    signal.removeEventListener('abort', stop);
    if (child.connected) child.disconnect();
    child.unref();
  }
}

/** Passes on what the launcher says meanwhile. Undefined when it ends without an answer. */
function lastReply(child: ChildProcess, say: (text: string) => void): Promise<FinalReply | undefined> {
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('disconnect', () => resolve(undefined));
    child.on('message', (message) => {
      const reply = message as NetworkReply;
      if (reply.kind === 'progress') say(reply.text);
      else resolve(reply);
    });
  });
}
