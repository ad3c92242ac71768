/**
 * Text replaced in a source file, and the way back: where a position in the changed text was in the original.
 */

/** A replacement of `length` UTF-16 units at `offset` of the original text; it never adds or removes a line. */
export type Edit = { readonly offset: number; readonly length: number; readonly text: string };

/** A place as compilers name it: both numbers count from 1; columns count characters of the original text. */
export type Position = { readonly line: number; readonly column: number };

/** A source file with its edits, sorted by offset and without overlap. */
export type RewrittenSource = { readonly original: string; readonly text: string; readonly edits: readonly Edit[] };

/** Applies `edits`, in any order, to `original`. */
export function rewriteSource(original: string, edits: readonly Edit[]): RewrittenSource {
  const sorted = [...edits].sort((a, b) => a.offset - b.offset);
  let text = '';
  let from = 0;
  for (const edit of sorted) {
    text += original.slice(from, edit.offset) + edit.text;
    from = edit.offset + edit.length;
  }
  return { original, text: text + original.slice(from), edits: sorted };
}

/**
 * The original place of a place in the rewritten text. `columnBytes` is the compiler's column, in bytes of UTF-8.
 * A place inside a replacement becomes the start of what was replaced.
 */
export function originalPosition(source: RewrittenSource, line: number, columnBytes: number): Position {
  const lineStart = startOfLine(source.text, line);
  const prefix = Buffer.from(source.text.slice(lineStart).split('\n', 1)[0] ?? '').subarray(0, columnBytes - 1);
  const offset = originalOffset(source.edits, lineStart + prefix.toString().length);
  const originalStart = startOfLine(source.original, line);
  return { line, column: Math.max(offset - originalStart, 0) + 1 };
}

function originalOffset(edits: readonly Edit[], offset: number): number {
  let shift = 0;
  for (const edit of edits) {
    const start = edit.offset + shift;
    if (offset < start) break;
    if (offset < start + edit.text.length) return edit.offset;
    shift += edit.text.length - edit.length;
  }
  return offset - shift;
}

function startOfLine(text: string, line: number): number {
  let start = 0;
  for (let i = 1; i < line; i++) {
    const end = text.indexOf('\n', start);
    if (end < 0) return start;
    start = end + 1;
  }
  return start;
}
