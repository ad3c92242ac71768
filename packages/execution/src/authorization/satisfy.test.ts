import { equalBytes } from '@snapscale/crypto';
import { type Authority, name, type PermissionLevel } from '@snapscale/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { level, testAuthority, testKey } from '../native/test-support.js';
import { MemoryState } from '../state/memory-state.js';
import { putPermission } from '../state/records.js';
import { WorkingState } from '../state/working-state.js';
import { AuthorityChecker, type ProvidedAuthority } from './satisfy.js';
import { AuthorizationWork, authorizationStepsMax } from './work.js';

type Permissions = Readonly<Record<string, Authority>>;

function checkerOf(
  permissions: Permissions,
  provided: Partial<ProvidedAuthority> & { keyNumbers?: number[] },
  work = new AuthorizationWork(),
) {
  const state = new WorkingState(new MemoryState());
  for (const [text, authority] of Object.entries(permissions)) {
    const { actor, permission } = level(text);
    putPermission(state, actor, permission, { parent: name('owner'), lastUpdatedUs: 0n, authority });
  }
  const { keyNumbers = [], ...rest } = provided;
  const all = {
    keys: keyNumbers.map(testKey),
    permissions: [],
    delaySec: 0,
    maxDepth: 6,
    ...rest,
  };
  return new AuthorityChecker(state, all, work);
}

function usedNumbers(checker: AuthorityChecker): number[] {
  const numberOf = (key: Uint8Array) => [...Array(100).keys()].find((n) => equalBytes(testKey(n), key))!;
  return checker.usedKeys.map(numberOf);
}

const oneKey = testAuthority({ keys: [[1, 1]] });
const chain = (length: number): Permissions =>
  Object.fromEntries(
    Array.from({ length }, (_, i) => [
      `acc${String.fromCharCode(97 + i)}@active`,
      i === length - 1 ? oneKey : testAuthority({ accounts: [[`acc${String.fromCharCode(98 + i)}@active`, 1]] }),
    ]),
  );

