/** What a command is, as data: help, completion and parsing all come from one declaration. */
import type { Session } from './session.js';
import type { Values } from './values.js';

/** Does the work of a command. What it throws becomes the error message and the exit code. */
export type Handler = (session: Session, values: Values) => Promise<void>;

/** An argument: its name (`from`), in brackets when it may be left out (`[memo]`), with dots when it takes all (`[words...]`). */
export type Argument = readonly [name: string, description: string];

/** An option. */
export type Option = {
  /** As commander reads it: `-p, --permission <actor@perm>`. */
  readonly flags: string;
  readonly description: string;
  /** May be given several times. */
  readonly many?: boolean;
  /** Accepted, but not listed: what scripts for cleos give and what makes no difference here. */
  readonly hidden?: boolean;
  /** Heading in the help. */
  readonly group?: string;
};

/** A command, or a group of commands. */
export type Command = {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** A line for the list of commands. */
  readonly summary: string;
  /** Paragraphs for the command's own help. */
  readonly detail?: string;
  /** Heading in the list of commands. */
  readonly group?: string;
  readonly arguments?: readonly Argument[];
  readonly options?: readonly Option[];
  /** Command lines without the program's name. */
  readonly examples?: readonly string[];
  readonly hidden?: boolean;
  /** Takes any arguments and options: for commands that only say something. */
  readonly passThrough?: boolean;
  readonly commands?: readonly Command[];
  /** Loads what the command does. Missing for groups. */
  readonly load?: () => Promise<Handler>;
};

/** The bare name of an argument, as `Values` knows it. */
export function argumentName(argument: Argument): string {
  return argument[0].replace(/[[\]]/g, '').replace('...', '');
}
