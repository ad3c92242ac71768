/**
 * A change of the schedule by votes, under load: newcomers join with keys and certificates of their own, are elected and
 * produce; one of them falls silent, is removed after the window, and comes back by registering again.
 */
import { limits } from '@snapscale/protocol';
import { Drill, type DrillOptions } from './support/drill.js';
import { infoOf, within } from './support/http.js';
import { type ProducerKeys, producerStatus, SystemActions } from './support/system-actions.js';

export type ScheduleOptions = DrillOptions & { readonly newcomers: number };

const newcomerNames = ['anchor', 'beacon', 'compass', 'dolphin', 'ensign', 'fender', 'galley'] as const;
const PATIENCE_MS = 300_000;
const SLOT_MS = 500;
/** The window after which a silent producer is removed; the contract gives it a round and a turn at least. */
const INACTIVE_AFTER_SEC = 5;

export async function scheduleDrill(options: ScheduleOptions): Promise<readonly string[]> {
  const drill = await Drill.begin(options);
  const change = new ScheduleDrill(drill);
  try {
    await change.run(newcomerNames.slice(0, options.newcomers));
  } catch (error) {
    drill.findings.push(error instanceof Error ? error.message : String(error));
  }
  await drill.end();
  return drill.findings;
}

class ScheduleDrill {
  readonly #drill: Drill;
  readonly #system: SystemActions;
  readonly #keys = new Map<string, ProducerKeys>();

  constructor(drill: Drill) {
    this.#drill = drill;
    this.#system = new SystemActions(drill.network);
  }

  async run(newcomers: readonly string[]): Promise<void> {
    const { network, print } = this.#drill;
    const founders = network.names;
    this.#drill.load();
    for (const newcomer of newcomers) {
      this.#keys.set(newcomer, await this.#system.enlist(newcomer));
      const readyMs = await network.start(newcomer);
      const caughtUp = await this.#awaitCaughtUp(newcomer);
      print(
        `  ${newcomer} joined: answers after ${readyMs.toFixed(0)} ms, has caught up after ${caughtUp.toFixed(0)} ms more`,
      );
    }
    const all = [...founders, ...newcomers];
    await this.#system.elect(all, { inactive_after_sec: INACTIVE_AFTER_SEC });
    await this.#awaitSchedule('the vote', all);
    await this.#awaitProduction(all);
    this.#drill.check('after the change of the schedule');

    const silent = newcomers[0]!;
    await network.kill(silent);
    const killedMs = performance.now();
    const removed = await within(
      PATIENCE_MS + this.#roundMs(all.length) * 2,
      async () => {
        return (await this.#system.producer(silent))?.status === producerStatus.inactive;
      },
      SLOT_MS,
    );
    if (removed === undefined)
      throw new Error(
        `${silent} is silent and was not removed: ${JSON.stringify(await this.#system.producer(silent))}`,
      );
    print(`  ${silent} killed: removed from the list after ${((performance.now() - killedMs) / 1000).toFixed(0)} s`);
    const others = all.filter((producer) => producer !== silent);
    await this.#awaitSchedule(`the removal of ${silent}`, others);
    this.#drill.check('after the removal of a silent producer');

    await network.start(silent);
    await this.#awaitCaughtUp(silent);
    await this.#system.register(silent, this.#keys.get(silent)!);
    await this.#awaitSchedule(`the return of ${silent}`, all);
    await this.#awaitProduction([silent]);
    this.#drill.check('after its return');
  }

  async #awaitCaughtUp(node: string): Promise<number> {
    const { network } = this.#drill;
    const began = performance.now();
    const there = await within(PATIENCE_MS, async () => {
      const [own, other] = await Promise.all([infoOf(network.url(node)), infoOf(network.url(network.names[0]!))]);
      return own !== undefined && other !== undefined && own.final + 2 >= other.final;
    });
    if (there === undefined)
      throw new Error(`${node} has not caught up within ${PATIENCE_MS} ms: ${await this.#drill.states()}`);
    return performance.now() - began;
  }

  async #awaitSchedule(what: string, producers: readonly string[]): Promise<void> {
    const expected = [...producers].sort().join(' ');
    const began = performance.now();
    const timeoutMs = PATIENCE_MS + 3 * this.#roundMs(producers.length + 1);
    const there = await within(
      timeoutMs,
      async () => [...(await this.#system.schedule())].sort().join(' ') === expected,
      SLOT_MS,
    );
    if (there === undefined) {
      throw new Error(
        `${what} has not led to the schedule [${expected}] within ${timeoutMs} ms; it is [${(await this.#system.schedule()).join(' ')}]`,
      );
    }
    this.#drill.print(
      `  ${what}: ${producers.length} producers in force after ${((performance.now() - began) / 1000).toFixed(0)} s: ${(await this.#system.schedule()).join(' ')}`,
    );
  }

  /** Each of these makes a block. */
  async #awaitProduction(producers: readonly string[]): Promise<void> {
    const { witness } = this.#drill;
    const from = Math.max(...[...witness.blocks.values()].map(({ slot }) => slot));
    const missing = () => {
      const seen = new Set(
        [...witness.blocks.values()].filter(({ slot }) => slot > from).map(({ producer }) => producer),
      );
      return producers.filter((producer) => !seen.has(producer));
    };
    const timeoutMs = PATIENCE_MS + 2 * this.#roundMs(producers.length + 7);
    if ((await within(timeoutMs, () => missing().length === 0, SLOT_MS)) === undefined) {
      throw new Error(`${missing().join(', ')} made no block within ${timeoutMs} ms of being elected`);
    }
  }

  #roundMs(producers: number): number {
    return producers * limits.slotsPerTurn * SLOT_MS;
  }
}
