/** The tables of the running action: one primary index and five secondary ones, with their iterators. */
import type { ActionContext } from '../../apply/types.js';
import { PrimaryIndex } from './primary-index.js';
import { SecondaryIndex } from './secondary-index.js';
import { keyKinds } from './secondary-keys.js';
import { type ChargeGas, Tables } from './tables.js';

type Indices = { readonly [K in keyof typeof keyKinds]: SecondaryIndex };

export class ContractDatabase {
  readonly #charge: ChargeGas;
  #context: ActionContext | undefined;
  #tables: Tables | undefined;
  #primary: PrimaryIndex | undefined;
  #indices: Partial<Record<keyof Indices, SecondaryIndex>> = {};

  constructor(charge: ChargeGas) {
    this.#charge = charge;
  }

  /** Begins an action: all iterators of the one before are forgotten. */
  begin(context: ActionContext): void {
    this.#context = context;
    this.#tables = new Tables(context, this.#charge);
    this.#primary = new PrimaryIndex(context, this.#tables);
    this.#indices = {};
  }

  /** Begins the turn of another receiver of the same action: iterators live on, their rows are read again when used. */
  nextTurn(): void {
    this.#tables!.nextTurn();
    this.#primary!.nextTurn();
    for (const index of Object.values(this.#indices)) index.nextTurn();
  }

  get primary(): PrimaryIndex {
    return this.#primary!;
  }

  /** The secondary index of a family; made when an action first uses it. */
  secondary(kind: keyof Indices): SecondaryIndex {
    return (this.#indices[kind] ??= new SecondaryIndex(this.#context!, this.#tables!, keyKinds[kind]));
  }
}
