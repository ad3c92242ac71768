/** Contract runs as the chain does them, with the gas of each one told. */
import { type ActionContext, ChainServices } from '@snapscale/execution';
import { formatName } from '@snapscale/protocol';

/** One run of a contract. */
export type ContractRun = {
  /** Whose code ran; for a notification not the account of the action. */
  readonly receiver: string;
  /** `account::action`. */
  readonly action: string;
  /** Also of a run that failed. */
  readonly gas: number;
};

export class MeteredServices extends ChainServices {
  #runs: ContractRun[] = [];

  /** The runs since the last call. */
  takeRuns(): readonly ContractRun[] {
    const runs = this.#runs;
    this.#runs = [];
    return runs;
  }

  override runContract(
    context: ActionContext,
    codeHash: Uint8Array,
    loadCode: () => Uint8Array,
    gasLimit: number,
  ): number {
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
