/** The directory of a network: what is where, and which network it holds. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type LocalNode, type NetworkDescription, networkFiles } from '@snapscale/api';
import { chainIdOf, genesisSchema } from '@snapscale/protocol';
import { writeFileAtomicSync } from '../store/atomic-write.js';
import { LOCK_FILE_NAME } from '../store/lock.js';
import { LaunchFailure } from './failure.js';

/** What holds the directories of nodes and authorities while a network is being made. */
const unfinished = { nodes: 'nodes.new', ca: 'ca.new' } as const;
/** What may be there before a network is. */
const harmless: ReadonlySet<string> = new Set([
  LOCK_FILE_NAME,
  networkFiles.logs,
  networkFiles.launcher,
  'control.sock',
  ...Object.values(unfinished),
]);

export class NetworkDirectory {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
    mkdirSync(path, { recursive: true });
  }

  get logs(): string {
    return join(this.path, networkFiles.logs);
  }

  get launcherFile(): string {
    return join(this.path, networkFiles.launcher);
  }

  /** Of the certificate authorities. */
  get authorities(): string {
    return join(this.path, networkFiles.ca);
  }

  /** Data directory of a node. */
  nodeDirectory(node: string): string {
    return join(this.path, networkFiles.nodes, node);
  }

  /** False: the node has the chain's first transactions to make. */
  isFounded(node: string): boolean {
    const { founded } = JSON.parse(readFileSync(join(this.nodeDirectory(node), 'genesis.json'), 'utf8'));
    return founded !== false;
  }

  /**
   * The network that is there; undefined when the directory is empty, as far as networks go.
   * @throws LaunchFailure when it holds something else
   */
  open(): NetworkDescription | undefined {
    const file = join(this.path, networkFiles.network);
    if (!existsSync(file)) {
      this.#requireEmpty();
      return undefined;
    }
    const description = readDescription(file);
    // The last step of making it, which a kill may have prevented.
    this.#finish();
    for (const { name } of description.nodes) this.#requireSameChain(name, description.chainId);
    return description;
  }

  /**
   * Makes a network: `writeNode` fills a directory for each node, `writeAuthorities` that of the authorities. A kill at any
   * moment leaves either nothing that counts or the whole network.
   */
  async create(
    description: NetworkDescription,
    writeNode: (node: LocalNode, directory: string) => void,
    writeAuthorities: (directory: string) => Promise<void>,
  ): Promise<void> {
    const nodes = this.#begin('nodes');
    for (const node of description.nodes) {
      const directory = join(nodes, node.name);
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      writeNode(node, directory);
    }
    await this.addAuthorities(description, writeAuthorities);
  }

  /** Makes the authorities of a network that has none yet, and saves its new description. */
  async addAuthorities(description: NetworkDescription, write: (directory: string) => Promise<void>): Promise<void> {
    await write(this.#begin('ca'));
    this.save(description);
    this.#finish();
  }

  #begin(what: keyof typeof unfinished): string {
    const directory = join(this.path, unfinished[what]);
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    return directory;
  }

  #finish(): void {
    for (const what of ['nodes', 'ca'] as const) {
      const [from, to] = [join(this.path, unfinished[what]), join(this.path, networkFiles[what])];
      if (!existsSync(to) && existsSync(from)) renameSync(from, to);
    }
  }

  /** Replaces the description: ports change when others have taken them. */
  save(description: NetworkDescription): void {
    const text = `${JSON.stringify(description, null, 2)}\n`;
    writeFileAtomicSync(join(this.path, networkFiles.network), new TextEncoder().encode(text));
  }

  #requireEmpty(): void {
    const entries = readdirSync(this.path);
    if (entries.includes('genesis.json')) {
      throw new LaunchFailure(`${this.path} holds the chain of a single node, not a network`, {
        hint: `Start that one with: npm start -- --single --data ${this.path}`,
      });
    }
    const strangers = entries.filter((name) => !harmless.has(name));
    if (strangers.length > 0) {
      throw new LaunchFailure(`${this.path} is not empty (${strangers.slice(0, 3).join(', ')}) and holds no network`, {
        hint: 'Give an empty directory: --data DIR',
      });
    }
  }

  #requireSameChain(node: string, chainId: string): void {
    const file = join(this.nodeDirectory(node), 'genesis.json');
    let found: string;
    try {
      const { genesis } = JSON.parse(readFileSync(file, 'utf8')) as { genesis: never };
      found = Buffer.from(chainIdOf(genesisSchema.fromJson(genesis))).toString('hex');
    } catch (cause) {
      throw new LaunchFailure(`${file} cannot be read: ${cause instanceof Error ? cause.message : cause}`, {
        hint: 'Put the directory back from a copy, or begin a new network elsewhere: --data DIR',
      });
    }
    if (found === chainId) return;
    throw new LaunchFailure(
      `the data of ${node} are of another network: chain ${found.slice(0, 16)}…, not ${chainId.slice(0, 16)}…`,
      { lines: [file], hint: `Put the right directory there, or remove ${this.path} to begin anew` },
    );
  }
}

function readDescription(file: string): NetworkDescription {
  try {
    const value = JSON.parse(readFileSync(file, 'utf8')) as NetworkDescription;
    if (typeof value.chainId === 'string' && Array.isArray(value.nodes) && value.nodes.every(isNode)) return value;
    throw new Error('it does not describe a network');
  } catch (cause) {
    throw new LaunchFailure(`${file} cannot be read: ${cause instanceof Error ? cause.message : cause}`, {
      hint: 'Put it back from a copy, or begin a new network elsewhere: --data DIR',
    });
  }
}

function isNode(value: unknown): value is LocalNode {
  const { name, organisation, httpPort, peerPort } = (value ?? {}) as Partial<Record<keyof LocalNode, unknown>>;
  // The name becomes part of paths.
  return (
    typeof name === 'string' &&
    /^[a-z1-5]{1,12}$/.test(name) &&
    typeof organisation === 'string' &&
    Number.isInteger(httpPort) &&
    Number.isInteger(peerPort)
  );
}