describe('AuthorityChecker', () => {
  const cases: readonly {
    what: string;
    permissions: Permissions;
    provided: Partial<ProvidedAuthority> & { keyNumbers?: number[] };
    of?: string;
    expected: boolean;
    used?: number[];
  }[] = [
    {
      what: 'one key',
      permissions: { 'alice@active': oneKey },
      provided: { keyNumbers: [1] },
      expected: true,
      used: [1],
    },
    { what: 'another key', permissions: { 'alice@active': oneKey }, provided: { keyNumbers: [2] }, expected: false },
    { what: 'no such permission', permissions: {}, provided: { keyNumbers: [1] }, expected: false },
    {
      what: 'two of three keys',
      permissions: {
        'alice@active': testAuthority({
          threshold: 2,
          keys: [
            [1, 1],
            [2, 1],
            [3, 1],
          ],
        }),
      },
      provided: { keyNumbers: [3, 1] },
      expected: true,
      used: [3, 1],
    },
    {
      what: 'the heavier key first, the lighter one is not needed',
      permissions: {
        'alice@active': testAuthority({
          threshold: 2,
          keys: [
            [1, 1],
            [2, 2],
          ],
        }),
      },
      provided: { keyNumbers: [1, 2] },
      expected: true,
      used: [2],
    },
    {
      what: 'at equal weight a key before an account',
      permissions: {
        'alice@active': testAuthority({ keys: [[2, 1]], accounts: [['bob@active', 1]] }),
        'bob@active': oneKey,
      },
      provided: { keyNumbers: [1, 2] },
      expected: true,
      used: [2],
    },
    {
      what: 'at equal weight a wait before a key',
      permissions: { 'alice@active': testAuthority({ keys: [[1, 1]], waits: [[10, 1]] }) },
      provided: { keyNumbers: [1], delaySec: 10 },
      expected: true,
      used: [],
    },
    {
      what: 'a wait that is too long',
      permissions: { 'alice@active': testAuthority({ waits: [[11, 1]] }) },
      provided: { delaySec: 10 },
      expected: false,
    },
    {
      what: 'keys of an authority that stays unsatisfied do not count as used',
      permissions: {
        'alice@active': testAuthority({ threshold: 1, keys: [[3, 1]], accounts: [['bob@active', 2]] }),
        'bob@active': testAuthority({
          threshold: 2,
          keys: [
            [1, 1],
            [2, 1],
          ],
        }),
      },
      provided: { keyNumbers: [1, 3] },
      expected: true,
      used: [3],
    },
    { what: 'six levels', permissions: chain(6), provided: { keyNumbers: [1] }, of: 'acca', expected: true, used: [1] },
    { what: 'seven levels', permissions: chain(7), provided: { keyNumbers: [1] }, of: 'acca', expected: false },
    {
      what: 'a cycle',
      permissions: {
        'alice@active': testAuthority({ accounts: [['bob@active', 1]] }),
        'bob@active': testAuthority({ accounts: [['alice@active', 1]] }),
      },
      provided: { keyNumbers: [1] },
      expected: false,
    },
    {
      what: 'a cycle with another way out',
      permissions: {
        'alice@active': testAuthority({ accounts: [['bob@active', 1]] }),
        'bob@active': testAuthority({ keys: [[1, 1]], accounts: [['alice@active', 2]] }),
      },
      provided: { keyNumbers: [1] },
      expected: true,
      used: [1],
    },
    {
      what: 'the virtual permission of running code',
      permissions: { 'alice@active': testAuthority({ keys: [[1, 1]], accounts: [['dex@eosio.code', 1]] }) },
      provided: { permissions: [level('dex@eosio.code')] },
      expected: true,
      used: [],
    },
    {
      what: "another contract's code",
      permissions: { 'alice@active': testAuthority({ accounts: [['dex@eosio.code', 1]] }) },
      provided: { permissions: [level('evil@eosio.code')] },
      expected: false,
    },
    {
      what: 'a provided level itself, though it does not exist',
      permissions: {},
      provided: { permissions: [level('alice@active')] },
      expected: true,
    },
    {
      what: 'a provided actor without permission stands for all of them',
      permissions: {},
      provided: { permissions: [{ actor: name('alice'), permission: name('') }] },
      expected: true,
    },
    {
      what: 'many provided keys',
      permissions: {
        'alice@active': testAuthority({
          threshold: 3,
          keys: [
            [5, 1],
            [6, 1],
            [7, 1],
          ],
        }),
      },
      provided: { keyNumbers: [1, 2, 3, 4, 5, 6, 7] },
      expected: true,
      used: [5, 6, 7],
    },
  ];
  it.each(cases)('$what', ({ permissions, provided, of = 'alice', expected, used = [] }) => {
    const checker = checkerOf(permissions, provided);
    expect(checker.satisfied(level(of))).toBe(expected);
    expect(usedNumbers(checker)).toEqual(used);
    expect(checker.allKeysUsed).toBe(used.length === (provided.keyNumbers ?? []).length);
  });

  it('remembers a level within one check, as nodeos does: its keys are not marked a second time', () => {
    const permissions = {
      'alice@active': testAuthority({
        threshold: 2,
        accounts: [
          ['bob@active', 3],
          ['carol@active', 2],
        ],
      }),
      // Unsatisfied, though carol below it is satisfied; its use of key 1 is undone with it.
      'bob@active': testAuthority({
        threshold: 2,
        accounts: [
          ['carol@active', 1],
          ['dave@active', 1],
        ],
      }),
      'carol@active': oneKey,
    };
    const checker = checkerOf(permissions, { keyNumbers: [1] });
    expect(checker.satisfied(level('alice'))).toBe(true);
    expect(usedNumbers(checker)).toEqual([]);
  });

  it('looks at each permission of a cycle once', () => {
    const circle = ['ua', 'ub', 'uc'];
    const permissions = Object.fromEntries(
      circle.map((account) => [
        `${account}@active`,
        testAuthority({ threshold: 3, accounts: circle.map((other) => [other, 1]) }),
      ]),
    );
    const work = new AuthorizationWork();
    expect(checkerOf(permissions, {}, work).satisfied(level('ua'))).toBe(false);
    expect(work.steps).toBe(9);
  });

  it('keeps used keys over several levels', () => {
    const permissions = { 'alice@active': oneKey, 'bob@active': testAuthority({ keys: [[2, 1]] }) };
    const checker = checkerOf(permissions, { keyNumbers: [1, 2] });
    expect(checker.satisfied(level('alice'))).toBe(true);
    expect(checker.allKeysUsed).toBe(false);
    expect(checker.satisfied(level('bob'))).toBe(true);
    expect(checker.allKeysUsed).toBe(true);
  });

  it('stops after too many factors', () => {
    const keys = Array.from({ length: authorizationStepsMax / 2 }, (_, i) => [i + 1, 1] as const);
    const big = testAuthority({ threshold: 65_535, keys });
    const permissions = {
      'bob@active': big,
      'carol@active': big,
      'alice@active': testAuthority({
        threshold: 2,
        accounts: [
          ['bob@active', 1],
          ['carol@active', 1],
        ],
      }),
    };
    const checker = checkerOf(permissions, {});
    expect(() => checker.satisfied(level('alice'))).toThrow(/takes more than 16384 steps/);
  });

  it('agrees with the definition on random acyclic authorities', () => {
    const accounts = ['ua', 'ub', 'uc', 'ud', 'ue'];
    const authorityFor = (index: number) =>
      fc
        .record({
          share: fc.integer({ min: 1, max: 100 }),
          keys: fc.array(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 3 })), { maxLength: 3 }),
          links: fc.array(
            fc.tuple(fc.constantFrom(...accounts.slice(index + 1), 'nobody'), fc.integer({ min: 1, max: 3 })),
            { maxLength: 3 },
          ),
        })
        .map(({ share, keys, links }) => {
          const sum = [...keys, ...links].reduce((total, [, weight]) => total + weight, 0);
          return testAuthority({ threshold: Math.max(1, Math.ceil((sum * share) / 100)), keys, accounts: links });
        });
    fc.assert(
      fc.property(
        fc.tuple(...accounts.map((_, i) => authorityFor(i))),
        fc.uniqueArray(fc.integer({ min: 1, max: 5 })),
        (authorities, keyNumbers) => {
          const permissions = Object.fromEntries(accounts.map((account, i) => [`${account}@active`, authorities[i]!]));
          const defined = ({ actor, permission }: PermissionLevel): boolean => {
            const index = accounts.findIndex((account) => name(account) === actor);
            const authority = index < 0 || permission !== name('active') ? undefined : authorities[index];
            if (authority === undefined) return false;
            let weight = 0;
            for (const { key, weight: w } of authority.keys) {
              if (keyNumbers.some((n) => equalBytes(testKey(n), key))) weight += w;
            }
            for (const { permission: inner, weight: w } of authority.accounts) if (defined(inner)) weight += w;
            return weight >= authority.threshold;
          };
          const checker = checkerOf(permissions, { keyNumbers });
          for (const account of accounts) expect(checker.satisfied(level(account))).toBe(defined(level(account)));
        },
      ),
      { numRuns: 300 },
    );
  });
});
