import { formatServerSentEvent } from '@snapscale/api';
import type { Json } from '@snapscale/protocol';
import { expect, test } from 'vitest';
import { errorAnswer, fakeNode } from '../testing/fake-node.js';
import { waitUntilFinal } from './send.js';

const id = 'ab'.repeat(32);
const stream = formatServerSentEvent({ id: '1', event: 'final', data: '{"num":8,"id":"00"}' });
const status = (state: string, extra: Record<string, Json> = {}): Json => ({
  state,
  head_number: 10,
  irreversible_number: 8,
  irreversible_timestamp: '2026-01-31T12:00:00.500',
  expiration: '2026-01-31T12:01:00.000',
  ...extra,
});

/** A node whose answers about the transaction come one after the other; the last one stays. */
function nodeSaying(...answers: readonly Json[]) {
  let next = 0;
  return fakeNode({
    get_transaction_status: () => answers[Math.min(next++, answers.length - 1)]!,
    '/v1/stream': stream,
  });
}

test('waits through its stages, telling each once', async () => {
  const { client, requests } = nodeSaying(
    status('LOCALLY_APPLIED'),
    status('LOCALLY_APPLIED'),
    status('IN_BLOCK', { block_number: 11 }),
    status('IRREVERSIBLE', { block_number: 11 }),
  );
  const seen: string[] = [];
  const final = await waitUntilFinal(client, id, { onStatus: ({ state }) => seen.push(state) });
  expect(final.block_number).toBe(11);
  expect(seen).toEqual(['LOCALLY_APPLIED', 'IN_BLOCK', 'IRREVERSIBLE']);
  expect(requests.find(({ path }) => path === '/v1/stream')!.body).toMatchObject({
    cursor: '8',
    topics: 'blocks,final',
  });
});

test('what expired before it entered a block is said, also when the node forgot it', async () => {
  const late = { irreversible_timestamp: '2026-01-31T12:01:00.500' };
  for (const answer of [status('UNKNOWN', late), status('FORKED_OUT', late), status('FAILED')]) {
    await expect(waitUntilFinal(nodeSaying(answer).client, id)).rejects.toMatchObject({ kind: 'expired' });
  }
});

test('in a block it may take longer than its expiration', async () => {
  const late = { irreversible_timestamp: '2026-01-31T12:01:00.500' };
  const { client } = nodeSaying(status('IN_BLOCK', late), status('IRREVERSIBLE', late));
  expect((await waitUntilFinal(client, id)).state).toBe('IRREVERSIBLE');
});

test('a stream that ends with nothing, again and again, is given up', async () => {
  const { client, requests } = fakeNode({ get_transaction_status: status('IN_BLOCK'), '/v1/stream': '' });
  await expect(waitUntilFinal(client, id)).rejects.toMatchObject({ kind: 'unreachable', transient: true });
  expect(requests.filter(({ path }) => path === '/v1/stream')).toHaveLength(3);
});

test('stopped by its caller, it says where the transaction is', async () => {
  const stop = new AbortController();
  const { client } = fakeNode({
    get_transaction_status: status('IN_BLOCK', { block_number: 9 }),
    '/v1/stream': () => {
      stop.abort();
      return stream;
    },
  });
  await expect(waitUntilFinal(client, id, { signal: stop.signal })).rejects.toMatchObject({
    kind: 'not-final',
    message: `transaction ${id} is in block 9, but not final yet`,
  });
});

test('refusals of the node go through', async () => {
  const { client } = fakeNode({ get_transaction_status: errorAnswer(503, 0, 'exception', 'busy') });
  await expect(waitUntilFinal(client, id)).rejects.toMatchObject({ kind: 'unreachable' });
});
