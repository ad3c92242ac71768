/** `watch`: blocks, transactions and finality as they happen. */

import { type StreamEvent, type StreamRequest, streamEvents } from '@snapscale/api';
import { type SnapError, toSnapError } from '@snapscale/sdk/errors';
import type { Handler } from '../program/command.js';
import { usageError } from '../program/failures.js';
import { snakeCase } from '../program/json-names.js';
import type { Session } from '../program/session.js';
import { counted } from '../terminal/layout.js';
import type { Style } from '../terminal/style.js';
import { type ActionView, actionLines } from '../transacting/trace-view.js';

const topics = ['blocks', 'traces', 'final'] as const;
type Topic = (typeof topics)[number];

/** Pause before the first, and at most before later attempts to connect again. */
const RETRY_MIN_MS = 500;
const RETRY_MAX_MS = 10_000;

export const watch: Handler = async (session, values) => {
  const wanted = (values.rest.length === 0 ? ['blocks'] : values.rest).map(topicOf);
  const accounts = values.list('account').flatMap((text) => text.split(','));
  const actions = values.list('action').flatMap((text) => text.split(','));
  if (accounts.length + actions.length > 0 && !wanted.includes('traces')) wanted.push('traces');
  const countMax = values.integer('count', 1, Number.MAX_SAFE_INTEGER) ?? Number.POSITIVE_INFINITY;
  const request: StreamRequest = {
    topics: wanted,
    ...(accounts.length === 0 ? {} : { accounts }),
    ...(actions.length === 0 ? {} : { actions }),
  };
  let count = 0;
  for await (const event of endless(session, request, values.text('since'))) {
    session.output.event(jsonOf(event), () => textOf(event, session.output.style));
    if (++count >= countMax) return;
  }
};

function topicOf(text: string): Topic {
  const topic = topics.find((known) => known === text || known === `${text}s`);
  if (topic === undefined) throw usageError(`${text} cannot be watched`, `What can be watched: ${topics.join(', ')}`);
  return topic;
}

/** Events without end: a lost connection is made again, going on after the last event. */
async function* endless(
  session: Session,
  request: StreamRequest,
  since: string | undefined,
): AsyncGenerator<StreamEvent> {
  const { signal, output } = session;
  let cursor = since;
  let pauseMs = RETRY_MIN_MS;
  let connectedOnce = false;
  while (!signal.aborted) {
    try {
      const options = { url: session.url, fetch: session.fetch() };
      const from = cursor === undefined ? {} : { cursor };
      for await (const event of streamEvents(options, { ...request, ...from }, { signal })) {
        connectedOnce = true;
        pauseMs = RETRY_MIN_MS;
        cursor = event.id || cursor;
        if (event.kind === 'dropped') break;
        yield event;
      }
    } catch (error) {
      if (signal.aborted) return;
      const failure = toSnapError(error);
      if (!(connectedOnce && mayPass(failure))) throw failure;
      output.note(`Connection lost: ${failure.message}. Trying again …`);
    }
    await pause(pauseMs, signal);
    pauseMs = Math.min(pauseMs * 2, RETRY_MAX_MS);
  }
}

function mayPass(error: SnapError): boolean {
  return error.kind === 'unreachable' || (error.kind === 'failed' && error.code === 0);
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function textOf(event: StreamEvent, style: Style): string {
  switch (event.kind) {
    case 'block': {
      const count = event.transactions === 0 ? style.dim('empty') : counted(event.transactions, 'transaction');
      return `${style.dim(event.timestamp.slice(11))}  block ${style.bold(String(event.num))}  ${event.producer}  ${count}`;
    }
    case 'final':
      return `${style.green('final')}  block ${event.num}  ${style.dim(event.blockId)}`;
    case 'undo':
      return style.yellow(`undo   back to block ${event.toNum}: what came after it is replaced`);
    case 'dropped':
      return style.red(`dropped: ${event.reason}`);
    case 'trace': {
      const { action_traces: traces = [] } = event.trace as unknown as { action_traces?: readonly ActionView[] };
      const head = `${style.dim(`block ${event.num}`)}  ${event.transactionId}`;
      return [head, ...actionLines(traces, style)].join('\n');
    }
  }
}

/** The event with the names of the interface. */
function jsonOf(event: StreamEvent): Record<string, unknown> {
  const { id, kind, ...rest } = event;
  return {
    event: kind,
    cursor: id,
    ...Object.fromEntries(Object.entries(rest).map(([key, value]) => [snakeCase(key), value])),
  };
}
