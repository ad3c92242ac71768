/** Nodes of a network under load are killed at random, also more of them than the network tolerates, also while starting. */
import { Drill, type DrillOptions } from './support/drill.js';
import { pause } from './support/http.js';

export type KillsOptions = DrillOptions & {
  /** Kills in all; a node that is killed while it starts counts as well. */
  readonly kills: number;
};

export type KillsReport = {
  readonly findings: readonly string[];
  readonly kills: number;
  readonly finalBlocks: number;
  readonly promises: number;
};

const LOAD_MS_MAX = 2500;
const DOWN_MS_MAX = 2500;
const START_MS_MAX = 2500;
/** Of ten rounds: kills of two at once (more than f of four), of all, and of a node that is just starting. */
const TWO_OF_TEN = 2;
const ALL_OF_TEN = 1;
const STARTING_OF_TEN = 2;
const PROGRESS_EVERY = 20;
const FINDINGS_MAX = 12;

/** Kills and restarts until `kills` are reached, with checks after each; then checks everything again from the beginning. */
export async function killsDrill(options: KillsOptions): Promise<KillsReport> {
  const drill = await Drill.begin(options);
  const { network, random, findings, print } = drill;
  const load = drill.load();
  const restartMs: number[] = [];
  let kills = 0;
  let printed = 0;
  for (let round = 1; kills < options.kills && findings.length < FINDINGS_MAX; round++) {
    await pause(random.below(LOAD_MS_MAX));
    const victims = chooseVictims(drill);
    await network.kill(...victims);
    kills += victims.length;
    const when = `after kill ${kills} (round ${round}, ${victims.join(' and ')})`;
    await pause(random.below(DOWN_MS_MAX));
    for (const name of victims) {
      if (random.below(10) < STARTING_OF_TEN) {
        await killWhileStarting(drill, name);
        kills++;
      }
    }
    const started = await Promise.allSettled(victims.map((name) => network.start(name)));
    for (const result of started) {
      if (result.status === 'fulfilled') restartMs.push(result.value);
      else findings.push(`${when}: ${describe(result.reason)}`);
    }
    drill.check(when);
    if (!(await drill.expectProgress(when))) break;
    if (kills - printed >= PROGRESS_EVERY) {
      printed = kills;
      print(
        `  ${kills} kills, ${drill.finals.last} final blocks, ${load.promised.size} transfers said to be final, ${drill.witness.voteCount} votes, ${findings.length} findings`,
      );
    }
  }
  await drill.end();
  restartMs.sort((a, b) => a - b);
  print(
    `  restart until it answers: median ${restartMs[restartMs.length >> 1]?.toFixed(0)} ms, longest ${restartMs.at(-1)?.toFixed(0)} ms`,
  );
  return { findings, kills, finalBlocks: drill.finals.last, promises: load.promised.size };
}

function chooseVictims({ network, random }: Drill): string[] {
  const names = [...network.names];
  const kind = random.below(10);
  const count = kind < ALL_OF_TEN ? names.length : kind < ALL_OF_TEN + TWO_OF_TEN ? 2 : 1;
  while (names.length > count) names.splice(random.below(names.length), 1);
  return names;
}

async function killWhileStarting({ network, random }: Drill, name: string): Promise<void> {
  const started = network.start(name).catch(() => undefined);
  await pause(random.below(START_MS_MAX));
  await network.kill(name);
  await started;
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { lines = [] } = error as { lines?: readonly string[] };
  return [error.message, ...lines].join('\n    ');
}
