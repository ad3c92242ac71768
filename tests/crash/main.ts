/** `npm run crash [-- --rounds 200 --seed N]`: kills nodes and damages their files, and reports what did not hold. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { machineText } from '../bench/report.js';
import { corruptionCases } from './corruption.js';
import { crashRounds, foundingRounds } from './rounds.js';

const FOUNDING_SHARE = 10;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    keep: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);
const seed = Number(values.seed);
const directory = mkdtempSync(join(tmpdir(), 'snapscale-crash-'));
const print = (line: string) => void process.stdout.write(`${line}\n`);
const began = performance.now();
const findings: string[] = [];

print(machineText());
print(`\n== ${rounds} kills at random moments, seed ${seed}, in ${directory}`);
const report = await crashRounds({ rounds, seed, directory, print });
findings.push(...report.findings);
const restarts = [...report.restartMs].sort((a, b) => a - b);
print(
  `  restart until it answers: median ${restarts[restarts.length >> 1]?.toFixed(0)} ms, longest ${restarts.at(-1)?.toFixed(0)} ms`,
);
const { replay } = report;
print(
  `  undisturbed replay: ${replay.blocks} blocks, ${replay.transactions} transactions, ${replay.entries} entries compared in ${replay.seconds.toFixed(1)} s`,
);
findings.push(...(await foundingRounds({ rounds: Math.ceil(rounds / FOUNDING_SHARE), seed, directory, print })));
print('\n== damaged files');
findings.push(...(await corruptionCases({ seed, directory, print })));

print(`\n== ${findings.length} findings after ${((performance.now() - began) / 1000).toFixed(0)} s`);
for (const finding of findings) print(`  ${finding}`);
if (findings.length > 0) process.exitCode = 1;
if (values.keep || findings.length > 0) print(`  the data is kept in ${directory}`);
else rmSync(directory, { recursive: true, force: true });
