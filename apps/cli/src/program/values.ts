/** Arguments and options of a command, read with their types. */
import { usageError } from './failures.js';

/** What the user gave to a command. */
export class Values {
  readonly #arguments: Readonly<Record<string, string | undefined>>;
  readonly #rest: readonly string[];
  readonly #options: Readonly<Record<string, unknown>>;

  /** @param rest what follows the named arguments, for commands that take any number */
  constructor(
    named: Readonly<Record<string, string | undefined>>,
    rest: readonly string[],
    options: Readonly<Record<string, unknown>>,
  ) {
    this.#arguments = named;
    this.#rest = rest;
    this.#options = options;
  }

  /** The same with other options. */
  with(options: Readonly<Record<string, unknown>>): Values {
    return new Values(this.#arguments, this.#rest, { ...this.#options, ...options });
  }

  /** An argument that the command demands. */
  argument(name: string): string {
    const value = this.#arguments[name];
    if (value === undefined) throw usageError(`${name.toUpperCase()} is missing`);
    return value;
  }

  /** An argument that may be left out. */
  optionalArgument(name: string): string | undefined {
    return this.#arguments[name];
  }

  get rest(): readonly string[] {
    return this.#rest;
  }

  /** An option with a value. */
  text(name: string): string | undefined {
    const value = this.#options[name];
    return typeof value === 'string' ? value : undefined;
  }

  /** An option without a value. */
  flag(name: string): boolean {
    return this.#options[name] === true;
  }

  /** An option of the form `--no-…`, by the name after `no`; true unless it was given. */
  unlessNot(name: string): boolean {
    return this.#options[name] !== false;
  }

  /** An option that may be given several times. */
  list(name: string): readonly string[] {
    const value = this.#options[name];
    return Array.isArray(value) ? (value as string[]) : [];
  }

  /** An option that is a whole number. */
  integer(name: string, min: number, max: number): number | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : wholeNumber(text, flagOf(name), min, max);
  }
}

/** A whole number in a range. @throws CommandError */
export function wholeNumber(text: string, what: string, min: number, max: number): number {
  const value = Number(text);
  if (!/^\d{1,15}$/.test(text) || value < min || value > max) {
    throw usageError(`${what} ${text}: expected a whole number from ${min} to ${max}`);
  }
  return value;
}

function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
