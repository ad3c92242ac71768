/** The help of a command: how it is called, examples, what it takes. */
import { pad } from '../terminal/layout.js';
import { type Style, widthOf } from '../terminal/style.js';
import type { Argument, Command, Option } from './command.js';

const COLUMNS_MAX = 100;
/** Descriptions need some room beside their terms; narrower terminals break the lines themselves. */
const COLUMNS_MIN = 56;
const GAP = 3;

type Entry = readonly [term: string, description: string];
type Section = { readonly title: string; readonly entries: readonly Entry[] };

/**
 * The help text of a command.
 * @param path names of the commands above it and its own, the program's first
 * @param globals options of all commands: listed for the program itself, named for the others
 * @param columnsMax of the terminal
 */
export function helpText(
  command: Command,
  path: readonly string[],
  globals: readonly Option[],
  style: Style,
  columnsMax = COLUMNS_MAX,
): string {
  const columns = Math.max(COLUMNS_MIN, Math.min(COLUMNS_MAX, columnsMax));
  const isRoot = path.length === 1;
  const sections = [
    ...argumentSections(command.arguments ?? []),
    ...commandSections(command.commands ?? []),
    ...optionSections(command.options ?? [], 'Options:'),
    ...(isRoot ? optionSections(globals, 'Options of all commands:') : []),
  ];
  const width = Math.max(0, ...sections.flatMap(({ entries }) => entries.map(([term]) => widthOf(term))));
  const blocks = [
    [`${style.bold('Usage:')} ${usage(command, path)}`],
    paragraphs(command, columns),
    examples(command, path[0]!, style),
    ...sections.map((section) => sectionLines(section, width, columns, style)),
    isRoot
      ? footer(path)
      : [
          style.dim(
            `Also: ${globals.map(({ flags }) => flags.split(',')[0]!.split(' ')[0]!).join(' ')} (see ${path[0]} --help)`,
          ),
        ],
  ];
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function usage(command: Command, path: readonly string[]): string {
  const parts = [
    ...path,
    ...(command.commands === undefined ? [] : ['COMMAND']),
    ...(command.arguments ?? []).map(argumentTerm),
    ...(visible(command.options ?? []).length > 0 ? ['[options]'] : []),
  ];
  return parts.join(' ');
}

/** `FROM`, `[MEMO]`, `[TOPICS…]`. */
function argumentTerm([name]: Argument): string {
  return name.toUpperCase().replace('...', '…');
}

function paragraphs({ summary, detail }: Command, columns: number): string[] {
  const first = `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`;
  return [...wrap(first, columns), ...(detail === undefined ? [] : ['', ...wrap(detail, columns)])];
}

function examples({ examples: lines = [] }: Command, program: string, style: Style): string[] {
  return lines.length === 0
    ? []
    : [style.bold('Examples:'), ...lines.map((line) => `  ${style.cyan(`${program} ${line}`)}`)];
}

function argumentSections(list: readonly Argument[]): Section[] {
  return list.length === 0
    ? []
    : [{ title: 'Arguments:', entries: list.map((argument) => [argumentTerm(argument), argument[1]]) }];
}

function commandSections(commands: readonly Command[]): Section[] {
  const shown = commands.filter(({ hidden }) => hidden !== true);
  const titles = [...new Set(shown.map(({ group }) => group ?? 'Commands:'))];
  return titles.map((title) => ({
    title,
    entries: shown.filter(({ group }) => (group ?? 'Commands:') === title).map(commandEntry),
  }));
}

function commandEntry({ name, summary, commands }: Command): Entry {
  const names = commands?.filter(({ hidden }) => hidden !== true).map((child) => child.name);
  return [name, names === undefined ? summary : `${summary}: ${names.join(', ')}`];
}

function optionSections(options: readonly Option[], title: string): Section[] {
  const shown = visible(options);
  const titles = [...new Set(shown.map(({ group }) => group ?? title))];
  return titles.map((heading) => ({
    title: heading,
    entries: shown
      .filter(({ group }) => (group ?? title) === heading)
      .map(({ flags, description }) => [flags, description]),
  }));
}

function visible(options: readonly Option[]): readonly Option[] {
  return options.filter(({ hidden }) => hidden !== true);
}

function sectionLines({ title, entries }: Section, width: number, columns: number, style: Style): string[] {
  const margin = ' '.repeat(2 + width + GAP);
  return [
    style.bold(title),
    ...entries.flatMap(([term, description]) => {
      const [first = '', ...rest] = wrap(description, columns - margin.length);
      return [`  ${pad(term, width + GAP)}${first}`.trimEnd(), ...rest.map((line) => margin + line)];
    }),
  ];
}

function footer(path: readonly string[]): string[] {
  return [`${path[0]} COMMAND --help tells more about a command.`];
}

function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && widthOf(line) + 1 + widthOf(word) > columns) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
