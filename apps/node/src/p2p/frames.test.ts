import type { PeerMessage } from '@snapscale/protocol';
import { describe, expect, it } from 'vitest';
import { encodeFrame, FrameReader } from './frames.js';

const large: PeerMessage = { kind: 'block', block: new Uint8Array(20_000).map((_, at) => at) };
const small: PeerMessage = { kind: 'ping', ping: { nonce: 7n } };
const stream = Buffer.concat([small, large, small, large].map(encodeFrame));
const bodies = [small, large, small, large].map((message) => encodeFrame(message).subarray(4));

function read(chunkBytes: number): Uint8Array[] {
  const reader = new FrameReader();
  const found: Uint8Array[] = [];
  for (let at = 0; at < stream.length; at += chunkBytes) {
    for (const message of reader.push(stream.subarray(at, at + chunkBytes))) found.push(message.slice());
  }
  expect(reader.held).toBe(0);
  return found;
}

describe('messages of a stream', () => {
  it.each([1, 2, 3, 7, 100, 1_000, 20_010, 100_000])('are found whole in chunks of %i bytes', (chunkBytes) => {
    const found = read(chunkBytes);
    expect(found).toHaveLength(4);
    for (const [at, body] of bodies.entries()) expect(Buffer.compare(found[at]!, body)).toBe(0);
  });
});
