/** The differential test's program, compiled by g++ for this machine. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { numbersOf } from './chain-run.js';
import { type Column, type Family, parseLayout } from './families.js';

const source = fileURLToPath(new URL('native.cpp', import.meta.url));
const outputBytesMax = 1024 * 1024 * 1024;

/** Whether this machine has g++. */
export function hasNativeCompiler(): boolean {
  return spawnSync('g++', ['--version']).status === 0;
}

export class NativeRun {
  private readonly folder = mkdtempSync(join(tmpdir(), 'snapscale-differential-'));
  private readonly program = join(this.folder, 'native');

  /** @throws Error with the messages of g++ */
  constructor() {
    // Fused multiplication would give other results than contracts, which never fuse.
    execFileSync('g++', ['-std=gnu++17', '-O2', '-ffp-contract=off', '-o', this.program, source]);
  }

  layout(family: Family): Column[] {
    return parseLayout(execFileSync(this.program, ['layout', String(family.id)]).toString());
  }

  /** Results of the first `count` cases, one after the other. */
  run(family: Family, count: number): BigUint64Array {
    const args = ['run', String(family.id), '0', String(count)];
    return numbersOf(execFileSync(this.program, args, { maxBuffer: outputBytesMax }));
  }

  close(): void {
    rmSync(this.folder, { recursive: true });
  }
}
