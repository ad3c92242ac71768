/** The program of the certificate authority: command line, start, signals. */
import { pino } from 'pino';
import { type RunningCa, startCa } from './ca.js';
import { parseConfig, usage } from './config.js';
import { ConfigurationError } from './failures.js';

/** A stop that takes longer than this is given up, milliseconds. */
const STOP_TIMEOUT_MS = 10_000;

async function main(): Promise<void> {
  const config = parseConfig(process.argv.slice(2), process.env);
  if (config === undefined) {
    process.stdout.write(usage);
    return;
  }
  const { logLevel, ...options } = config;
  const log = pino({ level: logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination(2));
  const ca = await startCa({ ...options, log });
  // A program that has started this one over an IPC channel hears where it is.
  process.send?.({ kind: 'ready', url: ca.url, tlsUrl: ca.tlsUrl }, undefined, {}, () => {});
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop(ca));
  if (process.channel !== undefined) process.on('disconnect', () => stop(ca));
}

let isStopping = false;

function stop(ca: RunningCa): void {
  if (isStopping) return;
  isStopping = true;
  setTimeout(() => process.exit(1), STOP_TIMEOUT_MS).unref();
  ca.stop().then(
    () => process.exit(0),
    (error) => {
      process.stderr.write(`stopping failed: ${error instanceof Error ? error.message : error}\n`);
      process.exit(1);
    },
  );
}

main().catch((error: unknown) => {
  const { code } = error as NodeJS.ErrnoException;
  const isKnown = error instanceof ConfigurationError || code === 'EADDRINUSE' || code === 'EACCES';
  const text = error instanceof Error ? (isKnown ? error.message : (error.stack ?? error.message)) : String(error);
  process.stderr.write(`The certificate authority cannot start: ${text}\n`);
  process.send?.({ kind: 'failed', message: text }, undefined, {}, () => {});
  process.exitCode = 1;
});
