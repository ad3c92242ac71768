/** Starting many nodes on a machine with few processors: some at a time, so that none times out for want of CPU. */
import { availableParallelism } from 'node:os';
import { quorumOf } from '@snapscale/protocol';
import { LaunchFailure, toFailure } from './failure.js';
import type { NodeChild } from './node-child.js';

/** A node that is not ready yet lets the next one start after this time. */
const TURN_MS_MAX = 15_000;
/** The same of one that founds the chain: it waits for the others. */
const FOUNDING_TURN_MS = 1500;
/** After this time, and again and again, it is said which nodes are not ready yet, milliseconds. */
const PATIENCE_MS = 5000;
/** More are counted, not named. */
const NAMED_MAX = 4;

/**
 * Starts all and waits until they answer. Nodes that fail are said, and the others go on while they are enough to agree.
 * @param founder the one that makes the first transactions, without which the chain is of no use
 * @throws LaunchFailure when they are not, or `signal` was aborted; nodes may run then
 */
export async function startInTurn(
  children: readonly NodeChild[],
  founder: NodeChild | undefined,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const began = performance.now();
  const seconds = () => `${((performance.now() - began) / 1000).toFixed(1)} s`;
  const failures: LaunchFailure[] = [];
  const isHopeless = () =>
    signal.aborted || founder?.state === 'failed' || failures.length > children.length - quorumOf(children.length);
  let giveUp: () => void = () => undefined;
  const gaveUp = new Promise<void>((resolve) => (giveUp = resolve));
  signal.addEventListener('abort', giveUp);
  const width = Math.max(...children.map(({ node }) => node.name.length));

  const start = async (child: NodeChild): Promise<void> => {
    const { name, httpPort } = child.node;
    try {
      await child.start();
      say(`  ${name.padEnd(width)}  http://localhost:${httpPort}  ready after ${seconds()}`);
    } catch (error) {
      if (signal.aborted) return;
      const failure = toFailure(error);
      failures.push(failure);
      if (isHopeless()) giveUp();
      else for (const line of [failure.message, ...failure.lines]) say(`  ${line}`);
    }
  };
  const started: Promise<void>[] = [];
  const waiting = children.values();
  const takeTurns = async (): Promise<void> => {
    for (const child of waiting) {
      if (isHopeless()) return;
      started.push(start(child));
      await Promise.race([started.at(-1), pause(child === founder ? FOUNDING_TURN_MS : TURN_MS_MAX), gaveUp]);
    }
  };
  const reminder = setInterval(() => {
    const late = children.filter(({ state }) => state === 'starting').map(({ node }) => node.name);
    const who = late.length > NAMED_MAX ? `${late.length} nodes` : late.join(', ');
    if (late.length > 0) say(`  … ${seconds()}, waiting for ${who}`);
  }, PATIENCE_MS);
  await Promise.all(Array.from({ length: availableParallelism() }, takeTurns));
  await Promise.race([Promise.all(started), gaveUp]);
  clearInterval(reminder);
  signal.removeEventListener('abort', giveUp);
  if (signal.aborted) throw new LaunchFailure('the start was broken off');
  if (failures.length === 0 || !isHopeless()) return;
  const why = founder?.state === 'failed' ? founder.failure() : failures[0]!;
  const rest = children.length - failures.length;
  const consequence =
    founder?.state === 'failed' || children.length === 1
      ? ''
      : ` (${rest} of ${children.length} nodes are too few to agree)`;
  throw new LaunchFailure(why.message + consequence, {
    lines: why.lines,
    ...(why.hint === undefined ? {} : { hint: why.hint }),
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
