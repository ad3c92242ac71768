/** `get transaction`, `get transaction-status`, `get trace`, `get block-trace`: transactions that were sent. */
import { ApiError, type ResponseOf, type Routes } from '@snapscale/api';
import type { Handler } from '../program/command.js';
import { CommandError, exitCodes, usageError } from '../program/failures.js';
import { wholeNumber } from '../program/values.js';
import { fields, inline } from '../terminal/layout.js';
import type { Style } from '../terminal/style.js';
import { type ActionView, actionLines, dataText } from '../transacting/trace-view.js';

type Status = ResponseOf<Routes['chain']['getTransactionStatus']>;
type Traced = ResponseOf<Routes['trace']['getTransactionTrace']>;

export const getTransaction: Handler = async (session, values) => {
  const { style } = session.output;
  const id = transactionId(values.argument('id'), 8);
  const answer = await session.api().history.getTransaction({ id });
  const { receipt, trx } = answer.trx as unknown as HistoryTransaction;
  session.output.result(answer, () => [
    ...fields(
      [
        ['transaction', answer.id],
        ['status', receipt.status],
        [
          'block',
          `${answer.block_num}${answer.block_num <= answer.last_irreversible_block ? ', final' : ', not final yet'}`,
        ],
        ['time', `${answer.block_time.replace('T', ' ')} UTC`],
        ['used', `${receipt.cpu_usage_us} µs · ${receipt.net_usage_words * 8} bytes`],
        ['expiration', `${trx.expiration.replace('T', ' ')} UTC`],
        ['signatures', trx.signatures.join('\n')],
      ],
      style,
    ),
    '',
    ...actionLines(answer.traces as unknown as readonly ActionView[], style, ''),
  ]);
};

type HistoryTransaction = {
  readonly receipt: { readonly status: string; readonly cpu_usage_us: number; readonly net_usage_words: number };
  readonly trx: { readonly expiration: string; readonly signatures: readonly string[] };
};

const meanings: Readonly<Record<Status['state'], string>> = {
  LOCALLY_APPLIED: 'accepted, not in a block yet',
  IN_BLOCK: 'in a block, not final yet',
  IRREVERSIBLE: 'final',
  FORKED_OUT: 'its block was replaced; it waits for another one',
  FAILED: 'expired without entering a block',
  UNKNOWN: 'unknown to this node',
};

export const getTransactionStatus: Handler = async (session, values) => {
  const { style } = session.output;
  const id = transactionId(values.argument('id'));
  const answer = await session.api().chain.getTransactionStatus({ id });
  session.output.result(answer, () =>
    fields(
      [
        ['transaction', id],
        [
          'state',
          `${answer.state === 'IRREVERSIBLE' ? style.green(answer.state) : answer.state}  ${meanings[answer.state]}`,
        ],
        ['block', answer.block_number === undefined ? undefined : String(answer.block_number)],
        ['expiration', answer.expiration?.replace('T', ' ')],
        ['newest block', String(answer.head_number)],
        ['final block', String(answer.irreversible_number)],
      ],
      style,
    ),
  );
  if (answer.state === 'UNKNOWN') {
    session.output.note(`The node remembers transactions since block ${answer.earliest_tracked_block_number}.`);
  }
};

export const getTrace: Handler = async (session, values) => {
  const { style } = session.output;
  const id = transactionId(values.argument('id'));
  const trace = await session
    .api()
    .trace.getTransactionTrace({ id })
    .catch((error: unknown) => missing(error, `this node has no trace of transaction ${id}`));
  session.output.result(trace, () => tracedLines(trace, style));
};

export const getBlockTrace: Handler = async (session, values) => {
  const { style } = session.output;
  const num = wholeNumber(values.argument('block'), 'BLOCK', 1, 2 ** 32 - 1);
  const block = await session
    .api()
    .trace.getBlock({ block_num: num })
    .catch((error: unknown) => missing(error, `this node has no trace of block ${num}`));
  session.output.result(block, () => [
    ...fields(
      [
        ['block', `${block.number}, ${block.status === 'irreversible' ? 'final' : 'not final yet'}`],
        ['id', block.id],
        ['time', `${block.timestamp.replace('T', ' ')} UTC`],
        ['producer', block.producer],
      ],
      style,
    ),
    ...block.transactions.flatMap((trace) => ['', ...tracedLines(trace, style)]),
  ]);
};

/** @throws CommandError where the node says that it does not have it */
function missing(error: unknown, message: string): never {
  if (error instanceof ApiError && error.status === 404) {
    throw new CommandError('trace_not_found', exitCodes.notFound, message, 'It may be older than what the node keeps.');
  }
  throw error;
}

function tracedLines(trace: Traced, style: Style): string[] {
  return [
    `${trace.id}  ${style.dim(`block ${trace.block_num} · ${trace.status} · ${trace.cpu_usage_us} µs`)}`,
    ...trace.actions.map(({ receiver, account, action, authorization, params, data, return_data }) => {
      const by = authorization.map((level) => `${level.account}@${level.permission}`).join(', ');
      const at = receiver === account ? '' : `${receiver} ${style.dim('notified of')} `;
      const returned = return_data === undefined ? '' : ` ${style.cyan('=')} ${inline(return_data)}`;
      return `  ${at}${style.bold(`${account}::${action}`)}  ${style.dim(by)}  ${dataText(params ?? data, style)}${returned}`;
    }),
  ];
}

/** A transaction id, or its beginning where that is enough. @throws CommandError */
export function transactionId(text: string, digitsMin = 64): string {
  if (/^[0-9a-f]+$/i.test(text) && text.length >= digitsMin && text.length <= 64) return text.toLowerCase();
  throw usageError(
    `${JSON.stringify(text)} is not a transaction id`,
    `An id has 64 hex digits${digitsMin === 64 ? '' : `; the first ${digitsMin} are enough`}.`,
  );
}
