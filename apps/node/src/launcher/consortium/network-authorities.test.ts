import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkMember, parseCertificates } from '@snapscale/sdk/certificates';
import { afterAll, expect, test } from 'vitest';
import { certifiedName, createAuthorities, NetworkAuthorities } from './network-authorities.js';

const folder = mkdtempSync(join(tmpdir(), 'snapscale-authorities-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('CAs know their chain, and nodes are called as their organisation may call them', async () => {
  const reach = { url: 'http://localhost:8900', peers: ['127.0.0.1:9876'], chainId: 'cf'.repeat(32) };
  const nowMs = Date.now();
  await createAuthorities(folder, [{ account: 'north', title: 'North' }], reach, nowMs);
  const file = join(folder, 'north', 'ca.json');
  const { chain_id: chainId, ...before } = JSON.parse(readFileSync(file, 'utf8'));
  expect(chainId).toBe(reach.chainId);

  const authorities = new NetworkAuthorities(folder);
  writeFileSync(file, JSON.stringify(before));
  authorities.setReach('north', reach);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ chain_id: chainId, peers: reach.peers });

  for (const [name, node] of [
    ['north', 'north'],
    ['north1', 'north-1'],
    ['north11', 'north-11'],
  ] as const) {
    const local = { name, organisation: 'north', httpPort: 1, peerPort: 2 };
    expect(certifiedName(local)).toBe(node);
    const [leaf] = parseCertificates((await authorities.issue(local, nowMs)).certificate);
    expect(checkMember(leaf!)).toMatchObject({ organisation: 'north', account: name, node });
  }
});
