import { request as requestHttp } from 'node:http';
import { Agent, get, request as requestHttps } from 'node:https';
import { setTimeout as pause } from 'node:timers/promises';
import { streamEvents } from '@snapscale/api';
import { decode, name, packedTransactionSchema } from '@snapscale/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeAction, makeTransaction, sampleChain, signedBytes } from '../testing/sample-chain.js';
import { refused } from './admit.js';
import { defaultReplayBounds, ReplayCache } from './replay-cache.js';
import { MemberSessions, type Standing } from './sessions.js';
import { type MemberWish, TestConsortium, TestDoor, type TestMember } from './testing/test-consortium.js';

/** Waits until it holds. */
const soon = <T>(value: () => T) => expect.poll(value, { interval: 5, timeout: 10_000 });

let consortium: TestConsortium;
let door: TestDoor;

/** Changes a member's row as the contract would, with the next final block. */
function change(member: TestMember, row: Exclude<MemberWish['row'], false | undefined>): void {
  consortium.enter(member, consortium.north, row);
  consortium.changed();
  door.chain.finalize(door.chain.head);
}

describe('what is open in the name of a member', () => {
  beforeEach(async () => {
    consortium = await TestConsortium.create();
  });

  afterEach(() => door.server.close());

  it('ACC-17 ends with it: event streams, at the token door', async () => {
    door = await TestDoor.open(consortium, { policy: 'members' });
    const [member, other] = await Promise.all([consortium.member(), consortium.member()]);
    const target = '/v1/stream?topics=blocks';
    const follow = async (of: TestMember) => {
      const headers = { authorization: `Bearer ${await door.token(of, target)}` };
      const seen: string[] = [];
      const done = (async () => {
        const options = { url: door.server.url, fetch, headers };
        for await (const event of streamEvents(options, { topics: ['blocks'] })) {
          seen.push(event.kind === 'dropped' ? event.reason : event.kind);
        }
      })().catch(() => undefined);
      return { seen, done };
    };
    const ended = await follow(member);
    const going = await follow(other);
    await soon(() => door.server.openStreams()).toBe(2);
    change(member, { status: 2 });
    await ended.done;
    expect(ended.seen.at(-1)).toMatch(/^revoked: .*is revoked$/);
    door.chain.produce();
    await soon(() => going.seen).toEqual(['block']);
    expect(door.server.access.sessions).toBe(1);
    await door.server.close();
    await going.done;
  });

  it('ACC-17 ends with it: connections with a client certificate, and no others', async () => {
    door = await TestDoor.open(consortium);
    const [member, other] = await Promise.all([consortium.member(), consortium.member()]);
    const connect = (of: TestMember) => {
      const agent = new Agent({
        keepAlive: true,
        maxSockets: 1,
        cert: of.pem,
        key: of.keyPem,
        rejectUnauthorized: false,
      });
      const options = { host: '127.0.0.1', port: door.server.tlsPort, path: '/v1/chain/get_info', agent };
      const socket = new Promise<{ readonly status: number | undefined; readonly isOpen: () => boolean }>(
        (resolve, reject) => {
          get(options, (response) => {
            const { socket } = response;
            response.resume();
            response.on('end', () => resolve({ status: response.statusCode, isOpen: () => !socket.destroyed }));
          }).on('error', reject);
        },
      );
      return { socket, agent };
    };
    const ended = connect(member);
    const going = connect(other);
    const [first, second] = await Promise.all([ended.socket, going.socket]);
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(door.server.access.sessions).toBe(2);
    change(member, { validUntilSec: 1_700_000_000 });
    await soon(first.isOpen).toBe(false);
    expect(second.isOpen()).toBe(true);
    ended.agent.destroy();
    going.agent.destroy();
    await soon(() => door.server.access.sessions).toBe(0);
  });

  it('ACC-17 ends at once when it ended between the check and the opening', async () => {
    door = await TestDoor.open(consortium);
    const member = await consortium.member();
    const target = '/v1/stream';
    const authorization = `Bearer ${await door.token(member, target)}`;
    const control = door.server.access;
    const arrival = {
      route: 'read',
      isLocal: false,
      authorization,
      socket: undefined as never,
      method: 'GET',
      target,
    } as const;
    const begun = await control.begin(arrival);
    if ('code' in begun) throw new Error(begun.code);
    change(member, { status: 2 });
    const code = await new Promise((resolve) => control.follow(begun, (refusal) => resolve(refusal.code)));
    expect(code).toBe('revoked');
  });

  it.each(['token', 'tls'] as const)('ACC-17 ends with it: requests whose body is on its way, by %s', async (kind) => {
    const chain = await sampleChain();
    door = await TestDoor.open(consortium, { policy: 'chain', chain });
    const member = await consortium.member();
    const data = { from: 'alice', to: 'bob', quantity: '0.0001 XST', memo: '' };
    const action = makeAction(chain, 'eosio.token', 'transfer', 'alice', data);
    const packed = signedBytes(chain, makeTransaction(chain, [action]));
    const body = JSON.stringify(packedTransactionSchema.toJson(decode(packedTransactionSchema, packed)));
    const path = '/v1/chain/push_transaction';
    const token = await door.token(member, path, { method: 'POST', body: Buffer.from(body) });
    const { port } = new URL(door.server.url);
    const asked =
      kind === 'token'
        ? requestHttp({ port, path, method: 'POST', headers: { authorization: `Bearer ${token}` } })
        : requestHttps({
            port: door.server.tlsPort,
            path,
            method: 'POST',
            cert: member.pem,
            key: member.keyPem,
            rejectUnauthorized: false,
            agent: false,
          });
    const began = new Promise<void>((resolve) => {
      const { begin } = door.server.access;
      door.server.access.begin = async (arrival) => {
        const begun = await begin.call(door.server.access, arrival);
        resolve();
        return begun;
      };
    });
    const status = new Promise<number | undefined>((resolve, reject) => {
      asked.on('response', (response) => resolve(response.resume().statusCode)).on('error', reject);
    });
    asked.write(body.slice(0, 10));
    await began;
    change(member, { status: 2 });
    asked.end(body.slice(10));
    expect(await status).toBe(401);
  });

  it('ACC-17 ends with it: what a role allows, also between the check and the transaction', async () => {
    door = await TestDoor.open(consortium, { policy: 'chain', chain: await sampleChain() });
    const member = await consortium.member();
    const target = '/v1/snap/submit';
    const authorization = `Bearer ${await door.token(member, target, { method: 'POST' })}`;
    const arrival = {
      route: 'write',
      isLocal: false,
      authorization,
      socket: undefined as never,
      method: 'POST',
      target,
    };
    const control = door.server.access;
    const begun = await control.begin(arrival as Parameters<typeof control.begin>[0]);
    if ('code' in begun) throw new Error(begun.code);
    expect(control.refuseTransaction(begun, () => name('alice'))).toBeUndefined();
    consortium.state.role('client', 'read');
    consortium.changed();
    door.chain.finalize(door.chain.head);
    expect(control.refuseTransaction(begun, () => name('alice'))?.code).toBe('role');
  });

  it('ACC-17 ends with it: requests that wait, also of nobody when reading is closed', async () => {
    const chain = await sampleChain();
    door = await TestDoor.open(consortium, { policy: 'chain', chain });
    const member = await consortium.member();
    const transfer = { from: 'alice', to: 'bob', quantity: '0.0001 XST', memo: '' };
    const packed = signedBytes(
      chain,
      makeTransaction(chain, [makeAction(chain, 'eosio.token', 'transfer', 'alice', transfer)]),
    );
    const transaction = packedTransactionSchema.toJson(decode(packedTransactionSchema, packed));
    const body = JSON.stringify({ transaction, retry_trx: true });
    const target = '/v1/chain/send_transaction2';
    const token = await door.token(member, target, { method: 'POST', body: Buffer.from(body) });
    const waiting = door.ask(target, token, { method: 'POST', body });
    const stream = fetch(`${door.server.url}/v1/stream`).then((response) => response.text());
    await soon(() => door.server.access.sessions).toBe(2);
    consortium.changed(1);
    change(member, { status: 2 });
    expect(await waiting).toMatchObject({ status: 401, json: { code: 'revoked', reason: 'certificate_revoked' } });
    consortium.changed(1);
    chain.finalize(chain.head);
    expect(await stream).toContain('missing');
  });
});

