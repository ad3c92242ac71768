/**
 * Damaged files of a stopped node. Each must be refused with a message that names the file, or repaired where nothing
 * final is touched, and then said; never used in silence.
 */
import { cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rowKey, tableId } from '@snapscale/execution';
import { name, names, parseSymbol } from '@snapscale/protocol';
import { StateStore } from '../../apps/node/src/store/state-store.js';
import { Connection } from '../bench/load/connection.js';
import { NodeProcess, StartRefused } from '../bench/load/node-process.js';
import {
  chainReference,
  foundAccounts,
  type LoadAccount,
  loadAccounts,
  signTransfer,
  submitBulk,
} from '../bench/load/workload.js';
import { compareWithReplay, type ReplayReport } from './ledger-replay.js';
import { SeededRandom } from './seeded-random.js';

export type CorruptionOptions = {
  readonly seed: number;
  /** An existing directory for the nodes' data. */
  readonly directory: string;
  readonly print: (line: string) => void;
  /** Only the cases that differ most. */
  readonly short?: boolean;
};

/** What a node may do with the damage. */
type Allowed =
  /** It must not start: what is damaged is final. */
  | 'refuse'
  /** It may go on without what is damaged, if it says so. */
  | 'repair'
  /** The file is derived from others, or the damage may lie in unused space: going on is right when all data are. */
  | 'harmless';

type CorruptionCase = {
  readonly title: string;
  /** Path in the data directory that the node's message must name. */
  readonly file: string;
  readonly allowed: Allowed;
  /** What the node may say instead of the path. */
  readonly says?: RegExp;
  /** Differences that are in order once the node has said that it goes on without these data. */
  readonly without?: RegExp;
  readonly short?: boolean;
  readonly damage: (path: string, context: DamageContext) => void;
};

type DamageContext = {
  readonly random: SeededRandom;
  /** Bytes of values that the state certainly holds. */
  readonly values: { readonly balance: Uint8Array; readonly sequence: Uint8Array; readonly bucket: Uint8Array };
  /** Offsets where the records of the log begin, ascending. */
  readonly recordOffsets: (path: string) => number[];
};

const ACCOUNTS = 20;
const TRANSFERS = 600;
const READY_TIMEOUT_MS = 30_000;

const LOG = 'blocks/0000000001.log';
const LOG_INDEX = 'blocks/0000000001.index';
const TRACES = 'traces/0000000001.log';
const STATE = 'state/data.mdb';

const cases: readonly CorruptionCase[] = [
  {
    title: 'a flipped byte in a final block',
    file: LOG,
    allowed: 'refuse',
    short: true,
    damage: (path) => flipAt(path, 0.5),
  },
  {
    title: 'a flipped byte in the header of the block log',
    file: LOG,
    allowed: 'refuse',
    damage: (path) => flipByte(path, 9),
  },
  {
    title: 'a block log cut within a final block',
    file: LOG,
    allowed: 'refuse',
    damage: (path) => truncateSync(path, Math.floor(sizeOf(path) * 0.6)),
  },
  {
    title: 'a block log cut between two final blocks',
    file: LOG,
    allowed: 'refuse',
    short: true,
    damage: (path, { recordOffsets }) => truncateSync(path, recordOffsets(path).at(-3)!),
  },
  {
    title: 'a block log that is gone',
    file: 'blocks',
    allowed: 'repair',
    says: /there is no block log/,
    // Without blocks there is nothing to compare the state with.
    without: /./,
    damage: (path) => rmSync(path, { recursive: true }),
  },
  {
    title: 'a torn record behind the last final block',
    file: LOG,
    allowed: 'repair',
    short: true,
    damage: (path) => appendBytes(path, 77),
  },
  {
    title: 'a flipped byte in the index of the block log',
    file: LOG_INDEX,
    allowed: 'harmless',
    damage: (path) => flipAt(path, 0.5),
  },
  {
    title: 'an index of the block log that is cut',
    file: LOG_INDEX,
    allowed: 'harmless',
    damage: (path) => truncateSync(path, 13),
  },
  {
    title: 'a flipped byte in the traces',
    file: TRACES,
    allowed: 'repair',
    says: /the traces of block \d+ are lost/,
    without: /the traces of block \d+ are missing/,
    short: true,
    damage: (path) => flipAt(path, 0.5),
  },
  {
    title: 'traces that are cut',
    file: TRACES,
    allowed: 'repair',
    without: /trace/,
    damage: (path) => truncateSync(path, Math.floor(sizeOf(path) * 0.4)),
  },
  {
    title: 'traces that are gone',
    file: 'traces',
    allowed: 'repair',
    says: /traces/,
    without: /trace/,
    damage: (path) => rmSync(path, { recursive: true }),
  },
  {
    title: 'a flipped bit in a balance',
    file: STATE,
    allowed: 'refuse',
    short: true,
    damage: (path, { values }) => flipInside(path, values.balance, 9),
  },
  {
    title: 'a flipped bit in a sequence number, which no state root covers',
    file: STATE,
    allowed: 'refuse',
    damage: (path, { values }) => flipInside(path, values.sequence, 1),
  },
  {
    title: 'a flipped bit in the state commitment',
    file: STATE,
    allowed: 'refuse',
    damage: (path, { values }) => flipInside(path, values.bucket, 40),
  },
  {
    title: 'a state that is cut',
    file: STATE,
    allowed: 'refuse',
    short: true,
    damage: (path) => truncateSync(path, Math.floor(sizeOf(path) / 8192) * 4096),
  },
  { title: 'a state that is empty', file: STATE, allowed: 'refuse', damage: (path) => truncateSync(path, 0) },
  {
    title: 'a state that is gone',
    file: 'state',
    allowed: 'repair',
    says: /the state was missing/,
    short: true,
    damage: (path) => rmSync(path, { recursive: true }),
  },
  {
    title: 'zeroes over both first pages of the state',
    file: STATE,
    allowed: 'refuse',
    damage: (path) => overwrite(path, 0, 8192),
  },
  ...[1, 2, 3].map(
    (turn): CorruptionCase => ({
      title: `32 flipped bytes anywhere in the state (${turn})`,
      file: STATE,
      allowed: 'harmless',
      damage: (path, { random }) => {
        for (let i = 0; i < 32; i++) flipByte(path, random.below(sizeOf(path)));
      },
    }),
  ),
  {
    title: 'a genesis file that is cut',
    file: 'genesis.json',
    allowed: 'refuse',
    short: true,
    damage: (path) => truncateSync(path, Math.floor(sizeOf(path) / 2)),
  },
  { title: 'a genesis file with another time', file: 'genesis.json', allowed: 'refuse', damage: changeGenesis },
  {
    title: 'a key file that is cut',
    file: 'keys.json',
    allowed: 'refuse',
    damage: (path) => truncateSync(path, Math.floor(sizeOf(path) / 2)),
  },
  {
    title: 'a lock file full of noise',
    file: 'node.lock',
    allowed: 'harmless',
    damage: (path) => writeFileSync(path, '\u0000{noise'),
  },
];

