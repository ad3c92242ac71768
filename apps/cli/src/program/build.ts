/** From the declared commands to commander. */
import { Argument as Positional, Command as Program, Option as ProgramOption } from 'commander';
import type { Style } from '../terminal/style.js';
import { type Argument, argumentName, type Command, type Handler, type Option } from './command.js';
import { helpText } from './help.js';
import { Values } from './values.js';

/** Called when the command line has named a command that does something. */
export type Invoke = (load: () => Promise<Handler>, values: Values, globals: Record<string, unknown>) => Promise<void>;

/** What the program is built with. */
export type BuildOptions = {
  readonly name: string;
  readonly version: string;
  readonly style: Style;
  /** Width of the terminal, for help. */
  readonly columns?: number;
  readonly invoke: Invoke;
};

/** Options of all commands. */
export const globalOptions: readonly Option[] = [
  { flags: '-u, --url <address>', description: 'node to ask (default: $SNAPSCALE_URL, else http://localhost:8888)' },
  { flags: '-j, --json', description: 'the result as JSON, errors too' },
  { flags: '-q, --quiet', description: 'nothing but the result' },
  { flags: '-v, --verbose', description: 'more about errors' },
  { flags: '--no-color', description: 'without colours (also: NO_COLOR=1)' },
  { flags: '--passphrase-file <file>', description: 'passphrase of the key store (also: $SNAPSCALE_PASSPHRASE)' },
  { flags: '--identity <name>', description: 'certificate that requests carry (also: $SNAPSCALE_IDENTITY)' },
  { flags: '-h, --help', description: 'help, also after a command' },
  { flags: '-V, --version', description: 'version of this program' },
];
/** Those that commander adds by itself. */
const builtIn = new Set(['-h, --help', '-V, --version']);

/** Builds the program. Nothing of what the commands do is loaded. */
export function buildProgram(root: Command, options: BuildOptions): Program {
  const program = new Program(root.name);
  program.version(options.version, '-V, --version').helpOption('-h, --help').helpCommand(false);
  program.showSuggestionAfterError(true);
  for (const option of globalOptions) if (!builtIn.has(option.flags)) program.addOption(optionOf(option));
  showHelp(program, root, [options.name], options);
  for (const command of root.commands ?? []) addCommand(program, command, [options.name], options);
  return program;
}

function addCommand(parent: Program, command: Command, above: readonly string[], options: BuildOptions): void {
  const path = [...above, command.name];
  const built = parent.createCommand(command.name);
  built.copyInheritedSettings(parent);
  showHelp(built, command, path, options);
  for (const alias of command.aliases ?? []) built.alias(alias);
  for (const argument of command.arguments ?? []) built.addArgument(positionalOf(argument));
  for (const option of command.options ?? []) built.addOption(optionOf(option));
  for (const child of command.commands ?? []) addCommand(built, child, path, options);
  built.helpCommand(false);
  if (command.passThrough === true) built.allowUnknownOption().allowExcessArguments();
  const { load } = command;
  if (load !== undefined) built.action(() => options.invoke(load, valuesOf(command, built), built.optsWithGlobals()));
  parent.addCommand(built);
}

function showHelp(
  built: Program,
  command: Command,
  path: readonly string[],
  { style, columns }: Pick<BuildOptions, 'style' | 'columns'>,
): void {
  built.configureHelp({ formatHelp: () => helpText(command, path, globalOptions, style, columns) });
}

function optionOf({ flags, description, many }: Option): ProgramOption {
  const option = new ProgramOption(flags, description);
  if (many === true) option.argParser((value: string, before: string[] | undefined) => [...(before ?? []), value]);
  return option;
}

/** commander's form: `<FROM>`, `[memo]`, `[words...]`. */
function positionalOf([name, description]: Argument): Positional {
  return new Positional(name.startsWith('[') ? name : `<${name}>`, description);
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
