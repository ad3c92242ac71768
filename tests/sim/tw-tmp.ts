import { runTwins } from '/work/main/packages/consensus/src/testing/twins.js';
import { mutants } from '/work/main/packages/consensus/src/model/mutants.js';
const n = Number(process.argv[2] ?? 200);
const began = process.cpuUsage();
const bad = new Map<string, number>();
let first: string | undefined;
for (let seed = 1; seed <= n; seed++) { const f = runTwins({ seed, rounds: 3 + (seed % 6) }); if (f) { bad.set(f.split(':')[0]!, (bad.get(f.split(':')[0]!) ?? 0) + 1); first ??= seed + ' ' + f; } }
console.log('rules', bad, first, process.cpuUsage(began).user / 1e6 / n * 1000, 'ms each');
for (const [k, rules] of Object.entries(mutants)) { let hit = 0, at = 0; for (let seed = 1; seed <= n; seed++) { const f = runTwins({ seed, rounds: 3 + (seed % 6), rules }); if (f?.startsWith('two')) { hit++; at ||= seed; } } console.log(k, hit, 'first', at); }
