/** The node's log: JSON lines for machines, short lines for a person at a terminal. */
import { Writable } from 'node:stream';
import { type Logger, pino } from 'pino';

const levelNames: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
};

/** A logger on standard error. */
export function createLog(level: string): Logger {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  return process.stderr.isTTY ? pino(options, terminalStream()) : pino(options, pino.destination(2));
}

function terminalStream(): Writable {
  return new Writable({
    write(line, _encoding, done) {
      process.stderr.write(forTerminal(String(line)), () => done());
    },
  });
}

/** One JSON line of pino as `12:34:56 warn message key=value`. */
export function forTerminal(line: string): string {
  const { level, time, msg, err, ...rest } = JSON.parse(line);
  const details = Object.entries(rest).map(
    ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const words = [String(time).slice(11, 19), (levelNames[level] ?? String(level)).padEnd(5), msg, ...details];
  const text = harmless(words.join(' ')).replaceAll('\n', ' ');
  return err === undefined ? `${text}\n` : `${text}\n${harmless(String(err.stack ?? err.message))}\n`;
}

/** Other nodes and contracts put in words of their own: what would command a terminal shows as `\x1b`, say. */
export function harmless(text: string): string {
  return text.replace(COMMANDS, (sign) => `\\x${sign.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not get through; tabs and line ends may
const COMMANDS = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;
