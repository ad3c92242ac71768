/** A contract from `contract new` to its first call, and from an edit to the next: what a developer waits for. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NodeProcess, root } from '../load/node-process.js';
import { heading, print, printTable } from '../report.js';

const cli = join(root, 'apps/cli/bin/snapscale.mjs');
/** From a saved change to the answer of the changed contract, redeployed. */
const EDIT_TO_CALL_GOAL_S = 15;
const SAMPLE_MS = 40;
const TICKS_PER_SECOND = 100;

type Step = { readonly name: string; readonly seconds: number; readonly cpuSeconds: number };

export async function contractProject(): Promise<void> {
  heading('contract project: new, build, test, deploy, call');
  const directory = mkdtempSync(join(tmpdir(), 'snapscale-bench-'));
  const node = await NodeProcess.start(join(directory, 'data'));
  const environment = {
    PATH: process.env.PATH,
    SNAPSCALE_URL: node.url,
    SNAPSCALE_HOME: join(directory, 'home'),
    SNAPSCALE_COMPILER_CACHE: join(directory, 'cache'),
  };
  const run = (name: string, folder: string, ...args: readonly string[]) =>
    measured(name, args, { cwd: folder, env: environment });
  try {
    const cold = await fiveCommands('first', directory, run);
    const warm = await fiveCommands('second', directory, run);
    const source = join(directory, 'second', 'src', 'second.cpp');
    writeFileSync(source, readFileSync(source, 'utf8').replace('text_size_max = 100', 'text_size_max = 99'));
    const project = join(directory, 'second');
    const again = [
      await run('deploy', project, 'contract', 'deploy', 'second'),
      await run('call', project, 'contract', 'call', 'second', 'greet', 'user=bob', 'text=hello', '-p', 'bob'),
    ];
    const cell = (value: number) => `${value.toFixed(1)} s`;
    const cells = (step: Step | undefined) =>
      step === undefined ? ['', ''] : [cell(step.seconds), cell(step.cpuSeconds)];
    const named = (steps: readonly Step[], name: string) => steps.find((step) => step.name === name);
    printTable(
      ['command', 'cold', 'CPU', 'warm', 'CPU', 'after an edit', 'CPU'],
      [
        ...cold.map(({ name }) => [
          name,
          ...cells(named(cold, name)),
          ...cells(named(warm, name)),
          ...cells(named(again, name)),
        ]),
        ['together', ...cells(sum(cold)), ...cells(sum(warm)), ...cells(sum(again))],
      ],
    );
    const editToCall = sum(again).seconds;
    const verdict = editToCall <= EDIT_TO_CALL_GOAL_S ? 'within' : 'beyond';
    print(`  an edit is deployed and called in ${cell(editToCall)}: ${verdict} the goal of ${EDIT_TO_CALL_GOAL_S} s`);
    print(
      '  cold: nothing precompiled; warm: another project with the same SDK. Deploy and call wait until they are final.',
    );
  } finally {
    await node.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

type Run = (name: string, folder: string, ...args: readonly string[]) => Promise<Step>;

async function fiveCommands(contract: string, directory: string, run: Run): Promise<Step[]> {
  const project = join(directory, contract);
  const words = ['contract', 'call', contract, 'greet', 'user=alice', 'text=hello', '-p', 'alice'];
  return [
    await run('new', directory, 'contract', 'new', contract),
    await run('build', project, 'contract', 'build'),
    await run('test', project, 'contract', 'test'),
    await run('deploy', project, 'contract', 'deploy', contract, '--create'),
    await run('call', project, ...words),
  ];
}

function sum(steps: readonly Step[]): Step {
  const total = (value: (step: Step) => number) => steps.reduce((all, step) => all + value(step), 0);
  return { name: 'together', seconds: total((step) => step.seconds), cpuSeconds: total((step) => step.cpuSeconds) };
}

/** Runs the compiled program; CPU includes the compiler and the tests, which are processes of their own. */
async function measured(
  name: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<Step> {
  const began = performance.now();
  const child = spawn(process.execPath, [cli, ...args], { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk));
  const ticks = new Map<number, number>();
  const sampling = setInterval(() => sample(child.pid!, ticks), SAMPLE_MS);
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  clearInterval(sampling);
  if (code !== 0) throw new Error(`snapscale ${args.join(' ')} ended with ${code}:\n${said}`);
  const cpuSeconds = [...ticks.values()].reduce((all, one) => all + one, 0) / TICKS_PER_SECOND;
  return { name, seconds: (performance.now() - began) / 1000, cpuSeconds };
}

/** Notes the CPU time of a process and of those below it. Nothing is known where the system has no /proc. */
function sample(pid: number, ticks: Map<number, number>): void {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
    ticks.set(pid, Number(fields[11]) + Number(fields[12]));
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const children = readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').trim();
      for (const child of children.split(' ').filter((text) => text !== '')) sample(Number(child), ticks);
    }
  } catch {
    // It has ended meanwhile.
  }
}
