/** A chain in memory on which contracts are tested: the execution of the node, without network, disk and clock. */
import { equalBytes, formatPublicKey, sha256 } from '@snapscale/crypto';
import { accountExists, type BlockParent, getResources, type StateReader } from '@snapscale/execution';
import { TestLedger, testKey } from '@snapscale/execution/testing';
import {
  type Action,
  abiSchema,
  actionType,
  type CompiledAbi,
  encode,
  encodeType,
  FormatError,
  type Json,
  name,
  parseSlot,
  Reject,
  slotToText,
  type TransactionTrace,
} from '@snapscale/protocol';
import { type ActionResult, actionResult, gasOf, ramDeltasOf } from './action-result.js';
import { type BuiltContract, systemContract } from './built-contract.js';
import {
  type Actors,
  type Attempt,
  ContractTestError,
  describeAttempt,
  describeExpected,
  describeOutcome,
  type Expected,
  isExpected,
} from './expectation.js';
import { gasOfProcess } from './gas-report.js';
import { JournaledState } from './journaled-state.js';
import { type ContractRun, MeteredServices } from './metered-services.js';
import { numberOf, readTable, type TableQuery } from './table-rows.js';
import { firstDifference } from './unchanged-state.js';

/** Prices in the smallest unit of XST: per millisecond of CPU, per kilobyte of NET and of RAM. */
export type TestPrices = { readonly cpu?: bigint; readonly net?: bigint; readonly ram?: bigint };

export type TestOptions = {
  /** Accounts to create. */
  readonly accounts?: readonly string[];
  /** Time of the first block; default 2030-01-01T00:00:00.000. */
  readonly time?: string;
  /** Default: a chain without fees. */
  readonly prices?: TestPrices;
};

/** A row of a table of executions: action, actor, data, what is expected. */
export type Row = readonly [action: string, actors: Actors, data: Json, expected: Expected];

/** A time to pass. */
export type Span = {
  readonly days?: number;
  readonly hours?: number;
  readonly seconds?: number;
  readonly blocks?: number;
};

/** A point of a test's chain, for `restore`. */
export type Snapshot = { readonly head: BlockParent; readonly point: number };

const coreToken = { account: 'eosio.token', supply: '10000000000.0000 XST' } as const;

export class ContractTest {
  readonly #services: MeteredServices;
  readonly #store: JournaledState;
  readonly #ledger: TestLedger;

