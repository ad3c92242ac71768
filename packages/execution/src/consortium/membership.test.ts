/** Which certificates the consortium's rows let in, as the contract writes them. The contract itself: contracts/system/snap.ca/tests. */
import { sha256 } from '@snapscale/crypto';
import { formatName, name } from '@snapscale/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import { rowKey, tableId } from '../state/keys.js';
import { ConsortiumState, far, type TestMember } from '../testing/consortium-state.js';
import { consortiumVersion, readConsortium } from './consortium.js';
import { accountMembership, checkMembership, type RefusalCode } from './membership.js';
import { getAuthority, keyOfDigest, keyOfSerial, listAuthorities, listOrganisations, listRoles } from './rows.js';

const bytes = (text: string) => new TextEncoder().encode(text);
const now = 2_000_000_000;
const root = bytes('the root');
const issuer = bytes('the issuing CA of alpha');
const serial = Uint8Array.of(0x5a, 1, 2, 3);
const digest = sha256(bytes('the certificate'));
const shown = { issuer: sha256(issuer), root: sha256(root), serial, digest };
const entered: TestMember = { issuer, serial, digest, roles: ['edge', 'producer'], account: 'alice', node: 'alpha-1' };

let state: ConsortiumState;
beforeEach(() => {
  state = new ConsortiumState();
  state.authority(root);
  state.authority(issuer, { organisation: 'alpha' });
  state.organisation('alpha');
  state.role('edge', 'peer', 'read', 'serve', 'write');
  state.role('producer', 'peer', 'produce', 'read', 'write');
  state.member('alpha', entered);
  state.found();
});

const names = (list: readonly bigint[]) => list.map(formatName);
const codeOf = (certificate = shown, atSec = now) => {
  const verdict = checkMembership(state, certificate, atSec);
  return verdict.kind === 'member' ? 'member' : verdict.code;
};

