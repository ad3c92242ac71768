/**
 * Real nodes under attack over their peer port, by strangers and by members whose certificate is in order: each is put out
 * or bounded, and the network does not notice. What is judged does not depend on the speed of the machine: finality goes on,
 * attackers that must go are gone, memory is bounded. Missed slots and delays are printed.
 */

import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { blsPublicKeyOf, blsSign, generateBlsPrivateKey, generatePrivateKey, publicKeyOf } from '@snapscale/crypto';
import { encode, type HelloBody, name, type PeerMessage, voteDigest, voteSchema } from '@snapscale/protocol';
import { Adversary } from '../../apps/node/src/net/testing/adversary.js';
import { DevelopmentAuthority } from '../../apps/node/src/p2p/development-authority.js';
import { memoryOf } from '../bench/load/node-process.js';
import { chainReference, signTransfer } from '../bench/load/workload.js';
import { Drill, type DrillOptions } from './support/drill.js';
import { infoOf, pause, within } from './support/http.js';
import { readProducerKeys } from './support/system-actions.js';

/** What attacks have at hand. */
type Attack = {
  readonly title: string;
  /** The attacked node must end these connections by itself. */
  readonly mustGo: boolean;
  readonly run: (field: Battlefield) => Promise<readonly Adversary[]>;
};

const ATTACK_MS = 4000;
const GONE_MS_MAX = 60_000;
const CALM_MS_MAX = 120_000;
const MEMORY_GROWTH_MAX = 400 << 20;
const IDLE_SOCKETS = 10_000;
const SOCKETS_AT_ONCE = 250;
const FLOOD_MESSAGES = 4000;

export async function attacksDrill(options: DrillOptions): Promise<readonly string[]> {
  const drill = await Drill.begin(options);
  drill.load();
  const field = new Battlefield(drill);
  await field.prepare();
  const before = field.memory();
  for (const attack of attacks) {
    await field.during(attack);
    if (drill.findings.length > 0) break;
  }
  const growth = field.memory().map((bytes, i) => bytes - before[i]!);
  drill.print(
    `  memory of the nodes after all attacks: ${growth.map((bytes) => `${bytes > 0 ? '+' : ''}${Math.round(bytes / 2 ** 20)}`).join(', ')} MB`,
  );
  for (const [i, bytes] of growth.entries()) {
    if (bytes > MEMORY_GROWTH_MAX)
      drill.findings.push(
        `${drill.network.names[i]} has ${Math.round(bytes / 2 ** 20)} MB more than before the attacks`,
      );
  }
  await drill.end();
  return drill.findings;
}

class Battlefield {
  readonly #drill: Drill;
  readonly #target: string;
  #serial = 0;
  #stranger: DevelopmentAuthority | undefined;

  constructor(drill: Drill) {
    this.#drill = drill;
    this.#target = drill.network.names[1]!;
  }

  async prepare(): Promise<void> {
    this.#stranger = await DevelopmentAuthority.create('Drill', Date.now());
  }

  get port(): number {
    return this.#drill.network.node(this.#target).peerPort;
  }

  get chainId(): Uint8Array {
    return this.#drill.network.chainId;
  }

  get drill(): Drill {
    return this.#drill;
  }

  /** A peer with a certificate of the network that nobody has seen before, connected and greeted. */
  async member(body: Partial<HelloBody> = {}): Promise<Adversary> {
    return Adversary.greet(this.port, await this.identity(), { chainId: this.chainId, ...body });
  }

  identity() {
    return this.#drill.network.identity(`eve${letters(++this.#serial)}`, ['observer']);
  }

