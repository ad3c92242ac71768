/** The page of docs/reference about the command line, from the declarations that the program itself is built from. */
import { globalOptions } from '../apps/cli/src/program/build.js';
import { type Argument, argumentName, type Command, type Option } from '../apps/cli/src/program/command.js';
import { root } from '../apps/cli/src/tree/root.js';

/** The page below its heading. */
export function commandReference(): string {
  const groups = [...new Set(visible(root).map(({ group }) => group ?? 'Other:'))];
  return [
    'Called as `npx snapscale COMMAND`, or `snap COMMAND`. `snapscale COMMAND --help` says the same at the terminal.',
    '',
    '## Options of all commands',
    '',
    optionTable(globalOptions),
    ...groups.flatMap((group) => [
      '',
      `## ${group.replace(/:$/, '')}`,
      ...visible(root)
        .filter((command) => (command.group ?? 'Other:') === group)
        .flatMap((command) => sections(command, 'snapscale')),
    ]),
    '',
  ].join('\n');
}

function visible(command: Command): readonly Command[] {
  return (command.commands ?? []).filter(({ hidden }) => hidden !== true);
}

function sections(command: Command, above: string): string[] {
  const path = `${above} ${command.name}`;
  const children = visible(command);
  if (children.length > 0) {
    return [
      ...(command.detail === undefined ? [] : ['', command.detail]),
      ...children.flatMap((child) => sections(child, path)),
    ];
  }
  const shown = (command.options ?? []).filter(({ hidden }) => hidden !== true);
  return [
    '',
    `### ${[path, ...(command.arguments ?? []).map(usageOf)].join(' ')}`,
    '',
    `${sentence(command.summary)}${command.detail === undefined ? '' : ` ${command.detail}`}`,
    ...((command.arguments ?? []).length === 0 ? [] : ['', ...command.arguments!.map(argumentLine)]),
    ...(shown.length === 0 ? [] : ['', optionTable(shown)]),
    ...((command.examples ?? []).length === 0
      ? []
      : ['', '```', ...command.examples!.map((line) => `snapscale ${line}`), '```']),
  ];
}

function usageOf(argument: Argument): string {
  const name = argumentName(argument).toUpperCase() + (argument[0].includes('...') ? '…' : '');
  return argument[0].startsWith('[') ? `[${name}]` : name;
}

function argumentLine(argument: Argument): string {
  return `- \`${argumentName(argument).toUpperCase()}\`: ${argument[1]}`;
}

function optionTable(options: readonly Option[]): string {
  const cell = (text: string) => text.replaceAll('|', '\\|');
  return [
    '| option | |',
    '|---|---|',
    ...options.map(({ flags, description }) => `| \`${cell(flags)}\` | ${cell(description)} |`),
  ].join('\n');
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
