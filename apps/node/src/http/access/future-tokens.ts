/**
 * Tokens from the future that were used: what must be known of them after a restart (ACC-12). What was used is remembered in memory
 * alone, since a token that is older than the start of the node is refused. But clocks differ, and a token may say that it was made
 * up to 30 s from now: it would still be good after a restart. So the latest time that a used one has named is kept in a file, and
 * nothing that says to be made then or before is taken after a restart. The file is written once a second at most, and only while
 * clients' clocks are ahead of the node's.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { tokenLimits } from '@snapscale/api/identity';

export class FutureTokens {
  /** Tokens that were made at this second or before may have been used before the start. */
  readonly untilSec: number;
  readonly #path: string;
  #latestSec: number;

  /** @param path the file, made when it is needed */
  constructor(path: string, nowSec: number) {
    const farthestSec = Math.floor(nowSec) + tokenLimits.clockAheadSecMax;
    this.#path = path;
    // No used token was farther from the future than that, whatever the file says.
    this.untilSec = Math.min(farthestSec, read(path) ?? farthestSec);
    this.#latestSec = this.untilSec;
  }

  /** Notes that a token is used. False: that could not be noted, and the token must not be taken. */
  use(madeSec: number, nowSec: number): boolean {
    if (madeSec <= nowSec || madeSec <= this.#latestSec) return true;
    try {
      writeFileSync(this.#path, `${madeSec}\n`, { mode: 0o600 });
    } catch {
      return false;
    }
    this.#latestSec = madeSec;
    return true;
  }
}

/** The second in the file; 0 without one; undefined when it says nothing, as after a crash in the middle of writing it. */
function read(path: string): number | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 0 : undefined;
  }
  return /^\d{1,12}\n$/.test(text) ? Number(text) : undefined;
}
