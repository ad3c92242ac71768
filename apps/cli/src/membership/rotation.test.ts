/** `org rotate` against a CA that says what real ones do, and a chain on which `snap.ca` decides. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RotationState } from '@snapscale/api';
import { generatePrivateKey } from '@snapscale/crypto';
import { createRequest, createRoot, encodePem, formatVouchedRequest, signerOf } from '@snapscale/sdk/certificates';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { consortiumChain, daysFromNow, derForm } from '../testing/consortium-chain.js';
import { FakeChain } from '../testing/fake-chain.js';
import { type RunHere, runHere } from '../testing/run-here.js';

const secret = 'SECRETOFTHECA';
const signer = signerOf(generatePrivateKey('R1', new Uint8Array(32).fill(7)));
let node: FakeChain;
let ca: Server;
let home: string;
let certificate: string;
let request: string;
/** What the CA answers, and what it was asked. */
let state: RotationState;
let afterPost: RotationState;
let asked: { method: string; path: string; body: string }[] = [];

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'snapscale-rotation-'));
  const random = (size: number) => new Uint8Array(size).fill(3);
  const der = await createRoot({ title: 'Root', signer, nowMs: Date.now(), random });
  certificate = encodePem('CERTIFICATE', der);
  const csr = await createRequest(signer, { organisation: 'north' });
  request = formatVouchedRequest({ der: csr, signature: await signer.sign(csr) });
  const chain = await consortiumChain();
  const next = { certificate: derForm('next'), not_after: daysFromNow(900) };
  const content = ['rotate_authority', { organisation: 'north', next, previous_until: daysFromNow(90) }];
  chain.push('snap.ca', 'propose', 'north', { organisation: 'north', content });
  node = await FakeChain.start(chain);
  ca = createServer((incoming, response) => {
    let body = '';
    incoming.on('data', (bytes) => {
      body += String(bytes);
    });
    incoming.on('end', () => {
      const { method = '', url: path = '' } = incoming;
      if (path !== '/v1/ca/organisations') asked.push({ method, path, body });
      if (method === 'POST') state = afterPost;
      if (method === 'DELETE') state = { authority: 'north', status: 'given_up' };
      const isOperator = incoming.headers.authorization === `Bearer ${secret}`;
      response.writeHead(isOperator || path === '/v1/ca/organisations' ? 200 : 401);
      response.end(JSON.stringify(answer(path)));
    });
  });
  await new Promise<void>((resolve) => ca.listen(0, '127.0.0.1', resolve));
});
beforeEach(() => {
  asked = [];
  state = { authority: 'north', status: 'none' };
});
afterAll(async () => {
  await node?.stop();
  ca?.closeAllConnections();
  ca?.close();
  rmSync(home, { recursive: true, force: true });
});

function answer(path: string): unknown {
  if (path === '/v1/ca/organisations') return [{ account: 'north', title: 'North', certificate, roots: [certificate] }];
  return path.endsWith('/signatures') ? { certificate } : state;
}

async function cli(...args: string[]): Promise<RunHere> {
  const { port } = ca.address() as AddressInfo;
  const run = await runHere(['org', 'rotate', ...args], {
    SNAPSCALE_URL: node.url,
    SNAPSCALE_HOME: home,
    SNAPSCALE_CA: `http://127.0.0.1:${port}`,
    SNAPSCALE_CA_SECRET: secret,
  });
  expect(run.stdout + run.stderr).not.toMatch(/undefined|\[object|NaN|SECRETOFTHECA/);
  return run;
}

test('begins a rotation, and says who still has to approve; called again, it only says so', async () => {
  afterPost = { authority: 'north', status: 'proposed', organisation: 'north', proposal: 1, certificate };
  const begun = await cli('north', '--previous-until', '90d', '--yes');
  expect(begun.code, begun.stderr).toBe(0);
  expect(begun.stdout).toMatch(/rotation of the issuing CA of north: waits for the organisations/);
  expect(begun.stdout).toMatch(/missing +weight 2, of east, south, west/);
  expect(begun.stderr).toContain('snapscale proposal approve 1');
  expect(asked.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'GET /v1/ca/north/rotation',
    'POST /v1/ca/north/rotation',
  ]);
  expect(JSON.parse(asked[1]!.body)).toEqual({ previous_until: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:]+Z$/) });
  asked = [];
  expect(JSON.parse((await cli('north', '--json')).stdout)).toMatchObject({
    status: 'proposed',
    proposal: 1,
    missing: ['east', 'south', 'west'],
  });
  expect(asked).toHaveLength(1);
});

test('the root, its state, and an end', async () => {
  afterPost = { authority: 'root', status: 'proposed', organisation: 'north', proposal: 1 };
  expect((await cli('--root', '--yes')).stdout).toContain('rotation of the root');
  expect(asked[1]).toMatchObject({ method: 'POST', path: '/v1/ca/root/rotation', body: '{}' });
  state = { authority: 'north', status: 'refused', proposal: 1, reason: 'proposal 1 was cancelled\u001b[2J' };
  const refused = await cli('--status');
  expect(refused.stdout).toMatch(/refused: everything is as it was/);
  expect(refused.stdout).not.toContain('\u001b[2J');
  expect((await cli('--give-up')).stdout).toContain('given up');
  expect((await cli('--root')).stderr).toContain('--yes');
});

test('a root that is elsewhere: the request goes there, the certificate comes back', async () => {
  const [csr, signed] = [join(home, 'north.csr'), join(home, 'signed.pem')];
  state = { authority: 'north', status: 'unsigned', organisation: 'north', request };
  const { stderr } = await cli('north', '--save', csr);
  expect(stderr).toContain(`snapscale org rotate --sign ${csr} --save SIGNED`);
  expect(readFileSync(csr, 'utf8')).toBe(request);
  expect((await cli('--sign', csr, '--save', signed)).stdout).toContain('signed by the root');
  expect(readFileSync(signed, 'utf8')).toBe(certificate);
  expect((await cli('--sign', csr)).stdout).toContain('BEGIN CERTIFICATE');
  asked = [];
  state = { authority: 'north', status: 'unproposed', certificate, reason: 'north@ca may not propose' };
  const brought = await cli('north', '--certificate', signed, '--save', join(home, 'next.pem'));
  expect(asked[0]).toMatchObject({ method: 'PUT', body: JSON.stringify({ certificate }) });
  expect(brought.stdout).toContain('north@ca may not propose');
  expect(brought.stderr).toContain('snapscale proposal create rotate north --certificate');
  expect((await cli('north', '--certificate', join(home, 'none.pem'))).code).toBe(9);
  state = { authority: 'north', status: 'unsigned', request: 'nothing of the kind' };
  writeFileSync(csr, 'before');
  expect((await cli('north', '--save', csr)).stderr).toContain('is no request');
  expect(readFileSync(csr, 'utf8')).toBe('before');
});
