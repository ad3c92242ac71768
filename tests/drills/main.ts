/** `npm run drill -- NAME [--seed N] …`: drills with networks of real node processes; says what did not hold. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { machineText, print } from '../bench/report.js';
import { attacksDrill } from './attacks.js';
import { cheatsDrill } from './cheating.js';
import { consortiumDrill } from './consortium/membership.js';
import { renewalDrill } from './consortium/renewal.js';
import { killsDrill } from './kills.js';
import { quorumDrill } from './quorum.js';
import { roundsDrill } from './rounds.js';
import { scheduleDrill } from './schedule.js';
import type { DrillOptions } from './support/drill.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string', default: '1' },
    producers: { type: 'string' },
    kills: { type: 'string', default: '200' },
    /** Another compiled node than that of this checkout. */
    program: { type: 'string' },
    keep: { type: 'boolean', default: false },
    lenient: { type: 'boolean', default: false },
    newcomers: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '3' },
    loaded: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h' },
  },
});

type DrillCommand = {
  readonly about: string;
  readonly producers: number;
  readonly run: (options: DrillOptions) => Promise<readonly string[]>;
};

const PRODUCER_KILLS = 4;
const REVERSIBLE_MAX = 40;

const drills: Readonly<Record<string, DrillCommand>> = {
  kills: {
    about: 'kill -9 at random over a network under load (--kills N)',
    producers: 4,
    run: async (options) => (await killsDrill({ ...options, kills: Number(values.kills) })).findings,
  },
  quorum: {
    about:
      'the current producer killed, more than f killed, production paused, and back (--lenient: times are not judged)',
    producers: 4,
    run: (options) =>
      quorumDrill({
        ...options,
        producerKills: PRODUCER_KILLS,
        reversibleMax: REVERSIBLE_MAX,
        judgeTimes: !values.lenient,
      }),
  },
  rounds: {
    about: 'whole rounds in real time without a missed slot (--producers 21 --rounds 3 --loaded --profile)',
    producers: 7,
    run: (options) =>
      roundsDrill({ ...options, rounds: Number(values.rounds), loaded: values.loaded, profiled: values.profile }),
  },
  schedule: {
    about: 'a change of the schedule by votes, under load: newcomers, a silent one, its return (--newcomers N)',
    producers: 4,
    run: (options) => scheduleDrill({ ...options, newcomers: Number(values.newcomers) }),
  },
  cheats: {
    about: 'two blocks for a slot, two votes in a slot, one key in two nodes: found out, jailed, shown',
    producers: 5,
    run: cheatsDrill,
  },
  consortium: {
    about: 'an organisation joins, produces, is voted out and is out at once; 10,000 revocations',
    producers: 4,
    run: consortiumDrill,
  },
  renewal: {
    about: 'root, issuing CAs and all certificates are replaced under load: no block lost, no request failed',
    producers: 4,
    run: renewalDrill,
  },
  attacks: {
    about: 'strangers and members that attack the peer port: noise, floods, lies, replays, 10,000 sockets',
    producers: 4,
    run: attacksDrill,
  },
};

async function run(name: string, { producers, run }: DrillCommand): Promise<boolean> {
  const directory = mkdtempSync(join(tmpdir(), `snapscale-drill-${name}-`));
  const count = values.producers === undefined ? producers : Number(values.producers);
  const seed = Number(values.seed);
  print(`\n== ${name}, ${count} producers, seed ${seed}, in ${directory}`);
  const began = performance.now();
  const program = values.program === undefined ? undefined : resolve(values.program);
  const findings = await run({ seed, directory, print, producers: count, program });
  print(`== ${name}: ${findings.length} findings after ${((performance.now() - began) / 1000).toFixed(0)} s`);
  for (const finding of findings) print(`  ${finding}`);
  if (findings.length === 0 && !values.keep) rmSync(directory, { recursive: true, force: true });
  else print(`  logs and data are kept in ${directory}`);
  if (findings.length > 0) print(`  once more: npm run drill -- ${process.argv.slice(2).join(' ')}`);
  return findings.length === 0;
}

const names = positionals.length > 0 ? positionals : values.help === true ? [] : Object.keys(drills);
const unknown = names.filter((name) => drills[name] === undefined);
if (values.help === true || unknown.length > 0) {
  if (unknown.length > 0) print(`There is no drill named ${unknown.join(', ')}.`);
  print('Usage: npm run drill -- NAME … [--seed N] [--producers N] [--program FILE] [--keep]\n');
  for (const [name, { about }] of Object.entries(drills)) print(`  ${name.padEnd(10)} ${about}`);
  process.exitCode = unknown.length > 0 ? 2 : 0;
} else {
  print(machineText());
  for (const name of names) if (!(await run(name, drills[name]!))) process.exitCode = 1;
}
