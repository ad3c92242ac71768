/** Dates, spans, fractions, lists and reasons as people write them. */
import { readFileSync } from 'node:fs';
import { certificateRoles, revocationReasons, roleName, roleOfName } from '@snapscale/api';
import { closest } from '@snapscale/sdk';
import { configurationError, usageError } from '../program/failures.js';

const unitSeconds: Readonly<Record<string, number>> = {
  s: 1,
  m: 60,
  h: 3600,
  d: 86_400,
  w: 7 * 86_400,
  y: 365 * 86_400,
};

/** `90d`, `12h`, `30m`, `2y`, or seconds. @throws CommandError */
export function parseSpan(text: string, what: string): number {
  const [, digits, unit = 's'] = /^(\d{1,9}) ?([smhdwy]?)$/.exec(text) ?? [];
  if (digits === undefined) {
    throw usageError(`${what} ${text}: expected a time span`, 'As 90d, 12h, 30m, 45s, 2w or 2y.');
  }
  return Number(digits) * (unitSeconds[unit === '' ? 's' : unit] ?? 1);
}

/** `90 days`, `12 hours`, `1 year`: in the largest unit that is exact. */
export function spanText(seconds: number): string {
  const units = [
    [365 * 86_400, 'year'],
    [86_400, 'day'],
    [3600, 'hour'],
    [60, 'minute'],
  ] as const;
  const [size, name] = units.find(([size]) => seconds >= size && seconds % size === 0) ?? [1, 'second'];
  const count = seconds / size;
  return `${count} ${name}${count === 1 ? '' : 's'}`;
}

/** A moment as the chain writes it: from `2028-01-31`, `2028-01-31T12:00`, or a span from now on, `2y`. @throws CommandError */
export function parseMoment(text: string, what: string, nowMs: number): string {
  if (/^\d{1,9} ?[smhdwy]$/.test(text)) return momentText(nowMs + parseSpan(text, what) * 1000);
  if (/^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d)?Z?)?$/.test(text)) {
    const [day = '', time = '00:00:00'] = text.replace('Z', '').split(/[T ]/);
    const ms = Date.parse(`${day}T${time.length === 5 ? `${time}:00` : time}Z`);
    if (Number.isFinite(ms)) return momentText(ms);
  }
  throw usageError(`${what} ${text}: expected a date`, 'As 2028-01-31, 2028-01-31T12:00 (UTC), or 2y from now.');
}

/** Milliseconds of a moment that the chain has written. */
export function momentMs(chainTime: string): number {
  return Date.parse(/(Z|[+-]\d\d:\d\d)$/.test(chainTime) ? chainTime : `${chainTime}Z`);
}

/** A moment as the chain writes it. */
export function momentText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19);
}

/** `2028-01-31 12:00 UTC (in 90 days)`. */
export function momentForPeople(chainTime: string, nowMs: number): string {
  const ms = momentMs(chainTime);
  if (!Number.isFinite(ms)) return chainTime;
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC (${distanceText(ms - nowMs)})`;
}

/** `in 3 days`, `5 minutes ago`. */
export function distanceText(ms: number): string {
  const seconds = Math.abs(ms) / 1000;
  const [size, name] =
    seconds >= 2 * 365 * 86_400
      ? [365 * 86_400, 'year']
      : seconds >= 2 * 86_400
        ? [86_400, 'day']
        : seconds >= 2 * 3600
          ? [3600, 'hour']
          : seconds >= 120
            ? [60, 'minute']
            : [1, 'second'];
  const count = Math.round(seconds / size);
  const words = `${count} ${name}${count === 1 ? '' : 's'}`;
  return ms < 0 ? `${words} ago` : `in ${words}`;
}

/** Items of lists that are given with commas or several times. */
export function listed(texts: readonly string[]): string[] {
  return texts
    .flatMap((text) => text.split(','))
    .map((text) => text.trim())
    .filter((text) => text !== '');
}

/** Roles as the chain names them, sorted and once each; `ca-operator` and `ca.operator` are the same. @throws CommandError */
export function roleNames(texts: readonly string[]): string[] {
  const names = listed(texts).map((text) => {
    const known = certificateRoles.find((role) => [role, roleName(role)].includes(text.toLowerCase()));
    if (known !== undefined) return roleName(known);
    if (/^[a-z1-5.]{1,12}$/.test(text)) return text;
    const similar = closest(text.toLowerCase(), [...certificateRoles]);
    throw usageError(
      `there is no role ${text}`,
      `${similar === undefined ? '' : `Did you mean ${similar}? `}Roles: ${certificateRoles.join(', ')}.`,
    );
  });
  return [...new Set(names)].sort(byNameValue);
}

/** A role as certificates write it. */
export function roleLabel(name: string): string {
  return roleOfName(name) ?? name;
}

/** Names in the order of their numbers, as contracts sort them: a dot before digits, digits before letters. */
export function byNameValue(a: string, b: string): number {
  const order = '.12345abcdefghijklmnopqrstuvwxyz';
  for (let at = 0; at < 13; at++) {
    const difference = order.indexOf(a[at] ?? '.') - order.indexOf(b[at] ?? '.');
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The number of a reason for revoking: by its name in RFC 5280, in any spelling, or by number. @throws CommandError */
export function parseReason(text: string | undefined): number {
  const plain = (text ?? 'unspecified').replace(/[-_ ]/g, '').toLowerCase();
  for (const [name, number] of Object.entries(revocationReasons)) {
    if (name.toLowerCase() === plain || String(number) === plain) return number;
  }
  throw usageError(
    `--reason ${text}: this is no reason`,
    `Reasons of RFC 5280: ${Object.keys(revocationReasons).join(', ')}.`,
  );
}

/** The name of a reason. */
export function reasonText(number: number): string {
  return Object.entries(revocationReasons).find(([, value]) => value === number)?.[0] ?? String(number);
}

/** A serial in hex as the chain has it: without colons and leading zeros. @throws CommandError */
export function parseSerial(text: string): string {
  const hex = text.replace(/:/g, '').replace(/^0x/i, '').toLowerCase();
  const even = hex.length % 2 === 0 ? hex : `0${hex}`;
  const bare = even.replace(/^(00)+/, '');
  if (/^[0-9a-f]{2,40}$/.test(bare)) return bare;
  throw usageError(
    `${JSON.stringify(text)} is no serial number of a certificate`,
    'Serials are hex: snapscale member list',
  );
}

/** A text file. @throws CommandError */
export function readTextFile(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw configurationError(
      `${what} ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
