/**
 * The pass over the user's text before the compiler sees it. Clang drops attributes that it does not know, so
 * `[[eosio::action]]` and its kin become annotations, which it keeps in the syntax tree.
 */
import type { Edit } from './rewrite.js';

/** An `#include` line: what is between the quotes or angle brackets, and where. */
export type Include = { readonly path: string; readonly quoted: boolean; readonly offset: number };

/** What the pass found in one file. */
export type ScannedSource = { readonly edits: readonly Edit[]; readonly includes: readonly Include[] };

/** The first argument of every annotation that stands for a contract attribute. */
const annotationTag = 'snapscale';

/**
 * Finds attributes and includes in C++ text, skipping comments and literals. Linear in the length of the text.
 * Understood are `[[eosio::x]]`, `[[snapscale::x(…)]]` and `__attribute__((eosio_x(…)))`.
 */
export function scanSource(text: string): ScannedSource {
  const edits: Edit[] = [];
  const includes: Include[] = [];
  // One alternative for each thing that may hide or be an attribute; what matches none is skipped unread.
  const token =
    /\/\/(?:\\\r?\n|[^\n])*|\/\*[\s\S]*?(?:\*\/|$)|R"([^\s()\\]{0,16})\([\s\S]*?\)\1"|"(?:\\[\s\S]|[^"\\\n])*"|(?<![0-9a-fA-F])'(?:\\[\s\S]|[^'\\\n])*'|^[ \t]*#[ \t]*include[ \t]*(?:"([^"\n]*)"|<([^>\n]*)>)|\[\[|\b__attribute__[ \t]*\(\(/gm;
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    const found = match[0];
    const path = match[2] ?? match[3];
    if (path !== undefined) {
      const offset = match.index + found.length - 1 - path.length;
      includes.push({ path, quoted: match[2] !== undefined, offset });
    } else if (found === '[[') {
      token.lastIndex = scanAttributes(
        text,
        token.lastIndex,
        /\b(?:eosio|snapscale)\s*::\s*(\w+)/y,
        'clang::annotate',
        edits,
      );
    } else if (found.startsWith('__attribute__')) {
      token.lastIndex = scanAttributes(text, token.lastIndex, /\beosio_(\w+)/y, 'annotate', edits);
    }
  }
  return { edits, includes };
}

/** Scans one attribute list from `start`, behind its opening brackets; returns where the list ends. */
function scanAttributes(text: string, start: number, name: RegExp, annotate: string, edits: Edit[]): number {
  let depth = 0;
  for (let i = start; i < text.length; ) {
    const char = text[i]!;
    if (char === '"') {
      i = endOfString(text, i);
    } else if (char === '(' || char === '[') {
      depth++;
      i++;
    } else if (char === ')' || char === ']') {
      if (depth === 0) return i;
      depth--;
      i++;
    } else if (depth === 0 && /\w/.test(char)) {
      name.lastIndex = i;
      const match = name.exec(text);
      if (match === null) {
        while (i < text.length && /[\w:]/.test(text[i]!)) i++;
        continue;
      }
      i = replaceAttribute(text, i, match, annotate, edits);
    } else {
      i++;
    }
  }
  return text.length;
}

/** Replaces one attribute and its arguments; returns where it ends. */
function replaceAttribute(
  text: string,
  offset: number,
  match: RegExpExecArray,
  annotate: string,
  edits: Edit[],
): number {
  const nameEnd = offset + match[0].length;
  const open = /\s*\(/y;
  open.lastIndex = nameEnd;
  let end = nameEnd;
  let args = '';
  if (open.test(text)) {
    const argsStart = open.lastIndex;
    let close = argsStart;
    while (close < text.length && text[close] !== ')')
      close = text[close] === '"' ? endOfString(text, close) : close + 1;
    args = text.slice(argsStart, close).trim();
    end = close + 1;
  }
  const kind = match[1] === 'notify' ? 'on_notify' : match[1];
  const replaced = text.slice(offset, end);
  // Lines must stay where they are: a list broken over lines keeps its breaks.
  const breaks = '\n'.repeat(replaced.split('\n').length - args.split('\n').length);
  edits.push({
    offset,
    length: end - offset,
    text: `${annotate}("${annotationTag}","${kind}"${args === '' ? '' : `,${args}`}${breaks})`,
  });
  return end;
}

function endOfString(text: string, start: number): number {
  let i = start + 1;
  while (i < text.length && text[i] !== '"' && text[i] !== '\n') i += text[i] === '\\' ? 2 : 1;
  return i + 1;
}
