/** What of a node's log a person should know at once, in plain words. */
import { readable } from './log-file.js';

/** From this level of the log on a line is worth a person's attention: error. */
const ERROR_LEVEL = 50;
/** The same is not said again before this time has passed. */
const QUIET_MS = 60_000;
const CLOCK_WORDS = 'Clocks seem to differ';
/** What is remembered at most. */
const NOTICES_MAX = 20;

type Line = {
  readonly level?: unknown;
  readonly msg?: unknown;
  readonly node?: unknown;
  readonly differenceMs?: unknown;
};

/** A line in words; undefined when it is of no interest. @param node whose log it is */
export function noticeOf(node: string, line: string): string | undefined {
  if (/ENOSPC|no space left on device|MDB_MAP_FULL/i.test(line)) {
    return `${node}: the disk is full; the node stops rather than lose what it has promised. Make room, then start it again.`;
  }
  const entry = parsed(line);
  if (entry === undefined) return undefined;
  if (entry.msg === 'clock-differs' && typeof entry.differenceMs === 'number') {
    const seconds = Math.abs(entry.differenceMs / 1000).toFixed(1);
    const side = entry.differenceMs > 0 ? 'ahead of' : 'behind';
    return `${CLOCK_WORDS}: for ${node}, that of ${entry.node} is ${seconds} s ${side} its own. This machine is busy, or its clock is not set (NTP).`;
  }
  return typeof entry.level === 'number' && entry.level >= ERROR_LEVEL
    ? `${node}: ${readable(line).split('\n')[0]}`
    : undefined;
}

function parsed(line: string): Line | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as Line;
  } catch {
    return undefined;
  }
}

/** The newest notices; what repeats itself is said once a minute. */
export class Notices {
  readonly #nowMs: () => number;
  readonly #say: (text: string) => void;
  readonly #saidMs = new Map<string, number>();
  #newest: readonly string[] = [];

  constructor(say: (text: string) => void, nowMs: () => number) {
    this.#say = say;
    this.#nowMs = nowMs;
  }

  add(text: string): void {
    // Numbers change from time to time, the matter does not; that of clocks is one of all nodes.
    const matter = text.startsWith(CLOCK_WORDS) ? CLOCK_WORDS : text.replace(/\d+/g, '#');
    const nowMs = this.#nowMs();
    if (nowMs - (this.#saidMs.get(matter) ?? Number.NEGATIVE_INFINITY) < QUIET_MS) return;
    if (this.#saidMs.size >= 10 * NOTICES_MAX) this.#saidMs.clear();
    this.#saidMs.set(matter, nowMs);
    const at = new Date(nowMs).toISOString().slice(11, 19);
    this.#newest = [...this.#newest, `${at} ${text}`].slice(-NOTICES_MAX);
    this.#say(text);
  }

  get newest(): readonly string[] {
    return this.#newest;
  }
}
