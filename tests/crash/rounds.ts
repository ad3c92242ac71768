/** Rounds of killing: under load, at start, at founding; after each, what was promised must still be so. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { blockId, decode, signedBlockSchema, transactionId } from '@snapscale/protocol';
import { BlockLogReader } from '../../apps/node/src/store/block-log/block-log-reader.js';
import { NodeProcess, nodeProgram, root, StartRefused } from '../bench/load/node-process.js';
import { foundAccounts, loadAccounts } from '../bench/load/workload.js';
import { CrashLoad, Promises } from './crash-load.js';
import { compareWithReplay, type ReplayReport } from './ledger-replay.js';
import { SeededRandom } from './seeded-random.js';

export type RoundsOptions = {
  readonly rounds: number;
  readonly seed: number;
  /** An empty directory. */
  readonly directory: string;
  readonly print: (line: string) => void;
};

export type RoundsReport = {
  readonly findings: readonly string[];
  readonly restartMs: readonly number[];
  readonly finalBlocks: number;
  readonly finalTransactions: number;
  readonly replay: ReplayReport;
};

const ACCOUNTS = 60;
const UNITS_EACH = 1_000_000_000n;
const LOAD_MS_MAX = 1600;
/** One round in so many is a kill while the node starts. */
const START_KILL_EVERY = 6;
const START_MS_MAX = 1200;
const PROGRESS_EVERY = 20;
const FINDINGS_MAX = 20;
/** Longer than a lock file that nobody has finished counts. */
const SECOND_CHANCE_MS = 5500;

/** Kills a node `rounds` times and compares what it has in the end with an undisturbed execution. */
export async function crashRounds({ rounds, seed, directory, print }: RoundsOptions): Promise<RoundsReport> {
  const random = new SeededRandom(seed);
  const dataDir = join(directory, 'rounds');
  const accounts = loadAccounts(ACCOUNTS);
  const promises = new Promises();
  const findings: string[] = [];
  const restartMs: number[] = [];
  let node = await NodeProcess.start(dataDir);
  await foundAccounts(node.url, node.port, accounts, UNITS_EACH);
  for (let round = 1; round <= rounds; round++) {
    const load = new CrashLoad(node, accounts, promises, random, `${seed}-${round}`);
    const loading = load.run();
    await pause(random.between(20, LOAD_MS_MAX));
    await node.kill();
    load.end();
    await loading;
    promises.settle();
    if (random.below(START_KILL_EVERY) === 0) await killWhileStarting(dataDir, random.below(START_MS_MAX));
    node = await restart(dataDir, round, findings);
    restartMs.push(node.readyMs);
    findings.push(...(await brokenPromises(node, promises)).map((text) => `round ${round}: ${text}`));
    if (round % PROGRESS_EVERY === 0 || round === rounds) {
      print(
        `  ${round} kills, ${promises.finalBlocks.size} blocks and ${promises.finalTransactions.size} transfers known to be final, ${findings.length} findings`,
      );
    }
    if (findings.length >= FINDINGS_MAX) break;
  }
  const code = await node.stop();
  if (code !== 0) findings.push(`the node ended with exit code ${code} when it was asked to stop:\n${node.output}`);
  const replay = await compareWithReplay(dataDir);
  findings.push(...replay.findings, ...promises.contradictions, ...missingIn(replay, promises));
  return {
    findings,
    restartMs,
    finalBlocks: promises.finalBlocks.size,
    finalTransactions: promises.finalTransactions.size,
    replay,
  };
}

/** Starts the node again; a refusal is a finding, and gets a second chance. */
async function restart(dataDir: string, round: number, findings: string[]): Promise<NodeProcess> {
  try {
    return await NodeProcess.start(dataDir);
  } catch (error) {
    if (!(error instanceof StartRefused)) throw error;
    findings.push(`round ${round}: ${error.message.trim()}`);
    await pause(SECOND_CHANCE_MS);
    return NodeProcess.start(dataDir);
  }
}

