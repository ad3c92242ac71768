import { expect, test } from 'vitest';
import { createClient, events, httpAddress } from './client.js';
import { errorAnswer, fakeNode, info } from './testing/fake-node.js';

test('addresses', () => {
  expect(httpAddress('http://localhost:8888//')).toBe('http://localhost:8888');
  for (const text of ['localhost:8888', 'ftp://x', 'http://', ''])
    expect(() => httpAddress(text)).toThrow('is not an address');
});

test('calls give answers, or throw SnapErrors', async () => {
  const { client } = fakeNode({
    get_info: info,
    get_block: errorAnswer(400, 3100002, 'unknown_block_exception', 'none'),
  });
  expect((await client.api.chain.getInfo()).head_block_num).toBe(info.head_block_num);
  await expect(client.api.chain.getBlock({ block_num_or_id: '9' })).rejects.toMatchObject({ kind: 'not-found' });
  await expect(client.api.chain.getProducerSchedule()).rejects.toMatchObject({ kind: 'unreachable' });
});

test('the global fetch is taken where none is given, and aborts stay aborts', async () => {
  const client = createClient({ url: 'http://127.0.0.1:1' });
  await expect(client.api.chain.getInfo()).rejects.toMatchObject({ kind: 'unreachable' });
  const aborted = AbortSignal.abort();
  await expect(client.api.chain.getInfo({}, { signal: aborted })).rejects.toMatchObject({ name: 'AbortError' });
  await expect(events(client, {}, aborted).next()).rejects.toMatchObject({ name: 'AbortError' });
});
