/** The SDK at a real authority: from an invitation to an identity, and on to its successor. */
import { equalBytes } from '@snapscale/crypto';
import { newPrivateKey, signerOf } from '@snapscale/sdk/certificates';
import {
  applyForCertificate,
  authorityOf,
  estAuthorities,
  estEnrol,
  IdentityKeeper,
  identityOfAnswer,
  renewalDueMs,
  renewIdentity,
} from '@snapscale/sdk/identity';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { random, TestCa } from './test-ca.js';

let ca: TestCa;
const ports = { nowMs: Date.now, randomBytes: random };
const newSigner = () => signerOf(newPrivateKey('R1', random));

beforeAll(async () => {
  ca = await TestCa.create();
  await ca.start();
});
afterAll(() => ca.remove());

const authority = () => ({ url: ca.ca!.url!, organisation: 'north' });

test('an invitation becomes an identity, which renews itself', async () => {
  const signer = newSigner();
  const invitation = await ca.invite('north', { roles: ['client'] });
  expect(invitation.includes('~') ? authorityOf(invitation).organisation : 'north').toBe('north');
  const answer = await applyForCertificate(fetch, authority(), signer, { invitation });
  const identity = identityOfAnswer(answer, signer);
  expect(identity).toMatchObject({ organisation: 'north', issuer: 'urn:snap:org:north' });
  expect(await estAuthorities(fetch, authority())).toHaveLength(2);

  const next = newSigner();
  let nowMs = Date.now();
  const keeper = new IdentityKeeper(identity, {
    nowMs: () => nowMs,
    renew: (old) => renewIdentity(fetch, old, ports, authority(), next),
    failed: (error) => {
      throw error;
    },
  });
  expect(await keeper.current()).toBe(identity);
  // Certificates end in whole seconds: the successor must last longer.
  await new Promise((resolve) => setTimeout(resolve, 1000 - (Date.now() % 1000) + 5));
  nowMs = renewalDueMs(identity);
  await keeper.current();
  await expect.poll(() => keeper.identity).not.toBe(identity);
  const renewed = keeper.identity;
  expect(equalBytes(renewed.certificate.publicKey, next.publicKey)).toBe(true);
  expect(renewed.certificate.names).toEqual(identity.certificate.names);
  expect(renewed.chain).toHaveLength(2);
});

test('what is refused says why', async () => {
  const wrong = { invitation: `north~${'A'.repeat(32)}~http://ca.test` };
  await expect(applyForCertificate(fetch, authority(), newSigner(), wrong)).rejects.toThrow(/invitation/);
  await expect(estEnrol(fetch, { ...authority(), organisation: 'nobody' }, newSigner(), {})).rejects.toThrow(/40\d\)/);
});
