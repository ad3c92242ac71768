import { connect as connectTcp } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { decode, type HelloBody, type PeerMessage, peerMessageSchema } from '@snapscale/protocol';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { DevelopmentAuthority } from './development-authority.js';
import { PeerFault } from './faults.js';
import { encodeFrame, FrameReader } from './frames.js';
import { bindingOf, makeHello } from './greeting.js';
import { type Identity, openIdentity, type PeerRole } from './identity.js';
import { type NetworkLimits, type NetworkOptions, type PeerInfo, PeerNetwork } from './network.js';

const chainId = new Uint8Array(32).fill(7);
const point = { num: 1, id: new Uint8Array(32), slot: 5 };
const status = { head: point, final: point, earliestBlockNum: 1 };

let authority: DevelopmentAuthority;
let stranger: DevelopmentAuthority;
const running: Node[] = [];
const sockets: { destroy(): void }[] = [];

beforeAll(async () => {
  authority = await DevelopmentAuthority.create('Authority', Date.now());
  stranger = await DevelopmentAuthority.create('Stranger', Date.now());
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(running.splice(0).map(({ network }) => network.close()));
});

/** A network end that keeps what happened to it. */
class Node {
  readonly network: PeerNetwork;
  readonly connected: PeerInfo[] = [];
  readonly disconnected: { readonly node: string; readonly fault: PeerFault }[] = [];
  readonly received: { readonly node: string; readonly message: PeerMessage }[] = [];
  readonly events: { readonly name: string; readonly detail: Readonly<Record<string, string | number>> }[] = [];
  port = 0;
  refused = new Set<string>();

  constructor(identity: Identity, overrides: Partial<NetworkOptions> = {}) {
    this.network = new PeerNetwork({
      identity,
      chainId,
      peers: [],
      nowMs: Date.now,
      random: () => 0.5,
      hello,
      refusal: ({ node }) =>
        this.refused.has(node) ? new PeerFault('not_admitted', `the certificate of ${node} was revoked`) : undefined,
      connected: (peer) => this.connected.push(peer),
      disconnected: (node, fault) => this.disconnected.push({ node, fault }),
      received: (node, message) => this.received.push({ node, message }),
      event: (name, detail) => this.events.push({ name, detail }),
      ...overrides,
    });
  }

  async listen(): Promise<this> {
    this.port = await this.network.listen(0, '127.0.0.1');
    running.push(this);
    return this;
  }

  refusals(): string[] {
    return this.events.filter(({ name }) => name === 'peer-refused').map(({ detail }) => String(detail.reason));
  }
}

const hello = (): Omit<HelloBody, 'chainId' | 'clockMs'> => ({
  versionMin: 1,
  versionMax: 1,
  agent: 'test',
  listens: undefined,
  status,
});

function issue(node: string, options: { roles?: readonly PeerRole[]; validDays?: number } = {}): Promise<Identity> {
  return authority.issue({ node, organisation: node, roles: ['producer'], nowMs: Date.now(), ...options });
}

