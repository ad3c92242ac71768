/** Visits every state that a model can get into. */
import type { FinalizerRules } from '../voting/finalizer.js';
import { Model, type ModelCase, type ModelStep } from './model.js';

/** What an exploration found. */
export type Exploration = {
  readonly states: number;
  /** Steps to the first state with two conflicting final blocks, if there is one. */
  readonly violation: readonly string[] | undefined;
};

/** Explores a case from the state in which nobody has voted. */
export function explore(modelCase: ModelCase, rules: FinalizerRules): Exploration {
  const model = new Model(modelCase, rules);
  const steps = modelCase.blocks.flatMap((_, block): ModelStep[] => [
    { phase: 0, block },
    { phase: 1, block },
  ]);
  const classes = classesOf(modelCase);
  const first = modelCase.honest.map(() => 0);
  const cameFrom = new Map<string, readonly [string, string]>([[first.join(), ['', '']]]);
  const open: (readonly number[])[] = [first];
  for (let states = open.pop(); states !== undefined; states = open.pop()) {
    const key = states.join();
    const conflict = model.conflict(states);
    if (conflict !== undefined) return { states: cameFrom.size, violation: way(cameFrom, key, conflict) };
    for (let member = 0; member < states.length; member++) {
      // Members of equal standing in equal states do the same.
      if (member > 0 && classes[member] === classes[member - 1] && states[member] === states[member - 1]) continue;
      for (const step of steps) {
        const number = model.next(states, member, step);
        if (number < 0) continue;
        const after = sorted(states.with(member, number), classes);
        const afterKey = after.join();
        if (cameFrom.has(afterKey)) continue;
        cameFrom.set(afterKey, [key, `one of set ${modelCase.honest[member]!.join('+')} ${show(step)}`]);
        open.push(after);
      }
    }
  }
  return { states: cameFrom.size, violation: undefined };
}

/** Members with the same class are interchangeable; members of a class stand together. */
function classesOf({ honest }: ModelCase): readonly string[] {
  return honest.map((sets) => sets.join());
}

function sorted(states: readonly number[], classes: readonly string[]): readonly number[] {
  const all = states.map((state, i) => ({ state, group: classes.indexOf(classes[i]!) }));
  return all.sort((a, b) => a.group - b.group || a.state - b.state).map(({ state }) => state);
}

function way(
  cameFrom: ReadonlyMap<string, readonly [string, string]>,
  end: string,
  [a, b]: readonly [number, number],
): string[] {
  const steps = [`blocks ${a} and ${b} are both final`];
  for (let [key, step] = cameFrom.get(end)!; step !== ''; [key, step] = cameFrom.get(key)!) steps.unshift(step);
  return steps;
}

function show({ phase, block }: ModelStep): string {
  return `${phase === 0 ? 'prepares' : 'commits'} block ${block}`;
}
