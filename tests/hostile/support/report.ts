/** What attacks cost: the worst of each is printed, and only a multiple of a slot is a failure. */
import { expect } from 'vitest';
import type { AttackLedger, Strike } from './attack-ledger.js';

/** A slot of the chain, milliseconds. */
export const SLOT_MS = 500;
/** Slots that an attack may take on a busy machine before its test fails. */
const SLOTS_MAX = 5;

type Entry = { readonly what: string; readonly ms: number; readonly note: string };

/** Collects measurements of one file. */
export class Report {
  readonly #title: string;
  readonly #entries: Entry[] = [];

  constructor(title: string) {
    this.#title = title;
  }

  /** Notes a time, and fails when it is out of all proportion. */
  add(what: string, ms: number, note = ''): void {
    this.#entries.push({ what, ms, note });
    expect(ms, `${what} took ${ms.toFixed(0)} ms`).toBeLessThan(SLOTS_MAX * SLOT_MS);
  }

  /** Writes the longest, longest first. */
  print(count = 12): void {
    const worst = [...this.#entries].sort((a, b) => b.ms - a.ms).slice(0, count);
    const lines = worst.map(
      ({ what, ms, note }) => `  ${ms.toFixed(0).padStart(6)} ms  ${what}${note && `  (${note})`}`,
    );
    process.stdout.write(
      `\n${this.#title}: ${this.#entries.length} attacks, the longest of them\n${lines.join('\n')}\n`,
    );
  }
}

/** The less of wall and CPU time: neither a busy machine nor threads of the engine should count. */
export function costOf({ wallMs, cpuMs }: Pick<Strike, 'wallMs' | 'cpuMs'>): number {
  return Math.min(wallMs, cpuMs);
}

/** Runs an attack that must be refused with one of `codes` and must leave nothing behind. */
export function refused(
  report: Report,
  ledger: AttackLedger,
  what: string,
  attack: () => Strike,
  ...codes: readonly string[]
): Strike {
  const before = ledger.fingerprint();
  const strike = attack();
  expect(codes, `${what}: ${strike.message}`).toContain(strike.code);
  expect(strike.message.length, what).toBeGreaterThan(0);
  expect(ledger.fingerprint(), `${what} left something behind`).toBe(before);
  report.add(what, costOf(strike), strike.code);
  return strike;
}

/** Runs something that looks like an attack and is allowed. */
export function allowed(report: Report, what: string, attack: () => Strike): Strike {
  const strike = attack();
  expect(strike.code, `${what}: ${strike.message}`).toBe('ok');
  report.add(what, costOf(strike), 'allowed');
  return strike;
}
