/** Execution of token transfers in one core: over memory and LMDB, with and without state commitment and signatures. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { VerifiedTransaction } from '@snapscale/execution';
import { type Action, decode, name, packedTransactionSchema } from '@snapscale/protocol';
import { verifyReceived } from '../../../apps/node/src/verify/verify-transaction.js';
import { BenchLedger, type BenchStore } from '../load/bench-ledger.js';
import { lmdbStore, MemoryStore } from '../load/bench-stores.js';
import { recoveriesPerCpuSecond } from '../load/native-signer.js';
import { developmentKey, type LoadAccount, loadAccounts, transferAction } from '../load/workload.js';
import { count, heading, percent, print, printTable } from '../report.js';
import { type Rate, summary } from '../sampling.js';

const ACCOUNTS = 500;
const TRANSFERS_PER_BLOCK = 1000;

type Setting = {
  readonly title: string;
  readonly store: 'memory' | 'LMDB';
  readonly commitment: boolean;
  readonly signatures: boolean;
  readonly contract: boolean;
};
type Result = Rate & {
  readonly setting: Setting;
  readonly gas: number;
  /** Of the wall time of blocks, 0..1. */
  readonly commitmentShare: number;
};

const settings: readonly Setting[] = [
  { title: 'memory', store: 'memory', commitment: false, signatures: false, contract: true },
  { title: 'memory, state commitment', store: 'memory', commitment: true, signatures: false, contract: true },
  {
    title: 'memory, an account without contract instead',
    store: 'memory',
    commitment: false,
    signatures: false,
    contract: false,
  },
  { title: 'LMDB', store: 'LMDB', commitment: false, signatures: false, contract: true },
  { title: 'LMDB, state commitment', store: 'LMDB', commitment: true, signatures: false, contract: true },
  {
    title: 'LMDB, state commitment, decoding and signatures',
    store: 'LMDB',
    commitment: true,
    signatures: true,
    contract: true,
  },
];

export async function execution({ quick }: { readonly quick: boolean }): Promise<void> {
  heading(
    `execution in one core: eosio.token transfers between ${ACCOUNTS} accounts, blocks of ${TRANSFERS_PER_BLOCK}, no network, no threads`,
  );
  const blocks = quick ? 6 : 16;
  const results: Result[] = [];
  const accounts = loadAccounts(ACCOUNTS);
  for (const setting of settings) results.push(await measure(setting, accounts, blocks));
  printTable(
    ['transfers over', 'best block/s', 'median/s', 'per CPU-second', 'µs each (median)', 'gas each'],
    results.map(({ setting, best, median, perCpuSecond, gas }) => [
      setting.title,
      count(best),
      count(median),
      count(perCpuSecond),
      (1e6 / median).toFixed(1),
      gas === 0 ? '–' : count(gas),
    ]),
  );
  const of = (title: string) => results.find(({ setting }) => setting.title === title)!;
  const recoveries = recoveriesPerCpuSecond(developmentKey, 1000);
  const plain = of('LMDB');
  const committed = of('LMDB, state commitment');
  const whole = of('LMDB, state commitment, decoding and signatures');
  const share = 1 - of('memory').perCpuSecond / of('memory, an account without contract instead').perCpuSecond;
  print(
    `  the contract (code and host functions, three receivers) takes ${(share * 100).toFixed(0)} % of a transfer over memory`,
  );
  print(
    `  the state commitment, per CPU-second: ${count(committed.perCpuSecond)} with it, ${count(plain.perCpuSecond)} without, ratio ` +
      `${(committed.perCpuSecond / plain.perCpuSecond).toFixed(2)}; measured inside of one run: ${percent(committed.commitmentShare)} of the time of a block`,
  );
  if (recoveries !== undefined) {
    print(
      `  one core recovers ${count(recoveries)} signatures/s; everything in that core: ${(whole.perCpuSecond / recoveries).toFixed(2)} of it, execution alone ${(committed.perCpuSecond / recoveries).toFixed(2)}`,
    );
  }
  print('  gas is always metered: the price list is part of consensus, and code without it cannot be bounded');
}

