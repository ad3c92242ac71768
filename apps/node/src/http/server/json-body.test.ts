import { describe, expect, it } from 'vitest';
import { HttpFailure } from './failure.js';
import { parseJsonBody } from './json-body.js';

const body = (text: string) => new TextEncoder().encode(text);

describe('a JSON body', () => {
  it('may be empty, and keeps long integers', () => {
    expect(parseJsonBody(undefined)).toEqual({});
    expect(parseJsonBody(body('  '))).toEqual({});
    expect(parseJsonBody(body('{"a":12345678901234567890,"b":[1,"]]]"]}'))).toEqual({
      a: '12345678901234567890',
      b: [1, ']]]'],
    });
  });

  it('may nest as deeply as requests do, and brackets in strings do not count', () => {
    const deep = (depth: number) => `${'['.repeat(depth)}1${']'.repeat(depth)}`;
    expect(() => parseJsonBody(body(deep(512)))).not.toThrow();
    expect(() => parseJsonBody(body(JSON.stringify({ text: '['.repeat(5000) })))).not.toThrow();
    expect(() => parseJsonBody(body(JSON.stringify({ text: `\\"${'{'.repeat(5000)}` })))).not.toThrow();
    expect(() => parseJsonBody(body(`[${'[],{},'.repeat(5000)}1]`))).not.toThrow();
    for (const text of [deep(513), deep(500_000), '['.repeat(1_000_000), '{"a":'.repeat(600)]) {
      expect(() => parseJsonBody(body(text))).toThrow(HttpFailure);
    }
  });

  it('that is none is refused', () => {
    for (const text of ['{', '{"a":}', 'nothing', '"']) expect(() => parseJsonBody(body(text))).toThrow(HttpFailure);
    expect(() => parseJsonBody(Uint8Array.of(0xff, 0xfe))).toThrow(HttpFailure);
  });
});
