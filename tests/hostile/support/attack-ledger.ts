/** A ledger in memory under attack: contracts set from bytes, transactions measured, state compared before and after. */
import { createHash } from 'node:crypto';
import {
  type Action,
  authoritySchema,
  type Name,
  name,
  type PermissionLevel,
  type Transaction,
  type TransactionTrace,
  Writer,
} from '@snapscale/protocol';
import type { VerifiedTransaction } from '../../../packages/execution/src/apply/apply-transaction.js';
import { TestLedger, testKey } from '../../../packages/execution/src/testing/test-ledger.js';

/** What an attack did. Times in milliseconds; `cpuMs` is the process's, so that other processes do not count. */
export type Strike = {
  readonly trace: TransactionTrace;
  readonly code: string;
  readonly message: string;
  readonly wallMs: number;
  readonly cpuMs: number;
};

const NO_DATA = new Uint8Array(0);

export class AttackLedger extends TestLedger {
  /** CPU time that transactions ask for, milliseconds; 0 asks for as much as the chain allows. */
  limitMs = 0;
  readonly #known = new Set<string>(['eosio']);

  /** Creates accounts that do not exist yet, all with the test key. */
  accounts(...accounts: readonly string[]): void {
    for (const account of accounts) {
      if (this.#known.has(account)) continue;
      this.createAccount(account);
      this.#known.add(account);
    }
  }

  /** Sets the code of an account, which is made when it is missing. */
  install(account: string, code: Uint8Array): void {
    this.accounts(account);
    const trace = this.apply(this.transaction([setCode(account, code)]));
    if (trace.except !== undefined) throw new Error(`setcode of ${account}: ${trace.except.message}`);
  }

  /** Runs a transaction and measures it. */
  strike(actions: readonly Action[], changes: Partial<Transaction> = {}): Strike {
    return this.strikeWith(this.transaction(actions, { with: { maxCpuUsageMs: this.limitMs, ...changes } }));
  }

  /** Executes a transaction and measures it; in the next block, when this one is full. */
  strikeWith(transaction: VerifiedTransaction): Strike {
    const began = performance.now();
    const cpuBegan = process.cpuUsage();
    const trace = this.#applyInTurn(transaction);
    const cpu = process.cpuUsage(cpuBegan);
    const wallMs = performance.now() - began;
    const cpuMs = (cpu.user + cpu.system) / 1000;
    return { trace, code: trace.except?.code ?? 'ok', message: trace.except?.message ?? '', wallMs, cpuMs };
  }

  #applyInTurn(transaction: VerifiedTransaction): TransactionTrace {
    try {
      return this.apply(transaction);
    } catch (error) {
      if (!(error instanceof Error) || error.message !== 'the block is full') throw error;
      this.produceBlock();
      return this.apply(transaction);
    }
  }

  /** Runs one action of a contract. */
  hit(account: string, data = NO_DATA, ...signers: readonly string[]): Strike {
    return this.strike([actionOf(account, 'go', data, ...signers)]);
  }

  /** Hash of the whole state, the block under construction included. */
  fingerprint(): string {
    const merged = new Map(this.store.entries());
    for (const [key, value] of this.pending.state.changes()) {
      if (value === null) merged.delete(key);
      else merged.set(key, value);
    }
    const hash = createHash('sha256');
    for (const [key, value] of [...merged].sort(([a], [b]) => (a < b ? -1 : 1))) {
      hash.update(Buffer.from(key, 'latin1')).update(`|${value.length}|`).update(value);
    }
    return hash.digest('hex');
  }
}

/** An action; signers as `alice` or `alice@owner`, by default the contract's account. */
export function actionOf(account: string, action: string, data: Uint8Array, ...signers: readonly string[]): Action {
  return {
    account: name(account),
    name: name(action),
    authorization: levels(signers.length > 0 ? signers : [account]),
    data,
  };
}

/** Permission levels from texts. */
export function levels(signers: readonly string[]): PermissionLevel[] {
  return signers.map((signer) => {
    const [actor = '', permission = 'active'] = signer.split('@');
    return { actor: name(actor) as Name, permission: name(permission) as Name };
  });
}

/** `eosio::setcode`. */
export function setCode(account: string, code: Uint8Array): Action {
  const writer = new Writer(code.length + 16);
  writer.u64(name(account));
  writer.u8(0);
  writer.u8(0);
  writer.bytes(code);
  return actionOf('eosio', 'setcode', writer.finish().slice(), account);
}

/** `eosio::setabi` with any bytes. */
export function setAbi(account: string, abi: Uint8Array): Action {
  const writer = new Writer(abi.length + 16);
  writer.u64(name(account));
  writer.bytes(abi);
  return actionOf('eosio', 'setabi', writer.finish().slice(), account);
}

/** `eosio::newaccount` with the development key for both permissions. */
export function newAccount(account: string): Action {
  const authority = {
    threshold: 1,
    keys: [{ key: testKey, weight: 1 }],
    accounts: [],
    waits: [],
  };
  const writer = new Writer(256);
  writer.u64(name('eosio'));
  writer.u64(name(account));
  authoritySchema.write(writer, authority);
  authoritySchema.write(writer, authority);
  return actionOf('eosio', 'newaccount', writer.finish().slice(), 'eosio');
}

/** So many different account names. */
export function accountNames(count: number): string[] {
  const letters = 'abcdefghijklmnopqrstuvwxyz';
  return Array.from({ length: count }, (_, i) => {
    const [a, b, c] = [i % 26, Math.floor(i / 26) % 26, Math.floor(i / 676)];
    return `m${letters[a]}${letters[b]}${letters[c]}`;
  });
}

/** Makes an account whose contract may act in its name. */
export function addCodePermission(ledger: AttackLedger, account: string): void {
  ledger.accounts(account);
  const writer = new Writer(256);
  for (const one of [account, 'active', 'owner']) writer.u64(name(one));
  authoritySchema.write(writer, {
    threshold: 1,
    keys: [{ key: testKey, weight: 1 }],
    accounts: [{ permission: { actor: name(account), permission: name('eosio.code') }, weight: 1 }],
    waits: [],
  });
  const { code, message } = ledger.strike([
    actionOf('eosio', 'updateauth', writer.finish().slice(), `${account}@owner`),
  ]);
  if (code !== 'ok') throw new Error(message);
}
