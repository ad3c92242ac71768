/** Account, action, permission and table names: 64 bits shown in base 32. */
import { FormatError } from './codec/errors.js';
import { type Json, stringFromJson } from './codec/json.js';
import type { Schema } from './codec/schema.js';
import { highHalf, joinU64, lowHalf } from './codec/words.js';

declare const nameBrand: unique symbol;

/** A name as its 64-bit value: twelve 5-bit characters from the top, then one of 4 bits. */
export type Name = bigint & { readonly [nameBrand]: true };

const alphabet = '.12345abcdefghijklmnopqrstuvwxyz';
const lengthMax = 13;

/**
 * The value of a name's text: up to 12 characters of `.1-5a-z`, optionally a thirteenth of `.1-5a-j`, not ending in a dot.
 * The empty text is 0.
 * @throws FormatError
 */
export function parseName(text: string): Name {
  const length = text.length;
  if (length > lengthMax)
    throw new FormatError(`name ${JSON.stringify(text.slice(0, 40))} is longer than 13 characters`);
  let high = 0;
  let low = 0;
  for (let i = 0; i < 12; i++) {
    const digit = i < length ? digitOf(text, i) : 0;
    if (i < 6) high = high * 32 + digit;
    else low = low * 32 + digit;
  }
  const last = length === lengthMax ? digitOf(text, 12) : 0;
  if (last > 15) throw new FormatError(`name ${text}: the thirteenth character must be . 1-5 or a-j`);
  if (length > 0 && text.charCodeAt(length - 1) === 46) throw new FormatError(`name ${text} ends in a dot`);
  return joinU64((low << 4) | last, (high << 2) | (low >>> 28)) as Name;
}

/** The text of a name; the inverse of `parseName` for every 64-bit value. */
export function formatName(name: bigint): string {
  const upper = highHalf(name);
  const lower = lowHalf(name);
  const high = upper >>> 2;
  const low = ((upper & 3) << 28) | (lower >>> 4);
  const last = lower & 15;
  let text =
    alphabet.charAt(high >>> 25) +
    alphabet.charAt((high >>> 20) & 31) +
    alphabet.charAt((high >>> 15) & 31) +
    alphabet.charAt((high >>> 10) & 31) +
    alphabet.charAt((high >>> 5) & 31) +
    alphabet.charAt(high & 31);
  if (low !== 0 || last !== 0) {
    text +=
      alphabet.charAt(low >>> 25) +
      alphabet.charAt((low >>> 20) & 31) +
      alphabet.charAt((low >>> 15) & 31) +
      alphabet.charAt((low >>> 10) & 31) +
      alphabet.charAt((low >>> 5) & 31) +
      alphabet.charAt(low & 31);
    if (last !== 0) return text + alphabet.charAt(last);
  }
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === 46) end--;
  return end === text.length ? text : text.slice(0, end);
}

/** `parseName`, for constants in code. */
export function name(text: string): Name {
  return parseName(text);
}

/** Wire type of a name: u64. JSON is the text. */
export const nameSchema: Schema<Name> = {
  name: 'name',
  sizeMin: 8,
  sizeMax: 8,
  write: (writer, value) => writer.u64(value),
  read: (reader) => reader.u64() as Name,
  toJson: formatName,
  fromJson: (json: Json) => parseName(stringFromJson(json, 'name')),
};

function digitOf(text: string, index: number): number {
  const code = text.charCodeAt(index);
  if (code >= 97 && code <= 122) return code - 91;
  if (code >= 49 && code <= 53) return code - 48;
  if (code === 46) return 0;
  throw new FormatError(`name ${JSON.stringify(text)}: ${JSON.stringify(text[index])} is not one of . 1-5 a-z`);
}