describe('sessions', () => {
  it('ACC-17 are cut when a certificate expires, without a block', async () => {
    let nowMs = 1000;
    const sessions = new MemberSessions(() => nowMs);
    const cuts: string[] = [];
    const end: { standing: Standing } = { standing: refused('certificate_validity') };
    sessions.open(
      'a',
      nowMs + 20,
      () => end.standing,
      ({ code }) => cuts.push(`a ${code}`),
    );
    const release = sessions.open(
      'b',
      nowMs + 20,
      () => end.standing,
      ({ code }) => cuts.push(`b ${code}`),
    );
    sessions.open(
      'c',
      Number.POSITIVE_INFINITY,
      () => ({ kind: 'valid', validUntilMs: Number.POSITIVE_INFINITY }),
      () => cuts.push('c'),
    );
    release();
    nowMs += 30;
    await soon(() => cuts).toEqual(['a certificate_validity']);
    expect(sessions.size).toBe(1);
    sessions.close();
  });

  it('ACC-17 are looked at in slices, so that many do not hold up requests', async () => {
    const sessions = new MemberSessions(() => 0);
    let cut = 0;
    const busy = (): Standing => {
      const endMs = performance.now() + 0.2;
      while (performance.now() < endMs);
      return refused('revoked');
    };
    for (let i = 0; i < 200; i++) sessions.open(String(i), Number.POSITIVE_INFINITY, busy, () => cut++);
    sessions.recheck();
    expect(cut).toBeLessThan(200);
    // Another change meanwhile begins the round anew, and leaves nobody out.
    sessions.recheck();
    await soon(() => cut).toBe(200);
    expect(sessions.size).toBe(0);
    await pause(0);
    sessions.close();
  });
});

