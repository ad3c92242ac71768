/** Where an encoder or decoder is: nesting, path for messages, and how much it may still produce. */
import { DecodeError, FormatError } from '../codec/errors.js';
import { limits } from '../limits.js';
import { Reject, type RejectionCode, reject } from '../rejections.js';
import { clip } from './type-name.js';

/** What several decodings may produce together beyond their data, in characters: for answers that hold many values. */
export type DecodingBudget = { charsLeft: number };

/** One decoding or encoding of one value. Not reusable after a failure. */
export class Walk {
  /** Whether missing extension fields are still allowed here (encoding). */
  extensionsAllowed = true;
  private depth = 1;
  private charsLeft: number;
  private readonly path: (string | number)[];
  private readonly budget: DecodingBudget | undefined;

  /** @param root type at which the walk starts @param charsMax see `spend` @param budget spent as well */
  constructor(root: string, charsMax = Number.POSITIVE_INFINITY, budget?: DecodingBudget) {
    this.path = [root];
    this.charsLeft = charsMax;
    this.budget = budget;
  }

  /** Enters a nested value; pair with `leave`. @throws Reject abi_recursion_depth_exception */
  enter(): void {
    if (++this.depth >= limits.abiDepthMax) {
      reject(
        'abi_recursion_depth_exception',
        `recursive definition, max_recursion_depth ${limits.abiDepthMax} (${this.at()})`,
      );
    }
  }

  leave(): void {
    this.depth--;
  }

  /** Names the part that is worked on next; pair with `pop`. */
  push(part: string | number): void {
    this.path.push(part);
  }

  /** Replaces the last part: the index in an array. */
  replace(part: number): void {
    this.path[this.path.length - 1] = part;
  }

  pop(): void {
    this.path.pop();
  }

  /** Counts characters that the result will have beyond the data itself. @throws Reject snap_output_too_large */
  spend(chars: number): void {
    this.charsLeft -= chars;
    if (this.budget !== undefined) this.budget.charsLeft -= chars;
    if (this.charsLeft < 0 || (this.budget?.charsLeft ?? 0) < 0)
      reject('snap_output_too_large', `data expands too much (${this.at()})`);
  }

  /** Path as `transfer.quantity` or `rows[3].name`. */
  at(): string {
    let text = '';
    for (const part of this.path) {
      if (typeof part === 'number') text += `[${part}]`;
      else text += text === '' ? clip(part) : `.${clip(part)}`;
    }
    return text;
  }

  fail(code: RejectionCode, what: string): never {
    return reject(code, `${what} (${this.at()})`);
  }

  /** Turns what codecs throw into a rejection that says where it happened. */
  rethrow(error: unknown): never {
    if (error instanceof Reject) throw error;
    if (error instanceof DecodeError) this.fail('unpack_exception', error.message);
    if (error instanceof FormatError) this.fail('pack_exception', error.message);
    throw error;
  }
}
