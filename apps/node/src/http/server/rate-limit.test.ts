import { describe, expect, it } from 'vitest';
import { clientKey, RateLimiter } from './rate-limit.js';

describe('RateLimiter', () => {
  it('refills with time up to the burst, and tells when to come back', () => {
    const limiter = new RateLimiter(2, 4);
    expect(limiter.take('a', 3, 0)).toEqual({ allowed: true, remaining: 1, retryAfterMs: 0 });
    expect(limiter.take('a', 2, 0)).toEqual({ allowed: false, remaining: 1, retryAfterMs: 500 });
    expect(limiter.take('a', 2, 500)).toEqual({ allowed: true, remaining: 0, retryAfterMs: 0 });
    expect(limiter.take('a', 1, 100_000)).toEqual({ allowed: true, remaining: 3, retryAfterMs: 0 });
    expect(limiter.take('b', 1, 0).allowed).toBe(true);
  });

  it('lets work that exceeds the bucket through when the bucket is full', () => {
    const limiter = new RateLimiter(1, 4);
    expect(limiter.take('a', 100, 0)).toMatchObject({ allowed: true, remaining: 0 });
    expect(limiter.take('a', 100, 3999)).toMatchObject({ allowed: false });
    expect(limiter.take('a', 100, 4000)).toMatchObject({ allowed: true });
  });

  it('does not run backwards with the clock', () => {
    const limiter = new RateLimiter(1, 2);
    limiter.take('a', 2, 1000);
    expect(limiter.take('a', 1, 0)).toMatchObject({ allowed: false, remaining: 0 });
  });
});

describe('clientKey', () => {
  it('takes IPv6 clients by their /64 network and mapped IPv4 as IPv4', () => {
    expect(clientKey('192.0.2.1')).toBe('192.0.2.1');
    expect(clientKey('::ffff:192.0.2.1')).toBe('192.0.2.1');
    expect(clientKey('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2::/64');
    expect(clientKey('2001:db8:1:2::9')).toBe('2001:db8:1:2::/64');
    expect(clientKey('2001:db8::1')).toBe('2001:db8:0:0::/64');
    expect(clientKey('fe80::1%eth0')).toBe('fe80:0:0:0::/64');
    expect(clientKey('::1')).toBe('0:0:0:0::/64');
  });
});
