/**
 * `npm run bench [-- parts…]`: measures, prints, keeps nothing. It never fails because something was slow. All parts
 * together run with short settings, so that they take minutes; a part that is named takes the time that its figures need.
 */
import { parseArgs } from 'node:util';
import type { SendMode } from './load/messages.js';
import { codec } from './parts/codec.js';
import { compiler } from './parts/compiler.js';
import { contractProject } from './parts/contract-project.js';
import { database } from './parts/database.js';
import { execution } from './parts/execution.js';
import { idle } from './parts/idle.js';
import { startup } from './parts/startup.js';
import { throughput } from './parts/throughput.js';
import { token } from './parts/token.js';
import { heading, machineText, print } from './report.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean' }, profile: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
});
const modes: readonly string[] = ['bulk', 'bulk-live', 'send_transaction', 'push_transactions'] satisfies SendMode[];
const isQuick = values.quick === true || positionals.length === 0;
const options = { quick: isQuick, profile: values.profile as SendMode | undefined };

const parts: Readonly<Record<string, () => Promise<void> | void>> = {
  execution: () => execution(options),
  database: () => database(options),
  codec: () => codec(options),
  token: () => token(options),
  startup: () => startup(options),
  throughput: () => throughput(options),
  idle: () => idle(options),
  compiler: () => compiler(),
  contract: () => contractProject(),
};

const unknown = positionals.filter((name) => parts[name] === undefined);
if (values.profile !== undefined && !modes.includes(values.profile)) unknown.push(`--profile ${values.profile}`);
if (values.help === true || unknown.length > 0) {
  if (unknown.length > 0) print(`There is no part named ${unknown.join(', ')}.`);
  print(`Usage: npm run bench [-- ${Object.keys(parts).join(' | ')} … --quick --profile ${modes.join('|')}]`);
  process.exitCode = unknown.length > 0 ? 1 : 0;
} else {
  print(machineText());
  if (isQuick) print('settings  short; name a part for its full ones');
  const began = performance.now();
  for (const name of positionals.length > 0 ? positionals : Object.keys(parts)) await parts[name]!();
  heading(`done in ${((performance.now() - began) / 1000).toFixed(0)} s`);
  print(machineText().split('\n').at(-1)!);
}
