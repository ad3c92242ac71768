/** What all commands that change something have in common: make the transaction, sign, send, wait, and show it. */
import { type PublicKey, parsePublicKey, toHex } from '@snapscale/crypto';
import { formatAsset, formatName, systemToken, transactionSchema } from '@snapscale/protocol';
import {
  type ActionInput,
  type Client,
  dryRun,
  expirationOf,
  idOf,
  type KeySource,
  type PreparedTransaction,
  packedJsonOf,
  prepareTransaction,
  readOnly,
  SnapError,
  sendTransaction,
  signTransaction,
  signWith,
  type TransactionOptions,
  type TransactionResult,
  type TransactionStatus,
  waitUntilFinal,
} from '@snapscale/sdk';
import { onlyKeys, userKeys } from '../keys/signer.js';
import { AnnotatedError, usageError } from '../program/failures.js';
import type { Session } from '../program/session.js';
import type { Values } from '../program/values.js';
import { bytesText } from '../terminal/layout.js';
import { creditProblem } from './credit-problem.js';
import { permissionProblem } from './permission-problem.js';
import { actionLines } from './trace-view.js';

/** Seconds to wait for finality, where nothing else is said. */
const WAIT_DEFAULT_S = 30;

/** What a command adds to the common course. */
export type Course = {
  /** A line above the transaction: what was done, in words. */
  readonly headline?: (result: TransactionResult) => string;
  /** Id of the transaction, where the user has handed it in. */
  readonly premade?: string;
  /** Explains a refusal. Undefined: there is nothing to add. */
  readonly explain?: (error: SnapError, client: Client) => Promise<AnnotatedError | undefined>;
  /** Commands to run next. */
  readonly next?: readonly string[];
  /** Used in the JSON of the result, besides the transaction. */
  readonly values?: Readonly<Record<string, unknown>>;
};

/** Authorizations from `-p`, or those that stand for them. */
export function permissionsOr(values: Values, ...otherwise: readonly string[]): readonly string[] {
  const given = values
    .list('permission')
    .flatMap((text) => text.split(','))
    .map((text) => text.trim());
  return given.length > 0 ? given : otherwise;
}

/** Executes actions as the options of the command say. */
export async function execute(
  session: Session,
  values: Values,
  actions: readonly ActionInput[],
  course: Course = {},
): Promise<void> {
  const client = await session.client();
  const prepared = await prepareTransaction(client, actions, transactionOptions(values));
  await executePrepared(session, values, prepared, course);
}

/** The same for a transaction that exists already. */
export async function executePrepared(
  session: Session,
  values: Values,
  prepared: PreparedTransaction,
  course: Course = {},
): Promise<void> {
  const client = await session.client();
  try {
    if (values.flag('read') || values.flag('dryRun')) return await tryOut(session, client, values, prepared, course);
    const signed = values.flag('skipSign') ? prepared : await signedBy(session, client, values, prepared);
    if (values.flag('dontBroadcast')) return printTransaction(session, values, signed);
    await send(session, client, values, signed, course);
  } catch (error) {
    throw await explained(error, client, course);
  }
}

/** Options of the transaction that the command line gives. */
export function transactionOptions(values: Values): TransactionOptions {
  const netBytes = values.integer('maxNetUsage', 0, 2 ** 32 - 1);
  return {
    expireSeconds: values.integer('expiration', 1, 3600),
    referenceBlock: values.text('refBlock'),
    maxCpuUsageMs: values.integer('maxCpuUsageMs', 0, 255),
    maxNetUsageWords: netBytes === undefined ? undefined : Math.ceil(netBytes / 8),
    delaySeconds: values.integer('delaySec', 0, 2 ** 32 - 1),
    nonce: values.flag('forceUnique') ? crypto.randomUUID() : undefined,
  };
}

async function tryOut(
  session: Session,
  client: Client,
  values: Values,
  prepared: PreparedTransaction,
  course: Course,
): Promise<void> {
  const reads = values.flag('read');
  const result = await (reads ? readOnly : dryRun)(client, prepared);
  session.output.result({ ...result, ...course.values }, () => [
    ...actionLines(result.processed.action_traces, session.output.style, ''),
    session.output.style.dim(usageText(result.processed)),
  ]);
  session.output.note(reads ? 'Read only: nothing was changed.' : 'Dry run: nothing was sent.');
}

async function signedBy(
  session: Session,
  client: Client,
  values: Values,
  prepared: PreparedTransaction,
): Promise<PreparedTransaction> {
  const keys = await userKeys(session);
  const named = keyNames(values);
  if (named !== undefined) return signWith(prepared, named, onlyKeys(keys, named));
  return signChecked(client, prepared, keys);
}

/** Signs with the keys that are needed. @throws AnnotatedError that says which are missing */
export async function signChecked(
  client: Client,
  prepared: PreparedTransaction,
  keys: KeySource,
): Promise<PreparedTransaction> {
  let have: readonly PublicKey[] = [];
  try {
    have = await keys.publicKeys();
    return await signTransaction(client, prepared, keys);
  } catch (error) {
    if (error instanceof SnapError && error.name === 'unsatisfied_authorization') {
      throw await permissionProblem(error, client, prepared, have);
    }
    throw error;
  }
}

