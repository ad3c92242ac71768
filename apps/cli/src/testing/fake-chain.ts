/**
 * A node for tests of commands: its chain is that of a contract test, so that contracts really decide, and everything is final
 * at once. Signatures are not looked at; `controlled` says whose permissions the user's keys are part of.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { accessProblem } from '@snapscale/api';
import { parseAccessToken } from '@snapscale/api/identity';
import { type Actors, type ContractTest, ContractTestError, systemContract } from '@snapscale/contracts/testing';
import { toHex } from '@snapscale/crypto';
import {
  abiSchema,
  actionType,
  type CompiledAbi,
  compileAbi,
  decodeType,
  encode,
  formatName,
  type Json,
  type JsonObject,
  packedTransactionSchema,
  transactionId,
  unpackTransaction,
} from '@snapscale/protocol';
import { developmentPublicKey } from '../keys/development.js';

/** Answers of a path that a test adds or changes. */
export type Answers = Record<string, (body: JsonObject) => Json>;

const noTraces: readonly Json[] = [];

/** The node. */
export class FakeChain {
  readonly chain: ContractTest;
  /** Permissions that the user's keys are part of. */
  controlled: readonly string[] = [];
  /** Actions that were executed, as `account::action`. */
  readonly sent: string[] = [];
  readonly answers: Answers = {};
  /** Tokens that requests have carried. */
  readonly tokens: string[] = [];
  /** Whether it lets in members alone, as `--admission members` does. */
  membersOnly = false;
  readonly #abis = new Map<string, { readonly bytes: Uint8Array; readonly compiled: CompiledAbi }>();
  readonly #permissions = new Map<string, Json[]>();
  readonly #server: Server;

