/** Where the time goes: V8's CPU profiles of a process' threads, as self time by function. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { count, percent, print, printTable } from './report.js';

type ProfileNode = {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly children?: readonly number[];
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

/**
 * Prints one table for each kind of thread, by the file that it was started with: of all processes together, functions with
 * what they took themselves and with what they called.
 */
export function printProfilesByThread(folder: string): void {
  const kinds = new Map<
    string,
    { busyUs: number; threads: number; self: Map<string, number>; total: Map<string, number> }
  >();
  for (const file of existsSync(folder) ? readdirSync(folder).sort() : []) {
    const profile: Profile = JSON.parse(readFileSync(join(folder, file), 'utf8'));
    const urls = profile.nodes.map(({ callFrame }) => /([a-z]+)-worker\.js$/.exec(callFrame.url)?.[1]);
    const kind = urls.find((name) => name !== undefined) ?? 'main';
    const sum = kinds.get(kind) ?? { busyUs: 0, threads: 0, self: new Map(), total: new Map() };
    kinds.set(kind, sum);
    sum.threads++;
    sum.busyUs += addTimes(profile, sum.self, sum.total);
  }
  for (const [kind, { busyUs, threads, self, total }] of kinds) {
    print(`\n  ${kind}, ${threads} threads, busy ${count(busyUs / 1e6)} s`);
    const top = (times: ReadonlyMap<string, number>) =>
      [...times].filter(([name]) => name !== '(idle)' && name !== '(root)').sort((a, b) => b[1] - a[1]);
    const rows = (times: ReadonlyMap<string, number>) =>
      top(times)
        .slice(0, FUNCTIONS_SHOWN)
        .map(([name, us]) => [name, count(us / 1000), percent(us / busyUs)]);
    printTable(['function', 'self ms', 'of busy'], rows(self));
    printTable(['function with what it calls', 'ms', 'of busy'], rows(total));
  }
}

/** Adds a profile's times by function, and returns those that were not idle. A function in itself counts once. */
function addTimes(
  { nodes, samples, timeDeltas }: Profile,
  self: Map<string, number>,
  total: Map<string, number>,
): number {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const own = new Map<number, number>();
  for (const [i, sample] of samples.entries()) own.set(sample, (own.get(sample) ?? 0) + timeDeltas[i]!);
  let idleUs = 0;
  const visit = (node: ProfileNode, above: ReadonlySet<string>): number => {
    const name = nameOf(node.callFrame);
    const ownUs = own.get(node.id) ?? 0;
    self.set(name, (self.get(name) ?? 0) + ownUs);
    if (name === '(idle)') idleUs += ownUs;
    const within = new Set(above).add(name);
    let us = ownUs;
    for (const child of node.children ?? []) us += visit(byId.get(child)!, within);
    if (!above.has(name)) total.set(name, (total.get(name) ?? 0) + us);
    return us;
  };
  const all = visit(nodes[0]!, new Set());
  return all - idleUs;
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
