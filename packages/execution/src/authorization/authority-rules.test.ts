import { concatBytes, publicKeyFromBytes } from '@snapscale/crypto';
import { describe, expect, it } from 'vitest';
import { testAuthority, testKey } from '../native/test-support.js';
import { authorityRamBytes, comparePublicKeys, isValidAuthority } from './authority-rules.js';

function webAuthnKey(presence: number, rpid: string) {
  const text = new TextEncoder().encode(rpid);
  return publicKeyFromBytes(
    concatBytes(Uint8Array.of(2), testKey(1).subarray(1), Uint8Array.of(presence, text.length), text),
  );
}

describe('isValidAuthority', () => {
  it.each([
    ['one key', testAuthority({ keys: [[1, 1]] }), true],
    ['nothing', testAuthority({}), false],
    ['threshold 0', testAuthority({ threshold: 0, keys: [[1, 1]] }), false],
    [
      'threshold out of reach',
      testAuthority({
        threshold: 3,
        keys: [
          [1, 1],
          [2, 1],
        ],
      }),
      false,
    ],
    [
      'threshold just in reach',
      testAuthority({ threshold: 4, keys: [[1, 1]], accounts: [['bob', 2]], waits: [[5, 1]] }),
      true,
    ],
    [
      'keys out of order',
      testAuthority({
        keys: [
          [2, 1],
          [1, 1],
        ],
      }),
      false,
    ],
    [
      'a key twice',
      testAuthority({
        keys: [
          [1, 1],
          [1, 1],
        ],
      }),
      false,
    ],
    [
      'accounts out of order',
      testAuthority({
        accounts: [
          ['bob', 1],
          ['alice', 1],
        ],
      }),
      false,
    ],
    [
      'a level twice',
      testAuthority({
        accounts: [
          ['bob', 1],
          ['bob', 2],
        ],
      }),
      false,
    ],
    [
      'two permissions of an account',
      testAuthority({
        accounts: [
          ['bob@active', 1],
          ['bob@owner', 1],
        ],
      }),
      true,
    ],
    ['a wait of 0', testAuthority({ waits: [[0, 1]] }), false],
    [
      'waits out of order',
      testAuthority({
        waits: [
          [6, 1],
          [5, 1],
        ],
      }),
      false,
    ],
    ['weight 0', testAuthority({ keys: [[1, 0]] }), false],
    [
      'a weight of 0 beside another',
      testAuthority({
        keys: [
          [1, 0],
          [2, 1],
        ],
      }),
      true,
    ],
    [
      'too many items',
      testAuthority({
        keys: Array.from({ length: 65_536 }, (_, i) => [i + 1, 1] as const),
        waits: [[1, 1]],
      }),
      false,
    ],
  ])('%s: %#', (_what, authority, expected) => {
    expect(isValidAuthority(authority)).toBe(expected);
  });

  it('orders WebAuthn keys by the text of the relying party, not by its length', () => {
    const [a, b] = [webAuthnKey(0, 'b'), webAuthnKey(0, 'aa')];
    expect(comparePublicKeys(b, a)).toBeLessThan(0);
    expect(comparePublicKeys(a, webAuthnKey(1, 'a'))).toBeLessThan(0);
    expect(comparePublicKeys(testKey(9), a)).toBeLessThan(0);
    expect(comparePublicKeys(a, a)).toBe(0);
  });
});

describe('authorityRamBytes', () => {
  it('bills a key with its packed size', () => {
    expect(authorityRamBytes(testAuthority({ keys: [[1, 1]] }))).toBe(50);
    const all = testAuthority({
      keys: [
        [1, 1],
        [2, 1],
      ],
      accounts: [['bob', 1]],
      waits: [[5, 1]],
    });
    expect(authorityRamBytes(all)).toBe(100 + 32 + 16);
    const { length } = webAuthnKey(0, 'example.org');
    expect(
      authorityRamBytes({
        threshold: 1,
        keys: [{ key: webAuthnKey(0, 'example.org'), weight: 1 }],
        accounts: [],
        waits: [],
      }),
    ).toBe(16 + length);
  });
});