async function start(
  node: string,
  peers: readonly Node[] = [],
  overrides: Partial<NetworkOptions> = {},
): Promise<Node> {
  const known = peers.map(({ port }) => ({ address: `127.0.0.1:${port}`, node: undefined, configured: true }));
  return new Node(await issue(node), { peers: known, ...overrides }).listen();
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** A TLS connection with a certificate of its own, which says whatever it is told. */
async function dial(target: Node, identity: Identity): Promise<TLSSocket> {
  const socket = connectTls({
    host: '127.0.0.1',
    port: target.port,
    cert: identity.certificate,
    key: identity.privateKey,
    ca: [...identity.authorities],
    minVersion: 'TLSv1.3',
    checkServerIdentity: () => undefined,
  });
  socket.on('error', () => {});
  sockets.push(socket);
  await new Promise<void>((resolve) => socket.once('secureConnect', resolve));
  return socket;
}

function helloOf(identity: Identity, socket: TLSSocket, changes: Partial<HelloBody> = {}, dialled = true): Uint8Array {
  const body = { ...hello(), chainId, clockMs: BigInt(Date.now()), ...changes };
  return encodeFrame(makeHello(body, openIdentity(identity).key, bindingOf(socket), dialled));
}

/** Why the target ends the connection, as it says itself. */
async function goodbye(socket: TLSSocket): Promise<string> {
  const reader = new FrameReader();
  return new Promise((resolve) => {
    socket.on('data', (chunk: Uint8Array) => {
      for (const bytes of reader.push(chunk)) {
        const message = decode(peerMessageSchema, bytes);
        if (message.kind === 'goodbye') resolve(message.goodbye.code);
      }
    });
    socket.on('close', () => resolve('closed'));
  });
}

describe('connections', () => {
  it('are opened, carry messages both ways, and measure round-trip times', async () => {
    const alpha = await start('alpha');
    const beta = await start('beta', [alpha], { limits: { pingIntervalMs: 20 } });
    await until(() => alpha.connected.length === 1 && beta.connected.length === 1);
    expect(alpha.connected[0]).toMatchObject({
      node: 'beta',
      organisation: 'beta',
      roles: ['producer'],
      dialled: false,
    });
    const vote = Uint8Array.of(1, 2, 3);
    alpha.network.send('beta', { kind: 'vote', vote });
    beta.network.broadcast({ kind: 'transactions', transactions: [Uint8Array.of(9)] }, undefined, true);
    await until(() => alpha.received.length > 0 && beta.received.length > 0);
    expect(beta.received[0]).toEqual({ node: 'alpha', message: { kind: 'vote', vote } });
    expect(alpha.received[0]!.message).toEqual({ kind: 'transactions', transactions: [Uint8Array.of(9)] });
    await until(() => beta.network.peers[0]?.roundTripMs !== undefined);
  });

  it('hold up what is sent where measurements ask for it, and keep its order', async () => {
    const limits = { sendDelayMs: 15, pingIntervalMs: 20 };
    const alpha = await start('alpha', [], { limits });
    const beta = await start('beta', [alpha], { limits });
    await until(() => beta.connected.length === 1 && alpha.connected.length === 1);
    for (let i = 0; i < 20; i++) beta.network.send('alpha', { kind: 'vote', vote: Uint8Array.of(i) });
    await until(() => alpha.received.length === 20);
    expect(alpha.received.map(({ message }) => message.kind === 'vote' && message.vote[0])).toEqual(
      Array.from({ length: 20 }, (_, i) => i),
    );
    await until(() => beta.network.peers[0]?.roundTripMs !== undefined);
    // Timers may end a little early.
    expect(beta.network.peers[0]!.roundTripMs).toBeGreaterThanOrEqual(2 * 15 - 4);
  });

  it('carry messages of the greatest size', async () => {
    const alpha = await start('alpha');
    const beta = await start('beta', [alpha]);
    await until(() => beta.connected.length === 1);
    const block = new Uint8Array(8 * 1024 * 1024).fill(5);
    beta.network.broadcast({ kind: 'block', block });
    await until(() => alpha.received.length === 1);
    const { message } = alpha.received[0]!;
    expect(message.kind === 'block' && Buffer.compare(message.block, block)).toBe(0);
  });

  it('are one between two nodes that open one to each other at the same time', async () => {
    const nodes = await Promise.all(['alpha', 'beta', 'gamma'].map((node) => start(node)));
    for (const node of nodes) {
      for (const other of nodes) {
        if (other === node) continue;
        node.network.addAddress({ address: `127.0.0.1:${other.port}`, node: undefined, configured: true });
      }
    }
    await until(() => nodes.every(({ network }) => network.peers.length === 2));
    for (const node of nodes) {
      expect(node.network.peers.map((peer) => peer.node).sort()).toEqual(
        nodes.filter((other) => other !== node).map(({ network }) => network.self.node),
      );
    }
    // What is sent while one connection takes the other's place may be lost: consensus repeats what counts.
    await until(() => {
      nodes[0]!.network.broadcast({ kind: 'vote', vote: Uint8Array.of(1) });
      return nodes[1]!.received.length > 0 && nodes[2]!.received.length > 0;
    });
  });

  it('come back when the other node does', async () => {
    const alpha = await start('alpha');
    const beta = await start('beta', [alpha]);
    await until(() => beta.connected.length === 1);
    await alpha.network.close();
    await until(() => beta.disconnected.length === 1);
    expect(beta.disconnected[0]!.fault.code).toBe('shutting_down');
    const again = new Node(await issue('alpha'));
    await again.network.listen(alpha.port, '127.0.0.1');
    running.push(again);
    await until(() => beta.connected.length === 2);
  });

  it('are not made with oneself', async () => {
    const alpha = await start('alpha');
    alpha.network.addAddress({ address: `127.0.0.1:${alpha.port}`, node: undefined, configured: true });
    alpha.network.addAddress({ address: `localhost:${alpha.port}`, node: undefined, configured: false });
    await until(() => alpha.network.addresses.length === 1);
    // One that was configured may lead to another node again: it is left alone for a while only (L2).
    await until(() => alpha.network.addresses[0]!.lastFault?.includes('the node itself') === true);
    expect(alpha.connected).toEqual([]);
  });

  it('L2: are tried again where somebody answers with the own name', async () => {
    const alpha = await start('alpha');
    const namesake = await start('alpha', [alpha]);
    await until(() => namesake.network.addresses[0]!.failures > 0);
    expect(namesake.network.addresses[0]!.lastFault).toContain('this node is called alpha, too');
    expect([...alpha.connected, ...namesake.connected]).toEqual([]);
  });

  it('end at once when a member is put out, and it is not let in again', async () => {
    const alpha = await start('alpha');
    const beta = await start('beta', [alpha]);
    await until(() => alpha.connected.length === 1 && beta.connected.length === 1);
    alpha.refused.add('beta');
    alpha.network.recheckMembers();
    await until(() => beta.disconnected.length > 0);
    expect(beta.disconnected[0]!.fault).toMatchObject({
      code: 'not_admitted',
      message: expect.stringContaining('revoked'),
    });
    await until(() => alpha.refusals().some((reason) => reason.includes('revoked')));
    expect(alpha.network.peers).toEqual([]);
  });
});

describe('several connections of one node', () => {
  const told = encodeFrame({ kind: 'status', status });
  const ended = new Map<TLSSocket, Promise<string>>();

  /** Opens one and greets; it counts once the node has counted it. */
  async function open(target: Node, identity: Identity): Promise<TLSSocket> {
    const socket = await dial(target, identity);
    const reader = new FrameReader();
    let greeted = (): void => {};
    const isGreeted = new Promise<void>((resolve) => (greeted = resolve));
    ended.set(
      socket,
      new Promise((resolve) => {
        socket.on('data', (chunk: Uint8Array) => {
          for (const bytes of reader.push(chunk)) {
            const message = decode(peerMessageSchema, bytes);
            // The node asks for an answer as soon as it counts the connection as open.
            if (message.kind === 'ping') greeted();
            if (message.kind === 'goodbye') resolve(message.goodbye.code);
          }
        });
        socket.on('close', () => resolve('closed'));
      }),
    );
    socket.write(helloOf(identity, socket));
    await Promise.race([isGreeted, ended.get(socket)]);
    return socket;
  }

  it('H3: are all counted, also when one in the middle ends', async () => {
    const alpha = await start('alpha');
    const eve = await issue('eve');
    const first = await open(alpha, eve);
    first.write(told);
    await until(() => alpha.received.length === 1);
    const middle = await open(alpha, eve);
    const last = await open(alpha, eve);
    middle.destroy();
    await until(() => alpha.network.connections === 2);
    last.write(told);
    expect(await ended.get(first)).toBe('duplicate_connection');
    last.destroy();
    await until(() => alpha.disconnected.length === 1);
    first.destroy();
    await until(() => alpha.network.connections === 0);
  });

  it('end together when the node is put out, the retired ones too', async () => {
    const alpha = await start('alpha');
    const eve = await issue('eve');
    const first = await open(alpha, eve);
    const second = await open(alpha, eve);
    second.write(told);
    expect(await ended.get(first)).toBe('duplicate_connection');
    expect(alpha.network.connections).toBe(2);
    alpha.refused.add('eve');
    alpha.network.recheckMembers();
    expect(alpha.network.connections).toBe(0);
    first.write(told);
    expect(await ended.get(second)).toBe('not_admitted');
    expect(alpha.received).toHaveLength(1);
  });

  it('are no more than a few as long as it uses none of them', async () => {
    const alpha = await start('alpha');
    const eve = await issue('eve');
    for (let i = 0; i < 4; i++) await open(alpha, eve);
    expect(await ended.get(await open(alpha, eve))).toBe('duplicate_connection');
    expect(alpha.network.connections).toBe(4);
  });

  it('C1: with two certificates: what the holder of one does wrong is not held against that of the other', async () => {
    const alpha = await start('alpha');
    const [eve, other] = [await issue('eve'), await issue('eve')];
    await open(alpha, eve);
    const fake = await open(alpha, other);
    fake.write(Uint8Array.of(0, 0, 0, 1, 250));
    expect(await ended.get(fake)).toBe('malformed');
    expect(await goodbye(await dial(alpha, other))).toBe('banned');
    await open(alpha, eve);
    expect(alpha.network.isConnected('eve')).toBe(true);
    // What the core finds later counts for the certificate that was shown last.
    alpha.network.blame('eve', new PeerFault('false_data', 'made up'));
    expect(await goodbye(await dial(alpha, eve))).toBe('banned');
  });
});

describe('who is not let in', () => {
  it.each([
    [
      'a certificate of another authority',
      'untrusted',
      () => stranger.issue({ node: 'eve', organisation: 'eve', roles: ['producer'], nowMs: Date.now() }),
    ],
    ['an expired certificate', 'certificate_expired', () => issue('eve', { validDays: -1 })],
    ['a certificate without a role for nodes', 'wrong_role', () => issue('eve', { roles: ['device'] })],
  ])('%s', async (_, code, identity) => {
    const alpha = await start('alpha');
    const eve = await identity();
    const socket = await dial(alpha, { ...eve, authorities: [authority.certificate] });
    expect(await goodbye(socket)).toBe(code);
    await until(() => alpha.refusals().length === 1);
    expect(alpha.connected).toEqual([]);
  });

  it('no certificate', async () => {
    const alpha = await start('alpha');
    const socket = connectTls({
      host: '127.0.0.1',
      port: alpha.port,
      ca: [authority.certificate],
      checkServerIdentity: () => undefined,
    });
    sockets.push(socket);
    expect(await goodbye(socket)).toBe('not_admitted');
    expect(alpha.connected).toEqual([]);
  });

  it('a node whose authority this one does not trust', async () => {
    const alpha = await start('alpha');
    const identity = await issue('beta');
    const beta = await new Node(
      { ...identity, authorities: [stranger.certificate] },
      { peers: [{ address: `127.0.0.1:${alpha.port}`, node: 'alpha', configured: true }] },
    ).listen();
    await until(() => beta.events.some(({ name }) => name === 'dial-failed'));
    expect(beta.connected).toEqual([]);
  });

  it('a node that answers under another name than the configured one', async () => {
    const alpha = await start('alpha');
    const beta = await new Node(await issue('beta'), {
      peers: [{ address: `127.0.0.1:${alpha.port}`, node: 'gamma', configured: true }],
    }).listen();
    await until(() => beta.events.some(({ name }) => name === 'dial-failed'));
    expect(beta.network.addresses[0]!.lastFault).toContain('answers as alpha, not as gamma');
  });

  it.each<[string, string, Partial<HelloBody>]>([
    ['another chain', 'wrong_chain', { chainId: new Uint8Array(32).fill(8) }],
    ['only later versions', 'version', { versionMin: 9, versionMax: 12 }],
    ['a clock of yesterday', 'timeout', { clockMs: BigInt(Date.now() - 86_400_000) }],
    ['the greatest clock', 'timeout', { clockMs: 0xffff_ffff_ffff_ffffn }],
  ])('a node with %s', async (_, code, changes) => {
    const alpha = await start('alpha');
    const eve = await issue('eve');
    const socket = await dial(alpha, eve);
    const answer = goodbye(socket);
    socket.write(helloOf(eve, socket, changes));
    expect(await answer).toBe(code);
  });

  it('a greeting of another session, of another key, or sent back to its author', async () => {
    const alpha = await start('alpha', [], { limits: {} });
    const eve = await issue('eve');
    const mallory = await issue('mallory');
    const first = await dial(alpha, eve);
    const recorded = helloOf(eve, first);
    for (const [identity, frame] of [
      [eve, () => recorded],
      [mallory, (socket: TLSSocket) => helloOf(eve, socket)],
      [await issue('trudy'), undefined],
    ] as const) {
      const socket = await dial(alpha, identity);
      const answer = goodbye(socket);
      socket.write(frame === undefined ? helloOf(identity, socket, {}, false) : frame(socket));
      expect(await answer).toBe('bad_signature');
    }
    expect(alpha.connected).toEqual([]);
  });

  it('who misbehaved a moment ago', async () => {
    const alpha = await start('alpha');
    const eve = await issue('eve');
    const first = await dial(alpha, eve);
    const answer = goodbye(first);
    first.write(Uint8Array.of(0, 0, 0, 1, 255));
    expect(await answer).toBe('malformed');
    expect(await goodbye(await dial(alpha, eve))).toBe('banned');
  });
});

describe('what a peer may not do', () => {
  async function attacked(
    limits: Partial<NetworkLimits> = {},
  ): Promise<{ alpha: Node; friend: Node; socket: TLSSocket; eve: Identity }> {
    const alpha = await start('alpha', [], { limits });
    const friend = await start('friend', [alpha]);
    const eve = await issue('eve');
    const socket = await dial(alpha, eve);
    await until(() => alpha.connected.length === 1);
    return { alpha, friend, socket, eve };
  }

  const greetings: readonly [string, string, (eve: Identity, socket: TLSSocket) => Uint8Array][] = [
    ['noise', 'malformed', () => new Uint8Array(1000).fill(0xaa)],
    ['a length beyond its kind', 'malformed', () => Uint8Array.of(0x7f, 255, 255, 255, 6, 1, 2)],
    ['a message without bytes', 'malformed', () => Uint8Array.of(0, 0, 0, 0, 2)],
    ['an HTTP request', 'malformed', () => new TextEncoder().encode('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
    ['a block before its greeting', 'unexpected', () => encodeFrame({ kind: 'block', block: new Uint8Array(10) })],
    ['two greetings', 'unexpected', (eve, socket) => Buffer.concat([helloOf(eve, socket), helloOf(eve, socket)])],
    [
      'an answer to no ping',
      'unexpected',
      (eve, socket) => Buffer.concat([helloOf(eve, socket), encodeFrame({ kind: 'pong', pong: { nonce: 77n } })]),
    ],
    [
      'a truncated message',
      'malformed',
      (eve, socket) => Buffer.concat([helloOf(eve, socket), Uint8Array.of(0, 0, 0, 3, 12, 0, 0)]),
    ],
    [
      'bytes behind a message',
      'malformed',
      (eve, socket) => Buffer.concat([helloOf(eve, socket), Uint8Array.of(0, 0, 0, 10, 2, 1, 0, 0, 0, 0, 0, 0, 0, 9)]),
    ],
  ];
  it.each(greetings)('send %s', async (_, code, bytes) => {
    const { alpha, friend, socket, eve } = await attacked();
    const answer = goodbye(socket);
    socket.write(bytes(eve, socket));
    expect(await answer).toBe(code);
    friend.network.broadcast({ kind: 'vote', vote: Uint8Array.of(1) });
    await until(() => alpha.received.some(({ message }) => message.kind === 'vote'));
  });

  it('flood with messages', async () => {
    const { alpha, socket, eve } = await attacked({ receiveMessagesPerSecond: 500 });
    const answer = goodbye(socket);
    socket.write(helloOf(eve, socket));
    const flood = Buffer.concat(Array.from({ length: 600 }, () => encodeFrame({ kind: 'ping', ping: { nonce: 1n } })));
    socket.write(flood);
    expect(await answer).toBe('flooding');
    expect(alpha.network.isConnected('friend')).toBe(true);
  });

  it('say nothing after the handshake', async () => {
    const { socket } = await attacked({ greetingMsMax: 50, pingIntervalMs: 20 });
    expect(await goodbye(socket)).toBe('timeout');
  });

  it('never answer', async () => {
    const { alpha, socket, eve } = await attacked({ silenceMsMax: 200, pingIntervalMs: 20 });
    socket.write(helloOf(eve, socket));
    await until(() => alpha.disconnected.some(({ node }) => node === 'eve'));
    expect(alpha.disconnected[0]!.fault.code).toBe('timeout');
    expect(alpha.network.isConnected('friend')).toBe(true);
  });

  it('take nothing of what is sent', async () => {
    const { alpha, socket, eve } = await attacked({ sendBytesMax: 20 << 20 });
    socket.write(helloOf(eve, socket));
    await until(() => alpha.network.isConnected('eve'));
    socket.pause();
    const block = new Uint8Array(4 << 20);
    for (let i = 0; i < 20 && alpha.network.isConnected('eve'); i++) {
      alpha.network.send('eve', { kind: 'block', block });
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(alpha.disconnected[0]!.fault.code).toBe('does_not_read');
    expect(alpha.network.isConnected('friend')).toBe(true);
  });

  it('take the places of others with nodes of its organisation', async () => {
    const alpha = await start('alpha', [], { limits: { guestsOfOrganisationMax: 2 } });
    const say = async (node: string, organisation: string, role: PeerRole = 'observer'): Promise<TLSSocket> => {
      const identity = await authority.issue({ node, organisation, roles: [role], nowMs: Date.now() });
      const socket = await dial(alpha, identity);
      socket.write(helloOf(identity, socket));
      return socket;
    };
    for (const node of ['west-1', 'west-2']) {
      await say(node, 'west');
      await until(() => alpha.network.isConnected(node));
    }
    expect(await goodbye(await say('west-3', 'west'))).toBe('too_many_peers');
    await say('west', 'west', 'producer');
    await say('east-1', 'east');
    await until(() => alpha.network.isConnected('west') && alpha.network.isConnected('east-1'));
    expect(alpha.network.peers).toHaveLength(4);
  });

  it('hold idle sockets, however many', async () => {
    const alpha = await start('alpha', [], { limits: { handshakesMax: 16 } });
    const idle = Array.from({ length: 400 }, () => connectTcp(alpha.port, '127.0.0.1'));
    let ended = 0;
    for (const socket of idle) {
      sockets.push(socket);
      socket.on('error', () => {});
      socket.on('close', () => ended++);
    }
    await until(() => ended >= idle.length - 16);
    const friend = await start('friend', [alpha]);
    await until(() => friend.connected.length === 1 && alpha.connected.length === 1);
  });
});
