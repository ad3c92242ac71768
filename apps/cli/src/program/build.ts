/** From the declared commands to commander. */
import { Argument as Positional, Command as Program, Option as ProgramOption } from 'commander';
import { argumentName, type Command, type Handler, type Option } from './command.js';
import { Values } from './values.js';

/** Called when the command line has named a command that does something. */
export type Invoke = (load: () => Promise<Handler>, values: Values, globals: Record<string, unknown>) => Promise<void>;

/** Options of all commands. */
export const globalOptions: readonly Option[] = [
  { flags: '-u, --url <address>', description: 'node to ask (default: $SNAPSCALE_URL or http://localhost:8888)' },
  { flags: '-j, --json', description: 'the result as JSON, errors too' },
  { flags: '-q, --quiet', description: 'nothing but the result' },
  { flags: '-v, --verbose', description: 'more about errors' },
  { flags: '--no-color', description: 'without colours (also: NO_COLOR=1)' },
  { flags: '--passphrase-file <file>', description: 'passphrase of the key store (also: $SNAPSCALE_PASSPHRASE)' },
];

/** Builds the program. Nothing of what the commands do is loaded. */
export function buildProgram(root: Command, version: string, invoke: Invoke): Program {
  const program = new Program(root.name);
  program
    .usage('<command> [options]')
    .version(version, '-V, --version', 'version of this program')
    .helpOption('-h, --help', 'help, also after a command')
    .helpCommand('help [command]', 'help for a command')
    .showSuggestionAfterError(true)
    .exitOverride();
  program.configureHelp({ sortSubcommands: false, showGlobalOptions: false });
  describe(program, root);
  for (const option of globalOptions) program.addOption(optionOf({ ...option, group: 'Options of all commands:' }));
  for (const command of root.commands ?? []) addCommand(program, command, invoke);
  return program;
}

function addCommand(parent: Program, command: Command, invoke: Invoke): void {
  const built = parent.createCommand(command.name);
  built.copyInheritedSettings(parent);
  describe(built, command);
  if (command.group !== undefined) built.helpGroup(command.group);
  built.summary(command.summary);
  for (const alias of command.aliases ?? []) built.alias(alias);
  for (const argument of command.arguments ?? []) built.addArgument(new Positional(bracketed(argument[0]), argument[1]));
  for (const option of command.options ?? []) built.addOption(optionOf(option));
  for (const child of command.commands ?? []) addCommand(built, child, invoke);
  if (command.passThrough === true) built.allowUnknownOption().allowExcessArguments();
  const { load } = command;
  if (load !== undefined) {
    built.action(() => invoke(load, valuesOf(command, built), built.optsWithGlobals<Record<string, unknown>>()));
  }
  if (command.commands !== undefined) built.helpCommand(false);
  parent.addCommand(built, { hidden: command.hidden === true });
}

function describe(built: Program, command: Command): void {
  built.description([`${capital(command.summary)}.`, command.detail].filter((text) => text !== undefined).join('\n\n'));
  if (command.examples === undefined) return;
  const lines = command.examples.map((example) => `  snapscale ${example}`.trimEnd());
  built.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
}

function optionOf({ flags, description, many, hidden, group }: Option): ProgramOption {
  const option = new ProgramOption(flags, description).hideHelp(hidden === true);
  if (group !== undefined) option.helpGroup(group);
  if (many === true) option.argParser((value: string, before: string[] | undefined) => [...(before ?? []), value]);
  return option;
}

/** commander's form: `<from>`, `[memo]`, `[words...]`. */
function bracketed(name: string): string {
  return name.startsWith('[') ? name : `<${name}>`;
}

function valuesOf(command: Command, built: Program): Values {
  const given = built.processedArgs as unknown[];
  const named: Record<string, string | undefined> = {};
  let rest: readonly string[] = [];
  (command.arguments ?? []).forEach((argument, index) => {
    const value = given[index];
    if (argument[0].includes('...')) rest = (value as string[] | undefined) ?? [];
    else named[argumentName(argument)] = value as string | undefined;
  });
  return new Values(named, rest, built.optsWithGlobals());
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
