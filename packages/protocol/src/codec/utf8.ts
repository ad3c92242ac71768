/**
 * Strings on the wire are bytes: the chain never checks that they are UTF-8, so refusing or replacing bad bytes would make
 * a decoded value encode differently. Here a byte that is not part of well-formed UTF-8 becomes the lone surrogate
 * U+DC80…U+DCFF (byte 0x80 → U+DC80), which cannot come out of valid UTF-8, and goes back to that byte when encoding.
 * For people, `toWellFormedText` shows U+FFFD in its place.
 */

const encoder = new TextEncoder();
const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const asciiFastMax = 64;

/** Decodes bytes [start, end). Never fails; O(n). See the file comment for bytes that are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  if (end - start <= asciiFastMax) {
    const text = decodeAscii(bytes, start, end);
    if (text !== undefined) return text;
  }
  const view = bytes.subarray(start, end);
  try {
    return strictDecoder.decode(view);
  } catch {
    return decodeEscaping(view);
  }
}

/** Encodes text; lone surrogates U+DC80…U+DCFF become the raw byte, other lone surrogates U+FFFD. */
export function encodeUtf8(text: string): Uint8Array {
  return hasLoneSurrogate(text) ? encodeEscaping(text) : encoder.encode(text);
}

/** Part of every engine that runs this, but not of the language version whose types are used. */
type WellFormed = { toWellFormed(): string };

/** Text safe for JSON and screens: every lone surrogate replaced by U+FFFD. */
export function toWellFormedText(text: string): string {
  return (text as unknown as WellFormed).toWellFormed();
}

/** The longest beginning of a text that takes at most `sizeMax` bytes and does not end within a character. */
export function clipUtf8(text: string, sizeMax: number): string {
  const bytes = encodeUtf8(text);
  if (bytes.length <= sizeMax) return text;
  let end = sizeMax;
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80 && sizeMax - end < 3) end--;
  return decodeUtf8(bytes, 0, end);
}

function decodeAscii(bytes: Uint8Array, start: number, end: number): string | undefined {
  let text = '';
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    if (byte > 0x7f) return undefined;
    text += String.fromCharCode(byte);
  }
  return text;
}

function hasLoneSurrogate(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0xd800 || unit > 0xdfff) continue;
    if (unit > 0xdbff) return true;
    const next = text.charCodeAt(i + 1);
    if (!(next >= 0xdc00 && next <= 0xdfff)) return true;
    i++;
  }
  return false;
}

/** Text of so many units at once: a call with more arguments could exhaust the stack. */
const chunkUnits = 4096;

/** Every byte gives at most one unit: sequences of two and three bytes give one, those of four bytes two. */
function decodeEscaping(bytes: Uint8Array): string {
  const units = new Uint16Array(bytes.length);
  let count = 0;
  for (let i = 0; i < bytes.length; ) {
    const length = sequenceLength(bytes, i);
    if (length === 0) {
      units[count++] = 0xdc00 + bytes[i++]!;
      continue;
    }
    const point = codePointAt(bytes, i, length);
    i += length;
    if (point < 0x10000) {
      units[count++] = point;
    } else {
      units[count++] = 0xd7c0 + (point >> 10);
      units[count++] = 0xdc00 + (point & 0x3ff);
    }
  }
  let text = '';
  for (let at = 0; at < count; at += chunkUnits) {
    text += String.fromCharCode.apply(
      undefined,
      units.subarray(at, Math.min(at + chunkUnits, count)) as unknown as number[],
    );
  }
  return text;
}

/** Length of the well-formed sequence at `i` (Unicode table 3-7), or 0. */
function sequenceLength(bytes: Uint8Array, i: number): number {
  const lead = bytes[i]!;
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  const second = bytes[i + 1];
  if (second === undefined) return 0;
  const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  if (second < low || second > high) return 0;
  for (let k = 2; k < length; k++) {
    const byte = bytes[i + k];
    if (byte === undefined || (byte & 0xc0) !== 0x80) return 0;
  }
  return length;
}

function codePointAt(bytes: Uint8Array, i: number, length: number): number {
  if (length === 1) return bytes[i]!;
  let point = bytes[i]! & (0xff >> (length + 1));
  for (let k = 1; k < length; k++) point = (point << 6) | (bytes[i + k]! & 0x3f);
  return point;
}

function encodeEscaping(text: string): Uint8Array {
  const out = new Uint8Array(3 * text.length);
  let size = 0;
  for (let i = 0; i < text.length; i++) {
    const point = text.codePointAt(i)!;
    if (point >= 0x10000) {
      out[size++] = 0xf0 | (point >> 18);
      out[size++] = 0x80 | ((point >> 12) & 0x3f);
      out[size++] = 0x80 | ((point >> 6) & 0x3f);
      out[size++] = 0x80 | (point & 0x3f);
      i++;
    } else if (point >= 0xdc80 && point <= 0xdcff) {
      out[size++] = point - 0xdc00;
    } else {
      const shown = point >= 0xd800 && point <= 0xdfff ? 0xfffd : point;
      if (shown < 0x80) {
        out[size++] = shown;
      } else {
        if (shown < 0x800) out[size++] = 0xc0 | (shown >> 6);
        else {
          out[size++] = 0xe0 | (shown >> 12);
          out[size++] = 0x80 | ((shown >> 6) & 0x3f);
        }
        out[size++] = 0x80 | (shown & 0x3f);
      }
    }
  }
  return out.slice(0, size);
}
