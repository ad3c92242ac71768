import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DirectoryInUse } from './failures.js';
import { LOCK_FILE_NAME, lockDirectory } from './lock.js';

const holderProgram = `
  import { lockDirectory } from ${JSON.stringify(new URL('./lock.ts', import.meta.url).href)};
  try {
    lockDirectory(process.argv[1]);
    console.log('locked');
    if (process.argv[2] === 'stay') setInterval(() => {}, 1000);
  } catch (error) { console.log(error.name); }
`;
const args = (directory: string, mode: string) => [
  '--conditions=source',
  '--import',
  'tsx',
  '--input-type=module',
  '-e',
  holderProgram,
  directory,
  mode,
];

describe('lockDirectory', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'lock-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const rewrite = (change: (holder: Record<string, unknown>) => void) => {
    const path = join(directory, LOCK_FILE_NAME);
    const holder = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    change(holder);
    writeFileSync(path, JSON.stringify(holder));
  };

  it('refuses a second lock and names holder, directory and way out', () => {
    const lock = lockDirectory(directory);
    expect(() => lockDirectory(directory)).toThrow(DirectoryInUse);
    expect(() => lockDirectory(directory)).toThrow(`in use by process ${process.pid} on ${hostname()}`);
    expect(() => lockDirectory(directory)).toThrow(lock.path);
    lock.release();
    expect(existsSync(lock.path)).toBe(false);
    lockDirectory(directory).release();
  });

  it('refuses another living process, and takes over from a killed one', async () => {
    const child = spawn(process.execPath, args(directory, 'stay'), { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    expect(() => lockDirectory(directory)).toThrow(`process ${child.pid}`);
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
    expect(existsSync(join(directory, LOCK_FILE_NAME))).toBe(true);
    const lock = lockDirectory(directory);
    const other = spawnSync(process.execPath, args(directory, 'leave'), { encoding: 'utf8' });
    expect(other.stdout.trim()).toBe('DirectoryInUse');
    lock.release();
    const after = spawnSync(process.execPath, args(directory, 'leave'), { encoding: 'utf8' });
    expect(after.stdout.trim()).toBe('locked');
    expect(existsSync(join(directory, LOCK_FILE_NAME))).toBe(false);
  });

  it('sees through a reused process id and a reboot', () => {
    lockDirectory(directory);
    if (process.platform === 'linux') {
      rewrite((holder) => {
        holder.processStart = '1';
      });
      lockDirectory(directory);
    }
    rewrite((holder) => {
      holder.boot = '1000';
    });
    lockDirectory(directory).release();
  });

  it('believes a holder on another machine while it renews the file', () => {
    lockDirectory(directory);
    rewrite((holder) => {
      holder.host = 'elsewhere.example';
    });
    expect(() => lockDirectory(directory)).toThrow('on elsewhere.example');
    const longAgo = new Date(Date.now() - 3_600_000);
    utimesSync(join(directory, LOCK_FILE_NAME), longAgo, longAgo);
    lockDirectory(directory).release();
  });

  const noise: readonly (readonly [string, string | Uint8Array])[] = [
    ['nothing', ''],
    ['zeros', new Uint8Array(200)],
    ['noise', Uint8Array.from({ length: 200 }, (_, i) => (i * 37) & 0xff)],
    ['a part of a description', '{"pid":1,"host":"'],
    ['another description', '{"pid":"1"}'],
  ];
  it.each(noise)('takes over a lock file with %s that nobody claims, and says so', (_, content) => {
    const path = join(directory, LOCK_FILE_NAME);
    writeFileSync(path, content);
    const ago = new Date(Date.now() - 4_900);
    utimesSync(path, ago, ago);
    const said: string[] = [];
    const lock = lockDirectory(directory, (text) => said.push(text));
    expect(said.at(-1)).toBe(`${path} was taken over: no process has claimed it`);
    expect(() => lockDirectory(directory)).toThrow(`process ${process.pid}`);
    lock.release();
  });

  it('waits for the holder of a damaged lock file to claim it', () => {
    const lock = lockDirectory(directory);
    const claim = readFileSync(lock.path);
    writeFileSync(lock.path, 'noise');
    const said: string[] = [];
    const claimed = (text: string) => {
      said.push(text);
      writeFileSync(lock.path, claim);
    };
    expect(() => lockDirectory(directory, claimed)).toThrow(`process ${process.pid}`);
    expect(said).toEqual([`${lock.path} names no process: waiting up to 5 s for one that holds it to say so`]);
    lock.release();
  });

  it('is claimed again by its holder when it was damaged, but not when it is gone or of another', () => {
    vi.useFakeTimers();
    try {
      const lock = lockDirectory(directory);
      const claim = readFileSync(lock.path, 'utf8');
      writeFileSync(lock.path, 'noise');
      vi.advanceTimersByTime(2_000);
      expect(readFileSync(lock.path, 'utf8')).toBe(claim);
      const other = claim.replace(/"token":"[^"]+"/, '"token":"of somebody else"');
      writeFileSync(lock.path, other);
      vi.advanceTimersByTime(2_000);
      expect(readFileSync(lock.path, 'utf8')).toBe(other);
      rmSync(lock.path);
      vi.advanceTimersByTime(2_000);
      expect(existsSync(lock.path)).toBe(false);
      lock.release();
    } finally {
      vi.useRealTimers();
    }
  });

  it('does not remove a lock that is no longer its own', () => {
    const lock = lockDirectory(directory);
    rewrite((holder) => {
      holder.token = 'of somebody else';
    });
    lock.release();
    expect(existsSync(lock.path)).toBe(true);
  });
});
