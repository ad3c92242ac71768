import { describe, expect, it } from 'vitest';
import { ValueCache } from './value-cache.js';

const value = (size: number) => new Uint8Array(size);

describe('ValueCache', () => {
  it('keeps what is in use and forgets the rest', () => {
    const cache = new ValueCache(100_000);
    cache.put('used', value(10));
    for (let i = 0; i < 5_000; i++) {
      cache.put(`k${i}`, value(100));
      expect(cache.get('used')).toEqual(value(10));
    }
    let kept = 0;
    for (let i = 0; i < 5_000; i++) if (cache.get(`k${i}`) !== undefined) kept++;
    expect(kept).toBeGreaterThan(100_000 / 270 / 3);
    expect(kept).toBeLessThanOrEqual(100_000 / 260);
    expect(cache.get('k4999')).toEqual(value(100));
  });

  it('replaces and deletes in both generations', () => {
    const cache = new ValueCache(10_000);
    cache.put('a', value(1));
    for (let i = 0; i < 30; i++) cache.put(`k${i}`, value(1));
    cache.put('a', value(2));
    expect(cache.get('a')).toEqual(value(2));
    expect(cache.delete('a')).toBe(true);
    expect([cache.get('a'), cache.delete('a')]).toEqual([undefined, false]);
  });

  it('takes in no value that would push out much else, and nothing at all with size 0', () => {
    const cache = new ValueCache(100_000);
    cache.put('a', value(1));
    cache.put('a', value(50_000));
    expect(cache.get('a')).toBeUndefined();
    const off = new ValueCache(0);
    off.put('a', value(1));
    expect(off.get('a')).toBeUndefined();
  });
});
