/**
 * A network of real node processes for drills: compiled nodes, mutual TLS on loopback, an authority whose key stays here,
 * so that observers, newcomers and attackers get certificates too.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LocalNode } from '@snapscale/api';
import { createNetwork } from '../../../apps/node/src/launcher/create-network.js';
import { LogFile } from '../../../apps/node/src/launcher/logs/log-file.js';
import { NetworkDirectory } from '../../../apps/node/src/launcher/network-directory.js';
import { NodeChild } from '../../../apps/node/src/launcher/node-child.js';
import { isFree, type NodePorts } from '../../../apps/node/src/launcher/ports.js';
import { startInTurn } from '../../../apps/node/src/launcher/start-in-turn.js';
import { DevelopmentAuthority } from '../../../apps/node/src/p2p/development-authority.js';
import type { Identity, PeerRole } from '../../../apps/node/src/p2p/identity.js';
import { identityFiles } from '../../../apps/node/src/p2p/identity-files.js';
import type { SeededRandom } from '../../crash/seeded-random.js';

export type DrillNetworkOptions = {
  /** An empty directory. */
  readonly directory: string;
  readonly producers: number;
  /** Chooses where ports are looked for. */
  readonly random: SeededRandom;
  /** The compiled node. Default: that of this checkout. */
  readonly program?: string;
  /** Options of all nodes. */
  readonly nodeOptions?: readonly string[];
  /** Options of Node itself for the first node. */
  readonly firstExecArgv?: readonly string[];
  /** Others that the nodes shall connect to as well, such as a witness: how many. */
  readonly onlookers?: number;
};

const compiledNode = fileURLToPath(new URL('../../../apps/node/dist/main.js', import.meta.url));
/** Below what systems give to outgoing connections, one of which could take the port of a killed node. */
const FIRST_PORT = 12_000;
const PORT_SPAN = 18_000;

export class DrillNetwork {
  readonly directory: NetworkDirectory;
  readonly chainId: Uint8Array;
  /** Ports that the nodes connect to besides each other's, for onlookers. */
  readonly onlookerPorts: readonly number[];
  readonly #authority: DevelopmentAuthority;
  readonly #options: DrillNetworkOptions;
  readonly #children = new Map<string, NodeChild>();
  readonly #ports: AsyncGenerator<number, never>;
  /** Nodes that ended without being asked to. */
  readonly #deaths: string[] = [];

