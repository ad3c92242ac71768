/** What a client of the event stream wants to see. */
import { type Name, names, type TransactionTrace } from '@snapscale/protocol';
import { invalidRequest } from '../server/failure.js';
import { nameOf } from '../view/fields.js';

/** Topics of the stream. */
type Topic = 'blocks' | 'traces' | 'final';

/** A parsed request. Empty sets stand for everything. */
export type StreamFilter = {
  readonly topics: ReadonlySet<Topic>;
  readonly accounts: ReadonlySet<Name>;
  readonly actions: readonly { readonly code?: Name | undefined; readonly action: Name }[];
};

const topicNames: readonly Topic[] = ['blocks', 'traces', 'final'];
const ITEMS_MAX = 50;

/** Reads the fields of a stream request. @throws HttpFailure 400, FormatError */
export function parseFilter(request: {
  readonly topics?: string | undefined;
  readonly account?: string | undefined;
  readonly action?: string | undefined;
}): StreamFilter {
  const topics = items(request.topics ?? 'blocks,final').map((text) => {
    const topic = topicNames.find((known) => known === text);
    if (topic === undefined) throw invalidRequest(`${JSON.stringify(text)} is not a topic: ${topicNames.join(', ')}`);
    return topic;
  });
  if (topics.length === 0) throw invalidRequest('a stream needs a topic');
  return {
    topics: new Set(topics),
    accounts: new Set(items(request.account ?? '').map(nameOf)),
    actions: items(request.action ?? '').map((text) => {
      const [code, action] = text.includes('::') ? text.split('::', 2) : [undefined, text];
      return { ...(code === undefined ? {} : { code: nameOf(code) }), action: nameOf(action ?? '') };
    }),
  };
}

/** Whether the client wants a transaction. The implicit `onblock` is shown only to those who name it. */
export function wantsTrace({ accounts, actions }: StreamFilter, trace: TransactionTrace): boolean {
  const first = trace.actionTraces[0]?.action;
  if (first !== undefined && first.account === names.eosio && first.name === names.onblock && actions.length === 0) {
    return false;
  }
  if (accounts.size === 0 && actions.length === 0) return true;
  return trace.actionTraces.some(({ receiver, action }) => {
    const known =
      accounts.size === 0 || accounts.has(receiver) || action.authorization.some(({ actor }) => accounts.has(actor));
    const named =
      actions.length === 0 ||
      actions.some((wanted) => wanted.action === action.name && (wanted.code ?? action.account) === action.account);
    return known && named;
  });
}

function items(text: string): string[] {
  const list = text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
  if (list.length > ITEMS_MAX) throw invalidRequest(`at most ${ITEMS_MAX} names may be given`);
  return list;
}
