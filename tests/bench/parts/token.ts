/** Host time of a token transfer: our contract against the two that the npm package proton-tsc publishes, in turns. */
import { readFileSync } from 'node:fs';
import type { VerifiedTransaction } from '@snapscale/execution';
import { TestLedger } from '@snapscale/execution/testing';
import { parseAbi } from '@snapscale/protocol';
import { count, heading, print, printTable } from '../report.js';

const TRANSFERS_PER_RUN = 500;
const ACCOUNTS = 50;

/** A token contract under measurement, deployed to an account of its own. */
type Contender = { readonly title: string; readonly account: string; readonly path: string };

const contenders: readonly Contender[] = [
  { title: 'ours', account: 'token.ours', path: '../../../contracts/system/artifacts/eosio.token' },
  {
    title: 'proton-tsc xtokens (AssemblyScript)',
    account: 'token.as',
    path: '../../../node_modules/proton-tsc/external/xtokens/xtokens',
  },
  {
    title: 'proton-tsc eosio.token (C++)',
    account: 'token.cpp',
    path: '../../../node_modules/proton-tsc/external/eosio.token/eosio.token',
  },
];

export function token({ quick }: { readonly quick: boolean }): void {
  heading(`one core: transfers of three token contracts in turns, ${TRANSFERS_PER_RUN} a run, over memory`);
  const ledger = new TestLedger();
  const accounts = Array.from({ length: ACCOUNTS }, (_, i) => `user${name(i)}`);
  for (const account of accounts) ledger.createAccount(account);
  for (const contender of contenders) setUp(ledger, contender, accounts);
  const runsUs = contenders.map((): number[] => []);
  const gas: number[] = [];
  const warmUp = quick ? 5 : 15;
  const runs = warmUp + (quick ? 15 : 60);
  let serial = 0;
  for (let run = 0; run < runs; run++) {
    for (const [index, { account }] of contenders.entries()) {
      const transactions = transfers(ledger, account, accounts, serial);
      serial += TRANSFERS_PER_RUN;
      const began = performance.now();
      let usedUs = 0;
      for (const transaction of transactions) {
        const trace = ledger.apply(transaction);
        if (trace.except !== undefined) throw new Error(`${account}: ${trace.except.message}`);
        usedUs += trace.elapsedUs;
      }
      if (run >= warmUp) runsUs[index]!.push(((performance.now() - began) * 1000) / TRANSFERS_PER_RUN);
      gas[index] = (usedUs * ledger.genesis.parameters.gasPerMicrosecond) / TRANSFERS_PER_RUN;
      ledger.produceBlock();
      ledger.finished.length = 0;
    }
  }
  const sorted = runsUs.map((values) => [...values].sort((a, b) => a - b));
  const best = sorted.map((values) => values[0]!);
  const median = sorted.map((values) => values[values.length >> 1]!);
  printTable(
    ['µs of a transfer', 'best', 'median', 'best / ours', 'median / ours', 'gas', 'bytes of code'],
    contenders.map(({ title, path }, i) => [
      title,
      count(best[i]!),
      count(median[i]!),
      (best[i]! / best[0]!).toFixed(2),
      (median[i]! / median[0]!).toFixed(2),
      count(gas[i]!),
      count(readFileSync(new URL(`${path}.wasm`, import.meta.url)).length),
    ]),
  );
  print('  the time is that of the whole transaction: authorisation, three receivers, two rows, receipt');
}

function setUp(ledger: TestLedger, { account, path }: Contender, accounts: readonly string[]): void {
  const read = (extension: string): Buffer => readFileSync(new URL(`${path}.${extension}`, import.meta.url));
  ledger.createAccount(account);
  ledger.deploy(account, read('wasm'), parseAbi(JSON.parse(read('abi').toString())));
  ledger.push(account, 'create', account, { issuer: account, maximum_supply: '1000000000.0000 IOT' });
  ledger.push(account, 'issue', account, { to: account, quantity: '100000000.0000 IOT', memo: '' });
  for (const to of accounts) {
    ledger.push(account, 'transfer', account, { from: account, to, quantity: '1000000.0000 IOT', memo: '' });
  }
}

/** Transfers between accounts that hold the token already, made before the clock runs. */
function transfers(
  ledger: TestLedger,
  account: string,
  accounts: readonly string[],
  serial: number,
): VerifiedTransaction[] {
  return Array.from({ length: TRANSFERS_PER_RUN }, (_, i) => {
    const from = accounts[i % ACCOUNTS]!;
    const to = accounts[(i + 1 + Math.floor(i / ACCOUNTS)) % ACCOUNTS]!;
    const data = { from, to, quantity: '0.0001 IOT', memo: String(serial + i) };
    return ledger.transaction([ledger.action(account, 'transfer', from, data)]);
  });
}

/** Two letters for a number. */
function name(index: number): string {
  return String.fromCharCode(97 + Math.floor(index / 26), 97 + (index % 26));
}
