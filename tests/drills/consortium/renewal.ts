/**
 * Root, issuing CAs and all certificates of a network are replaced while members work with it: no block is lost, no request
 * fails, and in the end the old root is revoked.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClient, keysInMemory, transact } from '@snapscale/sdk';
import { parseCertificates } from '@snapscale/sdk/certificates';
import { developmentKey } from '../../bench/load/workload.js';
import type { DrillOptions } from '../support/drill.js';
import { pause, within } from '../support/http.js';
import { CliNetwork, OPERATOR, seconds } from './cli-network.js';

/** What the old CAs have issued ends so long after their successors are in, and is renewed at two thirds of its life. */
const OVERLAP = '6m';
const PATIENCE_MS = 600_000;
const SETTLED_MS = 10_000;
const CALL_INTERVAL_MS = 100;
const TRANSFER_EVERY = 10;
const SLOT_MS = 500;
const FINDINGS_SHOWN = 5;

type Rotation = { readonly status: string; readonly proposal?: number; readonly reason?: string };
type Info = { readonly head_block_num: number; readonly head_block_time: string };

export async function renewalDrill({ directory, print }: DrillOptions): Promise<readonly string[]> {
  const findings: string[] = [];
  const network = await CliNetwork.up(directory, print, '--members-only');
  const load = new MemberLoad(network);
  try {
    for (const { name } of network.nodes) await load.begin(name);
    const before = await network.ask<Info>('north', '/v1/chain/get_info');
    const began = performance.now();
    const [oldRoot] = await roots(network);
    await rotate(network, print, '--root');
    for (const { organisation } of network.nodes) await rotate(network, print, organisation);
    await allRenewed(network, oldRoot!.digest, findings);
    print(`  all nodes have certificates under the new root ${seconds(began)} after the beginning`);
    await load.renewAll();
    await network.as(OPERATOR, 'proposal', 'create', 'revoke-authority', oldRoot!.digest, '-o', 'north', '--yes');
    await approveOpen(network);
    await pause(SETTLED_MS);
    const left = await roots(network);
    if (left.some(({ digest }) => digest === oldRoot!.digest)) findings.push('the old root is still trusted');
    const peers = await network.command('status');
    for (const [node, count] of peers) {
      if (count !== network.nodes.length - 1)
        findings.push(`${node} has ${count} peers after the old root was revoked`);
    }
    await load.end();
    const after = await network.ask<Info>('north', '/v1/chain/get_info');
    const missed = missedSlots(before, after);
    print(`  ${load.calls} calls and ${load.transfers} transfers of members, ${load.failures.length} failed`);
    print(`  ${after.head_block_num - before.head_block_num} blocks, ${missed} slots without one`);
    findings.push(...load.failures.slice(0, FINDINGS_SHOWN));
    if (missed > 0) findings.push(`${missed} slots have no block`);
  } catch (error) {
    findings.push(error instanceof Error ? error.message : String(error));
  } finally {
    await load.end();
    await network.down();
  }
  return findings;
}

/** Slots between two heads that have no block. */
function missedSlots(before: Info, after: Info): number {
  const slots = (Date.parse(`${after.head_block_time}Z`) - Date.parse(`${before.head_block_time}Z`)) / SLOT_MS;
  return slots - (after.head_block_num - before.head_block_num);
}

/** Has an authority replaced, and waits until the new one is in use. */
async function rotate(network: CliNetwork, print: (line: string) => void, authority: string): Promise<void> {
  const began = performance.now();
  // The organisation is an argument of the command itself.
  const ca = network.caOptions(authority === '--root' ? 'north' : authority).slice(0, 4);
  const step = (...options: string[]) => network.as<Rotation>(OPERATOR, 'org', 'rotate', authority, ...options, ...ca);
  await step('--previous-until', OVERLAP, '--yes');
  await approveOpen(network);
  const done = await within(
    PATIENCE_MS,
    async () => {
      const state = await step('--status');
      if (state.status === 'refused') throw new Error(`${authority}: refused, ${state.reason}`);
      return state.status === 'done';
    },
    500,
  );
  if (done === undefined) throw new Error(`${authority}: the new one was not taken into use`);
  print(`  ${authority === '--root' ? 'root' : `issuing CA of ${authority}`} replaced in ${seconds(began)}`);
}

