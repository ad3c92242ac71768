import { wasmLimitsBounds } from './limits.js';
import { applyModule } from './testing/assembler.js';
import { Bench } from './testing/test-host.js';

const lim = { limits: wasmLimitsBounds, gasLimit: 1e10 };
const nest = (o: string, d: number, inner = '') => `${(o + ' ').repeat(d)} ${inner} ${'end '.repeat(d)}`;
const b = new Bench();
for (const [n, c] of Object.entries({
  blocks: applyModule(nest('block', 8000, 'local.get 3 br_if 0 local.get 3 br_if 7000'), { locals: 'i32' }),
  loops: applyModule(nest('loop', 8000, 'local.get 3 br_if 0 local.get 3 br_if 7000'), { locals: 'i32' }),
  ifs: applyModule(nest('i32.const 1 if', 8000, 'local.get 3 br_if 0 local.get 3 br_if 7000'), { locals: 'i32' }),
  loops2: applyModule(
    nest('loop local.get 3 i32.const 1 i32.add local.set 3', 1000, 'local.get 3 i32.const 300000 i32.lt_u br_if 999'),
    { locals: 'i32 ' + 'i64 '.repeat(1000) },
  ),
  locals: applyModule('nop', { locals: 'i64 '.repeat(8188) }),
})) {
  const t = performance.now();
  const o = b.outcome(c, lim);
  console.log(n, JSON.stringify(o), (performance.now() - t).toFixed(0), 'ms');
}