/** Public keys from `--sign-with`: separated by commas, or a JSON array as cleos takes it. */
function keyNames(values: Values): readonly string[] | undefined {
  const text = values.text('signWith');
  if (text === undefined) return undefined;
  const names = text.split(/[\s,"[\]]+/).filter((name) => name !== '');
  if (names.length === 0) throw usageError('--sign-with names no key');
  for (const name of names) parsePublicKey(name);
  return names;
}

async function send(
  session: Session,
  client: Client,
  values: Values,
  signed: PreparedTransaction,
  course: Course,
): Promise<void> {
  const { output } = session;
  const { style } = output;
  const result = await sendTransaction(client, signed);
  const id = result.transaction_id;
  const wait = values.unlessNot('wait');
  const began = performance.now();
  const status = wait ? await finality(session, client, values, signed) : undefined;
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  output.result({ ...result, ...(status === undefined ? {} : { status }), ...course.values }, () => [
    ...(course.headline === undefined ? [] : [`${style.green('✓')} ${course.headline(result)}`]),
    ...(course.headline === undefined
      ? actionLines(result.processed.action_traces, style, '')
      : consoleOf(result, style)),
    `${style.dim('transaction')}  ${id}`,
    status === undefined
      ? `${style.dim('accepted')}     ${style.dim(`not final yet · ${usageText(result.processed)}`)}`
      : `${style.dim('final')}        block ${status.block_number} · ${seconds} s · ${usageText(result.processed)}`,
  ]);
  if (status === undefined) output.next(`get transaction-status ${id}`);
  else if (course.next !== undefined) output.next(...course.next);
}

/** `160 bytes · 50 µs · fee 0.0003 XST paid by alice`. */
function usageText({ receipt, net_usage, bill }: TransactionResult['processed']): string {
  const cpu = (receipt as { cpu_usage_us?: number } | null)?.cpu_usage_us;
  const fee = bill === undefined ? 0n : BigInt(bill.cpu_fee) + BigInt(bill.net_fee);
  const payer = bill?.sponsor ?? bill?.payer;
  return [
    bytesText(net_usage),
    ...(cpu === undefined ? [] : [`${cpu} µs`]),
    ...(fee === 0n ? [] : [`fee ${formatAsset({ amount: fee, symbol: systemToken.symbol })} paid by ${payer}`]),
  ].join(' · ');
}

/** What contracts printed, for commands whose headline says the rest. */
function consoleOf(result: TransactionResult, style: Session['output']['style']): string[] {
  const printed = result.processed.action_traces.some((trace) => trace.console !== '' || trace.return_value_hex_data);
  return printed ? actionLines(result.processed.action_traces, style) : [];
}

/** Waits as the command line says. @throws AnnotatedError when it takes too long */
export async function finality(
  session: Session,
  client: Client,
  values: Values,
  signed: PreparedTransaction,
): Promise<TransactionStatus> {
  const id = idOf(signed);
  const limitSeconds = values.integer('timeout', 1, 3600) ?? WAIT_DEFAULT_S;
  const stop = session.output.progress(`Sent as ${id.slice(0, 8)}…; waiting until it is final`);
  try {
    const signal = AbortSignal.any([session.signal, AbortSignal.timeout(limitSeconds * 1000)]);
    return await waitUntilFinal(client, id, { signal, expiration: expirationOf(signed) });
  } catch (error) {
    if (!(error instanceof SnapError) || error.name !== 'not_final') throw error;
    throw new AnnotatedError(error, {
      title: `${error.message} after ${session.signal.aborted ? 'being stopped' : `${limitSeconds} s`}`,
      hints: [`It was sent: do not send it again. Look: snapscale get transaction-status ${id}`],
      values: { transaction_id: id },
    });
  } finally {
    stop();
  }
}

function printTransaction(session: Session, values: Values, signed: PreparedTransaction): void {
  const packed = packedJsonOf(signed);
  const { transaction, contextFreeData } = signed;
  const fields = transactionSchema.toJson(transaction) as Record<string, unknown>;
  const unpacked = { ...fields, signatures: packed.signatures, context_free_data: contextFreeData.map(toHex) };
  session.output.lines([JSON.stringify(values.flag('returnPacked') ? packed : unpacked, null, 2)]);
  const names = transaction.actions.map(({ account, name }) => `${formatName(account)}::${formatName(name)}`);
  session.output.note(`Not sent: ${names.join(', ')}. Send it with: snapscale push transaction FILE`);
}

async function explained(error: unknown, client: Client, { explain, premade }: Course): Promise<unknown> {
  if (!(error instanceof SnapError)) return error;
  if (error.name === 'unsatisfied_authorization') {
    const { needed } = error.evidence;
    return new AnnotatedError(error, {
      title: `the signatures of the transaction do not suffice${needed === undefined ? '' : ` for ${needed}`}`,
      lines: error.details,
      hints: ['Sign it: leave out -s, or use snapscale sign.'],
    });
  }
  if (error.name === 'tx_duplicate') {
    return new AnnotatedError(error, {
      title: 'the node has this very transaction already',
      hints: [
        premade === undefined
          ? 'To do the same once more, add -f, which makes the transaction differ.'
          : `It was sent before. Look: snapscale get transaction-status ${premade}`,
      ],
    });
  }
  const missing = /^missing authority of ([^\s/@]+)/.exec(error.message)?.[1];
  if (error.name === 'missing_auth_exception' && missing !== undefined) {
    return new AnnotatedError(error, {
      title: `the contract demands that ${missing} authorises this`,
      hints: [`Declare it: -p ${missing}@active`],
    });
  }
  if (error.kind === 'expired') {
    return new AnnotatedError(error, { hints: ['Send it again. If signing takes long, give it more time: -x 300'] });
  }
  return (await explain?.(error, client)) ?? creditProblem(error) ?? error;
}
