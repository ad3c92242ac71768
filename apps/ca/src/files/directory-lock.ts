/** One process for each directory: two would write the same journals. */
import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { ConfigurationError } from '../failures.js';

/** Takes a directory. Returns what gives it back. @throws ConfigurationError when another process has it */
export function lockDirectory(directory: string): () => void {
  const path = join(directory, 'lock');
  for (let attempt = 1; ; attempt++) {
    try {
      const file = openSync(path, 'wx', 0o600);
      writeSync(file, `${process.pid} ${performance.timeOrigin}`);
      closeSync(file);
      return () => rmSync(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
        throw new ConfigurationError(`${directory} cannot be used: ${(error as Error).message}`);
      }
      const [owner = 0, since = 0] = readFileSync(path, 'utf8').split(' ').map(Number);
      if (attempt === 2 || isAlive(owner, since)) {
        throw new ConfigurationError(`${directory} is in use by process ${owner}: stop it, or remove ${path}`);
      }
      rmSync(path, { force: true });
    }
  }
}

function isAlive(pid: number, since: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  // After a restart of the machine, another process may have had our number.
  if (pid === process.pid) return since === performance.timeOrigin;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