  private constructor({ time = '2030-01-01T00:00:00.000', prices = {} }: TestOptions) {
    this.#services = new MeteredServices();
    this.#store = new JournaledState();
    const parameters = { cpuPrice: prices.cpu ?? 0n, netPrice: prices.net ?? 0n, ramPrice: prices.ram ?? 0n };
    const setting = { services: this.#services, store: this.#store, initialSlot: parseSlot(time) };
    this.#ledger = new TestLedger(parameters, setting);
  }

  /** A new chain with `eosio`, whose native actions are there, and the accounts that are asked for. */
  static async start(options: TestOptions = {}): Promise<ContractTest> {
    const test = new ContractTest(options);
    test.createAccounts(...(options.accounts ?? []));
    return test;
  }

  /** Time of the block under construction, as `2030-01-01T00:00:00.500`. */
  get time(): string {
    return slotToText(this.#ledger.pending.slot);
  }

  /** Creates accounts. All have the same key, with which the chain's checks are content. */
  createAccounts(...accounts: readonly string[]): void {
    for (const account of accounts) this.#ledger.createAccount(account);
  }

  /** Sets a contract on an account, which is created if it does not exist. `privileged`: it may do what `eosio` may. */
  deploy(account: string, contract: BuiltContract, options: { readonly privileged?: boolean } = {}): void {
    if (!this.exists(account)) this.createAccounts(account);
    const code = Buffer.from(contract.wasm).toString('hex');
    const abi = Buffer.from(encode(abiSchema, contract.abi)).toString('hex');
    this.push('eosio', 'setcode', asSystem(account), { account, vmtype: 0, vmversion: 0, code });
    this.push('eosio', 'setabi', asSystem(account), { account, abi });
    if (contract.debug !== undefined) this.#services.addDebugBuild(sha256(contract.wasm), contract.debug);
    if (options.privileged) this.push('eosio', 'setpriv', 'eosio', { account, is_priv: 1 });
  }

  /**
   * Sets one of the chain's own contracts (`eosio.token`, `eosio.msig` …) on the account of its name, or on another one, as
   * an impostor would.
   */
  deploySystem(contract: string, account: string = contract): void {
    const privileged = account === contract && contract !== coreToken.account;
    this.deploy(account, systemContract(contract), { privileged });
  }

  /** Lets a contract act for its account, as `set account permission ACCOUNT active --add-code` does. */
  allowCode(account: string): void {
    const keys = [{ key: formatPublicKey(testKey), weight: 1 }];
    const accounts = [{ permission: { actor: account, permission: 'eosio.code' }, weight: 1 }];
    const auth = { threshold: 1, keys, accounts, waits: [] };
    this.push('eosio', 'updateauth', `${account}@owner`, { account, permission: 'active', parent: 'owner', auth });
  }

  /** Gives an account tokens of the chain. The first call creates them: `eosio.token` with XST, issued by `eosio`. */
  issue(to: string, quantity: string): void {
    const { account, supply } = coreToken;
    if (!this.exists(account)) this.deploySystem(account);
    if (this.table(account, 'XST', 'stat').length === 0) {
      this.push(account, 'create', asSystem(account), { issuer: 'eosio', maximum_supply: supply });
    }
    this.push(account, 'issue', 'eosio', { to: 'eosio', quantity, memo: '' });
    if (to !== 'eosio') this.push(account, 'transfer', 'eosio', { from: 'eosio', to, quantity, memo: '' });
  }

  /** Gives an account tokens and tops up its fee credit with them. */
  credit(account: string, quantity: string): void {
    this.issue('eosio', quantity);
    this.push(coreToken.account, 'transfer', 'eosio', { from: 'eosio', to: 'snap.fees', quantity, memo: account });
  }

  /** A token balance as text, `0.0000 XST` when there is none. */
  balance(owner: string, symbol = '4,XST', contract: string = coreToken.account): string {
    const [precision = '0', code = ''] = symbol.split(',');
    const rows = this.table(contract, owner, 'accounts') as { readonly balance: string }[];
    const found = rows.find(({ balance }) => balance.endsWith(` ${code}`));
    const zero = Number(precision) === 0 ? '0' : `0.${'0'.repeat(Number(precision))}`;
    return found?.balance ?? `${zero} ${code}`;
  }

  /** Executes an action. @throws ContractTestError that says what was tried and why it was refused */
  push(account: string, action: string, actors: Actors, data: Json): ActionResult {
    const attempt = { account, action, actors, data };
    const trace = this.#try(attempt);
    const runs = this.#services.takeRuns();
    if (trace.except !== undefined) {
      throw new ContractTestError(`${describeAttempt(attempt)}\n  refused:  ${describeOutcome(trace)}`, trace.except);
    }
    return this.#measured(attempt, trace, runs);
  }

  /** Executes several actions in one transaction. @throws ContractTestError */
  pushAll(attempts: readonly Attempt[]): ActionResult {
    const trace = this.#apply(attempts);
    const runs = this.#services.takeRuns();
    if (trace.except !== undefined) {
      const tried = attempts.map(describeAttempt).join('\n  ');
      throw new ContractTestError(`${tried}\n  refused:  ${describeOutcome(trace)}`, trace.except);
    }
    return actionResult(trace, runs, (contract) => this.#abiOf(contract));
  }

  /**
   * Executes an action that must be refused, and must leave nothing behind.
   * @throws ContractTestError when it is not refused, or for another reason
   */
  fails(account: string, action: string, actors: Actors, data: Json, expected: Exclude<Expected, 'ok'>): void {
    const attempt = { account, action, actors, data };
    const before = this.#ledger.pending.state.changes();
    const trace = this.#try(attempt);
    this.#services.takeRuns();
    this.#requireOutcome(trace, expected, describeAttempt(attempt));
    const key = firstDifference(this.#store, before, this.#ledger.pending.state.changes());
    if (key !== undefined) {
      throw new ContractTestError(
        `${describeAttempt(attempt)}\n  was refused, and yet it changed the state at ${JSON.stringify(key)}: please report this fault of the chain`,
        trace.except,
      );
    }
  }

  /** Executes rows in their order on one contract. @throws ContractTestError at the first that does not do as it says */
  rows(account: string, rows: readonly Row[]): void {
    for (const [index, [action, actors, data, expected]] of rows.entries()) {
      const attempt = { account, action, actors, data };
      const trace = this.#try(attempt);
      const runs = this.#services.takeRuns();
      this.#requireOutcome(trace, expected, `row ${index + 1}: ${describeAttempt(attempt)}`);
      if (trace.except === undefined) this.#measured(attempt, trace, runs);
    }
  }

  /** What a read-only action returns. @throws ContractTestError */
  read(account: string, action: string, data: Json = {}): Json | undefined {
    const attempt = { account, action, actors: [], data };
    const { pending } = this.#ledger;
    const transaction = this.#ledger.transaction([this.#action(attempt)], { keys: [] });
    const { trace } = pending.tryOut(transaction, 'readOnly');
    const runs = this.#services.takeRuns();
    if (this.#services.canDebug && trace.except === undefined) {
      this.#services.debugging(() => pending.tryOut(transaction, 'readOnly'), gasOf(runs));
    }
    if (trace.except !== undefined) {
      throw new ContractTestError(
        `${account}::${action} read with ${JSON.stringify(data)}\n  refused:  ${describeOutcome(trace)}`,
        trace.except,
      );
    }
    return actionResult(trace, runs, (contract) => this.#abiOf(contract)).returnValue;
  }

  /** Rows of a table, decoded, in the order of their primary keys. A scope is a name, or a number as bigint. */
  table(account: string, scope: string | bigint, table: string): Json[] {
    return this.#table({ account, scope, table }).map(({ row }) => row);
  }

  /** Rows with their primary keys and the accounts that pay for them. */
  paidTable(account: string, scope: string | bigint, table: string): { key: bigint; payer: string; row: Json }[] {
    return this.#table({ account, scope, table });
  }

  /** The row with a primary key: a number, or a name or symbol code as text. Undefined when there is none. */
  row(account: string, scope: string | bigint, table: string, key: string | number | bigint): Json | undefined {
    const wanted = typeof key === 'number' ? BigInt(key) : numberOf(key);
    return this.#table({ account, scope, table }).find((one) => one.key === wanted)?.row;
  }

  /** The state as it is now, for what reads the rows of a contract without its ABI. */
  get state(): StateReader {
    return this.#ledger.pending.state;
  }

  /** Bytes of RAM that an account uses. */
  ram(account: string): number {
    return Number(getResources(this.#ledger.pending.state, name(account)).ramUsage);
  }

  /** Whether an account exists. */
  exists(account: string): boolean {
    return accountExists(this.#ledger.pending.state, name(account));
  }

  /** Lets time pass. However long: two blocks are made, or as many as `blocks` says. */
  advance({ days = 0, hours = 0, seconds = 0, blocks }: Span): void {
    const passing = days * 86_400 + hours * 3600 + seconds;
    const slots = Math.round(passing * 2);
    for (let i = 0; i < (blocks ?? 0); i++) this.#ledger.produceBlock();
    if (slots > 0) this.#ledger.produceBlock(slots);
    this.#ledger.finished.length = 0;
  }

  /** Lets time pass until a moment, as `2030-06-01T12:00:00`. @throws RangeError when it is over */
  advanceTo(time: string): void {
    const slots = parseSlot(time) - this.#ledger.pending.slot;
    if (slots < 0) throw new RangeError(`it is ${this.time} on this chain: ${time} is over`);
    if (slots > 0) this.#ledger.produceBlock(slots);
  }

  /** Closes the block under construction and remembers the chain as it is then. */
  snapshot(): Snapshot {
    this.#ledger.produceBlock();
    this.#ledger.finished.length = 0;
    return { head: this.#ledger.head, point: this.#store.point };
  }

  /** Goes back to a snapshot, any number of times; snapshots that were taken after it end with that. */
  restore({ head, point }: Snapshot): void {
    if (point > this.#store.point) throw new RangeError('the chain has gone back behind this snapshot already');
    this.#store.returnTo(point);
    this.#ledger.returnTo(head);
  }

  /** What a single action did, which also goes into the gas report. */
  #measured({ account, action }: Attempt, trace: TransactionTrace, runs: readonly ContractRun[]): ActionResult {
    const result = actionResult(trace, runs, (contract) => this.#abiOf(contract));
    gasOfProcess.add(account, action, result);
    return result;
  }

  #try(attempt: Attempt): TransactionTrace {
    return this.#apply([attempt]);
  }

  /** Executes; where there are debug builds, they are run first, undone, and must have done the same. */
  #apply(attempts: readonly Attempt[]): TransactionTrace {
    const transaction = this.#ledger.transaction(attempts.map((attempt) => this.#action(attempt)));
    if (!this.#services.canDebug) return this.#ledger.apply(transaction);
    const { pending } = this.#ledger;
    const tried = pending.tryOut(transaction, 'user').trace;
    const gas = gasOf(this.#services.takeRuns());
    // Debug builds are not billed: what was refused for want of gas or credit would go on.
    if (tried.except !== undefined && resourceRefusals.has(tried.except.code)) return this.#ledger.apply(transaction);
    const debugged = this.#services.debugging(() => pending.tryOut(transaction, 'user').trace, gas);
    const trace = this.#ledger.apply(transaction);
    const difference = differenceOf(trace, debugged);
    if (difference === undefined) return trace;
    throw new ContractTestError(
      `${attempts.map(describeAttempt).join('\n')}\n  does another thing when it is compiled without optimisation, so that its behaviour is not defined: ${difference}`,
    );
  }

  #action({ account, action, actors, data }: Attempt): Action {
    const abi = this.#abiOf(account);
    if (abi === undefined) throw new ContractTestError(`${account} has no contract: deploy one first`);
    const type = actionType(abi, name(action));
    if (type === undefined) throw new ContractTestError(`the contract of ${account} has no action ${action}`);
    return {
      account: name(account),
      name: name(action),
      authorization: (typeof actors === 'string' ? [actors] : actors).map((one) => {
        const [actor = '', permission = 'active'] = one.split('@');
        return { actor: name(actor), permission: name(permission) };
      }),
      data: this.#encode(abi, type, { account, action, actors, data }),
    };
  }

  #encode(abi: CompiledAbi, type: string, attempt: Attempt): Uint8Array {
    try {
      return encodeType(abi, type, attempt.data);
    } catch (error) {
      if (!(error instanceof FormatError || error instanceof Reject)) throw error;
      throw new ContractTestError(`${describeAttempt(attempt)}\n  the data does not fit ${type}: ${error.message}`);
    }
  }

  #abiOf(account: string): CompiledAbi | undefined {
    try {
      return this.#ledger.abi(account);
    } catch {
      return undefined;
    }
  }

  #table(query: TableQuery): { key: bigint; payer: string; row: Json }[] {
    const abi = this.#abiOf(query.account);
    if (abi === undefined) throw new ContractTestError(`${query.account} has no contract, so it has no tables`);
    return readTable(this.#ledger.pending.state, abi, query);
  }

  #requireOutcome(trace: TransactionTrace, expected: Expected, what: string): void {
    const { except } = trace;
    const agrees = expected === 'ok' ? except === undefined : except !== undefined && isExpected(except, expected);
    if (agrees) return;
    throw new ContractTestError(
      `${what}\n  expected: ${describeExpected(expected)}\n  happened: ${describeOutcome(trace)}`,
      except,
    );
  }
}

/** What the test itself sets up is authorised by the system first, which pays no fees. */
function asSystem(account: string): readonly string[] {
  return ['eosio', account];
}

const resourceRefusals: ReadonlySet<string> = new Set([
  'tx_cpu_usage_exceeded',
  'tx_net_usage_exceeded',
  'leeway_deadline_exception',
  'snap_insufficient_credit',
]);

/** What differs between the traces of two builds of the same contracts; gas and time do. */
function differenceOf(release: TransactionTrace, debug: TransactionTrace): string | undefined {
  const said = describeOutcome(release);
  const other = describeOutcome(debug);
  if (said !== other) return `${said} — but then: ${other}`;
  if (release.actionTraces.length !== debug.actionTraces.length) return 'it causes other actions';
  for (const [i, one] of release.actionTraces.entries()) {
    const two = debug.actionTraces[i]!;
    if (one.receiver !== two.receiver || one.action.name !== two.action.name) return 'it causes other actions';
    if (!equalBytes(one.action.data, two.action.data)) return 'it causes actions with other data';
    if (!equalBytes(one.returnValue, two.returnValue)) return 'it returns another value';
    if (one.console !== two.console) return 'it prints another text';
  }
  const ram = JSON.stringify(ramDeltasOf(release));
  return ram === JSON.stringify(ramDeltasOf(debug)) ? undefined : 'it stores other things';
}
