import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, describe, expect, it } from 'vitest';
import { type NodeConfig, parseConfig } from '../config.js';
import { NodeMetrics } from '../telemetry/node-metrics.js';
import { TestConsortium } from './access/testing/test-consortium.js';
import { startHttp } from './start-http.js';
import { MemoryChain } from './testing/memory-chain.js';

const folder = mkdtempSync(join(tmpdir(), 'snap-http-'));
afterAll(() => rmSync(folder, { recursive: true }));

const configOf = (...args: readonly string[]): NodeConfig =>
  parseConfig(['--data', folder, '--port', '0', ...args], folder)!;
const start = (config: NodeConfig) =>
  startHttp(config, pino({ level: 'silent' }), new MemoryChain(), new NodeMetrics(() => ({}) as never));

describe('the doors of a node', () => {
  it('ACC-8 have a key of their own without an identity, the same at each start, for its owner’s eyes', async () => {
    const first = await start(configOf());
    const { thumbprint, audience } = first.access.keys;
    expect(audience).toMatch(/^urn:snap:chain:[0-9a-f]{64}$/);
    expect(first.tlsPort).toBeUndefined();
    await first.close();
    expect(statSync(join(folder, 'api.key')).mode & 0o777).toBe(0o600);
    const second = await start(configOf());
    expect(second.access.keys.thumbprint).toBe(thumbprint);
    await second.close();
  });

  it('ACC-13 follow the chain by default, and let everybody in on development networks', async () => {
    const policies: string[] = [];
    for (const args of [[], ['--production'], ['--admission', 'members']]) {
      const server = await start(configOf(...args));
      policies.push(server.access.policy);
      await server.close();
    }
    expect(policies).toEqual(['open', 'chain', 'members']);
    expect(() => configOf('--admission', 'nobody')).toThrow(/open, chain, members/);
  });

  it('ACC-3 need an identity for HTTPS, and say which port is taken', async () => {
    await expect(start(configOf('--tls-port', '0'))).rejects.toThrow(/HTTPS needs the node's identity/);
    const consortium = await TestConsortium.create();
    const { pem, keyPem } = await consortium.member({ roles: ['edge'], node: 'north-edge1' });
    const identity = mkdtempSync(join(folder, 'identity-'));
    writeFileSync(join(identity, 'node.pem'), pem);
    writeFileSync(join(identity, 'node.key'), keyPem);
    writeFileSync(join(identity, 'authorities.pem'), pem);
    const server = await start(configOf('--identity', identity, '--tls-port', '0'));
    expect(server.access.keys.audience).toBe('urn:snap:node:north-edge1');
    const taken = configOf('--identity', identity, '--tls-port', String(server.tlsPort));
    await expect(start(taken)).rejects.toThrow(`port ${server.tlsPort} of 127.0.0.1 is taken`);
    await expect(start(taken)).rejects.toThrow('--tls-port N');
    await server.close();
  });
});