describe('used tokens', () => {
  it('ACC-12 are remembered until they expire', () => {
    const cache = new ReplayCache();
    expect(cache.use('a', 'id', 100, 50)).toBe('new');
    expect(cache.use('a', 'id', 100, 51)).toBe('replayed');
    expect(cache.use('a', 'id', 110, 99)).toBe('replayed');
    expect(cache.use('b', 'id', 100, 99)).toBe('new');
    expect(cache.use('a', 'other', 160, 101)).toBe('new');
    expect(cache.size).toBe(1);
  });

  it('ACC-12 of one certificate do not push out those of another', () => {
    const cache = new ReplayCache({ perCertificateMax: 50, totalMax: 100 });
    cache.use('quiet', 'id', 100, 50);
    const count = (certificate: string) =>
      Array.from({ length: 80 }, (_, i) => cache.use(certificate, String(i), 100, 50)).filter(
        (verdict) => verdict === 'new',
      ).length;
    expect([count('a'), count('b'), count('c')]).toEqual([50, 49, 25]);
    expect(cache.use('quiet', 'id', 100, 50)).toBe('replayed');
    expect(cache.use('quiet', 'next', 100, 50)).toBe('new');
    expect(cache.use('a', '0', 100, 50)).toBe('replayed');
    expect(cache.use('a', 'more', 160, 101)).toBe('new');
    expect(defaultReplayBounds.perCertificateMax).toBeGreaterThan(60 * 200);
  });
});
