/** A network and the ear for commands to it, from the start to the end. */
import { fileURLToPath } from 'node:url';
import type { NetworkCommand, NetworkDescription, NetworkStatus } from '@snapscale/api';
import { ControlServer } from './control-server.js';
import { LaunchFailure } from './failure.js';
import { LocalNetwork } from './local-network.js';
import type { LauncherOptions } from './options.js';
import { type PreparedNetwork, prepareNetwork } from './prepare.js';

/** After this time the network counts as up although nothing became final, which is said then. */
const FINALITY_TIMEOUT_MS = 30_000;

/** Takes lines for people. */
type Say = (text: string) => void;

/** What is started: arguments for Node, as far as they are the same for all. */
export type Programs = { readonly node: readonly string[]; readonly ca: readonly string[] };

export class Launcher {
  readonly #prepared: PreparedNetwork;
  readonly #network: LocalNetwork;
  readonly #say: Say;
  readonly #stopped = new AbortController();
  /** Resolves when everything has ended. False: because all nodes had died. */
  readonly ended: Promise<boolean>;
  #finish: (isClean: boolean) => void = () => undefined;
  #control: ControlServer | undefined;
  #ending: Promise<void> | undefined;

  private constructor(prepared: PreparedNetwork, options: LauncherOptions, say: Say, programs: Programs) {
    this.#prepared = prepared;
    this.#say = say;
    this.ended = new Promise((resolve) => (this.#finish = resolve));
    this.#network = new LocalNetwork({
      directory: prepared.directory,
      description: prepared.description,
      program: programs.node,
      caProgram: programs.ca,
      nodeOptions: ['--log-level', options.logLevel, ...(options.isMembersOnly ? ['--admission', 'members'] : [])],
      say,
      nowMs: Date.now,
      allDied: () => {
        say('All nodes have died.');
        void this.#end(false);
      },
    });
  }

  /** Opens or makes the network and begins to listen for commands; no node runs yet. */
  static async open(options: LauncherOptions, say: Say, programs: Programs = compiledPrograms()): Promise<Launcher> {
    const launcher = new Launcher(await prepareNetwork(options, say, Date.now()), options, say, programs);
    try {
      const { directory } = launcher.#prepared;
      launcher.#control = await ControlServer.open(directory, (command) => launcher.#obey(command));
    } catch (error) {
      await launcher.end();
      throw error;
    }
    return launcher;
  }

  get description(): NetworkDescription {
    return this.#prepared.description;
  }

  /** Whether this start founds the chain. */
  get isNew(): boolean {
    return this.#prepared.isNew;
  }

  get logs(): string {
    return this.#prepared.directory.logs;
  }

  status(): Promise<NetworkStatus> {
    return this.#network.status();
  }

  /**
   * Starts all nodes, and waits until blocks become final. False: it was ended meanwhile.
   * @throws LaunchFailure; everything has ended then
   */
  async up(): Promise<boolean> {
    const { nodes } = this.description;
    const { signal } = this.#stopped;
    const first = nodes[0]!.name;
    const count = nodes.length === 1 ? 'one node' : `${nodes.length} nodes`;
    const what = this.isNew ? `; ${first} founds the chain` : ` of the network in ${this.#prepared.directory.path}`;
    this.#say(`Starting ${count}${what}`);
    try {
      await this.#network.startAll(signal);
    } catch (error) {
      const wasEnded = this.isEnding;
      await this.end();
      if (wasEnded) return false;
      throw error;
    }
    this.#network.startCa();
    if (!(await this.#network.awaitFinality(FINALITY_TIMEOUT_MS, signal)) && !this.isEnding) {
      this.#say(
        `No block has become final within ${FINALITY_TIMEOUT_MS / 1000} s. More than two thirds of the producers are needed; "snapscale network status" says how each of them is.`,
      );
    }
    return !this.isEnding;
  }

  /** Whether it has been told to end, or has nothing left to do. */
  get isEnding(): boolean {
    return this.#ending !== undefined;
  }

  /** Ends the nodes, then everything else. May be called again. */
  end(): Promise<void> {
    return this.#end(true);
  }

  #end(isClean: boolean): Promise<void> {
    this.#ending ??= this.#endOnce(isClean);
    return this.#ending;
  }

  async #endOnce(isClean: boolean): Promise<void> {
    this.#stopped.abort();
    await this.#network.end();
    await this.#control?.close();
    this.#prepared.lock.release();
    this.#finish(isClean);
  }

  async #obey(command: NetworkCommand): Promise<NetworkStatus> {
    const network = this.#network;
    if (this.isEnding && command.kind !== 'status') throw new LaunchFailure('the network is ending');
    switch (command.kind) {
      case 'status':
        break;
      case 'start':
        await network.start(command.node);
        break;
      case 'stop':
        await network.stop(command.node);
        break;
      case 'kill':
        await network.kill(command.node);
        break;
      case 'partition':
        network.partition(command.groups);
        break;
      case 'heal':
        network.heal();
        break;
      case 'down':
        await network.end();
        break;
    }
    const status = await network.status();
    // After the answer.
    if (command.kind === 'down') setImmediate(() => void this.end());
    return command.kind === 'down' ? { ...status, running: false, notices: [] } : status;
  }
}

function compiledPrograms(): Programs {
  const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
  return { node: [path('../main.js')], ca: [path('../../../ca/dist/main.js')] };
}
