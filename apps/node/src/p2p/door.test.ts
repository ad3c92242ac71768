/** The door for nodes, over real TLS, with a consortium on chain behind it. */
import { randomBytes } from 'node:crypto';
import { connect, Server, type TLSSocket } from 'node:tls';
import { decode, type PeerMessage, peerMessageSchema } from '@snapscale/protocol';
import { encodePem, newPrivateKey, privateKeyPem, signerOf } from '@snapscale/sdk/certificates';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Admission } from '../admission/admission.js';
import { type MemberWish, TestConsortium, type TestMember } from '../http/access/testing/test-consortium.js';
import type { PeerFault } from './faults.js';
import { FrameReader } from './frames.js';
import type { Identity } from './identity.js';
import { type NetworkLimits, PeerNetwork } from './network.js';

const point = { num: 1, id: new Uint8Array(32), slot: 5 };
const status = { head: point, final: point, earliestBlockNum: 1 };

let consortium: TestConsortium;
let aheadMs = 0;
const nowMs = (): number => Date.now() + aheadMs;
const running: Node[] = [];
const sockets: TLSSocket[] = [];

beforeEach(async () => {
  aheadMs = 0;
  consortium = await TestConsortium.create();
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(running.splice(0).map(({ network }) => network.close()));
});

/** A network end that keeps what happened to it. */
class Node {
  readonly admission: Admission;
  readonly network: PeerNetwork;
  readonly connected: string[] = [];
  readonly disconnected: PeerFault[] = [];
  readonly received: number[] = [];
  readonly events: { readonly name: string; readonly code: unknown; readonly reason: string }[] = [];
  /** How many connections it has greeted on. */
  greetings = 0;
  port = 0;

  constructor(identity: Identity, peers: readonly Node[], limits: Partial<NetworkLimits>) {
    const finalTimeSec = (): number => nowMs() / 1000;
    this.admission = new Admission({ state: consortium.state, finalTimeSec, authorities: identity.authorities, nowMs });
    this.network = new PeerNetwork({
      identity,
      admission: this.admission,
      chainId: new Uint8Array(32),
      peers: peers.map(({ port }) => ({ address: `127.0.0.1:${port}`, node: undefined, configured: true })),
      limits: { dialIntervalMs: 10, ...limits },
      nowMs,
      random: () => 0.5,
      hello: () => {
        this.greetings++;
        return { versionMin: 1, versionMax: 1, agent: 'test', listens: undefined, status };
      },
      refusal: () => undefined,
      connected: ({ node }) => this.connected.push(node),
      disconnected: (_, fault) => this.disconnected.push(fault),
      received: (_, message) => {
        if (message.kind === 'vote')
          this.received.push(new DataView(message.vote.buffer, message.vote.byteOffset).getUint32(0));
      },
      event: (name, { code, reason }) => this.events.push({ name, code, reason: String(reason) }),
    });
  }

  /** As the network thread does with each final block. */
  finalBlock(): void {
    if (this.admission.changed()) this.network.recheckMembers();
  }

  /** A message that carries a number. */
  say(number: number): void {
    const vote = new Uint8Array(4);
    new DataView(vote.buffer).setUint32(0, number);
    this.network.broadcast({ kind: 'vote', vote });
  }
}

function identityOf({ pem, keyPem }: TestMember): Identity {
  return { certificate: pem, privateKey: keyPem, authorities: [encodePem('CERTIFICATE', consortium.north.root.der)] };
}

