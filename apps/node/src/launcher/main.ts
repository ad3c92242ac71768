/**
 * The launcher's program: holds the nodes of a network as its children. In the foreground it talks to the terminal; in the
 * background to the command line that has started it, over IPC, until the network is up.
 */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defaultNetworkDirectory, logFileNames, type NetworkReply } from '@snapscale/api';
import { UsageError } from '../config.js';
import { toFailure } from './failure.js';
import { Launcher } from './launcher.js';
import { type LauncherOptions, launcherUsage, parseLauncherOptions } from './options.js';
import { cleanNetwork } from './prepare.js';
import { welcome } from './welcome.js';

const root = fileURLToPath(new URL('../../../..', import.meta.url));

async function main(): Promise<void> {
  const options = parseLauncherOptions(process.argv.slice(2), root);
  if (options === undefined) process.stdout.write(launcherUsage);
  else if (options.isCleaning) await cleanNetwork(options, (text) => reply({ kind: 'progress', text }));
  else if (options.isBackground) await background(options);
  else await foreground(options);
}

async function foreground(options: LauncherOptions): Promise<void> {
  const say = (text: string) => process.stdout.write(`${text}\n`);
  // A terminal that is closed takes its window with it, not the nodes: SIGHUP ends them in order.
  process.stdout.on('error', () => undefined);
  const launcher = await Launcher.open(options, say);
  onStop(() => {
    if (launcher.isEnding) return;
    say('\nStopping: each node finishes the block under construction …');
    void launcher.end();
  });
  if (await launcher.up()) {
    const { description, isNew } = launcher;
    const isUsualDirectory = options.directory === join(root, defaultNetworkDirectory);
    say(welcome({ ...options, description, isUsualDirectory, isNew }));
  }
  await end(launcher, say);
}

async function background(options: LauncherOptions): Promise<void> {
  let log: string | undefined;
  const say = (text: string) => {
    reply({ kind: 'progress', text });
    if (log !== undefined) appendFileSync(log, `${new Date().toISOString()} ${text}\n`, { mode: 0o600 });
  };
  process.on('uncaughtException', (error) => {
    say(`the launcher has failed: ${error.stack}`);
    process.exit(1);
  });
  const launcher = await Launcher.open(options, say);
  log = join(launcher.logs, logFileNames('launcher').current);
  const stop = () => void launcher.end();
  onStop(stop);
  // Whoever wanted the network has gone before it was there: Ctrl-C.
  process.once('disconnect', stop);
  const isUp = await launcher.up();
  process.off('disconnect', stop);
  if (isUp) reply({ kind: 'done', status: { ...(await launcher.status()), founded: launcher.isNew } });
  await end(launcher, say);
}

/** To the command line that has started this process, while it listens. */
function reply(message: NetworkReply): void {
  if (process.connected) process.send!(message);
}

function onStop(stop: () => void): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
}

async function end(launcher: Launcher, say: (text: string) => void): Promise<void> {
  if (await launcher.ended) say('Stopped; everything is stored.');
  else process.exitCode = 1;
}

main().then(
  () => process.exit(),
  (error) => {
    const { message, lines, hint } = toFailure(error);
    if (process.connected) {
      // The channel carries it only while the process lives.
      process.send!({ kind: 'refused', message, lines, hint } satisfies NetworkReply, undefined, {}, () =>
        process.exit(1),
      );
      return;
    }
    const usage = error instanceof UsageError ? ['', launcherUsage.trimEnd()] : [];
    const text = [...lines.map((line) => `  ${line}`), ...(hint === undefined ? [] : [hint]), ...usage];
    process.stderr.write(`${[`SnapScale could not start: ${message}`, ...text].join('\n')}\n`);
    process.exit(error instanceof UsageError ? 2 : 1);
  },
);