describe('checkMembership', () => {
  it('tells who the holder of a certificate is and what it may do', () => {
    const verdict = checkMembership(state, shown, now);
    if (verdict.kind !== 'member') throw new Error(verdict.message);
    expect(formatName(verdict.organisation)).toBe('alpha');
    expect(formatName(verdict.account!)).toBe('alice');
    expect(verdict).toMatchObject({ node: 'alpha-1', validUntilSec: far });
    expect(names(verdict.roles)).toEqual(['edge', 'producer']);
    expect(names(verdict.permissions).sort()).toEqual(['peer', 'produce', 'read', 'serve', 'write']);
    expect(verdict.subjectKey).toHaveLength(34);
  });

  const cases: readonly (readonly [string, RefusalCode, RegExp, () => void])[] = [
    [
      'an expelled organisation',
      'organisation_expelled',
      /has expelled alpha/,
      () => state.organisation('alpha', { status: 2 }),
    ],
    [
      'a suspended organisation',
      'organisation_suspended',
      /has suspended alpha/,
      () => state.organisation('alpha', { status: 1 }),
    ],
    [
      'an organisation that is over',
      'organisation_expired',
      /alpha was valid/,
      () => state.organisation('alpha', { validUntilSec: now }),
    ],
    [
      'a revoked issuing CA',
      'issuer_revoked',
      /issuing CA of alpha/,
      () => state.authority(issuer, { organisation: 'alpha', status: 2 }),
    ],
    ['a revoked root', 'issuer_revoked', /a root is revoked/, () => state.authority(root, { status: 2 })],
    [
      'an issuing CA that is over',
      'issuer_expired',
      /issuing CA of alpha/,
      () => state.authority(issuer, { organisation: 'alpha', validUntilSec: now }),
    ],
    ['a root that is over', 'issuer_expired', /of a root/, () => state.authority(root, { validUntilSec: now })],
    ['an issuing CA that is a root', 'unknown_issuer', /has the issuing CA/, () => state.authority(issuer)],
    [
      'a root that is an issuing CA',
      'unknown_issuer',
      /has no root/,
      () => state.authority(root, { organisation: 'alpha' }),
    ],
    [
      'a revoked certificate',
      'certificate_revoked',
      /5a010203 of alpha is revoked/,
      () => state.member('alpha', { ...entered, status: 2 }),
    ],
    [
      'a revoked serial with another certificate',
      'certificate_revoked',
      /revoked/,
      () => state.member('alpha', { ...entered, status: 2, digest: sha256(root) }),
    ],
    [
      'a certificate that is over',
      'certificate_expired',
      /valid until 2033-05-18T03:33:20/,
      () => state.member('alpha', { ...entered, validUntilSec: now }),
    ],
    [
      'another certificate with the serial',
      'unknown_certificate',
      /has not entered/,
      () => state.member('alpha', { ...entered, digest: sha256(root) }),
    ],
    [
      'a certificate of another issuing CA',
      'unknown_certificate',
      /has not entered/,
      () => state.member('alpha', { ...entered, issuer: root }),
    ],
    [
      'a suspended organisation and a revoked certificate',
      'certificate_revoked',
      /revoked/,
      () => {
        state.organisation('alpha', { status: 1 });
        state.member('alpha', { ...entered, status: 2 });
      },
    ],
    [
      'an expelled organisation and a revoked issuing CA',
      'organisation_expelled',
      /expelled/,
      () => {
        state.organisation('alpha', { status: 2 });
        state.authority(issuer, { organisation: 'alpha', status: 2 });
      },
    ],
  ];

  it.each(cases)('refuses %s', (_, code, message, change) => {
    change();
    const verdict = checkMembership(state, shown, now);
    expect(verdict).toMatchObject({ kind: 'refused', code, message: expect.stringMatching(message) });
  });

  it('refuses what no row knows', () => {
    const other = sha256(bytes('another'));
    expect(codeOf({ ...shown, issuer: other })).toBe('unknown_issuer');
    expect(codeOf({ ...shown, root: other })).toBe('unknown_issuer');
    expect(codeOf({ ...shown, serial: Uint8Array.of(1) })).toBe('unknown_certificate');
    expect(codeOf({ ...shown, digest: other })).toBe('unknown_certificate');
    expect(checkMembership(new ConsortiumState(), shown, now)).toMatchObject({ code: 'unknown_issuer' });
  });

  it('compares whole digests: eight bytes alone prove nothing', () => {
    const near = shown.issuer.slice();
    near[31]! ^= 1;
    expect(keyOfDigest(near)).toBe(keyOfDigest(shown.issuer));
    expect(codeOf({ ...shown, issuer: near })).toBe('unknown_issuer');
    const nearRoot = shown.root.slice();
    nearRoot[8]! ^= 1;
    expect(codeOf({ ...shown, root: nearRoot })).toBe('unknown_issuer');
  });

  it.each([0, 1, 19, 21, 4096])('takes any bytes of a stranger: %i of them', (size) => {
    const strange = new Uint8Array(size).fill(7);
    expect(codeOf({ issuer: strange, root: strange, serial: strange, digest: strange })).toBe('unknown_issuer');
    expect(codeOf({ ...shown, serial: strange, digest: strange })).toBe('unknown_certificate');
  });

  it('gives roles within the scope of the organisation, and the first end of all', () => {
    state.organisation('alpha', { scope: ['edge'], validUntilSec: now + 50 });
    state.authority(root, { validUntilSec: now + 40 });
    const verdict = checkMembership(state, shown, now);
    expect(verdict).toMatchObject({ kind: 'member', roles: [name('edge')], validUntilSec: now + 40 });
    expect(codeOf(shown, now + 40)).toBe('issuer_expired');
  });

  it('takes a superseded certificate until its end', () => {
    state.member('alpha', { ...entered, status: 1, validUntilSec: now + 1 });
    expect(codeOf()).toBe('member');
    expect(codeOf(shown, now + 1)).toBe('certificate_expired');
  });

  it('takes four reads, and one for each role, after 10,000 revocations as before', () => {
    const reads = () => {
      state.reads = 0;
      return [codeOf(), state.reads];
    };
    expect(reads()).toEqual(['member', 6]);
    for (let i = 0; i < 10_000; i++) {
      const other = Uint8Array.of(1, i >> 8, i & 0xff);
      state.member('alpha', { issuer, serial: other, digest, roles: ['client'], status: 2 });
      state.put('revocations', BigInt(i + 1), other, name('alpha'));
    }
    expect(reads()).toEqual(['member', 6]);
    state.member('alpha', { ...entered, status: 2 });
    expect(reads()).toEqual(['certificate_revoked', 4]);
  });
});

