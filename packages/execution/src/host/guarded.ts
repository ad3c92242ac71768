/** Functions with a check in front. */

export type AnyFunction = (...args: never[]) => unknown;

type Callable = (...args: unknown[]) => unknown;

/**
 * `inner`, preceded by `check`, which throws to refuse. Arities up to six are spelled out: a rest parameter would allocate
 * an array on every call from WASM.
 */
export function guarded(inner: AnyFunction, arity: number, check: () => void): AnyFunction {
  const run = inner as Callable;
  const wrap = wrappers[arity] ?? wrapAny;
  return wrap(run, check);
}

const wrappers: readonly ((run: Callable, check: () => void) => Callable)[] = [
  (run, check) => () => {
    check();
    return run();
  },
  (run, check) => (a) => {
    check();
    return run(a);
  },
  (run, check) => (a, b) => {
    check();
    return run(a, b);
  },
  (run, check) => (a, b, c) => {
    check();
    return run(a, b, c);
  },
  (run, check) => (a, b, c, d) => {
    check();
    return run(a, b, c, d);
  },
  (run, check) => (a, b, c, d, e) => {
    check();
    return run(a, b, c, d, e);
  },
  (run, check) => (a, b, c, d, e, f) => {
    check();
    return run(a, b, c, d, e, f);
  },
];

function wrapAny(run: Callable, check: () => void): Callable {
  return (...args) => {
    check();
    return run(...args);
  };
}
