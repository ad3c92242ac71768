/**
 * An organisation joins a running network and produces blocks; it is voted out, and is out on every node at once; ten
 * thousand certificates are revoked, and doors are as quick as before. All of it by commands that operators have.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createECDH, createHash, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatPrivateKey, formatPublicKey, generatePrivateKey, type PublicKey, publicKeyOf } from '@snapscale/crypto';
import { type Client, createClient, keysInMemory, transact } from '@snapscale/sdk';
import { developmentKey } from '../../bench/load/workload.js';
import type { DrillOptions } from '../support/drill.js';
import { pause, within } from '../support/http.js';
import { CliNetwork, OPERATOR, seconds } from './cli-network.js';
import { WatchedMember } from './watched-member.js';

const PATIENCE_MS = 180_000;
/** What the requirements give, from the moment when the decision is final. */
const CUT_MS_MAX = 2000;
const NEWCOMER = 'echo';
const MEMBER = 'echoclient';
const GUEST = 'guest';
const DECIDING = ['north', 'east', 'south', 'west'] as const;
const REVOCATIONS = 10_000;
const ISSUED_AT_ONCE = 50;
const REVOKED_AT_ONCE = 100;
const HANDSHAKES = 60;
/** What the revocations left to do is done by then. */
const SETTLED_MS = 10_000;

type Proposal = { readonly id: number | string };
type Info = {
  readonly head_block_num: number;
  readonly head_block_producer: string;
  readonly last_irreversible_block_num: number;
};

export async function consortiumDrill({ directory, print }: DrillOptions): Promise<readonly string[]> {
  const findings: string[] = [];
  const network = await CliNetwork.up(directory, print, '--members-only');
  const drill = new ConsortiumDrill(network, directory, print, findings);
  try {
    await drill.refusesStrangers();
    await drill.joins();
    await drill.produces();
    await drill.isVotedOut();
    await drill.revokesMany();
  } catch (error) {
    findings.push(error instanceof Error ? error.message : String(error));
  } finally {
    drill.endNewcomer();
    await network.down();
  }
  return findings;
}

class ConsortiumDrill {
  readonly #network: CliNetwork;
  readonly #directory: string;
  readonly #print: (line: string) => void;
  readonly #findings: string[];
  readonly #home: string;

  constructor(network: CliNetwork, directory: string, print: (line: string) => void, findings: string[]) {
    this.#network = network;
    this.#directory = directory;
    this.#print = print;
    this.#findings = findings;
    this.#home = join(directory, NEWCOMER);
  }

  async refusesStrangers(): Promise<void> {
    for (const { name } of this.#network.nodes) {
      const { status } = await fetch(`${this.#network.url(name)}/v1/chain/get_info`);
      if (status !== 401) this.#findings.push(`${name} answers a stranger with ${status}, not 401`);
    }
  }

