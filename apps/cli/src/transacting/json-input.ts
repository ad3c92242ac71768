/** JSON from the command line: written there, in a file (`@file`, or its path), or on standard input (`-`). */
import { existsSync, readFileSync } from 'node:fs';
import type { Json } from '@snapscale/protocol';
import { configurationError, usageError } from '../program/failures.js';
import { readStandardInput } from '../terminal/prompt.js';

/** Longest argument that is taken for a path. */
const PATH_LENGTH_MAX = 1024;

/** The JSON of an argument. @param what for messages, as `DATA` */
export async function jsonInput(argument: string, what: string): Promise<Json> {
  const { text, origin } = await textInput(argument, what);
  try {
    return JSON.parse(withQuotedIntegers(text)) as Json;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw usageError(
      `${what} is not JSON${origin === undefined ? '' : ` (${origin})`}: ${reason}`,
      origin === undefined ? `Put it into single quotes, as '{"from":"alice"}', or into a file: @data.json` : undefined,
    );
  }
}

const stringsAndNumbers = /"(?:\\.|[^"\\])*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** JSON with integers that JavaScript would round as strings, which stand for the same in action data. */
function withQuotedIntegers(text: string): string {
  return text.replace(stringsAndNumbers, (part) => (/^-?\d{16,}$/.test(part) ? `"${part}"` : part));
}

async function textInput(argument: string, what: string): Promise<{ text: string; origin: string | undefined }> {
  if (argument === '-') return { text: await readStandardInput(), origin: 'standard input' };
  if (argument.startsWith('@')) return { text: readText(argument.slice(1), what), origin: argument.slice(1) };
  const isPath = argument.length <= PATH_LENGTH_MAX && !/^\s*[[{"]/.test(argument) && existsSync(argument);
  return isPath ? { text: readText(argument, what), origin: argument } : { text: argument, origin: undefined };
}

function readText(path: string, what: string): string {
  return Buffer.from(readBytes(path, what)).toString('utf8');
}

/** The bytes of a file. @throws CommandError */
export function readBytes(path: string, what: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file' : error instanceof Error ? error.message : String(error);
    throw configurationError(`${what}: ${path} cannot be read: ${reason}`);
  }
}
