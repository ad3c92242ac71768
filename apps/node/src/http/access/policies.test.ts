import { decode, name, names, packedTransactionSchema } from '@snapscale/protocol';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { MemoryChain } from '../testing/memory-chain.js';
import { makeAction, makeTransaction, push, sampleChain, signedBytes } from '../testing/sample-chain.js';
import { isAllowed } from './admit.js';
import { requirementOf } from './policy.js';
import { type Answer, type DoorWish, TestConsortium, TestDoor, type TestMember } from './testing/test-consortium.js';

const info = '/v1/chain/get_info';
const send = '/v1/chain/send_transaction';
const bulk = '/v1/snap/submit';

let consortium: TestConsortium;
const who: Record<string, TestMember> = {};
const doors: TestDoor[] = [];

beforeAll(async () => {
  consortium = await TestConsortium.create();
  for (const role of ['client', 'observer', 'auditor']) {
    who[role] = await consortium.member({ roles: [role], account: `${role.slice(0, 6)}x` });
  }
});

afterEach(async () => {
  for (const { server } of doors.splice(0)) await server.close();
  consortium.changed(0);
});

async function open(wish: DoorWish): Promise<TestDoor> {
  const door = await TestDoor.open(consortium, wish);
  doors.push(door);
  return door;
}

/** The code of a refusal at the doors, or that there is none. */
const outcome = ({ json }: Answer): string => (json?.type === undefined ? 'admitted' : json.code);

function transactionOf(chain: MemoryChain, payer: string): Uint8Array {
  const authorization = [{ actor: name(payer), permission: names.active }];
  const action = { account: names.eosio, name: name('nothing'), authorization, data: new Uint8Array(0) };
  return signedBytes(chain, makeTransaction(chain, [action]));
}

async function ask(door: TestDoor, role: string, kind: 'read' | 'write'): Promise<string> {
  const member = who[role];
  if (kind === 'read') {
    return outcome(await door.ask(info, member === undefined ? undefined : await door.token(member, info)));
  }
  const body = JSON.stringify(
    packedTransactionSchema.toJson(decode(packedTransactionSchema, transactionOf(door.chain, 'eosio'))),
  );
  const token = member && (await door.token(member, send, { method: 'POST', body: Buffer.from(body) }));
  return outcome(await door.ask(send, token, { method: 'POST', body }));
}

