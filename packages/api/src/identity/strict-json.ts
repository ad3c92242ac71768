/** JSON objects as tokens have them: small, in UTF-8, and without a field that is there twice. */

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The object; undefined when the bytes are anything else. Two fields of one name are refused, at the top: which of them
 * counts is a question that programs answer differently, and what one has checked another would not use.
 */
export function parseStrictObject(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const text = decoder.decode(bytes);
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    return fieldsOf(text) === Object.keys(value).length ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** How many fields the text of a valid object has at its top. */
function fieldsOf(text: string): number {
  let depth = 0;
  let fields = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"') at = endOfString(text, at);
    else if (character === '{' || character === '[') depth++;
    else if (character === '}' || character === ']') depth--;
    else if (character === ':' && depth === 1) fields++;
  }
  return fields;
}

function endOfString(text: string, begin: number): number {
  let at = begin + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
}
