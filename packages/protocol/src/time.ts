/** Chain time: slots of 500 ms since 2000, seconds and microseconds since 1970, and their texts. No clock is read here. */
import { FormatError } from './codec/errors.js';
import { stringFromJson } from './codec/json.js';
import { i64, u32 } from './codec/scalars.js';
import type { Schema } from './codec/schema.js';

/** Milliseconds from the Unix epoch to slot 0: 2000-01-01T00:00:00. */
export const slotEpochMs = 946_684_800_000;
/** Length of a slot. */
export const slotMs = 500;

const dayMs = 86_400_000;

/** Start of a slot, in milliseconds since 1970. */
export function slotToMs(slot: number): number {
  return slotEpochMs + slot * slotMs;
}

/** The slot that contains the moment `ms` (since 1970). Negative before 2000. */
export function msToSlot(ms: number): number {
  return Math.floor((ms - slotEpochMs) / slotMs);
}

/** Start of a slot, in microseconds since 1970. */
export function slotToMicros(slot: number): bigint {
  return BigInt(slotToMs(slot)) * 1000n;
}

/** Start of a slot in whole seconds since 1970, rounded down. */
export function slotToSeconds(slot: number): number {
  return Math.floor(slotToMs(slot) / 1000);
}

/** `2024-08-13T16:01:33.500`. */
export function slotToText(slot: number): string {
  return msToText(slotToMs(slot));
}

/** `2024-08-13T16:01:33`. @param seconds since 1970 */
export function secondsToText(seconds: number): string {
  return msToText(seconds * 1000).slice(0, -4);
}

/** `2024-08-13T16:01:33.500`: milliseconds, what is smaller is cut. @param micros since 1970 */
export function microsToText(micros: bigint): string {
  const ms = micros / 1000n - (micros < 0n && micros % 1000n !== 0n ? 1n : 0n);
  return msToText(Number(ms));
}

/** @throws FormatError unless the text is a slot's start within u32 slots (other milliseconds are rounded down). */
export function parseSlot(text: string): number {
  const slot = msToSlot(Number(parseMicros(text) / 1000n));
  if (slot < 0 || slot > 0xffffffff) throw new FormatError(`time ${text} is outside the slots`);
  return slot;
}

/** Seconds since 1970, fractions cut. @throws FormatError outside u32 */
export function parseSeconds(text: string): number {
  const micros = parseMicros(text);
  const seconds = Number(micros / 1_000_000n);
  if (micros < 0n || seconds > 0xffffffff) throw new FormatError(`time ${text} does not fit into 32 bits of seconds`);
  return seconds;
}

const pattern = /^(-?\d{4,6})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?Z?$/;

/** Microseconds since 1970 of `YYYY-MM-DDTHH:MM:SS[.fraction][Z]` in UTC; years have 4 to 6 digits. @throws FormatError */
export function parseMicros(text: string): bigint {
  const match = pattern.exec(text);
  if (match === null)
    throw new FormatError(`${JSON.stringify(text.slice(0, 40))} is not a time like 2024-08-13T16:01:33.500`);
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month) || hour > 23 || minute > 59 || second > 59) {
    throw new FormatError(`time ${text} does not exist`);
  }
  const seconds = daysFromCivil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
  const fraction = (match[7] ?? '').padEnd(6, '0').slice(0, 6);
  const micros = BigInt(seconds) * 1_000_000n + BigInt(fraction);
  if (micros !== BigInt.asIntN(64, micros))
    throw new FormatError(`time ${text} does not fit into 64 bits of microseconds`);
  return micros;
}

/** Wire type of a block timestamp: u32 slot. */
export const slotSchema: Schema<number> = {
  ...u32,
  name: 'block_timestamp_type',
  toJson: slotToText,
  fromJson: (json) => parseSlot(stringFromJson(json, 'block_timestamp_type')),
};

/** Wire type of a time in seconds: u32. */
export const secondsSchema: Schema<number> = {
  ...u32,
  name: 'time_point_sec',
  toJson: secondsToText,
  fromJson: (json) => parseSeconds(stringFromJson(json, 'time_point_sec')),
};

/** Wire type of a time in microseconds: i64. */
export const microsSchema: Schema<bigint> = {
  ...i64,
  name: 'time_point',
  toJson: microsToText,
  fromJson: (json) => parseMicros(stringFromJson(json, 'time_point')),
};

function msToText(ms: number): string {
  const days = Math.floor(ms / dayMs);
  const rest = ms - days * dayMs;
  const { year, month, day } = civilFromDays(days);
  const seconds = Math.floor(rest / 1000);
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map(two).join(':');
  return `${formatYear(year)}-${two(month)}-${two(day)}T${clock}.${String(rest % 1000).padStart(3, '0')}`;
}

function formatYear(year: number): string {
  return year < 0 ? `-${String(-year).padStart(4, '0')}` : String(year).padStart(4, '0');
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

/** Days since 1970-01-01 of a date in the proleptic Gregorian calendar; years start in March so that leap days come last. */
function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  return (
    era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468
  );
}

function civilFromDays(days: number): { year: number; month: number; day: number } {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1,
  };
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}