/** Runs all cases; returns what did not hold. */
export async function corruptionCases({ seed, directory, print, short = false }: CorruptionOptions): Promise<string[]> {
  const pristine = join(directory, 'pristine');
  const accounts = loadAccounts(ACCOUNTS);
  await makePristine(pristine, accounts);
  const { blockIds, findings: broken } = await compareWithReplay(pristine);
  if (broken.length > 0) return broken.map((text) => `without any damage: ${text}`);
  const context: DamageContext = {
    random: new SeededRandom(seed),
    values: await knownValues(pristine, accounts),
    recordOffsets,
  };
  const findings: string[] = [];
  for (const [i, corruption] of cases.entries()) {
    if (short && corruption.short !== true) continue;
    const dataDir = join(directory, `damaged-${i}`);
    cpSync(pristine, dataDir, { recursive: true });
    corruption.damage(join(dataDir, corruption.file), context);
    const verdict = await judge(corruption, dataDir, blockIds);
    print(`  ${verdict.isRight ? 'right' : 'WRONG'}  ${corruption.title}: ${verdict.text}`);
    if (!verdict.isRight) findings.push(`${corruption.title}: ${verdict.text}`);
    rmSync(dataDir, { recursive: true, force: true });
  }
  return findings;
}

type Verdict = { readonly isRight: boolean; readonly text: string };

async function judge(
  { file, allowed, says, without }: CorruptionCase,
  dataDir: string,
  blockIds: ReplayReport['blockIds'],
): Promise<Verdict> {
  let node: NodeProcess;
  try {
    node = await NodeProcess.start(dataDir, { readyTimeoutMs: READY_TIMEOUT_MS });
  } catch (error) {
    if (!(error instanceof StartRefused))
      return { isRight: false, text: error instanceof Error ? error.message : String(error) };
    const line = lineNaming(error.output, file, says);
    if (line !== undefined) return { isRight: true, text: `refused: ${line}` };
    return {
      isRight: false,
      text: `refused with exit code ${error.exitCode}, but without naming ${file}: ${lastLine(error.output)}`,
    };
  }
  const died = await Promise.race([
    node.exited.then(() => true),
    new Promise<false>((resolve) => setTimeout(() => resolve(false), 1300)),
  ]);
  await node.stop();
  const said = lineNaming(node.output, file, says);
  if (died) {
    return said === undefined
      ? { isRight: false, text: `started, and died without naming ${file}: ${lastLine(node.output)}` }
      : { isRight: true, text: `died: ${said}` };
  }
  const wrong = await wrongAfter(dataDir, blockIds);
  const hard = said !== undefined && without !== undefined ? wrong.filter((text) => !without.test(text)) : wrong;
  if (hard.length > 0) return { isRight: false, text: `used in silence: ${hard.slice(0, 3).join('; ')}` };
  if (allowed === 'harmless')
    return { isRight: true, text: said === undefined ? 'harmless: all data are right' : `repaired: ${said}` };
  if (allowed === 'repair' && said !== undefined) return { isRight: true, text: `repaired: ${said}` };
  if (allowed === 'repair') return { isRight: false, text: 'repaired, but without a word' };
  return { isRight: false, text: said === undefined ? 'it started without a word' : `it started: ${said}` };
}