async function measure(setting: Setting, accounts: readonly LoadAccount[], blocks: number): Promise<Result> {
  const directory = mkdtempSync(join(tmpdir(), 'snapscale-bench-'));
  const store = setting.store === 'LMDB' ? lmdbStore(join(directory, 'state')) : new MemoryStore();
  try {
    return await measureOn(setting, store, accounts, blocks);
  } finally {
    if ('state' in store) await store.state.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function measureOn(
  setting: Setting,
  store: BenchStore,
  accounts: readonly LoadAccount[],
  blocks: number,
): Promise<Result> {
  const ledger = await BenchLedger.found(store, setting.commitment, accounts);
  const source = new TransferSource(ledger, accounts, setting);
  const runsMs: number[] = [];
  let cpu = { user: 0, system: 0 };
  const warmUp = Math.ceil(blocks / 3);
  for (let i = 0; i < warmUp + blocks; i++) {
    const transactions = source.next();
    if (i === warmUp) {
      runsMs.length = 0;
      ledger.commitmentMs = 0;
    }
    const cpuBefore = process.cpuUsage();
    const began = performance.now();
    await ledger.block(transactions());
    runsMs.push(performance.now() - began);
    const used = process.cpuUsage(cpuBefore);
    cpu = i < warmUp ? { user: 0, system: 0 } : { user: cpu.user + used.user, system: cpu.system + used.system };
  }
  const traces = ledger.last!.traces.slice(1);
  const mean = (of: (trace: (typeof traces)[number]) => number) =>
    traces.reduce((sum, trace) => sum + of(trace), 0) / traces.length;
  return {
    setting,
    ...summary(TRANSFERS_PER_BLOCK, runsMs, (cpu.user + cpu.system) / 1e6),
    commitmentShare: ledger.commitmentMs / runsMs.reduce((sum, value) => sum + value, 0),
    gas: setting.contract ? mean(({ elapsedUs }) => elapsedUs) * ledger.genesis.parameters.gasPerMicrosecond : 0,
  };
}

/** Makes the transactions of a block beforehand, as far as their handling is not what is measured. */
class TransferSource {
  readonly #ledger: BenchLedger;
  readonly #accounts: readonly LoadAccount[];
  readonly #setting: Setting;
  #serial = 0;

  constructor(ledger: BenchLedger, accounts: readonly LoadAccount[], setting: Setting) {
    this.#ledger = ledger;
    this.#accounts = accounts;
    this.#setting = setting;
  }

  next(): () => Iterable<VerifiedTransaction> {
    const ledger = this.#ledger;
    if (!this.#setting.signatures) {
      const made = Array.from({ length: TRANSFERS_PER_BLOCK }, () => {
        const { account, action } = this.#transfer();
        return ledger.verified([action], [account.publicKey]);
      });
      return () => made;
    }
    const packed = Array.from({ length: TRANSFERS_PER_BLOCK }, () => {
      const { account, action } = this.#transfer();
      return ledger.signed([action], account);
    });
    return () =>
      packed.map(
        (bytes) =>
          verifyReceived(decode(packedTransactionSchema, bytes), ledger.chainId, ledger.recovery.port).verified,
      );
  }

  #transfer(): { readonly account: LoadAccount; readonly action: Action } {
    const serial = this.#serial++;
    const account = this.#accounts[serial % this.#accounts.length]!;
    const to = this.#accounts[(serial * 7 + 1 + Math.floor(serial / this.#accounts.length)) % this.#accounts.length]!;
    const receiver = to === account ? this.#accounts[(serial + 1) % this.#accounts.length]! : to;
    const action = transferAction(account.name, receiver.name, 1n, String(serial));
    return { account, action: this.#setting.contract ? action : { ...action, account: name('nocode') } };
  }
}
