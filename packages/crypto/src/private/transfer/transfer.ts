/** A private transfer as data (UTXO-70). */
import type { PrivateOutput } from '../address/output.js';

/** A transfer that spends private outputs. Points are encoded; the decoder has checked form and bounds, not points. */
export type PrivateTransfer = {
  /** Unix seconds after which it may be in no block. */
  readonly expirySec: number;
  /** Contract and symbol, 16 bytes. */
  readonly asset: Uint8Array;
  readonly fee: bigint;
  readonly ringSize: number;
  /** In ascending order of their images. */
  readonly inputs: readonly TransferInput[];
  readonly outputs: readonly PrivateOutput[];
  /** One for two outputs, else one for each output. */
  readonly ephemeralKeys: readonly Uint8Array[];
  /** Seals for the auditor of the asset: none, or one for each output. */
  readonly auditorSeals: readonly Uint8Array[];
  /** The leg to an account, which everybody sees. */
  readonly withdrawal: Withdrawal | undefined;
  readonly rangeProof: Uint8Array;
  readonly signature: Uint8Array;
};

/** One spent output among the members of a ring. */
export type TransferInput = {
  /** Numbers of the members on the chain, strictly ascending. */
  readonly ring: readonly bigint[];
  readonly image: Uint8Array;
  readonly pseudoOutput: Uint8Array;
};

/** What an account receives. */
export type Withdrawal = { readonly account: bigint; readonly amount: bigint; readonly memo: Uint8Array };

/** The transfer without what proves it. */
export type UnprovenTransfer = Omit<PrivateTransfer, 'rangeProof' | 'signature'>;

/** Ephemeral keys of a transfer of so many outputs. */
export function ephemeralKeyCount(outputs: number): number {
  return outputs === 2 ? 1 : outputs;
}

/** The ephemeral key of an output. */
export function ephemeralKeyOf({ ephemeralKeys }: Pick<PrivateTransfer, 'ephemeralKeys'>, output: number): Uint8Array {
  return ephemeralKeys[ephemeralKeys.length === 1 ? 0 : output]!;
}