/** What is wrong in a data directory after a node ran on it: against execution, and against what was there before. */
async function wrongAfter(dataDir: string, blockIds: ReplayReport['blockIds']): Promise<string[]> {
  try {
    const after = await compareWithReplay(dataDir);
    const lost = [...blockIds].filter(([num, id]) => after.blockIds.get(num) !== id).map(([num]) => num);
    return lost.length === 0
      ? [...after.findings]
      : [`${lost.length} final blocks are gone, the first is block ${lost[0]}`, ...after.findings];
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}

async function makePristine(dataDir: string, accounts: readonly LoadAccount[]): Promise<void> {
  const node = await NodeProcess.start(dataDir);
  await foundAccounts(node.url, node.port, accounts, 1_000_000n);
  const reference = await chainReference(node.url);
  const connection = await Connection.open(node.port);
  for (let at = 0; at < TRANSFERS; at += 100) {
    const batch = Array.from({ length: 100 }, (_, i) => {
      const from = accounts[(at + i) % ACCOUNTS]!;
      return signTransfer(reference, from, accounts[(at + i + 1 + at / 100) % ACCOUNTS]!.name, 3n, `pristine ${at + i}`)
        .packed;
    });
    await submitBulk(connection, batch);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  connection.close();
  await node.stop();
}

/** Bytes of entries that the stopped node's state holds: key and value lie side by side in LMDB's pages. */
async function knownValues(dataDir: string, accounts: readonly LoadAccount[]): Promise<DamageContext['values']> {
  const store = StateStore.open(join(dataDir, 'state'), { readOnly: true });
  try {
    const { name: account } = accounts[3]!;
    const entry = (key: string) => Buffer.concat([Buffer.from(key, 'latin1'), store.get(key)!]);
    const [bucket] = store.buckets.scan();
    const balanceKey = rowKey(tableId(names.eosioToken, account, name('accounts')), parseSymbol('4,XST') >> 8n);
    const [sequence] = store.range('q', 'r');
    return {
      balance: entry(balanceKey),
      sequence: Buffer.concat([Buffer.from(sequence!.key, 'latin1'), sequence!.value]),
      bucket: Buffer.from(bucket![1]),
    };
  } finally {
    await store.close();
  }
}

/** Flips a bit of every copy of `bytes` in the file, `fromEnd` bytes before its end: LMDB keeps copies of old pages. */
function flipInside(path: string, bytes: Uint8Array, fromEnd: number): void {
  const content = readFileSync(path);
  let found = 0;
  for (let at = content.indexOf(bytes); at >= 0; at = content.indexOf(bytes, at + 1)) {
    content[at + bytes.length - fromEnd]! ^= 1;
    found++;
  }
  if (found === 0) throw new Error(`${path} does not hold the bytes to be damaged`);
  writeFileSync(path, content);
}

function flipAt(path: string, share: number): void {
  flipByte(path, Math.floor(sizeOf(path) * share));
}

function flipByte(path: string, offset: number): void {
  const content = readFileSync(path);
  content[offset]! ^= 0x5a;
  writeFileSync(path, content);
}

function overwrite(path: string, from: number, to: number): void {
  const content = readFileSync(path);
  content.fill(0, from, to);
  writeFileSync(path, content);
}

function appendBytes(path: string, count: number): void {
  const record = readFileSync(path).subarray(16, 16 + count);
  writeFileSync(path, Buffer.concat([readFileSync(path), record]));
}

function changeGenesis(path: string): void {
  const stored = JSON.parse(readFileSync(path, 'utf8')) as { genesis: Record<string, unknown> };
  const [field] = Object.entries(stored.genesis).find(
    ([, value]) => typeof value === 'number' || typeof value === 'string',
  )!;
  const value = stored.genesis[field];
  stored.genesis[field] =
    typeof value === 'number'
      ? value + 2
      : String(value).replace(/\d(?=\.|$)/, (digit) => String((Number(digit) + 2) % 10));
  writeFileSync(path, JSON.stringify(stored));
}

function recordOffsets(path: string): number[] {
  const content = readFileSync(path);
  const offsets: number[] = [];
  for (let at = 16; at + 16 <= content.length; at += 16 + content.readUInt32LE(at + 8)) offsets.push(at);
  return offsets;
}

function sizeOf(path: string): number {
  return readFileSync(path).length;
}

/** The first line of the output that names the file, or says what is expected, shortened. */
function lineNaming(output: string, file: string, says: RegExp | undefined): string | undefined {
  const line = output
    .split('\n')
    .find((text) => /"level"|could not/.test(text) && (isNamedIn(text, file) || says?.test(text) === true));
  return line?.trim().slice(0, 260);
}

function isNamedIn(text: string, file: string): boolean {
  return text.includes(file.includes('.') ? file : `/${file}`);
}

function lastLine(output: string): string {
  return (
    output
      .trim()
      .split('\n')
      .filter((line) => line.trim() !== '')
      .at(-1)
      ?.slice(0, 300) ?? 'nothing was written'
  );
}