  /** One command for the joiner, one for each organisation that approves. */
  async joins(): Promise<void> {
    const network = this.#network;
    const began = performance.now();
    await network.enrol(GUEST, 'north');
    const ca = network.caOptions('north');
    const peers = network.nodes.map(({ peerPort }) => `127.0.0.1:${peerPort}`).join(',');
    const key = generatePrivateKey('K1', randomBytes(32));
    const keyFile = join(this.#directory, `${NEWCOMER}.key`);
    writeFileSync(keyFile, `Private key: ${formatPrivateKey(key)}\n`, { mode: 0o600 });
    const invited = await network.as<{ readonly code: string }>(
      OPERATOR,
      ...[
        'org',
        'invite',
        NEWCOMER,
        formatPublicKey(publicKeyOf(key)),
        '--yes',
        '--peers',
        peers,
        '--creator',
        'eosio',
      ],
      ...ca,
    );
    const joining = this.#startJoining(invited.code, keyFile);
    const proposal = await within(PATIENCE_MS, () => this.#openProposal(), 500);
    if (proposal === undefined) throw new Error(`${NEWCOMER} was not proposed: ${joining.output()}`);
    // The CA that has proposed it has no vote: its organisation approves like the others.
    await network.approveBy(proposal, DECIDING.slice(0, 3));
    if ((await joining.ended) !== 0) throw new Error(`org join has failed: ${joining.output()}`);
    this.#print(`  ${NEWCOMER} joined ${seconds(began)} after it was invited: CA, node, producer`);
  }

  async produces(): Promise<void> {
    const network = this.#network;
    const began = performance.now();
    await this.#elect();
    const produced = await within(PATIENCE_MS, async () => {
      const info = await network.ask<Info>('north', '/v1/chain/get_info');
      return info.head_block_producer === NEWCOMER;
    });
    if (produced) this.#print(`  ${NEWCOMER} makes blocks ${seconds(began)} after the vote`);
    else this.#findings.push(`${NEWCOMER} has made no block within ${PATIENCE_MS} ms of the vote`);
  }

  async isVotedOut(): Promise<void> {
    const network = this.#network;
    const secret = join(this.#home, 'ca', NEWCOMER, 'admin.secret');
    const { caPort } = this.#joiningState();
    await network.enrol(MEMBER, NEWCOMER, [
      '--ca',
      `http://localhost:${caPort}`,
      '--ca-secret',
      secret,
      '-o',
      NEWCOMER,
    ]);
    const watched = network.nodes.map(({ name }) => new WatchedMember(network, MEMBER, name));
    const isIn = await within(PATIENCE_MS, () => watched.every(({ answered }) => answered > 3));
    if (!isIn) this.#findings.push(`the member of ${NEWCOMER} was not let in everywhere: ${said(watched)}`);
    const proposed = await network.as<Proposal>(OPERATOR, 'org', 'expel', NEWCOMER, '-o', 'north', '--yes');
    await network.approveBy(Number(proposed.id), DECIDING.slice(1, 3));
    const head = await network.ask<Info>('north', '/v1/chain/get_info');
    const last = network.approveBy(Number(proposed.id), DECIDING.slice(3));
    const finalMs = await this.#expelledAt();
    await within(4 * CUT_MS_MAX, () => watched.every(({ isOut }) => isOut));
    await last;
    for (const { node, ends } of watched) {
      for (const [what, end] of Object.entries(ends)) this.#cut(`${node}: ${what}`, end, finalMs);
    }
    this.#print(`  refused with ${said(watched)}`);
    for (const member of watched) await member.close();
    await this.#peersAreGone();
    await this.#makesNothing(head.head_block_num);
  }

  /** Certificates that nobody holds: doors look rows up, whoever they are of. */
  async revokesMany(): Promise<void> {
    const network = this.#network;
    const before = await this.#handshakes();
    const began = performance.now();
    const [authority] = await network
      .rows<{ digest: string; organisation: string; status: number }>(
        'north',
        ...(['snap.ca', 'snap.ca', 'authorities'] as const),
      )
      .then((rows) => rows.filter(({ organisation, status }) => organisation === 'north' && status === 0));
    if (authority === undefined) throw new Error('north has no issuing CA');
    const client = createClient({ url: network.url('north'), fetch: network.fetchAs(OPERATOR, 'north') as never });
    for (let done = 0; done < REVOCATIONS; done += REVOKED_AT_ONCE) {
      const serials: string[] = [];
      for (let part = 0; part < REVOKED_AT_ONCE; part += ISSUED_AT_ONCE) {
        const fresh = Array.from({ length: ISSUED_AT_ONCE }, () => `4${randomBytes(16).toString('hex').slice(1)}`);
        serials.push(...fresh);
        await this.#push(
          client,
          fresh.map((serial) => ['issue', issueOf(serial, authority.digest)] as const),
        );
      }
      await this.#push(client, [['revoke', { by: 'north', organisation: 'north', serials, reason: 4 }]]);
    }
    this.#print(`  ${REVOCATIONS} certificates entered and revoked in ${seconds(began)}`);
    await pause(SETTLED_MS);
    const after = await this.#handshakes();
    this.#print(`  TLS handshake and request: ${before.toFixed(1)} ms before, ${after.toFixed(1)} ms after (median)`);
  }

  endNewcomer(): void {
    for (const file of ['node.pid', 'ca.pid']) {
      const pid = readPid(join(this.#home, file));
      if (pid !== undefined) tryKill(pid);
    }
  }

  #startJoining(code: string, keyFile: string) {
    const args = ['org', 'join', code, '--name', NEWCOMER, '--title', 'Echo Ltd', '--data', this.#home];
    args.push('--account-key', keyFile, '--identity', GUEST, '-u', this.#network.url('north'));
    const child: ChildProcess = spawn(process.execPath, [cliProgram, ...args], {
      env: { PATH: process.env.PATH, HOME: '/nonexistent', SNAPSCALE_HOME: join(this.#directory, 'home') },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (piece) => (output += piece));
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
    return { ended, output: () => output };
  }

  async #openProposal(): Promise<number | undefined> {
    const open = await this.#network.as<readonly Proposal[]>(OPERATOR, 'proposal', 'list');
    return open.length === 0 ? undefined : Number(open[0]!.id);
  }

  /** Stake, parameters and a vote, with the development network's key. */
  async #elect(): Promise<void> {
    const act = (account: string, action: string, data: unknown, by: string) =>
      this.#network.as(OPERATOR, 'push', 'action', account, action, JSON.stringify(data), '-p', by);
    const [current] = await this.#network.rows<Record<string, unknown>>('north', 'eosio', 'eosio', 'dpos');
    await act('eosio', 'setdpos', { parameters: { ...current, activation_stake: '1.0000 XST' } }, 'eosio');
    const amount = '1000.0000 XST';
    const stake = { from: 'alice', receiver: 'alice', stake_net_quantity: amount, stake_cpu_quantity: amount };
    await act('eosio', 'delegatebw', { ...stake, transfer: false }, 'alice');
    const producers = [NEWCOMER, ...DECIDING].sort();
    await act('eosio', 'voteproducer', { voter: 'alice', proxy: '', producers }, 'alice');
  }

  /** When some node first shows the expulsion in its final state, milliseconds of the clock. */
  async #expelledAt(): Promise<number> {
    const seen = await within(
      PATIENCE_MS,
      async () => {
        const rows = await this.#network.rows<{ account: string; status: number }>(
          'east',
          'snap.ca',
          'snap.ca',
          'orgs',
        );
        return rows.some(({ account, status }) => account === NEWCOMER && status === 2) && Date.now();
      },
      20,
    );
    if (seen === undefined) throw new Error(`${NEWCOMER} was not expelled within ${PATIENCE_MS} ms`);
    return seen;
  }

  #cut(what: string, end: number | undefined, finalMs: number): void {
    if (end === undefined) {
      this.#findings.push(`${what} of a member of ${NEWCOMER} goes on after it was voted out`);
      return;
    }
    const tookMs = end - finalMs;
    this.#print(`  ${what} ended ${tookMs} ms after the decision was final`);
    if (tookMs > CUT_MS_MAX) this.#findings.push(`${what} ended ${tookMs} ms after, more than ${CUT_MS_MAX}`);
  }

  async #peersAreGone(): Promise<void> {
    const alone = await within(PATIENCE_MS, async () => {
      const peers = await this.#network.command('status');
      return [...peers.values()].every((count) => count === DECIDING.length - 1);
    });
    if (!alone) this.#findings.push(`a node is still connected to ${NEWCOMER}`);
    else this.#print(`  no node is connected to ${NEWCOMER} any more`);
  }

  /** Its blocks are not heard any more, and the next schedule is without it. */
  async #makesNothing(fromNum: number): Promise<void> {
    const network = this.#network;
    const left = await within(PATIENCE_MS, async () => {
      const { active } = await network.ask<{ active: { producers: readonly { producer_name: string }[] } }>(
        'north',
        '/v1/chain/get_producer_schedule',
      );
      return active.producers.every(({ producer_name: name }) => name !== NEWCOMER);
    });
    if (!left) this.#findings.push(`${NEWCOMER} is still in the schedule after ${PATIENCE_MS} ms`);
    const info = await network.ask<Info>('north', '/v1/chain/get_info');
    let last: number | undefined;
    for (let num = fromNum; num <= info.last_irreversible_block_num; num++) {
      const { producer } = await network.ask<{ producer: string }>('north', '/v1/chain/get_block_info', {
        block_num: num,
      });
      if (producer === NEWCOMER) last = num;
    }
    this.#print(
      `  out of the schedule by block ${info.head_block_num}; its last block is ${last ?? 'none'} (the last approval was sent at ${fromNum})`,
    );
  }

  /** One transaction of `north`, with the development network's key; not waited for. */
  async #push(
    client: Client,
    actions: readonly (readonly [string, Readonly<Record<string, unknown>>])[],
  ): Promise<void> {
    const authorization = ['north@active'];
    await transact(
      client,
      actions.map(([name, data]) => ({ account: 'snap.ca', name, authorization, data: data as never })),
      { keys: keysInMemory([developmentKey]), wait: false },
    );
  }

