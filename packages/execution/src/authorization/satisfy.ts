/**
 * Whether keys, permissions and a delay satisfy permission levels, by the rules of nodeos's authority checker.
 *
 * Factors are tried from the highest weight to the lowest until the threshold is reached. Keys that were looked at on
 * the way to a satisfied authority count as used; those seen on the way to an unsatisfied one do not. A permission that
 * is being evaluated, or was found unsatisfied, adds nothing where it occurs again below the same level: cycles end.
 */
import { equalBytes, type PublicKey } from '@snapscale/crypto';
import type { Name, PermissionLevel } from '@snapscale/protocol';
import { bytesKey, nameKey } from '../state/keys.js';
import type { StateKey, StateReader } from '../state/reader.js';
import { type PreparedAuthority, readAuthority } from './permissions.js';
import { AuthorizationWork } from './work.js';

/** What a transaction, a contract or a caller of a host function brings along. */
export type ProvidedAuthority = {
  /** Without repetitions. */
  readonly keys: readonly PublicKey[];
  /** Levels that count as satisfied; a level with an empty permission stands for all permissions of its actor. */
  readonly permissions: readonly PermissionLevel[];
  /** Seconds by which the transaction is delayed; `Infinity` satisfies every wait. */
  readonly delaySec: number;
  /** Levels of permissions inside permissions: `max_authority_depth`. */
  readonly maxDepth: number;
};

/** Up to this many provided keys are compared one by one; more are looked up by their bytes. */
const COMPARED_KEYS_MAX = 4;

type Evaluation = 'running' | 'satisfied' | 'unsatisfied';

export class AuthorityChecker {
  readonly #state: StateReader;
  readonly #provided: ProvidedAuthority;
  readonly #providedLevels: ReadonlySet<string> | undefined;
  readonly #keyIndex: ReadonlyMap<StateKey, number> | undefined;
  readonly #keyUsed: boolean[];
  /** Indices of used keys in the order of first use, so that a failed authority can be undone. */
  readonly #useOrder: number[] = [];
  #evaluated: Map<string, Evaluation> | undefined;
  readonly #work: AuthorizationWork;

  /** `work` counts the factors that are looked at. */
  constructor(state: StateReader, provided: ProvidedAuthority, work = new AuthorizationWork()) {
    this.#work = work;
    this.#state = state;
    this.#provided = provided;
    const { keys, permissions } = provided;
    this.#keyUsed = keys.map(() => false);
    this.#keyIndex = keys.length > COMPARED_KEYS_MAX ? new Map(keys.map((key, i) => [bytesKey(key), i])) : undefined;
    this.#providedLevels = permissions.length > 0 ? new Set(permissions.map(levelKey)) : undefined;
  }

  /**
   * True when the level is satisfied; a permission that does not exist is not.
   * Rejects with `tx_cpu_usage_exceeded` when that takes too much work.
   */
  satisfied(level: PermissionLevel): boolean {
    this.#evaluated = undefined;
    return this.#levelSatisfied(level, 0);
  }

  /** Provided keys that contributed to satisfied levels so far, in the order of `provided.keys`. */
  get usedKeys(): readonly PublicKey[] {
    return this.#provided.keys.filter((_, i) => this.#keyUsed[i]);
  }

  get unusedKeys(): readonly PublicKey[] {
    return this.#provided.keys.filter((_, i) => !this.#keyUsed[i]);
  }

  get allKeysUsed(): boolean {
    return this.#useOrder.length === this.#keyUsed.length;
  }

  #levelSatisfied(level: PermissionLevel, depth: number): boolean {
    const known = this.#knownStatus(level);
    if (known !== undefined) return known === 'satisfied';
    if (depth >= this.#provided.maxDepth) return false;
    const authority = readAuthority(this.#state, level.actor, level.permission);
    if (authority === undefined) return false;
    // Nothing can refer back to a level at the top that has only keys and waits: the common case needs no memory.
    const remembered = depth > 0 || authority.hasAccounts;
    if (remembered) this.#remember(level, 'running');
    const satisfied = this.#authoritySatisfied(authority, depth + 1);
    if (remembered) this.#remember(level, satisfied ? 'satisfied' : 'unsatisfied');
    return satisfied;
  }

  #authoritySatisfied({ threshold, factors }: PreparedAuthority, depth: number): boolean {
    const usedBefore = this.#useOrder.length;
    let weight = 0;
    for (const factor of factors) {
      this.#work.count();
      switch (factor.kind) {
        case 'key':
          if (this.#useKey(factor.key)) weight += factor.weight;
          break;
        case 'account':
          if (this.#levelSatisfied(factor.level, depth)) weight += factor.weight;
          break;
        case 'wait':
          if (this.#provided.delaySec >= factor.waitSec) weight += factor.weight;
          break;
      }
      if (weight >= threshold) return true;
    }
    this.#forgetUses(usedBefore);
    return false;
  }

  #useKey(key: PublicKey): boolean {
    const index = this.#indexOf(key);
    if (index < 0) return false;
    if (!this.#keyUsed[index]) {
      this.#keyUsed[index] = true;
      this.#useOrder.push(index);
    }
    return true;
  }

  #indexOf(key: PublicKey): number {
    if (this.#keyIndex !== undefined) return this.#keyIndex.get(bytesKey(key)) ?? -1;
    const { keys } = this.#provided;
    for (let i = 0; i < keys.length; i++) if (equalBytes(keys[i]!, key)) return i;
    return -1;
  }

  #forgetUses(usedBefore: number): void {
    while (this.#useOrder.length > usedBefore) this.#keyUsed[this.#useOrder.pop()!] = false;
  }

  #knownStatus(level: PermissionLevel): Evaluation | undefined {
    const levels = this.#providedLevels;
    if (levels === undefined && this.#evaluated === undefined) return undefined;
    const key = levelKey(level);
    if (levels !== undefined && (levels.has(key) || levels.has(allPermissionsKey(level.actor)))) return 'satisfied';
    return this.#evaluated?.get(key);
  }

  #remember(level: PermissionLevel, status: Evaluation): void {
    this.#evaluated ??= new Map();
    this.#evaluated.set(levelKey(level), status);
  }
}

function levelKey({ actor, permission }: PermissionLevel): string {
  return nameKey(actor) + nameKey(permission);
}

function allPermissionsKey(actor: Name): string {
  return nameKey(actor) + nameKey(0n);
}
