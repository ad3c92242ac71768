/** Actions and what they return as JSON, decoded by the contract's ABI, or hex where that does not work. */
import { toHex } from '@snapscale/crypto';
import type { StateReader } from '@snapscale/execution';
import {
  type Action,
  actionResultType,
  actionType,
  type CompiledAbi,
  DecodeError,
  type DecodingBudget,
  decodeType,
  formatName,
  type Json,
  type Name,
  Reject,
} from '@snapscale/protocol';
import type { AbiCache } from './abi-cache.js';

/** Where ABIs come from. */
export type AbiSource = {
  readonly state: StateReader;
  readonly abis: AbiCache;
  /** Shared by all values of an answer; when it is spent, data stay hex. */
  readonly budget: DecodingBudget;
};

/** Of one answer: an ABI can turn a byte into tens of thousands of characters, and a block holds thousands of actions. */
const ANSWER_CHARS_MAX = 4 * 1024 * 1024;

/** A fresh budget for one answer. */
export function decodingBudget(): DecodingBudget {
  return { charsLeft: ANSWER_CHARS_MAX };
}

/** An action as nodeos prints it. `hex_data` is there only when `data` was decoded. */
export type ActionJson = {
  readonly account: string;
  readonly name: string;
  readonly authorization: readonly { readonly actor: string; readonly permission: string }[];
  readonly data: Json;
  readonly hex_data?: string;
};

/** An action with its data decoded. Cost: bounded by the limits of the ABI codec. */
export function actionJson(source: AbiSource, action: Action): ActionJson {
  const hex = toHex(action.data);
  const data = decodedData(source, action);
  return {
    account: formatName(action.account),
    name: formatName(action.name),
    authorization: action.authorization.map(({ actor, permission }) => ({
      actor: formatName(actor),
      permission: formatName(permission),
    })),
    ...(data === undefined ? { data: hex } : { data, hex_data: hex }),
  };
}

/** The data of an action by the ABI of its contract; undefined when there is no ABI or the bytes do not fit it. */
export function decodedData({ state, abis, budget }: AbiSource, action: Action): Json | undefined {
  const abi = abis.get(state, action.account);
  const type = abi === undefined ? undefined : actionType(abi, action.name);
  return type === undefined ? undefined : decodeOr(abi!, type, action.data, budget);
}

/** What an action returned by the ABI; undefined when the ABI does not say or the bytes do not fit. */
export function decodedReturnValue(
  { state, abis, budget }: AbiSource,
  account: Name,
  action: Name,
  value: Uint8Array,
): Json | undefined {
  const abi = abis.get(state, account);
  const type = abi === undefined ? undefined : actionResultType(abi, action);
  return type === undefined ? undefined : decodeOr(abi!, type, value, budget);
}

function decodeOr(abi: CompiledAbi, type: string, bytes: Uint8Array, budget: DecodingBudget): Json | undefined {
  try {
    return decodeType(abi, type, bytes, budget);
  } catch (error) {
    if (error instanceof Reject || error instanceof DecodeError) return undefined;
    throw error;
  }
}
