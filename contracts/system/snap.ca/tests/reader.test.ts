/** What nodes read of the rows that the contract writes: `checkMembership` and its kin on the contract's own state. */
import {
  accountMembership,
  checkMembership,
  consortiumVersion,
  getAuthority,
  getOrganisation,
  keyOfAuthority,
  listAuthorities,
  listOrganisations,
  listRoles,
  memberPermissions,
  type PresentedCertificate,
  readConsortium,
  type StateReader,
} from '@snapscale/execution';
import { formatName, name, parseSeconds } from '@snapscale/protocol';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Snapshot } from '../../../testing/index.js';
import { Consortium, certificate, day, der, organisations, parameters, serialOf, sha256, terms } from './consortium.js';

let it: Consortium;
let start: Snapshot;
beforeAll(async () => {
  it = await Consortium.founded();
  start = it.chain.snapshot();
});
beforeEach(() => it.chain.restore(start));

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));
const shown = (organisation: string, number: number): PresentedCertificate => ({
  issuer: bytes(sha256(der(organisation))),
  root: bytes(sha256(der('root'))),
  serial: bytes(serialOf(number)),
  digest: bytes(sha256(der(`${organisation}${number}`))),
});
const at = (days: number) => parseSeconds(day(days));
const check = (organisation: string, number: number, days = 1) =>
  checkMembership(it.chain.state, shown(organisation, number), at(days));
const codeOf = (organisation: string, number: number, days = 1) => {
  const verdict = check(organisation, number, days);
  return verdict.kind === 'member' ? 'member' : verdict.code;
};

describe('checkMembership', () => {
  test('lets in whom an organisation has entered, as what the contract says', () => {
    it.issue('alpha', 1, { account: 'alice', roles: ['edge', 'producer'] });
    const verdict = check('alpha', 1);
    if (verdict.kind !== 'member') throw new Error(verdict.message);
    expect(formatName(verdict.organisation)).toBe('alpha');
    expect(formatName(verdict.account!)).toBe('alice');
    expect(verdict.roles.map(formatName)).toEqual(['edge', 'producer']);
    expect(verdict.permissions.map(formatName).sort()).toEqual(['peer', 'produce', 'read', 'serve', 'write']);
    expect(verdict.validUntilSec).toBe(at(30));
    expect(verdict.subjectKey.slice(0, 2)).toEqual(Uint8Array.of(1, 2));
    expect(codeOf('alpha', 2)).toBe('unknown_certificate');
    expect(codeOf('beta', 1)).toBe('unknown_certificate');
    expect(codeOf('omega', 1)).toBe('unknown_issuer');
    expect(codeOf('alpha', 1, 30)).toBe('certificate_expired');
  });

  test('refuses what was revoked, and after a renewal what is over', () => {
    it.issue('alpha', 1, { account: 'alice' });
    it.issue('alpha', 2);
    const successor = certificate('alpha', 3);
    it.push('renew', 'alpha', { by: 'alpha', organisation: 'alpha', serial: serialOf(1), successor });
    it.revoke('alpha', 'alpha', [2]);
    expect([1, 2, 3].map((number) => codeOf('alpha', number))).toEqual(['member', 'certificate_revoked', 'member']);
    expect([1, 3].map((number) => codeOf('alpha', number, 8))).toEqual(['certificate_expired', 'member']);
    expect(accountMembership(it.chain.state, name('alice'), at(8))?.validUntilSec).toBe(at(30));
    it.revoke('alice', 'alpha', [1, 3]);
    expect(accountMembership(it.chain.state, name('alice'), at(1))).toBeUndefined();
  });

  test('follows what the consortium decides', () => {
    it.issue('delta', 1, { roles: ['client', 'edge'] });
    it.decide('suspend_organisation', { organisation: 'delta' });
    expect(codeOf('delta', 1)).toBe('organisation_suspended');
    it.decide('resume_organisation', { organisation: 'delta' });
    expect(codeOf('delta', 1)).toBe('member');
    it.decide('change_terms', { organisation: 'delta', terms: { ...terms, scope: ['edge'], valid_until: day(20) } });
    expect(check('delta', 1)).toMatchObject({ roles: [name('edge')], validUntilSec: at(20) });
    expect(codeOf('delta', 1, 20)).toBe('organisation_expired');
    const next = { certificate: der('delta-2'), not_after: day(1000) };
    it.decide('rotate_authority', { organisation: 'delta', next, previous_until: day(5) });
    expect(check('delta', 1)).toMatchObject({ kind: 'member', validUntilSec: at(5) });
    expect(codeOf('delta', 1, 5)).toBe('issuer_expired');
    it.decide('revoke_authority', { digest: sha256(der('delta')), reason: 2 });
    expect(codeOf('delta', 1)).toBe('issuer_revoked');
    it.decide('expel_organisation', { organisation: 'delta' });
    expect(codeOf('delta', 1)).toBe('organisation_expelled');
  });

  test('still tells what was expelled when the organisation is forgotten, and a new membership helps no old certificate', () => {
    it.issue('delta', 1);
    it.decide('expel_organisation', { organisation: 'delta' });
    it.prune('delta', { serials: [serialOf(1)] });
    expect(getOrganisation(it.chain.state, name('delta'))).toBeUndefined();
    expect(codeOf('delta', 1)).toBe('organisation_expelled');
    const again = { certificate: der('delta again'), not_after: day(1000) };
    it.decide('admit_organisation', { organisation: 'delta', title: 'Delta', terms, issuer: again });
    expect(codeOf('delta', 1)).toBe('issuer_revoked');
  });

  test('costs the same number of reads however much was revoked', () => {
    const reads = () => {
      const state = new CountedReads(it.chain.state);
      checkMembership(state, shown('alpha', 1), at(1));
      return state.reads;
    };
    it.issue('alpha', 1);
    const before = reads();
    it.decide('change_terms', { organisation: 'alpha', terms: { ...terms, quota: 1000 } });
    const numbers = Array.from({ length: 100 }, (_, i) => 100 + i);
    for (const number of numbers) it.issue('alpha', number);
    it.revoke('alpha', 'alpha', numbers);
    expect(reads()).toBe(before);
    expect(before).toBe(5);
  });
});