describe('rows that something else has written', () => {
  const rows = [
    ['orgs', name('alpha'), undefined],
    ['authorities', keyOfDigest(shown.issuer), undefined],
    ['authorities', keyOfDigest(shown.root), undefined],
    ['members', keyOfSerial(serial), name('alpha')],
    ['roles', name('edge'), undefined],
    ['accounts', name('alice'), undefined],
    ['state', name('state'), undefined],
    ['params', name('params'), undefined],
  ] as const;
  const contents = [0, 1, 8, 9, 40, 62, 200].map((size) => new Uint8Array(size).fill(0xff));

  it.each(rows)('refuse, and harm nobody: %s', (table, key, scope) => {
    for (const content of contents) {
      state.put(table, key, content, scope);
      const verdict = codeOf();
      if (['orgs', 'authorities', 'members'].includes(table)) expect(verdict).not.toBe('member');
      accountMembership(state, name('alice'), now);
      readConsortium(state);
      consortiumVersion(state);
      listOrganisations(state);
      listAuthorities(state);
      listRoles(state);
    }
  });

  it.each(rows)(
    'refuse when they are cut off anywhere, and harm nobody when a bit of them is another: %s',
    (table, key, scope) => {
      const at = rowKey(tableId(name('snap.ca'), scope ?? name('snap.ca'), name(table)), key);
      const whole = state.get(at)!.slice(8);
      const readAll = () => {
        accountMembership(state, name('alice'), now);
        readConsortium(state);
        listOrganisations(state);
        listAuthorities(state);
        listRoles(state);
        return codeOf();
      };
      const isNeeded = ['orgs', 'authorities', 'members'].includes(table);
      for (let size = 0; size < whole.length; size++) {
        state.put(table, key, whole.slice(0, size), scope);
        expect(readAll() === 'member').toBe(!isNeeded);
      }
      for (let bit = 0; bit < 8 * whole.length; bit++) {
        const changed = whole.slice();
        changed[bit >> 3]! ^= 1 << (bit & 7);
        state.put(table, key, changed, scope);
        readAll();
      }
      state.put(table, key, Uint8Array.of(...whole, 1, 2, 3), scope);
      expect(readAll()).toBe('member');
    },
  );

  it('let nobody in where the row `state` is none, and read strictly where `params` is none', () => {
    state.put('params', name('params'), Uint8Array.of(9));
    expect(readConsortium(state)).toMatchObject({ version: 1n, reads: 'roles' });
    state.put('state', name('state'), Uint8Array.of(1, 2, 3));
    expect(readConsortium(state)).toEqual({ version: 0n, reads: 'roles', roots: [] });
    expect(consortiumVersion(state)).toBe(0n);
  });

  it('end a list after so many rows', () => {
    for (let i = 0n; i < 3000n; i++) state.put('orgs', i, new Uint8Array());
    state.reads = 0;
    expect(listOrganisations(state)).toEqual([]);
    expect(state.reads).toBeLessThan(2100);
  });
});

describe('readConsortium', () => {
  it('is undefined where none was founded', () => {
    const empty = new ConsortiumState();
    expect(readConsortium(empty)).toBeUndefined();
    expect(consortiumVersion(empty)).toBeUndefined();
  });

  it.each([
    [0, 'open'],
    [1, 'members'],
    [2, 'roles'],
  ] as const)('tells version, roots and who may read: %i is %s', (reads, expected) => {
    state.authority(bytes('a revoked root'), { status: 2 });
    state.authority(bytes('a retired root'), { status: 1, validUntilSec: now });
    state.found(7n, reads);
    const consortium = readConsortium(state)!;
    expect(consortium).toMatchObject({ version: 7n, reads: expected });
    expect(consortium.roots.map(({ der }) => new TextDecoder().decode(der))).toEqual(['the root', 'a retired root']);
    expect(consortium.roots[0]!.digest).toEqual(shown.root);
    state.reads = 0;
    expect(consortiumVersion(state)).toBe(7n);
    expect(state.reads).toBe(1);
  });

  it('lists organisations, authorities and roles', () => {
    state.organisation('beta', { status: 1, title: 'Beta', scope: ['client'] });
    expect(listOrganisations(state).map(({ account, status, title }) => [formatName(account), status, title])).toEqual([
      ['alpha', 'active', 'alpha Ltd'],
      ['beta', 'suspended', 'Beta'],
    ]);
    expect(listAuthorities(state)).toHaveLength(2);
    expect(getAuthority(state, keyOfDigest(shown.issuer))).toMatchObject({
      organisation: name('alpha'),
      status: 'active',
    });
    expect(listRoles(state).map(({ label }) => label)).toEqual(['edge', 'producer']);
  });
});

describe('accountMembership', () => {
  it('tells what an account may do by its certificates', () => {
    const membership = accountMembership(state, name('alice'), now)!;
    expect(formatName(membership.organisation)).toBe('alpha');
    expect(names(membership.roles)).toEqual(['edge', 'producer']);
    expect(membership.validUntilSec).toBe(far);
    expect(accountMembership(state, name('bob'), now)).toBeUndefined();
  });

  it.each<readonly [string, () => void]>([
    ['suspended', () => state.organisation('alpha', { status: 1 })],
    ['expelled', () => state.organisation('alpha', { status: 2 })],
    ['over', () => state.organisation('alpha', { validUntilSec: now })],
    ['without its CA', () => state.authority(issuer, { organisation: 'alpha', status: 2 })],
    ['with a revoked certificate', () => state.member('alpha', { ...entered, status: 2 })],
    ['with an expired certificate', () => state.member('alpha', { ...entered, validUntilSec: now })],
  ])('is none %s', (_, change) => {
    change();
    expect(accountMembership(state, name('alice'), now)).toBeUndefined();
  });
});