  async #handshakes(): Promise<number> {
    const times: number[] = [];
    for (let i = 0; i < HANDSHAKES; i++) {
      const { ms, status } = await this.#network.handshake(OPERATOR, 'east');
      if (status !== 200) this.#findings.push(`a handshake with a valid certificate was answered with ${status}`);
      times.push(ms);
    }
    return times.sort((a, b) => a - b)[HANDSHAKES >> 1]!;
  }

  #joiningState(): { readonly caPort: number } {
    return JSON.parse(readFileSync(join(this.#home, 'joining.json'), 'utf8'));
  }
}

const cliProgram = fileURLToPath(new URL('../../../apps/cli/bin/snapscale.mjs', import.meta.url));

/** A certificate of a client, as far as the chain looks at it. */
function issueOf(serial: string, issuer: string): Readonly<Record<string, unknown>> {
  const now = Math.floor(Date.now() / 1000);
  const text = (sec: number) => new Date(sec * 1000).toISOString().slice(0, 19);
  const certificate = {
    issuer,
    serial,
    certificate: createHash('sha256').update(serial).digest('hex'),
    subject_key: formatPublicKey(someKey()),
    not_before: text(now - 300),
    not_after: text(now + 86_400),
  };
  return { by: 'north', organisation: 'north', certificate, member: { account: '', node: '', roles: ['client'] } };
}

/** A point of P-256: kind 1, then the point. */
function someKey(): PublicKey {
  const ecdh = createECDH('prime256v1');
  ecdh.generateKeys();
  return Uint8Array.from([1, ...ecdh.getPublicKey(null, 'compressed')]) as PublicKey;
}

function said(watched: readonly WatchedMember[]): string {
  return [...new Set(watched.flatMap((member) => [...member.said]))].sort().join(', ');
}

function readPid(file: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(file, 'utf8'), 10);
    return Number.isInteger(pid) && pid > 1 ? pid : undefined;
  } catch {
    return undefined;
  }
}

function tryKill(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch {
    // It has ended by itself.
  }
}
