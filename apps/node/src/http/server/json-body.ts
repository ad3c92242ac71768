/** Reading request bodies: JSON without losing large integers, and query strings in its place. */
import { invalidRequest } from './failure.js';

const decoder = new TextDecoder('utf-8', { fatal: true });

/** Where a long integer may stand, to spare most bodies the second pass. */
const maybeLongInteger = /[[:,\s]-?\d{16}/;
/** Strings (to be skipped) or integers of 16 digits and more that are not part of a fraction or exponent. */
const stringOrLongInteger = /"(?:[^"\\]|\\.)*"|(?<![\d.eE+-])-?\d{16,}(?![\d.eE])/g;

/**
 * The value of a JSON body; an empty one is `{}`. Integers of 16 digits and more become strings, since JavaScript's
 * numbers would round them.
 * @throws HttpFailure 400
 */
export function parseJsonBody(bytes: Uint8Array | undefined): unknown {
  if (bytes === undefined || bytes.length === 0) return {};
  try {
    if (nestsTooDeeply(bytes)) throw new SyntaxError('nests too deeply');
    const text = decoder.decode(bytes);
    if (text.trim() === '') return {};
    return parseJson(text);
  } catch {
    throw invalidRequest('Unable to parse valid input from POST body');
  }
}

/** Deeper than any request means to be; parsing a million open brackets would hold the thread for a quarter of a second. */
const DEPTH_MAX = 512;

function nestsTooDeeply(bytes: Uint8Array): boolean {
  if (bytes.length <= DEPTH_MAX) return false;
  let depth = 0;
  let inString = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (inString) {
      if (byte === BACKSLASH) i++;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) inString = true;
    else if (byte === BRACKET || byte === BRACE) {
      if (++depth > DEPTH_MAX) return true;
    } else if (byte === BRACKET + 2 || byte === BRACE + 2) depth--;
  }
  return false;
}

const [QUOTE, BACKSLASH, BRACKET, BRACE] = [0x22, 0x5c, 0x5b, 0x7b];

/** Valid JSON comes first: on it the pattern is linear, while unclosed strings could make it quadratic. */
function parseJson(text: string): unknown {
  const value = JSON.parse(text) as unknown;
  if (!maybeLongInteger.test(text)) return value;
  return JSON.parse(text.replace(stringOrLongInteger, (match) => (match[0] === '"' ? match : `"${match}"`)));
}

/** The fields of a GET request. A field that is given twice is an array; brackets and braces are read as JSON. */
export function parseQuery(query: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(query)) {
    if (key === 'at') continue;
    fields[key] = typeof value === 'string' && /^[[{]/.test(value) ? parseJsonField(key, value) : value;
  }
  return fields;
}

function parseJsonField(key: string, value: string): unknown {
  try {
    return parseJson(value);
  } catch {
    throw invalidRequest(`${key} is not JSON`);
  }
}
