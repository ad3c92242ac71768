import { encodePem } from '@snapscale/sdk/certificates';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestConsortium, TestDoor } from './testing/test-consortium.js';

let consortium: TestConsortium;
let door: TestDoor;

beforeAll(async () => {
  consortium = await TestConsortium.create();
  door = await TestDoor.open(consortium);
});
afterAll(() => door.server.close());

it('ACC-3: of a client that shows many certificates only its own is looked at', async () => {
  const member = await consortium.member();
  const issuing = consortium.north.authority.certificate.der;
  const many = { ...member, pem: member.pem + encodePem('CERTIFICATE', issuing).repeat(60) };
  expect((await door.askTls('/v1/chain/get_info', many)).json.code).toMatch(/chain/);
  consortium.state.organisation('north', { scope: ['client'], authorities: [issuing] });
  expect((await door.askTls('/v1/chain/get_info', many)).status).toBe(200);
});
