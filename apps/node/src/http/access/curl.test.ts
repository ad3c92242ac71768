import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { encodePem } from '@snapscale/sdk/certificates';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestConsortium, TestDoor, type TestMember } from './testing/test-consortium.js';

const run = promisify(execFile);
const isMissing = ['curl', 'openssl'].some((program) => spawnSync(program, ['version']).error !== undefined);
const info = '/v1/chain/get_info';

/** Without curl or openssl here this is skipped: the other tests cover the same with Node's own. */
describe.skipIf(isMissing)('curl and openssl', () => {
  const folder = mkdtempSync(join(tmpdir(), 'snap-access-'));
  const file = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  let consortium: TestConsortium;
  let door: TestDoor;
  let member: TestMember;

  beforeAll(async () => {
    consortium = await TestConsortium.create();
    door = await TestDoor.open(consortium);
    member = await consortium.member();
  });

  afterAll(async () => {
    await door.server.close();
    rmSync(folder, { recursive: true });
  });

  /** What curl prints: the body, and the status on a line of its own. */
  async function curl(
    ...args: readonly string[]
  ): Promise<{ status: number; json: { code?: string; reason?: string; chain_id?: string } }> {
    const { stdout } = await run('curl', ['-sS', '-m', '10', '-w', '\n%{http_code}', ...args]);
    const at = stdout.lastIndexOf('\n');
    return { status: Number(stdout.slice(at + 1)), json: JSON.parse(stdout.slice(0, at)) };
  }

  it('ACC-5 come in by the token door', async () => {
    const body = '{"account_name":"eosio"}';
    const path = '/v1/chain/get_account';
    const token = await door.token(member, path, { method: 'POST', body: Buffer.from(body) });
    const args = ['-H', `Authorization: Bearer ${token}`, '-d', body, door.server.url + path];
    expect(await curl(...args)).toMatchObject({ status: 200, json: { account_name: 'eosio' } });
    expect(await curl(...args)).toMatchObject({ status: 401, json: { code: 'replayed' } });
    expect(await curl(door.server.url + info)).toMatchObject({ status: 401, json: { code: 'missing' } });
  });

  it('ACC-3 come in by the door of mutual TLS', async () => {
    const root = file('root.pem', encodePem('CERTIFICATE', consortium.north.root.der));
    const url = `https://localhost:${door.server.tlsPort}${info}`;
    const as = ({ pem, keyPem }: Pick<TestMember, 'pem' | 'keyPem'>, name: string) =>
      curl('--cacert', root, '--cert', file(`${name}.pem`, pem), '--key', file(`${name}.key`, keyPem), url);
    expect((await as(member, 'member')).status).toBe(200);
    expect(await curl('--cacert', root, '--tls-max', '1.2', url)).toMatchObject({
      status: 401,
      json: { code: 'missing' },
    });
    const revoked = await consortium.member({ row: { status: 2 } });
    expect(await as(revoked, 'revoked')).toMatchObject({ status: 401, json: { code: 'revoked' } });
    const foreign = await consortium.member({ ca: consortium.foreign });
    expect(await as(foreign, 'foreign')).toMatchObject({ status: 401, json: { code: 'certificate_chain' } });
    const [pem, key] = [join(folder, 'own.pem'), join(folder, 'own.key')];
    const made = [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-keyout',
      key,
      '-out',
      pem,
    ];
    await run('openssl', [...made, '-subj', '/CN=me', '-days', '1']);
    const own = await curl('--cacert', root, '--cert', pem, '--key', key, url);
    expect(own).toMatchObject({ status: 401, json: { code: 'certificate_chain', reason: 'self_signed' } });
    const elsewhere = `https://other.example:${door.server.tlsPort}${info}`;
    const named = run('curl', ['-sS', '-m', '10', '--cacert', root, '--connect-to', '::localhost:', elsewhere]);
    await expect(named).rejects.toThrow(/other\.example/);
    const plain = run('curl', ['-sS', '-m', '10', url]);
    await expect(plain).rejects.toThrow(/certificate/i);
  });
});
