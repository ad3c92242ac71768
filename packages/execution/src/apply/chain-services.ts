/** What an execution needs besides state: the contract engine and the decoded chain records. */
import type { RecoverPort } from '@snapscale/crypto';
import { getWasmLimits } from '../chain/wasm-limits-record.js';
import { HostEnvironment } from '../host/environment.js';
import { importTable } from '../host/table.js';
import type { StateReader } from '../state/reader.js';
import { checkModule } from '../wasm/check-module.js';
import { ContractRuntime } from '../wasm/runtime.js';
import type { ActionContext } from './types.js';

export class ChainServices {
  readonly #environment: HostEnvironment;
  readonly #runtime: ContractRuntime;

  /** `recover`: signature recovery for contracts that call `recover_key`; portable when not given. */
  constructor(recover?: RecoverPort) {
    this.#environment = new HostEnvironment(recover);
    this.#runtime = new ContractRuntime(this.#environment, importTable);
  }

  /** Runs a contract for `context`; returns the gas used. Throws `Reject` when the contract fails. */
  runContract(context: ActionContext, codeHash: Uint8Array, loadCode: () => Uint8Array, gasLimit: number): number {
    this.#environment.context = context;
    const { receiver, action, state } = context;
    return this.#runtime.apply(codeHash, loadCode, {
      receiver,
      account: action.account,
      action: action.name,
      gasLimit,
      limits: getWasmLimits(state),
    });
  }

  /** Gas that the last run of a contract used, also when it failed. */
  get lastContractGas(): number {
    return this.#runtime.lastGas;
  }

  /** Rejects code that the chain would not run. */
  checkCode(code: Uint8Array, state: StateReader): void {
    checkModule(code, getWasmLimits(state), importTable);
  }
}
