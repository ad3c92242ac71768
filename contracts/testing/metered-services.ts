/** Contract runs as the chain does them, with the gas of each one told; and, when asked, those of debug builds instead. */

import { toHex } from '@snapscale/crypto';
import { type ActionContext, ChainServices } from '@snapscale/execution';
import { ContractRuntime, HostEnvironment, importTable, wasmLimitsBounds } from '@snapscale/execution/wasm';
import { formatName } from '@snapscale/protocol';
import { debugLineImport, type InstrumentedCode } from '../compiler/debug/instrument.js';
import { coverageOfProcess } from './coverage.js';

/** One run of a contract. */
export type ContractRun = {
  /** Whose code ran; for a notification not the account of the action. */
  readonly receiver: string;
  /** `account::action`. */
  readonly action: string;
  /** Also of a run that failed. */
  readonly gas: number;
};

/** Debug builds use some ten times the gas of what they stand for; with this much more they are taken to be endless. */
const DEBUG_GAS_FACTOR = 1000;
const DEBUG_GAS_MIN = 10 ** 9;

export class MeteredServices extends ChainServices {
  #runs: ContractRun[] = [];
  /** By the hash of the code that is deployed. */
  readonly #debugBuilds = new Map<string, InstrumentedCode>();
  #debugger: Debugger | undefined;
  /** Gas that a debug build may use; undefined while what is deployed runs. */
  #debugGas: number | undefined;

  /** The runs since the last call. */
  takeRuns(): readonly ContractRun[] {
    const runs = this.#runs;
    this.#runs = [];
    return runs;
  }

  /** Says what stands for some code while `debugging`. */
  addDebugBuild(codeHash: Uint8Array, code: InstrumentedCode): void {
    this.#debugBuilds.set(toHex(codeHash), code);
    for (const { file, line } of code.hooks) coverageOfProcess.know(file, line);
  }

  /** There are debug builds. */
  get canDebug(): boolean {
    return this.#debugBuilds.size > 0;
  }

  /** Does something that has used `gas`, with debug builds in the place of what is deployed; no gas is told. */
  debugging<T>(work: () => T, gas: number): T {
    this.#debugGas = DEBUG_GAS_MIN + DEBUG_GAS_FACTOR * gas;
    try {
      return work();
    } finally {
      this.#debugGas = undefined;
      this.#runs = [];
    }
  }

  override runContract(
    context: ActionContext,
    codeHash: Uint8Array,
    loadCode: () => Uint8Array,
    gasLimit: number,
  ): number {
    if (this.#debugGas !== undefined) {
      const build = this.#debugBuilds.get(toHex(codeHash));
      if (build === undefined) return super.runContract(context, codeHash, loadCode, gasLimit);
      this.#debugger ??= new Debugger();
      this.#debugger.run(context, codeHash, build, this.#debugGas);
      return 0;
    }
    try {
      return super.runContract(context, codeHash, loadCode, gasLimit);
    } finally {
      const { account, name } = context.action;
      this.#runs.push({
        receiver: formatName(context.receiver),
        action: `${formatName(account)}::${formatName(name)}`,
        gas: this.lastContractGas,
      });
    }
  }
}

/** Runs debug builds, and counts their lines. Their extra import exists here alone. */
class Debugger {
  readonly #environment = new HostEnvironment();
  readonly #runtime: ContractRuntime;
  #hooks: InstrumentedCode['hooks'] = [];

  constructor() {
    const line = (id: number): void => {
      const hook = this.#hooks[id];
      if (hook !== undefined) coverageOfProcess.hit(hook.file, hook.line);
    };
    const environment = this.#environment;
    const host = {
      functions: new Map<string, unknown>([...environment.functions, [debugLineImport, line]]),
      activate: environment.activate.bind(environment),
      takeGas: environment.takeGas.bind(environment),
      resetGas: environment.resetGas.bind(environment),
    };
    const imports = new Map([...importTable, [debugLineImport, { params: ['i32'] as const, gas: 0 }] as const]);
    this.#runtime = new ContractRuntime(host, imports);
  }

  run(context: ActionContext, codeHash: Uint8Array, { wasm, hooks }: InstrumentedCode, gasLimit: number): void {
    const outer = this.#hooks;
    this.#hooks = hooks;
    this.#environment.context = context;
    try {
      const { receiver, action } = context;
      const call = { receiver, account: action.account, action: action.name, gasLimit };
      this.#runtime.apply(codeHash, () => wasm, { ...call, limits: wasmLimitsBounds });
    } finally {
      this.#hooks = outer;
    }
  }
}
