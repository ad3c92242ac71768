/** CPU time of builds of the token contract: with nothing kept, for a changed text, and compiling and linking alone. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ContractCompiler, contractsRoot } from '@snapscale/contracts/compiler';
import { heading, print, printTable } from '../report.js';

/** Goal for compiling and linking in a process that has compiled before. */
const COMPILE_AND_LINK_GOAL_S = 3;
const RUNS = 3;
const TICKS_PER_SECOND = 100;

type Measured = { readonly seconds: number; readonly cpuSeconds: number };

export async function compiler(): Promise<void> {
  heading('compiler: the token contract');
  const folder = join(contractsRoot, 'system', 'eosio.token');
  const cacheDir = mkdtempSync(join(tmpdir(), 'snapscale-bench-'));
  const contracts = new ContractCompiler({ cacheDir, stepMsMax: 600_000 });
  let edits = 0;
  const build = (edit: string) =>
    measured(() =>
      contracts.build({
        name: 'eosio.token',
        sources: [join(folder, 'eosio.token.cpp')],
        readFile: (path) => withEdit(path, edit),
      }),
    );
  try {
    const cold = await build('');
    const edited = await best(() => build(`\n// edit ${++edits}\n`));
    // What was read of the last edit stays; its object goes, so that a build compiles and links and does no more.
    const compiled = await best(() => {
      for (const file of readdirSync(cacheDir)) if (file.endsWith('.unit')) rmSync(join(cacheDir, file));
      return build(`\n// edit ${edits}\n`);
    });
    const same = await best(() => build(`\n// edit ${edits}\n`));
    const row = (title: string, { cpuSeconds, seconds }: Measured) => [
      title,
      `${cpuSeconds.toFixed(2)} s`,
      `${seconds.toFixed(2)} s`,
    ];
    printTable(
      ['build', 'CPU', 'wall'],
      [
        row('first on a machine, SDK precompiled', cold),
        row('after an edit: read, compile, link', edited),
        row('compile and link alone', compiled),
        row('nothing changed', same),
      ],
    );
    const verdict = compiled.cpuSeconds <= COMPILE_AND_LINK_GOAL_S ? 'within' : 'beyond';
    print(
      `  compile and link: ${compiled.cpuSeconds.toFixed(2)} s of CPU, ${verdict} the goal of ${COMPILE_AND_LINK_GOAL_S} s`,
    );
    print(
      `  the least of ${RUNS} runs each; CPU is known on Linux only, and is that of this process and the compiler's`,
    );
  } finally {
    contracts.close();
    rmSync(cacheDir, { recursive: true, force: true });
  }
}

/** A file of the contract; its main source with `edit` behind it. */
function withEdit(path: string, edit: string): string | undefined {
  try {
    return readFileSync(path, 'utf8') + (path.endsWith('.cpp') ? edit : '');
  } catch {
    return undefined;
  }
}

async function best(run: () => Promise<Measured>): Promise<Measured> {
  const runs: Measured[] = [];
  for (let i = 0; i < RUNS; i++) runs.push(await run());
  return runs.reduce((least, one) => (one.cpuSeconds < least.cpuSeconds ? one : least));
}

async function measured(run: () => Promise<unknown>): Promise<Measured> {
  const began = performance.now();
  const cpuBegan = cpuTicks(process.pid);
  await run();
  const cpuSeconds = (cpuTicks(process.pid) - cpuBegan) / TICKS_PER_SECOND;
  return { seconds: (performance.now() - began) / 1000, cpuSeconds };
}

/** CPU time of a process and of those below it; 0 where the system has no /proc. */
function cpuTicks(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
    let ticks = Number(fields[11]) + Number(fields[12]);
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const children = readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').trim();
      for (const child of children.split(' ').filter((text) => text !== '')) ticks += cpuTicks(Number(child));
    }
    return ticks;
  } catch {
    return 0;
  }
}
