import { describe, expect, test } from 'vitest';
import { toHex } from '../bytes.js';
import { hedgedNonces } from './randomness.js';
import { Strobe128 } from './strobe.js';
import { readVectors, seeded, stuckAtZero } from './testing/fixtures.js';
import { Transcript } from './transcript.js';

const vectors = readVectors<{
  strobe: { protocol: string; messageByte: number; messageBytes: number; prf: string; prfAfterKey: string };
  simple: string;
  complex: string;
}>('merlin.json');

const ascii = (text: string) => new TextEncoder().encode(text);

describe('STROBE-128 and Merlin', () => {
  test('STROBE’s conformance test', () => {
    const { protocol, messageByte, messageBytes, prf, prfAfterKey } = vectors.strobe;
    const strobe = new Strobe128(ascii(protocol));
    strobe.metaAd(ascii('ms'), false);
    strobe.metaAd(ascii('g'), true);
    strobe.ad(new Uint8Array(messageBytes).fill(messageByte), false);
    strobe.metaAd(ascii('prf'), false);
    const first = strobe.prf(32, false);
    expect(toHex(first)).toBe(prf);
    strobe.metaAd(ascii('key'), false);
    strobe.key(first, false);
    strobe.metaAd(ascii('prf'), false);
    expect(toHex(strobe.prf(32, false))).toBe(prfAfterKey);
  });

  test('Merlin’s two published transcripts', () => {
    const simple = new Transcript('test protocol').append('some label', ascii('some data'));
    expect(toHex(simple.challengeBytes('challenge', 32))).toBe(vectors.simple);
    const complex = new Transcript('test protocol').append('step1', ascii('some data'));
    let challenge = new Uint8Array();
    for (let i = 0; i < 32; i++) {
      challenge = complex.challengeBytes('challenge', 32) as Uint8Array<ArrayBuffer>;
      complex.append('bigdata', new Uint8Array(1024).fill(99)).append('challengedata', challenge);
    }
    expect(toHex(challenge)).toBe(vectors.complex);
  });

  test('messages are framed: no two sequences give one challenge', () => {
    const challenge = (...messages: [string, string][]) => {
      const transcript = new Transcript('framing');
      for (const [label, text] of messages) transcript.append(label, ascii(text));
      return toHex(transcript.challengeBytes('c', 16));
    };
    const all = [
      challenge(['a', 'bc']),
      challenge(['ab', 'c']),
      challenge(['a', 'b'], ['a', 'c']),
      challenge(['a', 'bc'], ['', '']),
      challenge(),
    ];
    expect(new Set(all).size).toBe(all.length);
  });

  test('a clone goes its own way', () => {
    const transcript = new Transcript('clone').append('a', ascii('b'));
    const clone = transcript.clone();
    expect(toHex(clone.challengeBytes('c', 32))).toBe(toHex(transcript.challengeBytes('c', 32)));
    clone.append('d', ascii('e'));
    expect(toHex(clone.challengeBytes('c', 32))).not.toBe(toHex(transcript.challengeBytes('c', 32)));
  });
});

describe('nonce failure', () => {
  test('UTXO-11: with a generator stuck at zero, other messages and other secrets give other nonces', () => {
    const nonce = (context: string, secret: bigint) =>
      hedgedNonces(stuckAtZero, 'test', ascii(context), [secret]).scalar();
    const nonces = new Set<bigint>();
    for (let i = 0n; i < 50n; i++) for (let j = 0n; j < 4n; j++) nonces.add(nonce(`message ${i}`, j));
    expect(nonces.size).toBe(200);
    expect(nonce('message 0', 0n)).toBe(nonce('message 0', 0n));
  });

  test('UTXO-11: fresh bytes change every nonce, and one run repeats none', () => {
    const random = seeded('fresh');
    const run = hedgedNonces(random.bytes, 'test', ascii('m'), [1n]);
    const drawn = new Set(Array.from({ length: 100 }, () => run.scalar()));
    drawn.add(hedgedNonces(random.bytes, 'test', ascii('m'), [1n]).scalar());
    expect(drawn.size).toBe(101);
  });
});