describe('policies', () => {
  it('ACC-13 decide what a request needs', () => {
    const rows: [Parameters<typeof requirementOf>, string][] = [
      [['open', false, 'members', 'roles'], 'nothing'],
      [['write', false, 'open', 'roles'], 'nothing'],
      [['write', false, 'chain', undefined], 'nothing'],
      [['read', false, 'chain', undefined], 'nothing'],
      [['read', false, 'members', undefined], 'member'],
      [['write', false, 'members', undefined], 'write'],
      [['local', true, 'members', 'open'], 'nothing'],
      [['local', false, 'members', 'open'], 'member'],
      [['local', false, 'chain', 'open'], 'nothing'],
    ];
    for (const [given, expected] of rows) expect([given, requirementOf(...given)]).toEqual([given, expected]);
  });

  it('ACC-14 and roles decide together', async () => {
    //  policy     reads  who          read         write
    const rows: [DoorWish['policy'] & string, number, string, string, string][] = [
      ['open', 2, 'nobody', 'admitted', 'admitted'],
      ['open', 2, 'auditor', 'admitted', 'admitted'],
      ['chain', 0, 'nobody', 'admitted', 'missing'],
      ['chain', 0, 'observer', 'admitted', 'role'],
      ['chain', 0, 'client', 'admitted', 'admitted'],
      ['chain', 1, 'nobody', 'missing', 'missing'],
      ['chain', 1, 'auditor', 'admitted', 'role'],
      ['chain', 2, 'auditor', 'role', 'role'],
      ['chain', 2, 'observer', 'admitted', 'role'],
      ['chain', 2, 'client', 'admitted', 'admitted'],
      ['members', 0, 'nobody', 'missing', 'missing'],
      ['members', 0, 'auditor', 'admitted', 'role'],
      ['members', 2, 'auditor', 'role', 'role'],
      ['members', 0, 'client', 'admitted', 'admitted'],
    ];
    for (const policy of ['open', 'chain', 'members'] as const) {
      const door = await open({ policy });
      for (const [, reads, role, read, write] of rows.filter(([of]) => of === policy)) {
        consortium.changed(reads);
        door.chain.finalize(door.chain.head);
        const seen = [await ask(door, role, 'read'), await ask(door, role, 'write')];
        expect([policy, reads, role, ...seen]).toEqual([policy, reads, role, read, write]);
      }
    }
  });

  it('ACC-13 leave a chain without a consortium as it is, and know members by their certificate there', async () => {
    const door = await open({ policy: 'chain', alone: true });
    expect(await ask(door, 'nobody', 'write')).toBe('admitted');
    expect(await ask(door, 'client', 'read')).toBe('admitted');
    const closed = await open({ policy: 'members', alone: true });
    expect(await ask(closed, 'nobody', 'read')).toBe('missing');
    expect(await ask(closed, 'client', 'write')).toBe('admitted');
    expect(await ask(closed, 'observer', 'write')).toBe('role');
    const roles = { basis: 'certificate', permissions: [], roles: ['unheard-of', 'observer'] } as never;
    expect([isAllowed(roles, 'read'), isAllowed(roles, 'write')]).toEqual([true, false]);
  });

  it('ACC-15 let in what a member pays for', async () => {
    const chain = await sampleChain();
    const door = await open({ policy: 'chain', chain });
    const sponsor = async (account: string, by: string): Promise<void> => {
      const data = { account, sponsor: by, cap: '1.0000 XST', period_sec: 3600 };
      const action = makeAction(chain, 'snap.fees', 'setsponsor', account, data);
      await push(chain, [
        { ...action, authorization: [account, by].map((actor) => ({ actor: name(actor), permission: names.active })) },
      ]);
    };
    const submit = async (payer: string) => {
      const packed = transactionOf(chain, payer);
      const body = JSON.stringify(packedTransactionSchema.toJson(decode(packedTransactionSchema, packed)));
      const single = outcome(await door.ask(send, undefined, { method: 'POST', body }));
      const list = outcome(
        await door.ask('/v1/chain/push_transactions', undefined, { method: 'POST', body: `[${body}]` }),
      );
      const framed = Buffer.concat([lengthOf(packed), packed, lengthOf(packed), packed]);
      const many = outcome(await door.ask(bulk, undefined, { method: 'POST', body: framed }));
      return [single, list, many];
    };
    expect(await submit('bob')).toEqual(['missing', 'missing', 'missing']);
    await sponsor('bob', 'alice');
    expect(await submit('bob')).toEqual(['missing', 'missing', 'missing']);
    await consortium.member({ account: 'alice' });
    expect(await submit('bob')).toEqual(['admitted', 'admitted', 'admitted']);
    expect(await submit('alice')).toEqual(['missing', 'missing', 'missing']);
    const framed = (count: number): Uint8Array => {
      const packed = transactionOf(chain, 'bob');
      return Buffer.concat(Array.from({ length: count }, () => [lengthOf(packed), packed]).flat());
    };
    const flood = async (count: number) =>
      outcome(await door.ask(bulk, undefined, { method: 'POST', body: framed(count) }));
    expect([await flood(16), await flood(33)]).toEqual(['admitted', 'missing']);
    const strict = await open({ policy: 'members', chain });
    const body = JSON.stringify(
      packedTransactionSchema.toJson(decode(packedTransactionSchema, transactionOf(chain, 'bob'))),
    );
    expect(outcome(await strict.ask(send, undefined, { method: 'POST', body }))).toBe('missing');
  });

  it('ACC-16 bound the rate of a certificate and of an organisation', async () => {
    const rates = {
      certificateRatePerSecond: 0.01,
      certificateRateBurst: 2,
      organisationRatePerSecond: 0.01,
      organisationRateBurst: 3,
    };
    const door = await open({ options: rates });
    const [first, second, south] = await Promise.all([
      consortium.member(),
      consortium.member(),
      consortium.member({ ca: consortium.south }),
    ]);
    const ask = async (member: TestMember) => door.ask(info, await door.token(member, info));
    const seen: string[] = [];
    for (const member of [first, first, first, second, second, south]) seen.push(outcome(await ask(member)));
    expect(seen).toEqual(['admitted', 'admitted', 'rate_limited', 'admitted', 'rate_limited', 'admitted']);
    const late = await ask(first);
    expect(late.status).toBe(429);
    expect(Number(late.headers.get('retry-after'))).toBeGreaterThan(10);
    expect(late.json.error).toMatchObject({ transient: true });
    expect(outcome(await door.askTls(info, first))).toBe('rate_limited');
    // Guessing costs the address more than asking.
    const guessed = await open({ options: { ratePerSecond: 0.01, rateBurst: 10 } });
    expect([outcome(await guessed.ask(info, 'x')), outcome(await guessed.ask(info, 'x'))]).toEqual([
      'malformed',
      'malformed',
    ]);
    expect((await guessed.ask('/v1/snap/get_access')).status).toBe(429);
  });

  it('ACC-2 tell the node who asks', async () => {
    const seen: string[] = [];
    const door = await open({
      policy: 'chain',
      observer: {
        admitted: (by, member) => seen.push(`${by} ${member?.account ?? 'nobody'}`),
        refused: (by, route, { code }) => seen.push(`${by} ${route} ${code}`),
      },
    });
    const { client } = who as { client: TestMember };
    await door.ask(info);
    await door.ask(info, await door.token(client, info));
    await door.askTls(info, client);
    await door.ask(info, 'x');
    await door.askTls(info, await consortium.member({ row: { status: 2 } }));
    expect(seen).toEqual([
      'none nobody',
      'token clientx',
      'tls clientx',
      `token ${info} malformed`,
      `tls ${info} revoked`,
    ]);
    expect(door.server.access.membersSeen()).toBe(1);
  });
});

function lengthOf({ length }: Uint8Array): Uint8Array {
  return length < 128 ? Uint8Array.of(length) : Uint8Array.of((length & 127) | 128, length >> 7);
}
