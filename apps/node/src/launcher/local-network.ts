/** A whole network of node processes on this machine: started in turn, watched, parted and healed, ended together. */
import { join } from 'node:path';
import {
  caProgramName,
  type LocalNode,
  type LocalNodeStatus,
  type NetworkDescription,
  type NetworkStatus,
} from '@snapscale/api';
import { CaProgram } from './consortium/ca-program.js';
import { NetworkAuthorities } from './consortium/network-authorities.js';
import { LaunchFailure, toFailure } from './failure.js';
import { LogFile } from './logs/log-file.js';
import { Notices, noticeOf } from './logs/log-notices.js';
import type { NetworkDirectory } from './network-directory.js';
import { NodeChild } from './node-child.js';
import { probe } from './node-probe.js';
import { startInTurn } from './start-in-turn.js';

/** Logs are looked at so often, milliseconds. */
const LOG_INTERVAL_MS = 500;
/** How often it is looked whether blocks become final, milliseconds. */
const FINALITY_POLL_MS = 200;

export type LocalNetworkOptions = {
  readonly directory: NetworkDirectory;
  readonly description: NetworkDescription;
  /** Options for Node and the node's program. */
  readonly program: readonly string[];
  /** The same for the certificate authority. */
  readonly caProgram: readonly string[];
  /** Options of all nodes besides their directories and ports. */
  readonly nodeOptions: readonly string[];
  /** For people: a line at a time. */
  readonly say: (text: string) => void;
  readonly nowMs: () => number;
  /** Called when the last node has died: nobody has asked any of them to end. */
  readonly allDied: () => void;
};

export class LocalNetwork {
  readonly #options: LocalNetworkOptions;
  readonly #children = new Map<string, NodeChild>();
  readonly #logs = new Map<string, LogFile>();
  readonly #notices: Notices;
  readonly #ca: CaProgram | undefined;
  readonly #watch: NodeJS.Timeout;
  /** The sides of a partition; empty without one. */
  #sides: readonly (readonly string[])[] = [];
  #isEnding = false;
  readonly #abandon = () => {
    for (const child of this.#children.values()) child.abandon();
    this.#ca?.abandon();
  };