  private constructor(chain: ContractTest) {
    this.chain = chain;
    for (const account of ['eosio', 'snap.ca']) {
      const { abi } = systemContract(account);
      this.#abis.set(account, { bytes: encode(abiSchema, abi), compiled: compileAbi(abi) });
    }
    this.#server = createServer((request, response) => {
      void this.#answer(request).then(({ status, body }) => {
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(JSON.stringify(body));
      });
    });
  }

  /** Listens on a free port. */
  static async start(chain: ContractTest): Promise<FakeChain> {
    const fake = new FakeChain(chain);
    await new Promise<void>((resolve) => fake.#server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage): Promise<{ status: number; body: Json }> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://node.test');
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const text = Buffer.concat(pieces).toString('utf8');
    const body = (text === '' ? Object.fromEntries(searchParams) : JSON.parse(text)) as JsonObject;
    const token = request.headers.authorization?.replace('Bearer ', '');
    if (token !== undefined) this.tokens.push(token);
    if (this.membersOnly && pathname !== '/v1/snap/get_access') {
      const reading = parseAccessToken(token ?? '');
      if (token === undefined) return refusal(401, 'snap_access_missing', accessProblem('missing').detail, 0);
      if (reading.kind === 'refused') return refusal(401, `snap_access_${reading.code}`, reading.detail, 0);
    }
    const path = pathname.replace(/^\/v1\/(chain|snap)\//, '');
    try {
      const answer = this.answers[path] ?? this.#routes[path];
      if (answer === undefined) return refusal(404, 'not_found', `${pathname} is not in this test`);
      return { status: 200, body: answer(body) };
    } catch (error) {
      if (!(error instanceof ContractTestError)) return refusal(500, 'failed', String(error));
      const isAssertion = error.rejection?.code === 'eosio_assert_message_exception';
      return refusal(
        500,
        error.rejection?.code ?? 'unknown_key_exception',
        error.rejection?.message ?? error.message,
        isAssertion ? 3050003 : 3010000,
      );
    }
  }

  readonly #routes: Answers = {
    get_info: () => ({
      chain_id: 'cf'.repeat(32),
      head_block_num: 7,
      last_irreversible_block_num: 7,
      last_irreversible_block_id: `00000007${'ab'.repeat(28)}`,
      head_block_time: this.chain.time,
      head_block_id: `00000007${'ab'.repeat(28)}`,
    }),
    get_access: () => ({
      admission: this.membersOnly ? 'members' : 'open',
      audience: 'urn:snap:node:test',
      thumbprint: 'A'.repeat(43),
      jwk: { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' },
      clock: Date.now(),
    }),
    get_account: ({ account_name }) => this.#account(String(account_name)),
    get_raw_abi: ({ account_name }) => {
      const bytes = this.#abis.get(String(account_name))?.bytes ?? new Uint8Array(0);
      return {
        account_name: account_name!,
        code_hash: '00'.repeat(32),
        abi_hash: '11'.repeat(32),
        abi: Buffer.from(bytes).toString('base64'),
      };
    },
    get_table_rows: (query) => this.#rows(query),
    get_accounts_by_authorizers: () => ({
      accounts: this.controlled.map((permission) => {
        const [account_name = '', permission_name = 'active'] = permission.split('@');
        return { account_name, permission_name, authorizing_key: developmentPublicKey, weight: 1, threshold: 1 };
      }),
    }),
    get_required_keys: () => ({ required_keys: [developmentPublicKey] }),
    send_transaction: (body) => this.#send(body),
    send_transaction2: (body) => this.#send((body.transaction ?? body) as JsonObject),
    get_transaction_status: () => ({
      state: 'IRREVERSIBLE',
      block_number: 7,
      head_number: 7,
      irreversible_number: 7,
      irreversible_timestamp: this.chain.time,
    }),
  };

  #account(account: string): Json {
    if (!this.chain.exists(account)) {
      throw new ContractTestError(`unknown key: ${account}`, undefined);
    }
    const keys = [{ key: developmentPublicKey, weight: 1 }];
    const auth = { threshold: 1, keys, accounts: [], waits: [] };
    const code = this.#abis.has(account) && (account !== 'snap.ca' || this.#isDeployed());
    return {
      account_name: account,
      last_code_update: code ? '2026-01-01T00:00:00.000' : '1970-01-01T00:00:00.000',
      permissions: [
        { perm_name: 'active', parent: 'owner', required_auth: auth },
        { perm_name: 'owner', parent: '', required_auth: auth },
        ...(this.#permissions.get(account) ?? []),
      ],
    };
  }

  #isDeployed(): boolean {
    try {
      this.chain.table('snap.ca', 'snap.ca', 'orgs');
      return true;
    } catch {
      return false;
    }
  }

  #rows({ code, scope, table, lower_bound, upper_bound, limit }: JsonObject): Json {
    const scopeKey = /^\d+$/.test(String(scope)) ? BigInt(String(scope)) : String(scope);
    const all = this.chain.table(String(code), scopeKey, String(table)) as JsonObject[];
    const bound = lower_bound !== undefined && lower_bound === upper_bound ? String(lower_bound) : undefined;
    const rows = bound === undefined ? all : all.filter((row) => String(Object.values(row)[0]) === bound);
    return { rows: rows.slice(0, Number(limit ?? 10)), more: false, next_key: '' };
  }

  #send(body: JsonObject): Json {
    const packed = packedTransactionSchema.fromJson(body);
    const { transaction } = unpackTransaction(packed, (bytes) => bytes);
    const attempts = transaction.actions.map(({ account, name, authorization, data }) => {
      const { compiled } = this.#abis.get(formatName(account))!;
      return {
        account: formatName(account),
        action: formatName(name),
        actors: authorization.map((level) => `${formatName(level.actor)}@${formatName(level.permission)}`) as Actors,
        data: decodeType(compiled, actionType(compiled, name)!, data),
      };
    });
    const { trace } = this.chain.pushAll(attempts);
    for (const { action, data } of attempts) {
      if (action !== 'updateauth') continue;
      const { account, permission, parent, auth } = data as JsonObject;
      const present = this.#permissions.get(String(account)) ?? [];
      this.#permissions.set(String(account), [
        ...present,
        { perm_name: permission!, parent: parent!, required_auth: auth! },
      ]);
    }
    this.sent.push(...attempts.map(({ account, action }) => `${account}::${action}`));
    const returned = trace.actionTraces[0]?.returnValue ?? new Uint8Array(0);
    return {
      transaction_id: toHex(transactionId(packed.packedTransaction)),
      processed: {
        receipt: { status: 'executed', cpu_usage_us: 100, net_usage_words: 20 },
        net_usage: 160,
        action_traces: [{ console: '', return_value_hex_data: toHex(returned), inline_traces: noTraces as Json }],
        except: null,
      },
    };
  }
}

function refusal(status: number, name: string, message: string, code = 3010000): { status: number; body: Json } {
  const details = [{ message, file: 'node', line_number: 0, method: '' }];
  return { status, body: { code: status, message: name, error: { code, name, what: name, details, evidence: {} } } };
}