/** All organisations approve what is open, until it is carried out. */
async function approveOpen(network: CliNetwork): Promise<void> {
  const open = async () => {
    const proposals = await network.as<readonly { id: number | string }[]>(OPERATOR, 'proposal', 'list');
    return proposals.map(({ id }) => String(id));
  };
  const found = await within(PATIENCE_MS, async () => ((await open()).length > 0 ? true : undefined), 500);
  if (found === undefined) throw new Error('nothing was proposed');
  for (const { organisation } of network.nodes) {
    for (const id of await open()) {
      // Who proposed it may have approved it already.
      await network.tryCli(
        ...['proposal', 'approve', id, '-o', organisation, '--yes', '--identity', OPERATOR],
        ...['-u', network.url('north')],
      );
    }
  }
  if ((await open()).length > 0) throw new Error('a proposal that all have approved was not carried out');
}

async function roots(network: CliNetwork): Promise<readonly { readonly digest: string }[]> {
  const rows = await network.rows<{ organisation: string; status: number; digest: string }>(
    'north',
    ...(['snap.ca', 'snap.ca', 'authorities'] as const),
  );
  return rows.filter(({ organisation, status }) => organisation === '' && status !== 2);
}

/** Waits until the folders of all nodes have a certificate whose CA is not under the old root. */
async function allRenewed(network: CliNetwork, oldRoot: string, findings: string[]): Promise<void> {
  for (const { name } of network.nodes) {
    const folder = join(network.directory, 'nodes', name, 'identity');
    const renewed = await within(
      PATIENCE_MS,
      () => {
        const [, issuer] = parseCertificates(readFileSync(join(folder, 'node.pem'), 'utf8'));
        const known = parseCertificates(readFileSync(join(folder, 'authorities.pem'), 'utf8'));
        const old = known.find(({ digest }) => Buffer.from(digest).toString('hex') === oldRoot);
        return issuer !== undefined && known.length > 1 && issuer.authorityKeyId !== undefined && old !== undefined
          ? !Buffer.from(issuer.authorityKeyId).equals(Buffer.from(old.subjectKeyId ?? []))
          : false;
      },
      500,
    );
    if (renewed === undefined) findings.push(`${name} has no certificate under the new root after ${PATIENCE_MS} ms`);
  }
}

/** Members that call, one at each node, and pay now and then. */
class MemberLoad {
  readonly failures: string[] = [];
  calls = 0;
  transfers = 0;
  readonly #network: CliNetwork;
  readonly #clients = new Map<string, typeof fetch>();
  readonly #loops: Promise<void>[] = [];
  #isOver = false;

  constructor(network: CliNetwork) {
    this.#network = network;
  }

  async begin(node: string): Promise<void> {
    await this.#network.enrol(this.#nameOf(node), node);
    this.#clients.set(node, this.#network.fetchAs(this.#nameOf(node), node));
    this.#loops.push(this.#loop(node));
  }

  /** The members' own certificates, each with a new key. */
  async renewAll(): Promise<void> {
    for (const node of this.#clients.keys()) {
      await this.#network.cli('member', 'renew', '--identity', this.#nameOf(node), '--new-key');
      this.#clients.set(node, this.#network.fetchAs(this.#nameOf(node), node));
    }
    await this.#network.cli('member', 'renew', '--identity', OPERATOR, '--new-key');
    this.#network.forget(OPERATOR);
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#loops);
  }

  async #loop(node: string): Promise<void> {
    for (let round = 1; !this.#isOver; round++) {
      try {
        await this.#call(node, round % TRANSFER_EVERY === 0);
      } catch (error) {
        this.failures.push(`${node}: ${error instanceof Error ? error.message : String(error)}`);
      }
      await pause(CALL_INTERVAL_MS);
    }
  }

  async #call(node: string, pays: boolean): Promise<void> {
    const url = this.#network.url(node);
    const send = this.#clients.get(node)!;
    if (pays) {
      const client = createClient({ url, fetch: send as never });
      const data = { from: 'alice', to: 'bob', quantity: '0.0001 XST', memo: `${node} ${this.transfers}` };
      const action = { account: 'eosio.token', name: 'transfer', authorization: ['alice@active'], data };
      await transact(client, [action], { keys: keysInMemory([developmentKey]), wait: false });
      this.transfers++;
      return;
    }
    const response = await send(`${url}/v1/chain/get_info`);
    const text = await response.text();
    if (!response.ok) throw new Error(`${response.status} ${text.slice(0, 200)}`);
    this.calls++;
  }

  #nameOf(node: string): string {
    return `member-${node}`;
  }
}
