/** A network as a user has it, for drills about its consortium: started, joined and governed by commands alone. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { type LocalNode, type NetworkDescription, networkFiles } from '@snapscale/api';
import { type MemberIdentity, memberFetch, memberIdentity } from '@snapscale/sdk/identity';
import { cliWith, type Run } from '../../../apps/cli/src/testing/run-cli.js';
import { within } from '../support/http.js';

export const ports = { nowMs: Date.now, randomBytes: (size: number) => new Uint8Array(randomBytes(size)) };

const PATIENCE_MS = 120_000;

/** The identity with which the drill looks at things. */
export const OPERATOR = 'operator';

export class CliNetwork {
  readonly directory: string;
  readonly print: (line: string) => void;
  readonly #home: string;
  readonly #run: ReturnType<typeof cliWith>;
  #description: NetworkDescription | undefined;

  private constructor(directory: string, print: (line: string) => void) {
    this.directory = join(directory, 'network');
    this.print = print;
    this.#home = join(directory, 'home');
    mkdirSync(this.#home, { recursive: true });
    this.#run = cliWith({ SNAPSCALE_HOME: this.#home });
  }

  /** Brings four organisations up, and gets the drill an identity of the first. */
  static async up(directory: string, print: (line: string) => void, ...options: string[]): Promise<CliNetwork> {
    const network = new CliNetwork(directory, print);
    const began = performance.now();
    try {
      await network.command('up', '--port', '0', '--log-level', 'info', ...options);
      if (!(await within(PATIENCE_MS, () => network.#isCaUp()))) throw new Error('the CA does not answer');
      print(`  up after ${seconds(began)}, with its CA`);
      await network.enrol(OPERATOR, 'north');
      return network;
    } catch (error) {
      await network.down();
      throw error;
    }
  }

  async #isCaUp(): Promise<boolean> {
    try {
      return (await fetch(`http://localhost:${this.#description!.ca!.port}/health`)).ok;
    } catch {
      return false;
    }
  }

  /** Runs a command. @throws when it fails */
  async cli(...args: readonly string[]): Promise<Run> {
    const run = await this.tryCli(...args);
    if (run.code === 0) return run;
    throw new Error(`snapscale ${args.join(' ')} ended with ${run.code}:\n${run.stdout}${run.stderr}`);
  }

  tryCli(...args: readonly string[]): Promise<Run> {
    return this.#run(args);
  }

  /** Runs a command as a member, at the first node, and reads its answer. */
  async as<T>(identity: string, ...args: readonly string[]): Promise<T> {
    const run = await this.cli(...args, '--identity', identity, '-u', this.url('north'), '--json');
    return run.json() as T;
  }

  /** Runs a command about the network; gives the peers of each node afterwards. */
  async command(...args: readonly string[]): Promise<ReadonlyMap<string, number | null>> {
    const run = await this.cli('network', ...args, '--data', this.directory, '--json');
    const { nodes } = run.json() as { readonly nodes: readonly { name: string; peers: number | null }[] };
    this.#description = JSON.parse(readFileSync(join(this.directory, networkFiles.network), 'utf8'));
    return new Map(nodes.map(({ name, peers }) => [name, peers]));
  }

  get nodes(): readonly LocalNode[] {
    return this.#description?.nodes ?? [];
  }

  url(node: string): string {
    return `http://localhost:${this.node(node).httpPort}`;
  }

  node(name: string): LocalNode {
    const found = this.nodes.find((node) => node.name === name);
    if (found === undefined) throw new Error(`there is no node ${name}`);
    return found;
  }

  /** What names the CA of an organisation, and who speaks to it as its operator. */
  caOptions(organisation: string): string[] {
    const secret = join(this.directory, 'ca', organisation, 'admin.secret');
    return ['--ca', `http://localhost:${this.#description!.ca!.port}`, '--ca-secret', secret, '-o', organisation];
  }

  /** Gets an identity by an invitation. */
  async enrol(identity: string, organisation: string, ca = this.caOptions(organisation)): Promise<void> {
    const invited = await this.cli('member', 'invite', '--role', 'client', ...ca, '--json');
    const { code } = invited.json() as { readonly code: string };
    await this.cli('member', 'apply', code, '--name', identity);
  }

  identity(name: string): MemberIdentity {
    const { cert, key } = this.tlsOf(name);
    return memberIdentity({ certificate: cert, key });
  }

  /** The files of an identity, as TLS takes them. */
  tlsOf(identity: string): { readonly cert: string; readonly key: string; readonly ca: string } {
    const read = (file: string) => readFileSync(join(this.#home, 'identities', identity, file), 'utf8');
    return { cert: read('certificate.pem'), key: read('private.key'), ca: read('authorities.pem') };
  }

  /** `fetch` that shows a token of an identity to a node. */
  fetchAs(identity: string, node: string): typeof fetch {
    return memberFetch(fetch as never, this.identity(identity), { ...ports, nodeUrl: this.url(node) }) as never;
  }

  /** Asks a node for JSON with a token of the drill's own identity. */
  async ask<T>(node: string, path: string, body: unknown = {}, identity = OPERATOR): Promise<T> {
    const response = await this.#fetchOf(identity, node)(this.url(node) + path, {
      method: 'POST',
      body: JSON.stringify(body),
    });
    if (!response.ok)
      throw new Error(`${path} of ${node}: ${response.status} ${(await response.text()).slice(0, 300)}`);
    return (await response.json()) as T;
  }

  readonly #fetches = new Map<string, typeof fetch>();

  /** Its certificate has changed. */
  forget(identity: string): void {
    for (const key of this.#fetches.keys()) if (key.startsWith(`${identity} `)) this.#fetches.delete(key);
  }

  #fetchOf(identity: string, node: string): typeof fetch {
    const key = `${identity} ${node}`;
    const known = this.#fetches.get(key) ?? this.fetchAs(identity, node);
    this.#fetches.set(key, known);
    return known;
  }

  /** Rows of a table, of the final state. */
  async rows<T>(node: string, code: string, scope: string, table: string, limit = 100): Promise<readonly T[]> {
    const body = { code, scope, table, limit, json: true };
    const { rows } = await this.ask<{ rows: readonly T[] }>(node, '/v1/chain/get_table_rows?at=final', body);
    return rows;
  }

  /** A TLS connection of its own with a client certificate, and one request on it: milliseconds, and the status. */
  handshake(identity: string, node: string): Promise<{ readonly ms: number; readonly status: number }> {
    const agent = new Agent({ keepAlive: false });
    const began = performance.now();
    return new Promise((resolve, reject) => {
      const sent = request(
        `https://localhost:${this.node(node).tlsPort}/v1/chain/get_info`,
        { agent, ...this.tlsOf(identity) },
        (response) => {
          response.resume();
          response.on('end', () => {
            agent.destroy();
            resolve({ ms: performance.now() - began, status: response.statusCode ?? 0 });
          });
        },
      );
      sent.on('error', reject);
      sent.end();
    });
  }

  /** Carries a proposal: it is open, made by the first of these. */
  async approveBy(proposal: number, organisations: readonly string[]): Promise<void> {
    for (const organisation of organisations) {
      await this.as(OPERATOR, 'proposal', 'approve', String(proposal), '-o', organisation, '--yes', '--no-wait');
    }
  }

  async down(): Promise<void> {
    await this.tryCli('network', 'down', '--data', this.directory);
  }
}

export function seconds(began: number): string {
  return `${((performance.now() - began) / 1000).toFixed(1)} s`;
}
