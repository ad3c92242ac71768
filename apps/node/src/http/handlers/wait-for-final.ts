/** Waiting until the chain can show something as final. */
import type { NodeBackend } from '../backend.js';
import { busy } from '../server/failure.js';
import type { RequestContext } from '../server/handler.js';

/** A certified header shows a block as final some four blocks after it was made; with a slow producer, a few more. */
const WAIT_MS_MAX = 15_000;

const waiting = new WeakMap<NodeBackend, { count: number }>();

/**
 * Calls `look` now and after each block that becomes final, until it gives something. Rejects with 503 when that takes too long
 * or too many wait, and when the client hangs up.
 * @param what for the message, as in: … is not shown as final yet
 */
export async function waitForFinal<T>(context: RequestContext, what: string, look: () => T | undefined): Promise<T> {
  const first = look();
  if (first !== undefined) return first;
  const { backend, options, signal } = context;
  const counter = waiting.get(backend) ?? { count: 0 };
  waiting.set(backend, counter);
  if (counter.count >= options.waitingMax) throw busy('too many requests wait for finality');
  counter.count++;
  let end = (): void => undefined;
  try {
    return await new Promise<T>((resolve, fail) => {
      const onAbort = (): void => fail(signal.reason);
      const late = (): void => fail(busy(`${what} is not shown as final by a certified header yet: try again later`));
      const timer = setTimeout(late, WAIT_MS_MAX);
      const unsubscribe = backend.subscribe(({ kind }) => {
        if (kind !== 'final') return;
        try {
          const found = look();
          if (found !== undefined) resolve(found);
        } catch (error) {
          fail(error);
        }
      });
      signal.addEventListener('abort', onAbort, { once: true });
      end = () => {
        clearTimeout(timer);
        unsubscribe();
        signal.removeEventListener('abort', onAbort);
      };
    });
  } finally {
    end();
    counter.count--;
  }
}