  private constructor(
    directory: NetworkDirectory,
    authority: DevelopmentAuthority,
    options: DrillNetworkOptions,
    ports: AsyncGenerator<number, never>,
    chainId: string,
    onlookerPorts: readonly number[],
  ) {
    this.directory = directory;
    this.chainId = Uint8Array.from(Buffer.from(chainId, 'hex'));
    this.onlookerPorts = onlookerPorts;
    this.#authority = authority;
    this.#options = options;
    this.#ports = ports;
    process.once('exit', () => {
      for (const child of this.#children.values()) if (child.pid !== undefined) process.kill(child.pid, 'SIGKILL');
    });
  }

  /** Makes the network's files. No node runs yet. */
  static async create(options: DrillNetworkOptions): Promise<DrillNetwork> {
    const { producers, onlookers = 0 } = options;
    const directory = new NetworkDirectory(options.directory);
    const free = freePorts(options.random);
    const take = async () => (await free.next()).value;
    const ports: NodePorts[] = [];
    for (let i = 0; i < producers; i++) {
      ports.push({ httpPort: await take(), peerPort: await take(), tlsPort: await take() });
    }
    const onlookerPorts: number[] = [];
    for (let i = 0; i < onlookers; i++) onlookerPorts.push(await take());
    const nowMs = Date.now();
    const { chainId, nodes } = await createNetwork(directory, { nodes: ports, ca: { port: 0, tlsPort: 0 } }, nowMs);
    const authority = await DevelopmentAuthority.create('Drill', nowMs);
    const network = new DrillNetwork(directory, authority, options, free, chainId, onlookerPorts);
    for (const node of nodes) await network.#add(node, nodes);
    return network;
  }

  /** Starts all nodes and waits until they answer. @throws when one cannot be started */
  async startAll(print: (line: string) => void): Promise<void> {
    const children = [...this.#children.values()];
    await startInTurn(children, children[0], print, new AbortController().signal);
    const failed = children.find(({ state }) => state !== 'running');
    if (failed !== undefined) throw failed.failure();
  }

  get names(): readonly string[] {
    return [...this.#children.keys()];
  }

  get running(): readonly string[] {
    return this.names.filter((name) => this.child(name).state === 'running');
  }

  /** What ended without being asked to, since the last call. */
  takeDeaths(): string[] {
    return this.#deaths.splice(0);
  }

  node(name: string): LocalNode {
    return this.child(name).node;
  }

  child(name: string): NodeChild {
    const child = this.#children.get(name);
    if (child === undefined) throw new Error(`there is no node ${name}`);
    return child;
  }

  url(name: string): string {
    return `http://127.0.0.1:${this.node(name).httpPort}`;
  }

  dataDir(name: string): string {
    return this.directory.nodeDirectory(name);
  }

  /** Ends nodes at once, as a power cut would. */
  async kill(...names: readonly string[]): Promise<void> {
    await Promise.all(names.map((name) => this.child(name).kill()));
  }

  /** Starts a node and gives the time until it answered. @throws when it cannot be started */
  async start(name: string): Promise<number> {
    const began = performance.now();
    await this.child(name).start();
    return performance.now() - began;
  }

  async stop(...names: readonly string[]): Promise<void> {
    await Promise.all(names.map((name) => this.child(name).stop()));
  }

  async end(): Promise<void> {
    await this.stop(...this.names);
  }

  /** A certificate of the network's authority. */
  identity(node: string, roles: readonly PeerRole[]): Promise<Identity> {
    const organisation = node.split('-')[0]!;
    return this.#authority.issue({ node, organisation, roles, nowMs: Date.now(), hosts: ['127.0.0.1'] });
  }

  /**
   * Adds a node whose data directory `write` fills (keys); the genesis and a certificate are put there. It connects to all others.
   * Not started yet.
   */
  async join(name: string, write: (directory: string) => void): Promise<void> {
    const path = this.dataDir(name);
    mkdirSync(path, { recursive: true });
    const [first] = this.names;
    const genesis = JSON.parse(readFileSync(join(this.dataDir(first!), 'genesis.json'), 'utf8'));
    writeFileSync(join(path, 'genesis.json'), JSON.stringify({ ...genesis, founded: true }));
    write(path);
    const [httpPort, peerPort] = [(await this.#ports.next()).value, (await this.#ports.next()).value];
    const others = this.names.map((other) => this.node(other));
    await this.#add({ name, organisation: name, httpPort, peerPort }, others);
  }

  async #add(node: LocalNode, all: readonly LocalNode[]): Promise<void> {
    const { program = compiledNode, nodeOptions = [], firstExecArgv = [] } = this.#options;
    const identity = await this.identity(node.name, ['producer']);
    const files = identityFiles(join(this.dataDir(node.name), 'identity'));
    mkdirSync(join(this.dataDir(node.name), 'identity'), { recursive: true });
    writeFileSync(files.certificate, identity.certificate);
    writeFileSync(files.privateKey, identity.privateKey);
    writeFileSync(files.authorities, `${identity.authorities.join('\n')}\n`);
    const peers = [
      ...all.filter(({ name }) => name !== node.name).map(({ peerPort }) => peerPort),
      ...this.onlookerPorts,
    ];
    const command = [
      ...(this.#children.size === 0 ? firstExecArgv : []),
      ...[program, '--data', this.dataDir(node.name), '--port', String(node.httpPort)],
      ...['--peer-port', String(node.peerPort)],
      ...(peers.length === 0 ? [] : ['--peers', peers.map((port) => `127.0.0.1:${port}`).join(',')]),
      ...nodeOptions,
    ];
    const log = new LogFile(this.directory.logs, node.name);
    const child: NodeChild = new NodeChild(node, { command, log, died: () => this.#died(child) });
    this.#children.set(node.name, child);
  }

  #died(child: NodeChild): void {
    const lines = child.lastLines.map((line) => `\n    ${line}`).join('');
    this.#deaths.push(`${child.node.name} died by itself: ${child.reason}${lines}`);
  }
}

async function* freePorts(random: SeededRandom): AsyncGenerator<number, never> {
  for (let at = random.below(PORT_SPAN); ; at = (at + 1) % PORT_SPAN) {
    if (await isFree(FIRST_PORT + at)) yield FIRST_PORT + at;
  }
}
