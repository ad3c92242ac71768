/** What the native actions have in common. */
import { formatName, reject } from '@snapscale/protocol';
import type { ActionContext } from '../apply/types.js';
import type { StateReader } from '../state/reader.js';

/** What native actions need besides their context. */
export type NativeEnvironment = {
  /** Rejects code that the chain would not run. */
  checkCode(code: Uint8Array, state: StateReader): void;
};

/**
 * The native part of an action, executed before the receiver's contract. Rejects when the action is not valid; what it
 * has written by then is undone with the transaction.
 */
export type NativeHandler = (context: ActionContext, environment: NativeEnvironment) => void;

/** Rejects with `action_validate_exception` inside read-only transactions, before anything is read or written. */
export function requireWritable(context: ActionContext): void {
  if (context.transaction.readOnly) {
    reject('action_validate_exception', `${formatName(context.action.name)} not allowed in read-only transaction`);
  }
}

/** Rejects with `action_validate_exception` unless `holds`. */
export function requireValid(holds: boolean, message: () => string): asserts holds {
  if (!holds) reject('action_validate_exception', message());
}
