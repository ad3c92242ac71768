/** `network logs`: what nodes have written, of one or of all in the order of time, and what they go on to write. */
import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { caProgramName, logFileNames, networkFiles } from '@snapscale/api';
import type { Handler } from '../program/command.js';
import { usageError } from '../program/failures.js';
import type { Output } from '../program/output.js';
import { pad } from '../terminal/layout.js';
import { printable } from '../terminal/style.js';
import { command, describedNetwork, networkDirectory } from './launcher-client.js';

/** Lines shown unless told otherwise. */
const LINES = 20;
const LINES_MAX = 100_000;
const FOLLOW_INTERVAL_MS = 250;
const READ_BYTES_MAX = 1 << 20;
/** What the process that holds the nodes says. */
const LAUNCHER = 'launcher';

/** A line of a log: as JSON from the node's logger, otherwise as plain text. */
export type LogLine = { readonly node: string; readonly time: string; readonly level: string; readonly text: string };

export const logsCommand: Handler = async ({ output, signal }, values) => {
  const directory = networkDirectory(values.text('data'));
  const description = describedNetwork(directory);
  // Says that there is no network.
  if (description === undefined) return void (await command(directory, { kind: 'status' }));
  const authorities = description.ca === undefined ? [] : [caProgramName];
  const names = [...description.nodes.map(({ name }) => name), ...authorities, LAUNCHER];
  const wanted = values.optionalArgument('node');
  if (wanted !== undefined && !names.includes(wanted)) {
    throw usageError(`there is no node ${JSON.stringify(wanted)}`, `There are ${names.join(', ')}.`);
  }
  const nodes = wanted === undefined ? names : [wanted];
  const count = values.integer('lines', 0, LINES_MAX) ?? LINES;
  const folder = join(directory, networkFiles.logs);
  const tails = nodes.map((node) => new LogTail(folder, node));
  const past = tails.flatMap((tail) => tail.past());
  // Lines of plain text have the time of the line before; sorting keeps their order.
  past.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
  const width = Math.max(...nodes.map((node) => node.length));
  for (const line of count === 0 ? [] : past.slice(-count)) show(line, width, output);
  if (!values.flag('follow')) return;
  while (!signal.aborted) {
    for (const tail of tails) for (const line of tail.fresh()) show(line, width, output);
    await new Promise((resolve) => setTimeout(resolve, FOLLOW_INTERVAL_MS));
  }
};

function show(line: LogLine, width: number, output: Output): void {
  const { style } = output;
  const colour = { warn: style.yellow, error: style.red, fatal: style.red }[line.level] ?? ((text: string) => text);
  output.event(
    line,
    () =>
      `${style.cyan(pad(line.node, width))}  ${style.dim(line.time.slice(11, 19))}  ${colour(pad(line.level, 5))}  ${printable(line.text)}`,
  );
}

/** One log, read to its end and then on. */
export class LogTail {
  readonly #node: string;
  readonly #current: string;
  readonly #previous: string;
  #offset = 0;
  #partial = '';
  #time = '';

  constructor(folder: string, node: string) {
    const names = logFileNames(node);
    this.#node = node;
    this.#current = join(folder, names.current);
    this.#previous = join(folder, names.previous);
  }

  /** All that is there. */
  past(): LogLine[] {
    const older = existsSync(this.#previous) ? readFileSync(this.#previous, 'utf8').split('\n') : [];
    return [...older.flatMap((line) => this.#read(line)), ...this.fresh()];
  }

  /** What has come since the last time. */
  fresh(): LogLine[] {
    if (!existsSync(this.#current)) return [];
    const found: LogLine[] = [];
    const file = openSync(this.#current, 'r');
    try {
      const { size } = fstatSync(file);
      // The log has begun anew.
      if (size < this.#offset) this.#offset = 0;
      while (this.#offset < size) {
        const bytes = Buffer.alloc(Math.min(size - this.#offset, READ_BYTES_MAX));
        this.#offset += readSync(file, bytes, 0, bytes.length, this.#offset);
        const lines = (this.#partial + bytes.toString('utf8')).split('\n');
        this.#partial = lines.pop()!;
        found.push(...lines.flatMap((line) => this.#read(line)));
      }
    } finally {
      closeSync(file);
    }
    return found;
  }

  #read(line: string): LogLine[] {
    if (line.trim() === '') return [];
    const parsed = readLogLine(this.#node, line, this.#time);
    this.#time = parsed.time;
    return [parsed];
  }
}

const levels: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
};

/** A line as the logger has written it, or as it stands. @param before time of the line before, for lines without one */
export function readLogLine(node: string, line: string, before: string): LogLine {
  const stamped = /^(\d{4}-\d\d-\d\dT[\d:.]+Z) (.*)$/.exec(line);
  if (stamped !== null) return { node, time: stamped[1]!, level: '', text: stamped[2]! };
  try {
    const { level, time, msg, err, ...rest } = JSON.parse(line) as Record<string, unknown>;
    const details = Object.entries(rest).map(
      ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
    );
    const { stack, message } = (err ?? {}) as { readonly stack?: unknown; readonly message?: unknown };
    const cause = stack ?? message;
    const text = [msg ?? '', ...details].join(' ').trim();
    if (typeof time !== 'string') throw new Error('not of the logger');
    return {
      node,
      time,
      level: levels[Number(level)] ?? String(level),
      text: cause === undefined ? text : `${text}\n${cause}`,
    };
  } catch {
    return { node, time: before, level: '', text: line };
  }
}
