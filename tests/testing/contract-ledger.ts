/** A ledger in memory for contracts that others have written: deployment, tables with their payers, RAM, refusals. */
import { readFileSync } from 'node:fs';
import { type PrivateKey, sha256 } from '@snapscale/crypto';
import {
  decodeRow,
  decodeTable,
  getResources,
  nameKey,
  prefixEnd,
  rowPrefix,
  type StateReader,
  tableId,
  tableKey,
  u64FromKey,
} from '@snapscale/execution';
import {
  type Abi,
  type Action,
  decodeType,
  formatName,
  type Json,
  type Name,
  name,
  parseAbi,
  parseSymbol,
  type Rejection,
  symbolCode,
  type TransactionTrace,
  tableType,
} from '@snapscale/protocol';
import { TestLedger } from '../../packages/execution/src/testing/test-ledger.js';

/** A compiled contract. */
export type ContractFiles = { readonly wasm: Uint8Array; readonly abi: Abi };

/** A row of a table, and who pays for it. */
export type PaidRow = { readonly primary: bigint; readonly payer: string; readonly row: Json };

/** Reads `PATH.wasm` and `PATH.abi`. */
export function readContract(path: string): ContractFiles {
  return { wasm: readFileSync(`${path}.wasm`), abi: parseAbi(JSON.parse(readFileSync(`${path}.abi`, 'utf8'))) };
}

/** A contract of the npm package proton-tsc, as it was published there. */
export function protonContract(contract: string): ContractFiles {
  const folder = new URL(`../../node_modules/proton-tsc/external/${contract}/`, import.meta.url).pathname;
  return readContract(`${folder}${contract}`);
}

/** A key pair that is the same in every run. */
export function testKeyPair(seed: string): PrivateKey {
  return { type: 'K1', secret: sha256(new TextEncoder().encode(seed)) };
}

export class ContractLedger extends TestLedger {
  get state(): StateReader {
    return this.pending.state;
  }

  /** Creates accounts, all with the ledger's test key. */
  createAccounts(...accounts: readonly string[]): void {
    for (const account of accounts) this.createAccount(account);
  }

  /** Creates an account and sets its contract. */
  install(account: string, { wasm, abi }: ContractFiles): void {
    this.createAccount(account);
    this.deploy(account, wasm, abi);
  }

  /** Lets a contract act for its account, as `set account permission ACCOUNT active --add-code` does. */
  addCodePermission(account: string): void {
    this.push('eosio', 'updateauth', `${account}@owner`, {
      account,
      permission: 'active',
      parent: 'owner',
      auth: {
        threshold: 1,
        keys: [{ key: 'EOS6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5GDW5CV', weight: 1 }],
        accounts: [{ permission: { actor: account, permission: 'eosio.code' }, weight: 1 }],
        waits: [],
      },
    });
  }

  /** Executes actions in one transaction; throws when it fails. */
  pushAll(...actions: readonly Action[]): TransactionTrace {
    const trace = this.apply(this.transaction(actions));
    if (trace.except !== undefined) throw new Error(`${trace.except.code}: ${trace.except.message}`);
    return trace;
  }

  /** The reason why an action is refused; throws when it is not, or when the attempt left something behind. */
  refusal(account: string, action: string, signer: string, data: Json): Rejection {
    const trace = this.tryPush(account, action, signer, data);
    if (trace.except === undefined) throw new Error(`${account}::${action} was expected to fail`);
    return trace.except;
  }

  /** The text of a refused assertion, without the words that the ledger puts before it. */
  assertion(account: string, action: string, signer: string, data: Json): string {
    const { code, message } = this.refusal(account, action, signer, data);
    if (code !== 'eosio_assert_message_exception') return `${code}: ${message}`;
    return message.replace('assertion failure with message: ', '');
  }

  /** Rows with their primary keys and payers. */
  paidRows(code: string, scope: bigint | string, table: string): PaidRow[] {
    const abi = this.abi(code);
    const type = tableType(abi, name(table))!;
    const prefix = rowPrefix(tableOf(code, scope, table));
    const found: PaidRow[] = [];
    for (let from = prefix; ; ) {
      const entry = this.state.first(from, prefixEnd(prefix));
      if (entry === undefined) return found;
      const { payer, data } = decodeRow(entry.value);
      found.push({
        primary: u64FromKey(entry.key, prefix.length),
        payer: formatName(payer),
        row: decodeType(abi, type, data),
      });
      from = `${entry.key}\u0000`;
    }
  }

  /** The only row of a singleton or of a scope with one row. */
  onlyRow<T = Record<string, Json>>(code: string, scope: bigint | string, table: string): T {
    const rows = this.rows(code, scope, table);
    if (rows.length !== 1) throw new Error(`${code}.${table} has ${rows.length} rows in scope ${scope}`);
    return rows[0] as T;
  }

  /** How many rows a table has by its own count; 0 when it does not exist. */
  tableCount(code: string, scope: bigint | string, table: string): number {
    const bytes = this.state.get(tableKey(tableOf(code, scope, table)));
    return bytes === undefined ? 0 : decodeTable(bytes).count;
  }

  /** The scopes in which a contract has rows of a table. */
  scopes(code: string, table: string): string[] {
    const prefix = `t${nameKey(name(code))}`;
    const wanted = name(table);
    const found: string[] = [];
    for (let from = prefix; ; ) {
      const entry = this.state.first(from, prefixEnd(prefix));
      if (entry === undefined) return found;
      if (u64FromKey(entry.key, 17) === wanted) found.push(formatName(u64FromKey(entry.key, 9) as Name));
      from = `${entry.key}\u0000`;
    }
  }

  /** Billable bytes in use. */
  ram(account: string): number {
    return Number(getResources(this.state, name(account)).ramUsage);
  }

  /** A token balance as text, '' when there is none. */
  balance(owner: string, symbol: string, contract = 'eosio.token'): string {
    const code = symbolCode(parseSymbol(symbol));
    const found = this.paidRows(contract, owner, 'accounts').find(({ primary }) => primary === code);
    return found === undefined ? '' : (found.row as { balance: string }).balance;
  }

  /** Closes blocks until `seconds` have passed, in one leap. */
  leap(seconds: number): void {
    this.produceBlock(Math.max(1, Math.round(seconds * 2)));
  }
}

/** `a/b`: receiver and action of every action of a trace that was executed, in the order of execution. */
export function executed(trace: TransactionTrace): string[] {
  return [...trace.actionTraces]
    .filter(({ receipt }) => receipt !== undefined)
    .sort((a, b) => (a.receipt!.globalSequence < b.receipt!.globalSequence ? -1 : 1))
    .map(
      ({ receiver, action }) => `${formatName(receiver)} <= ${formatName(action.account)}::${formatName(action.name)}`,
    );
}

/** Account of a trace's RAM changes, all actions together. */
export function ramDeltas(trace: TransactionTrace): Record<string, number> {
  const sums = new Map<Name, bigint>();
  for (const { accountRamDeltas } of trace.actionTraces) {
    for (const { account, delta } of accountRamDeltas) sums.set(account, (sums.get(account) ?? 0n) + delta);
  }
  return Object.fromEntries([...sums].map(([account, delta]) => [formatName(account), Number(delta)]));
}

function tableOf(code: string, scope: bigint | string, table: string) {
  return tableId(name(code), typeof scope === 'bigint' ? scope : name(scope), name(table));
}
