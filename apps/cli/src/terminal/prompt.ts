/** Questions to the user. Asked on a terminal only; each has a flag or variable that answers it elsewhere. */
import { cancelled, usageError } from '../program/failures.js';

/** Whether somebody is there to answer. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/** Asks for a line. @param hidden shows nothing of what is typed. @param otherwise how to answer without a terminal */
export async function ask(
  question: string,
  { hidden = false, otherwise }: { hidden?: boolean; otherwise: string },
): Promise<string> {
  if (!canAsk()) throw usageError(`${question}: there is no terminal to ask on`, otherwise);
  process.stderr.write(`${question}: `);
  return hidden ? readHidden() : readVisible();
}

/** Reads all of standard input, without the line end at its end. */
export async function readStandardInput(): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of process.stdin) pieces.push(piece as Buffer);
  return Buffer.concat(pieces)
    .toString('utf8')
    .replace(/\r?\n$/, '');
}

async function readVisible(): Promise<string> {
  const { createInterface } = await import('node:readline');
  const lines = createInterface({ input: process.stdin });
  return new Promise((resolve, reject) => {
    let answered = false;
    lines.once('line', (line) => {
      answered = true;
      lines.close();
      resolve(line);
    });
    lines.once('close', () => answered || reject(cancelled()));
    lines.once('SIGINT', () => lines.close());
  });
}

const ENTER = new Set(['\r', '\n']);
const INTERRUPT = new Set(['\u0003', '\u0004']);
const ERASE_ALL = '\u0015';
const ERASE = new Set(['\u0008', '\u007f']);

function readHidden(): Promise<string> {
  const { stdin } = process;
  stdin.setRawMode(true);
  stdin.setEncoding('utf8');
  stdin.resume();
  return new Promise((resolve, reject) => {
    let typed: string[] = [];
    const done = (finish: () => void): void => {
      stdin.off('data', read);
      stdin.setRawMode(false);
      stdin.pause();
      process.stderr.write('\n');
      finish();
    };
    const read = (piece: string): void => {
      for (const character of piece) {
        if (ENTER.has(character) || INTERRUPT.has(character)) {
          done(() => (ENTER.has(character) ? resolve(typed.join('')) : reject(cancelled())));
          return;
        }
        if (ERASE.has(character)) typed = typed.slice(0, -1);
        else if (character === ERASE_ALL) typed = [];
        else if (character >= ' ') typed.push(character);
      }
    };
    stdin.on('data', read);
  });
}