/** Kills nodes that are founding their chain: the next start must finish what was begun. */
export async function foundingRounds({ rounds, seed, directory, print }: RoundsOptions): Promise<string[]> {
  const random = new SeededRandom(seed ^ 0x5eed);
  const findings: string[] = [];
  for (let round = 1; round <= rounds; round++) {
    const dataDir = join(directory, `founding-${round}`);
    const delayMs = random.between(150, 2200);
    await killWhileStarting(dataDir, delayMs);
    try {
      const node = await NodeProcess.start(dataDir);
      for (const account of ['alice', 'bob']) {
        const balance = await balanceOf(node, account);
        if (!/^\["[1-9][\d.]* XST"\]$/.test(balance))
          findings.push(`killed ${delayMs} ms after its first start, the chain gives ${account} ${balance}`);
      }
      await node.stop();
    } catch (error) {
      findings.push(`killed ${delayMs} ms after its first start: ${error instanceof Error ? error.message : error}`);
    }
  }
  print(`  ${rounds} kills while the chain was founded, ${findings.length} findings`);
  return findings;
}

async function balanceOf(node: NodeProcess, account: string): Promise<string> {
  const body = JSON.stringify({ code: 'eosio.token', account, symbol: 'XST' });
  const response = await fetch(`${node.url}/v1/chain/get_currency_balance`, { method: 'POST', body });
  return response.text();
}

/** Starts a node and kills it after `delayMs`, whatever it is doing by then. */
async function killWhileStarting(dataDir: string, delayMs: number): Promise<void> {
  const child: ChildProcess = spawn(process.execPath, [nodeProgram, '--data', dataDir, '--port', '0'], {
    cwd: root,
    stdio: 'ignore',
  });
  const exited = new Promise((resolve) => child.on('close', resolve));
  await pause(delayMs);
  child.kill('SIGKILL');
  await exited;
}

/** Compares the node that came back with what its predecessor promised since the last kill. */
async function brokenPromises(node: NodeProcess, promises: Promises): Promise<string[]> {
  const broken: string[] = [...promises.contradictions];
  const blocks = BlockLogReader.open(join(node.dataDir, 'blocks'));
  const response = await fetch(`${node.url}/v1/chain/get_info`, { method: 'POST' });
  const info = (await response.json()) as { last_irreversible_block_num: number };
  if (info.last_irreversible_block_num < promises.lastFinal) {
    broken.push(`block ${promises.lastFinal} was final, now the final block is ${info.last_irreversible_block_num}`);
  }
  const idsOf = new Map<number, ReadonlySet<string>>();
  const recent = promises.lastFinal - RECENT_BLOCKS;
  for (const [num, id] of promises.finalBlocks) {
    if (num < recent) continue;
    const bytes = blocks.readSync(num);
    const block = bytes === undefined ? undefined : decode(signedBlockSchema, bytes);
    const now = block === undefined ? 'missing' : Buffer.from(blockId(block.header)).toString('hex');
    if (now !== id) broken.push(`final block ${num} was ${id} and is ${now}`);
    const ids = block?.transactions.map(({ transaction }) =>
      transaction.kind === 'id' ? transaction.id : transactionId(transaction.packed.packedTransaction),
    );
    idsOf.set(num, new Set(ids?.map((bytes) => Buffer.from(bytes).toString('hex'))));
  }
  for (const [id, num] of promises.finalTransactions) {
    if (num !== undefined && idsOf.get(num)?.has(id) === false)
      broken.push(`transfer ${id} was final in block ${num}, which does not have it now`);
  }
  return broken;
}

/** Blocks that are looked at after each round; the end of all rounds looks at all. */
const RECENT_BLOCKS = 40;

function missingIn({ blockIds, blockOf }: ReplayReport, promises: Promises): string[] {
  const missing: string[] = [];
  for (const [num, id] of promises.finalBlocks) {
    if (blockIds.get(num) !== id) missing.push(`final block ${num} was ${id} and is ${blockIds.get(num)}`);
  }
  for (const [id, num] of promises.finalTransactions) {
    const now = blockOf.get(id);
    if (now === undefined || (num !== undefined && now !== num))
      missing.push(`transfer ${id} was final in block ${num ?? 'unknown'} and is in ${now ?? 'none'}`);
  }
  return missing.slice(0, 20);
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
