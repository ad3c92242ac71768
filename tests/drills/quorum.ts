/**
 * What a network does while producers are missing: one is no more than a short gap; more than f stop finality, not
 * production, until too many blocks wait; all of it comes back by itself.
 */
import { Drill, type DrillOptions } from './support/drill.js';
import { infoOf, pause, within } from './support/http.js';

export type QuorumOptions = DrillOptions & {
  /** How often the current producer is killed. */
  readonly producerKills: number;
  /** Blocks above the final one at which production pauses. */
  readonly reversibleMax: number;
  /** Whether times are judged: they depend on the machine and on what else runs on it. */
  readonly judgeTimes: boolean;
};

/** What the requirements give. */
const GAP_MS_MAX = 2000;
const RECOVERY_MS_MAX = 5000;
/** What a busy machine gets before it is called broken. */
const PATIENCE_MS = 120_000;
const SLOT_MS = 500;
const KILLED_AFTER_BLOCKS = 4;
const BLOCKS_WITHOUT_FINALITY = 8;

export async function quorumDrill(options: QuorumOptions): Promise<readonly string[]> {
  const { producerKills, reversibleMax, judgeTimes } = options;
  const drill = await Drill.begin(options, ['--reversible-blocks', String(reversibleMax)]);
  drill.load();
  const quorum = new QuorumDrill(drill, judgeTimes);
  for (let i = 1; i <= producerKills && drill.findings.length === 0; i++) await quorum.killProducer(i);
  if (drill.findings.length === 0) await quorum.loseQuorum(reversibleMax);
  await drill.end();
  return drill.findings;
}

class QuorumDrill {
  readonly #drill: Drill;
  readonly #judgeTimes: boolean;

  constructor(drill: Drill, judgeTimes: boolean) {
    this.#drill = drill;
    this.#judgeTimes = judgeTimes;
  }

