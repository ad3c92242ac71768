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
      writeSync(file, `${process.pid} ${performance.timeOrigin} ${birthOf(process.pid) ?? ''}`);
      closeSync(file);
      return () => rmSync(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
        throw new ConfigurationError(`${directory} cannot be used: ${(error as Error).message}`);
      }
      const [owner = '', since = '', birth = ''] = readFileSync(path, 'utf8').split(' ');
      if (attempt === 2 || isAlive(Number(owner), Number(since), birth)) {
        throw new ConfigurationError(`${directory} is in use by process ${owner}: stop it, or remove ${path}`);
      }
      rmSync(path, { force: true });
    }
  }
}

/** What tells a process from all that had or will have its number: the start of the machine, and its own. Linux alone has it. */
function birthOf(pid: number): string | undefined {
  try {
    const machine = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    // The name of the program, in brackets, may have blanks; the start is the 20th field after it.
    const started = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ')[19];
    return started === undefined ? undefined : `${machine}/${started}`;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number, since: number, birth: string): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  // After a restart of the machine, another process may have had our number.
  if (pid === process.pid) return since === performance.timeOrigin;
  try {
    process.kill(pid, 0);
    // Another process may have the number by now, above all after a power cut.
    const found = birthOf(pid);
    return birth === '' || found === undefined || found === birth;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
