/** Where the time goes: V8's CPU profiles of a process' threads, as self time by function. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { count, percent, print, printTable } from './report.js';

type ProfileNode = {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
};
type Profile = {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
};

const FUNCTIONS_SHOWN = 40;
const STRETCHES_SHOWN = 12;

/** Prints, for each profile in the folder, the functions with the most self time. */
export function printProfiles(folder: string): void {
  if (!existsSync(folder)) {
    print('  no profiles were written');
    return;
  }
  for (const file of readdirSync(folder).sort())
    printProfile(JSON.parse(readFileSync(join(folder, file), 'utf8')), file);
}

function printProfile(profile: Profile, file: string): void {
  const names = new Map(profile.nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const selfUs = new Map<string, number>();
  profile.samples.forEach((sample, i) => {
    const name = names.get(sample) ?? '?';
    selfUs.set(name, (selfUs.get(name) ?? 0) + profile.timeDeltas[i]!);
  });
  const idleUs = (selfUs.get('(idle)') ?? 0) + (selfUs.get('(program)') ?? 0);
  const totalUs = [...selfUs.values()].reduce((sum, value) => sum + value, 0);
  const busyUs = totalUs - (selfUs.get('(idle)') ?? 0);
  print(`\n  ${file}: ${count(totalUs / 1e6)} s, busy ${percent(busyUs / totalUs)}`);
  if (busyUs < totalUs * 0.01 && idleUs > 0) return;
  const top = [...selfUs].filter(([name]) => name !== '(idle)').sort((a, b) => b[1] - a[1]);
  printTable(
    ['function', 'self ms', 'of busy'],
    top.slice(0, FUNCTIONS_SHOWN).map(([name, us]) => [name, count(us / 1000), percent(us / busyUs)]),
  );
  printStretches(profile, names);
}

/** What keeps the thread from its other events: its longest stretches without an idle sample, and what they consist of. */
function printStretches({ samples, timeDeltas }: Profile, names: ReadonlyMap<number, string>): void {
  const stretches: { us: number; readonly atUs: number; readonly self: Map<string, number> }[] = [];
  let current: (typeof stretches)[number] | undefined;
  let atUs = 0;
  samples.forEach((sample, i) => {
    const name = names.get(sample) ?? '?';
    const us = timeDeltas[i]!;
    atUs += us;
    if (name === '(idle)') {
      current = undefined;
      return;
    }
    if (current === undefined) stretches.push((current = { us: 0, atUs, self: new Map() }));
    current.us += us;
    current.self.set(name, (current.self.get(name) ?? 0) + us);
  });
  print(`  longest stretches without a pause`);
  for (const { us, atUs, self } of stretches.sort((a, b) => b.us - a.us).slice(0, STRETCHES_SHOWN)) {
    const parts = [...self].sort((a, b) => b[1] - a[1]).slice(0, 3);
    const text = parts.map(([name, part]) => `${percent(part / us)} ${name}`).join(', ');
    print(`    ${count(us / 1000)} ms at ${count(atUs / 1e6)} s: ${text}`);
  }
}

function nameOf({ functionName, url, lineNumber }: ProfileNode['callFrame']): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  if (url === '') return name;
  const path = url.replace(/^.*\/(?=(packages|apps|node_modules)\/)/, '').replace('/dist/', '/');
  return `${name}  ${path}:${lineNumber + 1}`;
}
