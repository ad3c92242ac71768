/** Colours and weights of text, where the terminal shows them. */

/** Functions that mark text. All return it unchanged where there are no colours. */
export type Style = {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly cyan: (text: string) => string;
};

/** What decides whether there are colours. */
export type ColourContext = {
  readonly isTerminal: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
};

/** Whether to colour: NO_COLOR forbids it, CLICOLOR_FORCE and FORCE_COLOR demand it, otherwise a terminal has it. */
export function hasColour({ isTerminal, environment }: ColourContext): boolean {
  const { NO_COLOR, CLICOLOR_FORCE, FORCE_COLOR, TERM } = environment;
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false;
  const forced = CLICOLOR_FORCE ?? FORCE_COLOR;
  if (forced !== undefined && forced !== '') return forced !== '0';
  return isTerminal && TERM !== 'dumb';
}

/** The style of a stream. */
export function makeStyle(colour: boolean): Style {
  const mark = (open: number, close: number) => (text: string) =>
    colour && text !== '' ? `\u001b[${open}m${text}\u001b[${close}m` : text;
  return {
    bold: mark(1, 22),
    dim: mark(2, 22),
    red: mark(31, 39),
    green: mark(32, 39),
    yellow: mark(33, 39),
    cyan: mark(36, 39),
  };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes begin with ESC
const marks = /\u001b\[\d+m/g;

/** Columns that a text takes: marks take none, Chinese and other wide characters two. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text.replace(marks, '')) width += isWide(character.codePointAt(0)!) ? 2 : 1;
  return width;
}

function isWide(code: number): boolean {
  return (
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0xffe0 && code <= 0xffe6) ||
    (code >= 0x1f300 && code <= 0x1faff) ||
    (code >= 0x20000 && code <= 0x3fffd)
  );
}

/** Control and formatting characters, and separators of lines and paragraphs. */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * Text of the chain as it may reach a terminal: what would move the cursor, change colours or turn the direction of
 * writing shows as an escape. Line ends and tabs stay.
 */
export function printable(text: string): string {
  return text.replace(unprintable, (character) =>
    character === '\n' || character === '\t'
      ? character
      : `\\u${character.codePointAt(0)!.toString(16).padStart(4, '0')}`,
  );
}