  /** A certificate of an authority of the same name that is not the network's. */
  async forged() {
    const forged = await this.#stranger!.issue({
      node: this.#target,
      organisation: 'eve',
      roles: ['producer'],
      nowMs: Date.now(),
    });
    return { ...forged, authorities: (await this.identity()).authorities };
  }

  async headStatus() {
    const info = (await infoOf(this.#drill.network.url(this.#target)))!;
    return info;
  }

  memory(): number[] {
    const { network } = this.#drill;
    return network.names.map((node) => memoryOf(network.child(node).pid!).rssBytes);
  }

  /** Runs an attack, and looks how the network fares. */
  async during({ title, mustGo, run }: Attack): Promise<void> {
    const { network, findings, print, witness } = this.#drill;
    const before = await this.headStatus();
    const adversaries = await run(this);
    await pause(ATTACK_MS);
    const gone = await within(GONE_MS_MAX, () => !mustGo || adversaries.every(({ ended }) => ended !== undefined));
    if (gone === undefined) {
      const stay = adversaries.filter(({ ended }) => ended === undefined).length;
      findings.push(`${title}: ${stay} of ${adversaries.length} attackers are connected still after ${GONE_MS_MAX} ms`);
    }
    const reasons = [...new Set(adversaries.map(({ ended }) => ended ?? 'connected'))].join(', ');
    for (const adversary of adversaries) adversary.close();
    const calm = await within(CALM_MS_MAX, async () => {
      const infos = await Promise.all(network.names.map((node) => infoOf(network.url(node))));
      return (
        infos.every((info) => info !== undefined && info.head - info.final <= 3 && info.final > before.head) && infos
      );
    });
    if (calm === undefined)
      findings.push(`${title}: the network has not come to rest afterwards: ${await this.#drill.states()}`);
    const head = [...witness.blocks.values()].reduce((best, block) => (block.slot > best.slot ? block : best));
    const slots = Math.round((Date.now() - before.headSlotMs) / 500) - 1;
    print(
      `  ${title}: ${head.num - before.head} blocks in ${slots} slots; attackers: ${reasons === '' ? 'closed' : reasons}`,
    );
    this.#drill.check(title);
  }
}

/** Letters for a number: node names have no digits above 5. */
function letters(number: number): string {
  return [...number.toString(26)].map((digit) => String.fromCharCode(97 + Number.parseInt(digit, 26))).join('');
}

const repeat = (count: number, make: (i: number) => PeerMessage): PeerMessage[] =>
  Array.from({ length: count }, (_, i) => make(i));

/** Members one after the other, so that each is judged by itself. */
const members = async (
  field: Battlefield,
  count: number,
  act: (adversary: Adversary, i: number) => void | Promise<void>,
) => {
  const all: Adversary[] = [];
  for (let i = 0; i < count; i++) {
    const adversary = await field.member();
    all.push(adversary);
    await act(adversary, i);
  }
  return all;
};

/** Plain sockets; ends them all afterwards. */
async function sockets(port: number, count: number, act: (socket: Socket) => void): Promise<void> {
  const all: Socket[] = [];
  for (let opened = 0; opened < count; opened += SOCKETS_AT_ONCE) {
    await Promise.all(
      Array.from({ length: Math.min(SOCKETS_AT_ONCE, count - opened) }, () => {
        const socket = connect({ host: '127.0.0.1', port });
        all.push(socket);
        socket.on('error', () => {});
        return new Promise<void>((resolve) => {
          socket.once('connect', () => {
            act(socket);
            resolve();
          });
          socket.once('close', () => resolve());
        });
      }),
    );
  }
  await pause(ATTACK_MS);
  for (const socket of all) socket.destroy();
}

const attacks: readonly Attack[] = [
  {
    title: `${IDLE_SOCKETS} sockets that say nothing`,
    mustGo: true,
    run: async ({ port }) => {
      await sockets(port, IDLE_SOCKETS, () => {});
      return [];
    },
  },
  {
    title: 'noise from strangers',
    mustGo: true,
    run: async ({ port }) => {
      await sockets(port, 500, (socket) => socket.write(randomBytes(20_000)));
      return [];
    },
  },
  {
    title: 'TLS without a certificate, and with one of another authority',
    mustGo: true,
    run: async (field) => {
      const forged = await field.forged();
      const closed = Array.from({ length: 100 }, (_, i) => {
        const socket = connectTls({
          host: '127.0.0.1',
          port: field.port,
          rejectUnauthorized: false,
          minVersion: 'TLSv1.3',
          ...(i % 2 === 0 ? {} : { cert: forged.certificate, key: forged.privateKey }),
        });
        socket.on('error', () => {});
        return new Promise<void>((resolve) => {
          socket.on('close', () => resolve());
          socket.on('secureConnect', () => socket.write(randomBytes(1000)));
          socket.resume();
        });
      });
      const all = await within(GONE_MS_MAX, () => Promise.all(closed).then(() => true));
      if (all === undefined) field.drill.findings.push('a stranger without a valid certificate was let in');
      return [];
    },
  },
  {
    title: 'a greeting of another connection, replayed',
    mustGo: true,
    run: async (field) => {
      const identity = await field.identity();
      const first = await Adversary.connect(field.port, identity);
      const greeting = first.hello({ chainId: field.chainId });
      const second = await Adversary.connect(field.port, identity);
      second.sendBytes(greeting);
      first.close();
      return [second];
    },
  },
  {
    title: 'greetings of another chain, twice, and none at all',
    mustGo: true,
    run: async (field) => {
      const other = await field.member({ chainId: new Uint8Array(32) });
      const twice = await field.member();
      twice.sendBytes(twice.hello({ chainId: field.chainId }));
      const none = await Adversary.connect(field.port, await field.identity());
      return [other, twice, none];
    },
  },
  {
    title: 'noise, oversized frames and half a frame from members',
    mustGo: false,
    run: (field) =>
      members(field, 6, (adversary, i) => {
        const oversized = Buffer.alloc(9);
        oversized.writeUInt32BE(0x7fff_ffff);
        oversized[4] = i;
        if (i < 2) adversary.sendBytes(randomBytes(100_000));
        else if (i < 5) adversary.sendBytes(oversized);
        else adversary.sendBytes(oversized.subarray(0, 3));
      }),
  },
  {
    title: 'the greatest height there is, claimed by five',
    mustGo: false,
    run: async (field) => {
      const top = { num: 0xffff_ffff, id: new Uint8Array(32).fill(255), slot: 0xffff_fff0 };
      const status = { head: top, final: top, earliestBlockNum: 1 };
      const all: Adversary[] = [];
      for (let i = 0; i < 5; i++) {
        const adversary = await field.member({ status });
        adversary.send({ kind: 'status', status });
        adversary.answer = (message) => {
          if (message.kind === 'getBlocks')
            adversary.send({ kind: 'blocks', blocks: { request: message.getBlocks.request, blocks: [] } });
        };
        all.push(adversary);
      }
      return all;
    },
  },
  {
    title: 'lies in sync: noise for blocks, and blocks that nobody asked for',
    mustGo: false,
    run: async (field) => {
      const { head } = await field.headStatus();
      const claimed = { num: head + 60, id: new Uint8Array(32).fill(9), slot: 1 };
      const status = { head: claimed, final: claimed, earliestBlockNum: 1 };
      const all: Adversary[] = [];
      for (let i = 0; i < 4; i++) {
        const adversary = await field.member({ status });
        adversary.send({ kind: 'status', status });
        adversary.answer = (message) => {
          if (message.kind !== 'getBlocks') return;
          adversary.send({
            kind: 'blocks',
            blocks: { request: message.getBlocks.request, blocks: [randomBytes(500)] },
          });
        };
        if (i === 0) adversary.send({ kind: 'blocks', blocks: { request: 77, blocks: [randomBytes(500)] } });
        all.push(adversary);
      }
      return all;
    },
  },
  {
    title: 'a flood of transactions that are noise',
    mustGo: true,
    run: (field) =>
      members(field, 2, (adversary) =>
        adversary.send(...repeat(FLOOD_MESSAGES, () => ({ kind: 'transactions', transactions: [randomBytes(200)] }))),
      ),
  },
  {
    title: 'a flood of well-formed transactions of nobody',
    mustGo: false,
    run: async (field) => {
      const reference = await chainReference(field.drill.network.url(field.drill.network.names[0]!));
      const key = generatePrivateKey('K1', randomBytes(32));
      const nobody = { name: name('nobody'), key, publicKey: publicKeyOf(key) };
      const packed = Array.from(
        { length: 2000 },
        (_, i) => signTransfer(reference, nobody, name('alice'), 1n, `flood ${i}`).packed,
      );
      return members(field, 2, (adversary) =>
        adversary.send(
          ...repeat(40, (i) => ({ kind: 'transactions', transactions: packed.slice(i * 50, i * 50 + 50) })),
        ),
      );
    },
  },
  {
    title: 'a flood of votes: of strangers, and forged ones of producers',
    mustGo: false,
    run: async (field) => {
      const { network } = field.drill;
      const stranger = generateBlsPrivateKey(randomBytes(48));
      const [victim] = network.names;
      const subject = {
        phase: 0 as const,
        slot: Math.floor((Date.now() - 946_684_800_000) / 500),
        blockId: new Uint8Array(randomBytes(32)),
      };
      const signature = blsSign(stranger, voteDigest(network.chainId, subject));
      const keys = [blsPublicKeyOf(stranger), blsPublicKeyOf(readProducerKeys(network.dataDir(victim!)).finalizerKey)];
      const vote = (i: number): PeerMessage => {
        const blockId = new Uint8Array(subject.blockId);
        blockId[i % 32]! ^= (i >> 5) & 255;
        return {
          kind: 'vote',
          vote: encode(voteSchema, {
            ...subject,
            blockId,
            slot: subject.slot + (i % 3),
            finalizerKey: keys[i % 2]!,
            signature,
          }),
        };
      };
      return members(field, 2, (adversary) => adversary.send(...repeat(FLOOD_MESSAGES, vote)));
    },
  },
  {
    title: 'requests for blocks without end, and nothing read',
    mustGo: false,
    run: (field) =>
      members(field, 3, (adversary) => {
        adversary.send(
          ...repeat(FLOOD_MESSAGES, (i) => ({ kind: 'getBlocks', getBlocks: { request: i, from: 1, count: 64 } })),
        );
        adversary.socket.pause();
      }),
  },
];
