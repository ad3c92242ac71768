/** Starting many nodes on a machine with few processors: some at a time, so that none times out for want of CPU. */
import { availableParallelism } from 'node:os';
import { quorumOf } from '@snapscale/protocol';
import { LaunchFailure, toFailure } from './failure.js';
import type { NodeChild } from './node-child.js';

/** A node that is not ready yet lets the next one start after this time: the first one waits for the others. */
const TURN_MS_MAX = 3000;
/** After this time, and again and again, it is said which nodes are not ready yet, milliseconds. */
const PATIENCE_MS = 5000;

/**
 * Starts all and waits until they answer. Nodes that fail are said, and the others go on while they are enough to agree.
 * @throws LaunchFailure when they are not, or `signal` was aborted; nodes may run then
 */
export async function startInTurn(
  children: readonly NodeChild[],
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const began = performance.now();
  const seconds = () => `${((performance.now() - began) / 1000).toFixed(1)} s`;
  const failures: LaunchFailure[] = [];
  const isHopeless = () => signal.aborted || failures.length > children.length - quorumOf(children.length);
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
      await Promise.race([started.at(-1), pause(TURN_MS_MAX), gaveUp]);
    }
  };
  const reminder = setInterval(() => {
    const late = children.filter(({ state }) => state === 'starting').map(({ node }) => node.name);
    if (late.length > 0) say(`  … ${seconds()}, waiting for ${late.join(', ')}`);
  }, PATIENCE_MS);
  await Promise.all(Array.from({ length: availableParallelism() }, takeTurns));
  await Promise.race([Promise.all(started), gaveUp]);
  clearInterval(reminder);
  signal.removeEventListener('abort', giveUp);
  if (signal.aborted) throw new LaunchFailure('the start was broken off');
  const [first] = failures;
  if (first === undefined || !isHopeless()) return;
  const rest = children.length - failures.length;
  throw new LaunchFailure(
    children.length === 1
      ? first.message
      : `${first.message} (and ${rest} of ${children.length} nodes are too few to agree)`,
    { lines: first.lines, ...(first.hint === undefined ? {} : { hint: first.hint }) },
  );
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