  constructor(options: LocalNetworkOptions) {
    this.#options = options;
    const { directory, description } = options;
    this.#notices = new Notices(options.say, options.nowMs);
    for (const node of description.nodes) {
      const log = new LogFile(directory.logs, node.name);
      this.#logs.set(node.name, log);
      const command = [...options.program, ...this.#argumentsOf(node)];
      const child: NodeChild = new NodeChild(node, { command, log, died: () => this.#died(child) });
      this.#children.set(node.name, child);
    }
    this.#ca = this.#caProgram();
    this.#watch = setInterval(() => this.#readLogs(), LOG_INTERVAL_MS);
    // A defect of the launcher must not leave nodes behind that nobody holds.
    process.once('exit', this.#abandon);
  }

  /** Starts all nodes and waits until they answer; when too few do, all end again. @throws LaunchFailure */
  async startAll(signal: AbortSignal): Promise<void> {
    const { directory, say } = this.#options;
    const children = [...this.#children.values()];
    const founder = children.find(({ node }) => !directory.isFounded(node.name));
    try {
      await startInTurn(children, founder, say, signal);
    } catch (error) {
      await this.end();
      throw error;
    }
  }

  /** Starts the certificate authority, without waiting for it: the network does not need it. */
  startCa(): void {
    this.#ca?.keepRunning();
  }

  /** Waits until a block that was made after now is final. False: not within the time. */
  async awaitFinality(timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    const end = performance.now() + timeoutMs;
    const children = [...this.#children.values()];
    let from: number | undefined;
    // One node at a time: many questions would take the time that blocks need.
    for (let turn = 0; performance.now() < end && !signal.aborted; turn++) {
      const child = children[turn % children.length]!;
      const answer = child.state === 'running' ? await probe(child.node.httpPort) : undefined;
      if (answer !== undefined) {
        from ??= answer.head;
        if (answer.final > from) return true;
      }
      await new Promise((resolve) => setTimeout(resolve, FINALITY_POLL_MS));
    }
    return false;
  }

  /** Starts one node and waits until it answers. */
  async start(name: string): Promise<void> {
    await this.#program(name).start();
  }

  async stop(name: string): Promise<void> {
    await this.#program(name).stop();
  }

  async kill(name: string): Promise<void> {
    const child = this.#program(name);
    if (!child.isAlive) throw new LaunchFailure(`${name} does not run: there is nothing to kill`);
    await child.kill();
  }

  /** Cuts the links between groups; nodes that are not named form the last one. @throws LaunchFailure */
  partition(groups: readonly (readonly string[])[]): void {
    const named = groups.flat();
    for (const name of named) this.#child(name);
    const twice = named.find((name, index) => named.indexOf(name) !== index);
    if (twice !== undefined) throw new LaunchFailure(`${twice} is named twice: a node is on one side only`);
    const rest = [...this.#children.keys()].filter((name) => !named.includes(name));
    const sides = [...groups, rest].filter((side) => side.length > 0);
    if (sides.length < 2) {
      throw new LaunchFailure('a partition has two sides at least', {
        hint: 'For example: snapscale network partition north,east south,west',
      });
    }
    this.#sides = sides;
    this.#isolateAll();
  }

  heal(): void {
    this.#sides = [];
    this.#isolateAll();
  }

  /** Ends all nodes gracefully, and the watch over them. */
  async end(): Promise<void> {
    this.#isEnding = true;
    await Promise.all([...this.#children.values(), this.#ca].map((child) => child?.stop()));
    clearInterval(this.#watch);
    process.off('exit', this.#abandon);
    this.#readLogs();
  }

  async status(): Promise<NetworkStatus> {
    const { directory, description } = this.#options;
    const nodes = await Promise.all([...this.#children.values()].map((child) => this.#statusOf(child)));
    return {
      directory: directory.path,
      running: true,
      pid: process.pid,
      chainId: description.chainId,
      nodes,
      ...(this.#ca === undefined ? {} : { ca: this.#ca.status() }),
      notices: this.#notices.newest,
    };
  }

  async #statusOf(child: NodeChild): Promise<LocalNodeStatus> {
    const { node, state, pid } = child;
    const answer = state === 'running' ? await probe(node.httpPort) : undefined;
    const side = this.#sides.findIndex((names) => names.includes(node.name));
    const reason = child.reason ?? (state === 'running' ? complaintOf(answer) : undefined);
    return {
      name: node.name,
      organisation: titleOf(this.#options.description, node),
      state: child.state,
      ...(reason === undefined ? {} : { reason }),
      ...(pid === undefined ? {} : { pid }),
      url: urlOf(node),
      peerPort: node.peerPort,
      ...(node.tlsPort === undefined ? {} : { tlsPort: node.tlsPort }),
      ...(side < 0 ? {} : { side: side + 1 }),
      ...(answer === undefined ? {} : { head: answer.head, final: answer.final }),
      ...(answer?.peers === undefined ? {} : { peers: answer.peers }),
    };
  }

  #argumentsOf(node: LocalNode): string[] {
    const { directory, description, nodeOptions } = this.#options;
    const others = description.nodes.filter(({ name }) => name !== node.name);
    return [
      ...['--data', directory.nodeDirectory(node.name), '--port', String(node.httpPort)],
      ...['--peer-port', String(node.peerPort)],
      ...(node.tlsPort === undefined ? [] : ['--tls-port', String(node.tlsPort)]),
      ...(description.ca === undefined ? [] : ['--ca', `https://localhost:${description.ca.tlsPort}`]),
      ...(others.length === 0 ? [] : ['--peers', others.map(({ peerPort }) => `127.0.0.1:${peerPort}`).join(',')]),
      ...nodeOptions,
    ];
  }

  /** Undefined where there are no authorities. */
  #caProgram(): CaProgram | undefined {
    const { directory, description, caProgram } = this.#options;
    const { ca: ports, nodes } = description;
    if (ports === undefined || !new NetworkAuthorities(directory.authorities).exist) return undefined;
    const log = new LogFile(directory.logs, caProgramName);
    this.#logs.set(caProgramName, log);
    const command = [
      ...[...caProgram, '--data', directory.authorities],
      ...['--port', String(ports.port), '--tls-port', String(ports.tlsPort)],
      ...nodes.flatMap(({ httpPort }) => ['--node', `http://127.0.0.1:${httpPort}`]),
      // Where nodes answer members alone, it is one as this node.
      ...['--identity', join(directory.nodeDirectory(nodes[0]!.name), 'identity')],
    ];
    return new CaProgram({ ports, command, log, notice: (text) => this.#notices.add(text) });
  }

  #program(name: string): NodeChild | CaProgram {
    return name === caProgramName && this.#ca !== undefined ? this.#ca : this.#child(name);
  }

  #child(name: string): NodeChild {
    const child = this.#children.get(name);
    if (child !== undefined) return child;
    throw new LaunchFailure(`there is no node ${JSON.stringify(name)}`, {
      hint: `The nodes are: ${[...this.#children.keys()].join(', ')}`,
    });
  }

  #isolateAll(): void {
    for (const [name, child] of this.#children) {
      const own = this.#sides.find((side) => side.includes(name)) ?? [];
      const others = this.#sides.length === 0 ? [] : [...this.#children.keys()].filter((other) => !own.includes(other));
      child.isolate(others);
    }
  }

  #died(child: NodeChild): void {
    if (this.#isEnding) return;
    const { name } = child.node;
    this.#notices.add(
      `${name} has died: ${child.reason}. The others go on while they are enough; it is not started again by itself: snapscale network start ${name}`,
    );
    for (const line of child.lastLines) this.#options.say(`  ${line}`);
    if ([...this.#children.values()].every(({ state }) => state === 'failed')) this.#options.allDied();
  }

  #readLogs(): void {
    for (const [name, log] of this.#logs) {
      try {
        for (const line of log.newLines()) {
          const notice = noticeOf(name, line);
          // Nodes that end complain of each other.
          if (notice !== undefined && !this.#isEnding) this.#notices.add(notice);
        }
        log.rotate();
      } catch (error) {
        this.#notices.add(`the log of ${name} cannot be read: ${toFailure(error).message}`);
      }
    }
  }
}

/** Title of a node's organisation. */
function titleOf({ organisations = [] }: NetworkDescription, { organisation }: LocalNode): string {
  return organisations.find(({ account }) => account === organisation)?.title ?? organisation;
}

/** Where a node answers. */
export function urlOf({ httpPort }: LocalNode): string {
  return `http://localhost:${httpPort}`;
}

function complaintOf(answer: Awaited<ReturnType<typeof probe>>): string | undefined {
  if (answer === undefined) return 'it does not answer';
  return answer.complaints.length === 0 ? undefined : answer.complaints.join('; ');
}