describe('the consortium', () => {
  test('is read with its roots, organisations, authorities and roles', () => {
    const { state } = it.chain;
    expect(readConsortium(state)).toMatchObject({ version: 1n, reads: 'open' });
    expect(readConsortium(state)!.roots.map(({ der: root }) => Buffer.from(root).toString('hex'))).toEqual([
      der('root'),
    ]);
    expect(listOrganisations(state).map(({ account }) => formatName(account))).toEqual([...organisations].sort());
    expect(listOrganisations(state)[0]).toMatchObject({ title: 'alpha Ltd', quota: 100, weight: 1, status: 'active' });
    expect(listAuthorities(state)).toHaveLength(5);
    const issuer = getAuthority(state, keyOfAuthority(shown('beta', 1).issuer))!;
    expect(issuer).toMatchObject({
      organisation: name('beta'),
      status: 'active',
      notAfterSec: at(1000),
      revokedSec: 0,
    });
    const known = new Set<bigint>(Object.values(memberPermissions));
    const roles = listRoles(state);
    expect(roles).toHaveLength(7);
    expect(roles.find(({ label }) => label === 'ca-operator')?.role).toBe(name('ca.operator'));
    const used = new Set(roles.flatMap(({ permissions }) => permissions));
    expect(used).toEqual(known);
  });

  test('is none before it is founded', async () => {
    const { chain } = await Consortium.empty();
    expect(readConsortium(chain.state)).toBeUndefined();
    expect(consortiumVersion(chain.state)).toBeUndefined();
  });

  test('has a version that grows with all that can end or narrow what a certificate allows, and with nothing else', () => {
    const grows = (step: () => void): boolean => {
      const before = consortiumVersion(it.chain.state)!;
      step();
      return consortiumVersion(it.chain.state)! > before;
    };
    const steps: readonly (readonly [string, boolean, () => void])[] = [
      ['issue', false, () => void it.issue('alpha', 1, { account: 'alice' })],
      [
        'renew',
        true,
        () => {
          const successor = certificate('alpha', 2);
          it.push('renew', 'alpha', { by: 'alpha', organisation: 'alpha', serial: serialOf(1), successor });
        },
      ],
      ['revoke', true, () => void it.revoke('alpha', 'alpha', [1])],
      ['propose and approve', false, () => void it.propose('suspend_organisation', { organisation: 'delta' })],
      ['suspend', true, () => void it.push('execute', 'carol', { account: 'carol', proposal: 1 })],
      [
        'terms',
        true,
        () => void it.decide('change_terms', { organisation: 'beta', terms: { ...terms, scope: ['edge'] } }),
      ],
      ['parameters', true, () => void it.decide('change_parameters', { parameters: { ...parameters, reads: 1 } })],
      [
        'role',
        true,
        () => {
          const definition = { role: 'client', label: 'client', permissions: ['read'], life_sec: 3600, is_given: true };
          it.decide('define_role', { definition });
        },
      ],
      [
        'root',
        true,
        () => {
          const next = { certificate: der('root 2'), not_after: day(3000) };
          it.decide('rotate_authority', { organisation: '', next, previous_until: day(100) });
        },
      ],
      ['revoke a CA', true, () => void it.decide('revoke_authority', { digest: sha256(der('beta')), reason: 1 })],
      [
        'revoke members',
        true,
        () => {
          it.decide('revoke_members', { organisation: 'alpha', serials: [serialOf(2)], reason: 1 });
        },
      ],
      ['expel', true, () => void it.decide('expel_organisation', { organisation: 'delta' })],
    ];
    expect(steps.map(([what, , step]) => [what, grows(step)])).toEqual(
      steps.map(([what, expected]) => [what, expected]),
    );
    expect(readConsortium(it.chain.state)).toMatchObject({ reads: 'members', version: BigInt(it.version) });
    expect(readConsortium(it.chain.state)!.roots).toHaveLength(2);
  });
});

class CountedReads implements StateReader {
  readonly #state: StateReader;
  reads = 0;

  constructor(state: StateReader) {
    this.#state = state;
  }

  get(key: string): Uint8Array | undefined {
    this.reads++;
    return this.#state.get(key);
  }

  first(from: string, to: string): ReturnType<StateReader['first']> {
    this.reads++;
    return this.#state.first(from, to);
  }

  last(from: string, to: string): ReturnType<StateReader['last']> {
    this.reads++;
    return this.#state.last(from, to);
  }
}