  /** Kills the producer whose turn it is, early in its turn: the next one must take over, and finality must go on. */
  async killProducer(turn: number): Promise<void> {
    const { network, witness, findings } = this.#drill;
    await this.#awaitCalm();
    const victim = await within(PATIENCE_MS, () => this.#earlyInTurn(), 5);
    if (victim === undefined) {
      findings.push(`no producer has made ${KILLED_AFTER_BLOCKS} blocks in a row within ${PATIENCE_MS} ms`);
      return;
    }
    const head = this.#highest();
    const killedMs = Date.now();
    await network.kill(victim);
    const next = await within(PATIENCE_MS, () => this.#blockAbove(head.slot, victim), 5);
    if (next === undefined) {
      findings.push(`${victim} was killed in its turn, and no other has made a block within ${PATIENCE_MS} ms`);
      return;
    }
    const wallMs = witness.arrivals.get(next.id)! - killedMs;
    // The producer is killed right after a block: three slots stay empty, and the fourth one's block is complete at its end.
    const parent = witness.blocks.get(next.previous);
    this.#time(
      `producer killed in its turn (${turn}, ${victim}): next block by ${next.producer}, ${wallMs} ms after the kill, slots`,
      (next.slot - (parent?.slot ?? head.slot)) * SLOT_MS,
      GAP_MS_MAX,
    );
    const isFinal = await within(PATIENCE_MS, () => this.#drill.finalAbove(next.num));
    if (isFinal === undefined) findings.push(`with ${victim} missing, block ${next.num} did not become final`);
    await network.start(victim);
    this.#drill.check(`after ${victim} was killed in its turn`);
    await this.#drill.expectProgress(`after ${victim} came back`);
  }

  /** Kills one more than the network tolerates. */
  async loseQuorum(reversibleMax: number): Promise<void> {
    const { network, random, findings, print } = this.#drill;
    await this.#awaitCalm();
    const { names } = network;
    const tolerated = Math.floor((names.length - 1) / 3);
    const victims = [...names];
    while (victims.length > tolerated + 1) victims.splice(random.below(victims.length), 1);
    const [survivor] = names.filter((name) => !victims.includes(name));
    await network.kill(...victims);
    const stopped = (await infoOf(network.url(survivor!)))!;
    const went = await within(PATIENCE_MS, async () => {
      const info = await infoOf(network.url(survivor!));
      return info !== undefined && info.head >= stopped.head + BLOCKS_WITHOUT_FINALITY && info;
    });
    if (went === undefined) findings.push(`with ${victims.join(' and ')} missing, production has stopped`);
    else if (went.final > stopped.head) {
      findings.push(
        `with ${victims.join(' and ')} missing, block ${went.final} became final: ${tolerated + 1} were enough`,
      );
    } else print(`  ${victims.join(' and ')} killed: ${went.head - stopped.head} blocks without finality, and on`);
    await this.#awaitPause(survivor!, reversibleMax);
    await this.#bringBack(survivor!, victims);
  }

  /** Production must stop at the limit, and stay stopped. */
  async #awaitPause(survivor: string, reversibleMax: number): Promise<void> {
    const { network, findings, print } = this.#drill;
    const paused = await within(PATIENCE_MS + 4 * reversibleMax * SLOT_MS, async () => {
      const info = await infoOf(network.url(survivor));
      return info !== undefined && info.head - info.final >= reversibleMax && info;
    });
    if (paused === undefined) {
      findings.push(`${reversibleMax} blocks without finality were not reached: ${await this.#drill.states()}`);
      return;
    }
    await pause(20 * SLOT_MS);
    const later = (await infoOf(network.url(survivor)))!;
    print(`  production paused with ${later.head - later.final} blocks above the final one (limit ${reversibleMax})`);
    // Blocks of two producers may have been on the way to each other when the limit was reached.
    if (later.head > paused.head + 2) {
      findings.push(`at ${reversibleMax} reversible blocks production went on from ${paused.head} to ${later.head}`);
    }
  }

  /** Starts one: with it there is a quorum again. Production and finality must come back by themselves. */
  async #bringBack(survivor: string, victims: readonly string[]): Promise<void> {
    const { network, findings } = this.#drill;
    const [first, ...others] = victims;
    const before = (await infoOf(network.url(survivor)))!;
    await network.start(first!);
    const readyMs = performance.now();
    const final = await within(PATIENCE_MS, () => this.#drill.finalAbove(before.final), 20);
    const finalMs = performance.now() - readyMs;
    const all = await within(PATIENCE_MS, () => this.#drill.finalAbove(before.head), 20);
    const allMs = performance.now() - readyMs;
    if (final === undefined || all === undefined) {
      findings.push(`the quorum is back, but finality is not: ${await this.#drill.states()}`);
    } else {
      this.#time(`quorum back (${first}): first block final`, finalMs, RECOVERY_MS_MAX);
      this.#time('quorum back: all that waited final, and a new block', allMs, RECOVERY_MS_MAX);
    }
    for (const name of others) await network.start(name);
    this.#drill.check('after the quorum was lost and came back');
    await this.#drill.expectProgress('with all of them back');
  }

  /** All nodes run, and what they have is final but for the newest blocks. */
  async #awaitCalm(): Promise<void> {
    const { network, findings } = this.#drill;
    const calm = await within(PATIENCE_MS, async () => {
      const infos = await Promise.all(network.names.map((name) => infoOf(network.url(name))));
      const heads = infos.map((info) => info?.head ?? 0);
      return (
        infos.every((info) => info !== undefined && info.head - info.final <= 3) &&
        Math.max(...heads) - Math.min(...heads) <= 1
      );
    });
    if (calm === undefined) findings.push(`the network did not come to rest: ${await this.#drill.states()}`);
  }

  #highest() {
    const { blocks } = this.#drill.witness;
    return [...blocks.values()].reduce((best, block) => (block.slot > best.slot ? block : best));
  }

  /** The producer that has made the newest blocks, when there are more of them to come in its turn. */
  #earlyInTurn(): string | undefined {
    const { blocks, arrivals } = this.#drill.witness;
    const head = this.#highest();
    if (head.slot % TURN_SLOTS !== KILLED_AFTER_BLOCKS || Date.now() - (arrivals.get(head.id) ?? 0) > SLOT_MS)
      return undefined;
    const parent = blocks.get(head.previous);
    return parent?.producer === head.producer ? head.producer : undefined;
  }

  #blockAbove(slot: number, except: string) {
    return [...this.#drill.witness.blocks.values()]
      .filter((block) => block.slot > slot && block.producer !== except)
      .sort((a, b) => a.slot - b.slot)[0];
  }

  #time(what: string, ms: number, bound: number): void {
    const { findings, print } = this.#drill;
    print(`  ${what}: ${ms.toFixed(0)} ms (at most ${bound})`);
    if (this.#judgeTimes && ms > bound) findings.push(`${what} took ${ms.toFixed(0)} ms, more than ${bound}`);
  }
}

const TURN_SLOTS = 12;
