/** The compiled program as a child process, for tests that see what a user sees. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const launcher = fileURLToPath(new URL('../../bin/snapscale.mjs', import.meta.url));
const compiled = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** What a run has left behind. */
export type Run = {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The JSON on stdout. */
  json(): unknown;
};

/** Runs the program with arguments. */
export type RunCli = (
  args: readonly string[],
  options?: { readonly environment?: Readonly<Record<string, string>>; readonly input?: string },
) => Promise<Run>;

/** A program whose environment is `environment` alone. @throws when it was not compiled */
export function cliWith(environment: Readonly<Record<string, string>>): RunCli {
  if (!existsSync(compiled)) throw new Error(`${compiled} is missing: run npm run build`);
  const base = { PATH: process.env.PATH ?? '', HOME: '/nonexistent', ...environment };
  return (args, options = {}) =>
    new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [launcher, ...args], { env: { ...base, ...options.environment } });
      let [stdout, stderr] = ['', ''];
      child.stdout.on('data', (piece) => (stdout += piece));
      child.stderr.on('data', (piece) => (stderr += piece));
      child.on('error', reject);
      child.on('close', (code) => resolve({ code: code ?? -1, stdout, stderr, json: () => JSON.parse(stdout) }));
      child.stdin.end(options.input ?? '');
    });
}
