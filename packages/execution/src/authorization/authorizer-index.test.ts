import { formatName, name, names } from '@snapscale/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { level, testAuthority, testKey } from '../native/test-support.js';
import { MemoryState } from '../state/memory-state.js';
import type { StateEntry } from '../state/reader.js';
import { getLink, getPermission } from '../state/records.js';
import { WorkingState } from '../state/working-state.js';
import {
  childOf,
  linkedActions,
  linkOf,
  permissionsByAuthorizers,
  rebuildAuthorizerIndex,
} from './authorizer-index.js';
import { eraseLink, erasePermission, storeLink, storePermission } from './permission-store.js';

const newState = () => new WorkingState(new MemoryState());

function entries(state: WorkingState, prefix: string): StateEntry[] {
  const found: StateEntry[] = [];
  for (let at = prefix; ; ) {
    const entry = state.first(at, `${prefix}\u0100`);
    if (entry === undefined) return found;
    found.push(entry);
    at = `${entry.key}\0`;
  }
}

function store(state: WorkingState, text: string, parts: Parameters<typeof testAuthority>[0], parent = 'owner') {
  const { actor, permission } = level(text);
  storePermission(state, actor, permission, { parent: name(parent), authority: testAuthority(parts), timeUs: 1n });
}

describe('permissionsByAuthorizers', () => {
  it('finds permissions by key, by level and by actor', () => {
    const state = newState();
    store(state, 'alice@active', {
      threshold: 2,
      keys: [
        [1, 2],
        [2, 1],
      ],
    });
    store(state, 'bob@active', {
      keys: [[1, 1]],
      accounts: [
        ['alice@active', 1],
        ['alice@spend', 3],
      ],
    });
    const ask = (query: Partial<Parameters<typeof permissionsByAuthorizers>[1]>, limit = 10) =>
      permissionsByAuthorizers(state, { accounts: [], keys: [], ...query }, limit).map(
        ({ account, permission, weight, threshold }) =>
          `${formatName(account)}@${formatName(permission)} ${weight}/${threshold}`,
      );
    expect(ask({ keys: [testKey(1)] })).toEqual(['alice@active 2/2', 'bob@active 1/1']);
    expect(ask({ keys: [testKey(2)] })).toEqual(['alice@active 1/2']);
    expect(ask({ keys: [testKey(3)] })).toEqual([]);
    expect(ask({ accounts: [{ actor: name('alice') }] })).toEqual(['bob@active 1/1', 'bob@active 3/1']);
    expect(ask({ accounts: [level('alice@spend')] })).toEqual(['bob@active 3/1']);
    expect(ask({ keys: [testKey(1)] }, 1)).toEqual(['alice@active 2/2']);
    store(state, 'bob@active', { keys: [[2, 1]] });
    expect(ask({ keys: [testKey(1)], accounts: [{ actor: name('alice') }] })).toEqual(['alice@active 2/2']);
    expect(ask({ keys: [testKey(2)] })).toEqual(['alice@active 1/2', 'bob@active 1/1']);
  });

  it('tells which permissions are below another, and what is linked to it', () => {
    const state = newState();
    const alice = name('alice');
    store(state, 'alice@spend', { keys: [[1, 1]] }, 'active');
    expect(childOf(state, alice, names.active)).toBe(name('spend'));
    expect(childOf(state, alice, name('spend'))).toBeUndefined();
    storeLink(state, { account: alice, code: name('dex'), action: name('trade') }, name('spend'));
    storeLink(state, { account: alice, code: name('dex'), action: names.empty }, name('spend'));
    expect(linkedActions(state, alice, name('spend'), 10)).toEqual([
      { code: name('dex'), action: names.empty },
      { code: name('dex'), action: name('trade') },
    ]);
    storeLink(state, { account: alice, code: name('dex'), action: name('trade') }, names.active);
    eraseLink(state, { account: alice, code: name('dex'), action: names.empty });
    expect(linkOf(state, alice, name('spend'))).toBeUndefined();
    expect(linkOf(state, alice, names.active)).toEqual({ code: name('dex'), action: name('trade') });
    erasePermission(state, alice, name('spend'));
    expect(childOf(state, alice, names.active)).toBeUndefined();
  });

  it('is what rebuilding it from permissions and links gives', () => {
    const someLevel = fc.constantFrom('alice@active', 'alice@spend', 'bob@active', 'bob@owner');
    const some = <T>(item: fc.Arbitrary<T>) => fc.uniqueArray(item, { maxLength: 3 });
    const step = fc.record({
      kind: fc.constantFrom('store', 'erase', 'link', 'unlink'),
      at: someLevel,
      keys: some(fc.nat(4)),
      accounts: some(someLevel),
      action: fc.constantFrom('x', 'y', ''),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const state = newState();
        for (const s of steps) {
          const { actor, permission } = level(s.at);
          const link = { account: actor, code: name('dex'), action: name(s.action) };
          switch (s.kind) {
            case 'store':
              store(state, s.at, { keys: s.keys.map((n) => [n, 1]), accounts: s.accounts.map((text) => [text, 1]) });
              break;
            case 'erase':
              if (getPermission(state, actor, permission) !== undefined) erasePermission(state, actor, permission);
              break;
            case 'link':
              storeLink(state, link, permission);
              break;
            case 'unlink':
              if (getLink(state, link.account, link.code, link.action) !== undefined) eraseLink(state, link);
              break;
          }
        }
        const rebuilt = newState();
        for (const { key, value } of [...entries(state, 'p'), ...entries(state, 'l')]) rebuilt.put(key, value);
        rebuildAuthorizerIndex(rebuilt);
        expect(entries(rebuilt, 'w')).toEqual(entries(state, 'w'));
      }),
      { numRuns: 200 },
    );
  });
});
