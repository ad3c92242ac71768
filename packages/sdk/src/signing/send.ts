/** Sending transactions and following them until they are final. */
import type { ResponseOf, Routes } from '@snapscale/api';
import { formatName, names, Reader } from '@snapscale/protocol';
import { type Client, events } from '../client.js';
import { exceptionOf, SnapError } from '../errors.js';
import type { KeySource } from './key-source.js';
import {
  type ActionInput,
  expirationOf,
  type PreparedTransaction,
  packedJsonOf,
  prepareTransaction,
  signTransaction,
  type TransactionOptions,
} from './transaction.js';

/** What a transaction did. */
export type TransactionResult = ResponseOf<Routes['chain']['sendTransaction']>;

/** Where a transaction is. */
export type TransactionStatus = ResponseOf<Routes['chain']['getTransactionStatus']>;

/** How to follow a transaction. */
export type WaitOptions = {
  /** Ends the waiting; the transaction goes its way. */
  readonly signal?: AbortSignal | undefined;
  /** When it expires, as `2026-01-31T12:00:00`, for the case that the node no longer knows. */
  readonly expiration?: string | undefined;
  /** Called when its state is another than before. */
  readonly onStatus?: ((status: TransactionStatus) => void) | undefined;
};

/** How to make, sign and send a transaction. */
export type TransactOptions = TransactionOptions &
  WaitOptions & {
    readonly keys: KeySource;
    /** Whether to wait until it is final; true where not given. */
    readonly wait?: boolean | undefined;
  };

/** A transaction that was sent. `status` is missing when nobody waited. */
export type Sent = { readonly id: string; readonly result: TransactionResult; readonly status?: TransactionStatus };

/**
 * Makes a transaction of actions, signs it, sends it and waits until it is final.
 * @throws SnapError: why it was refused; `not-final` when `signal` aborted the waiting
 */
export async function transact(
  client: Client,
  actions: readonly ActionInput[],
  options: TransactOptions,
): Promise<Sent> {
  const prepared = await prepareTransaction(client, actions, options);
  const signed = await signTransaction(client, prepared, options.keys);
  const result = await sendTransaction(client, signed);
  const id = result.transaction_id;
  if (options.wait === false) return { id, result };
  return { id, result, status: await waitUntilFinal(client, id, { ...options, expiration: expirationOf(signed) }) };
}

/** Sends a signed transaction. It is accepted when this returns, not yet final. @throws SnapError */
export async function sendTransaction(client: Client, signed: PreparedTransaction): Promise<TransactionResult> {
  const result = await client.api.chain.sendTransaction(packedJsonOf(signed) as never);
  for (const account of newAbisOf(signed)) client.abis.forget(account);
  return result;
}

/** Executes a transaction without changing anything; signatures are not needed. @throws SnapError when it would fail */
export async function dryRun(client: Client, prepared: PreparedTransaction): Promise<TransactionResult> {
  const result = await client.api.chain.computeTransaction({ transaction: packedJsonOf(prepared) as never });
  const exception = exceptionOf(result.processed.except);
  if (exception !== undefined) throw exception;
  return result;
}

/** Executes a transaction that only reads, without authorizations. @throws SnapError when it would change something */
export async function readOnly(client: Client, prepared: PreparedTransaction): Promise<TransactionResult> {
  const result = await client.api.chain.sendReadOnlyTransaction({ transaction: packedJsonOf(prepared) as never });
  const exception = exceptionOf(result.processed.except);
  if (exception !== undefined) throw exception;
  return result;
}

/** Accounts whose ABI a transaction sets. */
function newAbisOf({ transaction }: PreparedTransaction): string[] {
  return transaction.actions
    .filter(({ account, name }) => account === names.eosio && name === names.setabi)
    .map(({ data }) => formatName(new Reader(data).u64()));
}

/** Streams that may end one after the other without an event before the node counts as gone. */
const SILENT_STREAMS_MAX = 3;

/**
 * Resolves when a transaction is final. Learns of new blocks from the event stream, so that it needs no clock.
 * @throws SnapError `expired` when it can no longer enter a block, `not-final` when `signal` aborts before
 */
export async function waitUntilFinal(
  client: Client,
  id: string,
  { signal, onStatus, expiration }: WaitOptions = {},
): Promise<TransactionStatus> {
  const call = signal === undefined ? {} : { signal };
  let last: string | undefined;
  let status: TransactionStatus | undefined;
  const look = async (): Promise<boolean> => {
    signal?.throwIfAborted();
    status = await client.api.chain.getTransactionStatus({ id }, call);
    if (status.state !== last) onStatus?.(status);
    last = status.state;
    return isFinal(id, { expiration, ...status });
  };
  try {
    for (let silent = 0; silent < SILENT_STREAMS_MAX; silent++) {
      if (await look()) return status!;
      const request = { topics: ['blocks', 'final'], cursor: status!.irreversible_number } as const;
      for await (const event of events(client, request, signal)) {
        silent = -1;
        if (event.kind === 'dropped') break;
        if (await look()) return status!;
      }
    }
  } catch (error) {
    throw signal?.aborted ? notFinal(id, status) : error;
  }
  throw signal?.aborted ? notFinal(id, status) : streamLost(client.url);
}

/** Whether a transaction is final. @throws SnapError when it never will be */
function isFinal(
  id: string,
  status: Pick<TransactionStatus, 'state' | 'expiration' | 'irreversible_timestamp'>,
): boolean {
  if (status.state === 'IRREVERSIBLE') return true;
  if (status.state === 'IN_BLOCK') return false;
  const expired = status.expiration !== undefined && status.irreversible_timestamp > status.expiration;
  if (expired || status.state === 'FAILED') {
    throw new SnapError({
      kind: 'expired',
      code: 3040005,
      name: 'expired_tx_exception',
      what: 'Expired Transaction',
      details: [`transaction ${id} was accepted but did not enter a block before it expired`],
      hint: 'The network may have dropped it: it is safe to build and send it again.',
      evidence: { id },
    });
  }
  return false;
}

function notFinal(id: string, status: TransactionStatus | undefined): SnapError {
  const where = status?.block_number === undefined ? 'accepted' : `in block ${status.block_number}`;
  return new SnapError({
    kind: 'not-final',
    code: 0,
    name: 'not_final',
    what: 'Not final in the time given',
    details: [`transaction ${id} is ${where}, but not final yet`],
    hint: 'It was sent, and may still become final: do not send it again, look it up.',
    evidence: { id },
    transient: true,
  });
}

function streamLost(url: string): SnapError {
  return new SnapError({
    kind: 'unreachable',
    code: 0,
    name: 'stream_lost',
    what: 'The node ended the event stream',
    details: [`${url} ends the event stream again and again`],
    transient: true,
  });
}
