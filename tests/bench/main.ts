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
import { type NetworkMeasurement, network, networkMeasurements } from './parts/network.js';
import { privateTransfers } from './parts/private.js';
import { startup } from './parts/startup.js';
import { throughput } from './parts/throughput.js';
import { token } from './parts/token.js';
import { turnOrder } from './parts/turn-order.js';
import { heading, machineText, print } from './report.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean' },
    profile: { type: 'string' },
    producers: { type: 'string' },
    delay: { type: 'string' },
    seconds: { type: 'string' },
    rate: { type: 'string' },
    measure: { type: 'string' },
    through: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
});
const modes: readonly string[] = ['bulk', 'bulk-live', 'send_transaction', 'push_transactions'] satisfies SendMode[];
const isQuick = values.quick === true || positionals.length === 0;
const options = { quick: isQuick, profile: values.profile as SendMode | undefined };

const networkOptions = () => ({
  quick: isQuick,
  producers: numbers(values.producers, [4]),
  delays: numbers(values.delay, [0]),
  seconds: numbers(values.seconds, [isQuick ? 8 : 15])[0]!,
  measure: (values.measure?.split(',') as NetworkMeasurement[] | undefined) ?? networkMeasurements,
  rates: values.rate === undefined ? undefined : numbers(values.rate, []),
  through: (values.through?.split(',') ?? ['one', 'all']).map((way) => (way === 'one' ? 'one' : 'all')),
  isProfiled: values.profile !== undefined,
});

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
  'turn-order': () => turnOrder(options),
  private: () => privateTransfers(options),
  network: () => network(networkOptions()),
};
/** Too long to run unless it is asked for. */
const onlyByName: readonly string[] = ['network'];

const unknown = positionals.filter((name) => parts[name] === undefined);
if (values.profile !== undefined && !modes.includes(values.profile)) unknown.push(`--profile ${values.profile}`);
const unknownMeasurements = (values.measure?.split(',') ?? []).filter(
  (name) => !networkMeasurements.includes(name as NetworkMeasurement),
);
unknown.push(...unknownMeasurements.map((name) => `--measure ${name}`));
if (values.help === true || unknown.length > 0) {
  if (unknown.length > 0) print(`There is no part named ${unknown.join(', ')}.`);
  print(`Usage: npm run bench [-- ${Object.keys(parts).join(' | ')} … --quick --profile ${modes.join('|')}]`);
  print('       npm run bench -- network [--producers 1,4,7,21] [--delay 0,10,50,100] [--seconds S] [--rate 500,1500]');
  print(
    `                                [--measure ${networkMeasurements.join(',')}] [--through one,all] [--profile bulk]`,
  );
  process.exitCode = unknown.length > 0 ? 1 : 0;
} else {
  print(machineText());
  if (isQuick) print('settings  short; name a part for its full ones');
  const began = performance.now();
  const all = Object.keys(parts).filter((name) => !onlyByName.includes(name));
  for (const name of positionals.length > 0 ? positionals : all) await parts[name]!();
  heading(`done in ${((performance.now() - began) / 1000).toFixed(0)} s`);
  print(machineText().split('\n').at(-1)!);
}

function numbers(text: string | undefined, otherwise: readonly number[]): readonly number[] {
  if (text === undefined) return otherwise;
  const given = text.split(',').map(Number);
  if (given.some((value) => !Number.isInteger(value) || value < 0))
    throw new Error(`${JSON.stringify(text)}: expected whole numbers, separated by commas`);
  return given;
}
