/** ABIs of contracts, fetched when first needed. */
import type { ApiClient } from '@snapscale/api';
import {
  type Abi,
  actionType,
  type CompiledAbi,
  compileAbi,
  decodeAbi,
  formatName,
  parseName,
} from '@snapscale/protocol';
import { bytesFromBase64 } from './base64.js';
import { notFound } from './errors.js';
import { closest } from './spelling.js';

/** An account's ABI with the hash of its bytes; no ABI when the account has none. */
export type CachedAbi = {
  readonly hash: string;
  readonly bytes: Uint8Array;
  readonly compiled: CompiledAbi | undefined;
};

/**
 * Keeps the ABI of each account that was asked for. ABIs may change on the chain; who needs the newest calls `refresh`,
 * which transfers it only when it did change.
 */
export class AbiCache {
  readonly #api: ApiClient;
  readonly #entries = new Map<string, Promise<CachedAbi>>();

  constructor(api: ApiClient) {
    this.#api = api;
  }

  /** The ABI of an account; `compiled` is undefined when it has none. @throws SnapError when there is no such account */
  get(account: string): Promise<CachedAbi> {
    return this.#entries.get(account) ?? this.#keep(account, this.#fetch(account));
  }

  /** As `get`, asking the node whether it changed. */
  refresh(account: string): Promise<CachedAbi> {
    return this.#keep(account, this.#fetch(account, this.#entries.get(account)));
  }

  /** Drops what is known of an account, because it is known to change. */
  forget(account: string): void {
    this.#entries.delete(account);
  }

  /** The ABI of an account that must have one. @throws SnapError */
  async contract(account: string): Promise<CompiledAbi> {
    const { compiled } = await this.get(account);
    if (compiled !== undefined) return compiled;
    const fresh = await this.refresh(account);
    return (
      fresh.compiled ??
      notFound(`${account} has no ABI`, 'It is an account without a contract, or its ABI was not set.')
    );
  }

  /** The ABI of a contract and the type of one of its actions. @throws SnapError that names the actions there are */
  async action(account: string, action: string): Promise<{ readonly abi: CompiledAbi; readonly type: string }> {
    const name = parseName(action);
    const known = await this.contract(account);
    const type = actionType(known, name);
    if (type !== undefined) return { abi: known, type };
    const { compiled } = await this.refresh(account);
    const fresh = compiled === undefined ? undefined : actionType(compiled, name);
    if (compiled !== undefined && fresh !== undefined) return { abi: compiled, type: fresh };
    const names = actionNames((compiled ?? known).abi);
    const similar = closest(action, names);
    return notFound(
      `${account} has no action ${action}`,
      `${similar === undefined ? '' : `Did you mean ${similar}? `}Its actions: ${names.join(', ') || 'none'}.`,
    );
  }

  #keep(account: string, entry: Promise<CachedAbi>): Promise<CachedAbi> {
    this.#entries.set(account, entry);
    entry.catch(() => this.#entries.delete(account));
    return entry;
  }

  async #fetch(account: string, known?: Promise<CachedAbi>): Promise<CachedAbi> {
    const old = await known;
    const answer = await this.#api.chain.getRawAbi({
      account_name: account,
      ...(old === undefined ? {} : { abi_hash: old.hash }),
    });
    if (old !== undefined && answer.abi === undefined) return old;
    const bytes = bytesFromBase64(answer.abi ?? '');
    const compiled = bytes.length === 0 ? undefined : compileAbi(decodeAbi(bytes));
    return { hash: answer.abi_hash, bytes, compiled };
  }
}

/** Names of an ABI's actions, sorted. */
export function actionNames(abi: Abi): string[] {
  return abi.actions.map((action) => formatName(action.name)).sort();
}

/** Names of an ABI's tables, sorted. */
export function tableNames(abi: Abi): string[] {
  return abi.tables.map((table) => formatName(table.name)).sort();
}