async function start(
  node: string,
  peers: readonly Node[] = [],
  limits: Partial<NetworkLimits> = {},
): Promise<{ readonly node: Node; readonly member: TestMember }> {
  const member = await consortium.member({ roles: ['producer'], node });
  const started = new Node(identityOf(member), peers, limits);
  started.port = await started.network.listen(0, '127.0.0.1');
  running.push(started);
  return { node: started, member };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

/** Shows a certificate to a node. Returns the code with which it ends the connection. */
function shown(target: Node, identity: Identity): Promise<string> {
  const { certificate: cert, privateKey: key } = identity;
  const socket = connect({ host: '127.0.0.1', port: target.port, cert, key, rejectUnauthorized: false });
  sockets.push(socket);
  socket.on('error', () => {});
  const reader = new FrameReader();
  return new Promise((resolve) => {
    socket.on('data', (chunk: Uint8Array) => {
      for (const bytes of reader.push(chunk)) {
        const message: PeerMessage = decode(peerMessageSchema, bytes);
        resolve(message.kind === 'goodbye' ? message.goodbye.code : message.kind);
      }
    });
    socket.on('close', () => resolve('closed'));
  });
}

describe('NET-17: who comes to the door', () => {
  const alpha: MemberWish = { roles: ['producer'], node: 'north-eve' };
  const cases: readonly (readonly [string, () => Promise<TestMember>])[] = [
    ['hello', () => consortium.member(alpha)],
    ['certificate_revoked', () => consortium.member({ ...alpha, row: { status: 2 } })],
    ['unknown_certificate', () => consortium.member({ ...alpha, row: false })],
    ['certificate_expired', () => consortium.member({ ...alpha, nowMs: Date.now() - 3 * 86_400_000 })],
    ['not_yet_valid', () => consortium.member({ ...alpha, nowMs: Date.now() + 86_400_000 })],
    ['wrong_role', () => consortium.member({ roles: ['client'] })],
    ['untrusted', () => consortium.member({ ...alpha, ca: consortium.foreign })],
  ];
  it.each(cases)('hears %s', async (code, member) => {
    const { node } = await start('north-alpha');
    expect(await shown(node, identityOf(await member()))).toBe(code);
    expect(node.connected).toEqual([]);
    if (code !== 'hello') expect(node.network.refused).toEqual({ [code]: 1 });
  });

  it('C1: under the name of another organisation’s node is not let in, and that node is not blamed', async () => {
    const { node } = await start('north-alpha');
    const key = newPrivateKey('R1', (size) => new Uint8Array(randomBytes(size)));
    const { authority } = consortium.south;
    const grant = { roles: ['producer'], node: 'north-eve', lifeSec: 86_400, nowMs: Date.now() };
    const chain = [await authority.issue(signerOf(key).publicKey, grant), authority.certificate.der];
    const pem = chain.map((der) => encodePem('CERTIFICATE', der)).join('');
    const own = identityOf(await consortium.member(alpha));
    expect(await shown(node, { ...own, certificate: pem, privateKey: privateKeyPem(key) })).toBe('wrong_profile');
    expect(await shown(node, own)).toBe('hello');
  });

  it('with more certificates than anybody needs is not looked at', async () => {
    const { node } = await start('north-alpha');
    const identity = identityOf(await consortium.member(alpha));
    const issuing = encodePem('CERTIFICATE', consortium.north.authority.certificate.der);
    expect(await shown(node, { ...identity, certificate: identity.certificate + issuing.repeat(60) })).toBe(
      'not_admitted',
    );
    expect(node.events.at(-1)?.reason).toMatch(/the handshake has \d+ bytes, at most 16384 are read/);
  });

  it('with a certificate that is another’s does not get through TLS', async () => {
    const [own, other] = await Promise.all([consortium.member(alpha), consortium.member(alpha)]);
    const { node } = await start('north-alpha');
    const stolen = { ...identityOf(other), privateKey: own.keyPem };
    expect(() => shown(node, stolen)).toThrow(/key values mismatch/);
  });
});

describe('NET-21: an open connection ends', () => {
  async function pair() {
    const alpha = await start('north-alpha');
    const beta = await start('north-beta', [alpha.node]);
    await until(() => alpha.node.connected.length === 1 && beta.node.connected.length === 1);
    return { alpha, beta };
  }

  it.each([
    [
      'certificate_revoked',
      (beta: TestMember) => consortium.enter(beta, consortium.north, { status: 2, roles: ['producer'] }),
    ],
    ['organisation_expelled', () => consortium.state.organisation('north', { status: 2 })],
    ['organisation_suspended', () => consortium.state.organisation('north', { status: 1 })],
    ['wrong_role', () => consortium.state.organisation('north', { scope: ['client'] })],
  ])('with the final block that says %s', async (code, change) => {
    const { alpha, beta } = await pair();
    change(beta.member);
    alpha.node.finalBlock();
    expect(alpha.node.disconnected).toEqual([]);
    consortium.changed();
    alpha.node.finalBlock();
    expect(alpha.node.disconnected[0]?.code).toBe(code);
    await until(() => beta.node.events.some(({ name }) => name === 'refused-by-peer'));
    expect(beta.node.events.find(({ name }) => name === 'refused-by-peer')).toMatchObject({ code });
    // It is not let in again, and not blamed either: once the chain has changed its mind it is welcome.
    await until(() => (alpha.node.network.refused[code] ?? 0) > 0);
  });

  it('when the certificate does, without a block', async () => {
    const { alpha, beta } = await pair();
    aheadMs = 86_400_000;
    await until(() => alpha.node.disconnected.length > 0 && beta.node.disconnected.length > 0);
    expect(['certificate_expired', 'connection_lost']).toContain(alpha.node.disconnected[0]!.code);
    await until(() => alpha.node.events.some(({ reason }) => reason.includes('was valid until')));
  });

  it('and begins again when the member is admitted again', async () => {
    const { alpha, beta } = await pair();
    consortium.state.organisation('north', { status: 1 });
    consortium.changed();
    alpha.node.finalBlock();
    await until(() => beta.node.disconnected.length > 0);
    consortium.state.organisation('north', { scope: ['producer'] });
    consortium.changed();
    alpha.node.finalBlock();
    beta.node.network.retryAll();
    await until(() => alpha.node.connected.length === 2 && beta.node.connected.length === 2);
  });
});

describe('NET-22: a renewed certificate', () => {
  it.each([
    ['of the node that opened the connection', 'north-beta'],
    ['of the other', 'north-alpha'],
  ])('%s takes effect without a lost message', async (_, renewed) => {
    const alpha = await start('north-alpha', [], {});
    const beta = await start('north-beta', [alpha.node], { connectionMsMax: 150 });
    await until(() => alpha.node.connected.length === 1 && beta.node.connected.length === 1);
    const node = renewed === 'north-alpha' ? alpha.node : beta.node;
    const other = renewed === 'north-alpha' ? beta.node : alpha.node;
    const successor = await consortium.member({ roles: ['producer'], node: renewed, nowMs: Date.now() + 1000 });
    node.network.renewIdentity(identityOf(successor));
    let said = 0;
    const isSeen = (): boolean => other.network.peers[0]?.certificate === node.network.self.digest;
    while (!isSeen() || said < 200) {
      alpha.node.say(said);
      beta.node.say(said);
      said++;
      if (said % 5 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      // The wait between two attempts is for networks that are real.
      if (said % 100 === 0) beta.node.network.retryAll();
    }
    await until(() => alpha.node.received.length >= said && beta.node.received.length >= said);
    const all = Array.from({ length: said }, (__, number) => number);
    const inOrder = (numbers: readonly number[]): number[] => [...numbers].sort((a, b) => a - b);
    expect(inOrder(alpha.node.received)).toEqual(all);
    expect(inOrder(beta.node.received)).toEqual(all);
    expect([...alpha.node.disconnected, ...beta.node.disconnected]).toEqual([]);
    expect(alpha.node.network.peers).toHaveLength(1);
  });

  it('L9: is taken also where the clock of the CA is behind, or where it ends sooner than the old one', async () => {
    const alpha = await start('north-alpha');
    const beta = await start('north-beta', [alpha.node]);
    await until(() => alpha.node.connected.length === 1 && beta.node.connected.length === 1);
    for (const wish of [
      { nowMs: Date.now() - 3_600_000, lifeSec: 2 * 86_400 },
      { nowMs: Date.now() + 1000, lifeSec: 86_400 },
    ]) {
      const successor = await consortium.member({ roles: ['producer'], node: 'north-beta', ...wish });
      beta.node.network.renewIdentity(identityOf(successor));
      await until(() => alpha.node.network.peers[0]?.certificate === beta.node.network.self.digest);
      // The next one may come only when the last one is in use.
      await until(() => alpha.node.network.connections === 1);
    }
    expect(alpha.node.disconnected).toEqual([]);
  });

  it('that the other side does not take is offered less and less often', async () => {
    // The clock jumps.
    const limits = { silenceMsMax: 1_000_000 };
    const alpha = await start('north-alpha', [], limits);
    const beta = await start('north-beta', [alpha.node], limits);
    await until(() => alpha.node.connected.length === 1 && beta.node.connected.length === 1);
    const wish = { roles: ['producer'], node: 'north-beta', nowMs: Date.now() - 7_200_000 };
    beta.node.network.renewIdentity(identityOf(await consortium.member(wish)));
    await until(() => alpha.node.greetings === 2);
    aheadMs = 31_000;
    await until(() => alpha.node.greetings === 3);
    aheadMs = 80_000;
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(alpha.node.greetings).toBe(3);
    aheadMs = 100_000;
    await until(() => alpha.node.greetings === 4);
    expect(alpha.node.network.isConnected('north-beta')).toBe(true);
  });

  it('L3: TLS is set up anew only when there are other roots', async () => {
    const { node } = await start('north-alpha');
    const made = vi.spyOn(Server.prototype, 'setSecureContext');
    for (let i = 0; i < 3; i++) {
      consortium.changed();
      node.finalBlock();
    }
    expect(made).toHaveBeenCalledTimes(0);
    consortium.state.authority(consortium.foreign.root.der);
    consortium.changed();
    node.finalBlock();
    expect(made).toHaveBeenCalledTimes(1);
    made.mockRestore();
  });

  it('of another node, or with another key, is not taken', async () => {
    const { node, member } = await start('north-alpha');
    const stranger = await consortium.member({ roles: ['producer'], node: 'north-beta' });
    expect(() => node.network.renewIdentity(identityOf(stranger))).toThrow(
      'that of north-beta, this node is north-alpha',
    );
    const curve = await consortium.member({ roles: ['producer'], node: 'north-alpha', type: 'K1' });
    expect(() => node.network.renewIdentity(identityOf(curve))).toThrow('must be P-256');
    const mixed = { ...identityOf(member), privateKey: stranger.keyPem };
    expect(() => node.network.renewIdentity(mixed)).toThrow('does not belong to the certificate');
  });
});
