import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConsortiumState } from '@snapscale/execution/testing';
import { encodePem, parseCertificates } from '@snapscale/sdk/certificates';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestConsortium } from '../http/access/testing/test-consortium.js';
import type { Identity } from '../p2p/identity.js';
import { readIdentity } from '../p2p/identity-files.js';
import { writeIdentity } from './identity-folder.js';
import { CertificateRenewal } from './renewal.js';
import { endOnChain, followRoots, isSupersededOnChain, rootsOnChain } from './roots-on-chain.js';

const DAY_SEC = 86_400;
let consortium: TestConsortium;
let directory: string;
let identity: Identity;

beforeEach(async () => {
  consortium = await TestConsortium.create();
  directory = mkdtempSync(join(tmpdir(), 'snap-roots-'));
  const wish = { roles: ['edge'], node: 'north-alpha', hosts: ['localhost'], lifeSec: 90 * DAY_SEC };
  const { pem, keyPem } = await consortium.member(wish);
  const authorities = [encodePem('CERTIFICATE', consortium.north.root.der)];
  identity = { certificate: pem, privateKey: keyPem, authorities };
  writeIdentity(directory, identity);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('the roots of the folder', () => {
  it('follow those of the chain: a new one comes in, a revoked one goes', () => {
    const { state, north, foreign } = consortium;
    expect(followRoots(directory, state, Date.now())).toBe(false);
    state.authority(foreign.root.der);
    consortium.changed();
    expect(followRoots(directory, state, Date.now())).toBe(true);
    expect(readIdentity(directory).authorities).toHaveLength(2);
    expect(readIdentity(directory).privateKey.trim()).toBe(identity.privateKey.trim());
    expect(followRoots(directory, state, Date.now())).toBe(false);
    state.authority(north.root.der, { status: 2 });
    expect(followRoots(directory, state, Date.now())).toBe(true);
    const [left] = readIdentity(directory).authorities;
    expect(left?.trim()).toBe(encodePem('CERTIFICATE', foreign.root.der).trim());
  });

  it('stay where no consortium was founded, and where none of its roots is valid', () => {
    expect(rootsOnChain(new ConsortiumState(), Date.now())).toBeUndefined();
    expect(followRoots(directory, new ConsortiumState(), Date.now())).toBe(false);
    consortium.state.authority(consortium.north.root.der, { validUntilSec: 1 });
    expect(followRoots(directory, consortium.state, Date.now())).toBe(false);
    expect(readIdentity(directory).authorities).toHaveLength(1);
  });
});

describe('the end of a certificate', () => {
  it('is that of its CA on chain, where that is sooner', () => {
    const nowSec = Math.floor(Date.now() / 1000);
    const { state, north } = consortium;
    expect(endOnChain(state, identity, Date.now())).toBeGreaterThan(nowSec + 80 * DAY_SEC);
    const validUntilSec = nowSec + 7 * DAY_SEC;
    state.authority(north.authority.certificate.der, { organisation: 'north', status: 1, validUntilSec });
    expect(endOnChain(state, identity, Date.now())).toBe(validUntilSec);
    expect(endOnChain(new ConsortiumState(), identity, Date.now())).toBeUndefined();
  });

  it('is near where it is superseded', () => {
    const { state, north } = consortium;
    const [leaf] = parseCertificates(identity.certificate);
    const { serial, digest, publicKey } = leaf!;
    const row = { issuer: north.authority.certificate.der, serial, digest, subjectKey: publicKey, roles: ['edge'] };
    state.member('north', { ...row, node: 'north-alpha' });
    expect(isSupersededOnChain(state, identity)).toBe(false);
    state.member('north', { ...row, node: 'north-alpha', status: 1 });
    expect(isSupersededOnChain(state, identity)).toBe(true);
    expect(isSupersededOnChain(new ConsortiumState(), identity)).toBe(false);
  });

  it('NET-23: decides when it is renewed, also when it is moved up while the node runs', async () => {
    let endSec = Math.floor(Date.now() / 1000) + 80 * DAY_SEC;
    let asked = 0;
    const renewed = new Promise<void>((resolve) => {
      const renewal = new CertificateRenewal({
        directory,
        ca: 'https://localhost:1',
        renewKey: false,
        nowMs: Date.now,
        endSec: () => endSec,
        event: () => undefined,
        ask: async () => {
          asked++;
          renewal.close();
          resolve();
          return { kind: 'waiting', afterSec: 1 };
        },
      });
      setTimeout(() => {
        expect(asked).toBe(0);
        endSec = Math.floor(Date.now() / 1000) + 60;
        renewal.look();
      }, 20);
    });
    await renewed;
    expect(asked).toBe(1);
  });
});
