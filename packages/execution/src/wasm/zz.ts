import { defaultWasmLimits } from './limits.js';
import { prepareModule } from './prepare.js';
import { ContractInstance } from './running/contract-instance.js';
import { applyFunction, assemble } from './testing/assembler.js';
import { TestHost, testImports } from './testing/test-host.js';

const W = (globalThis as any).WebAssembly;
const progs: Record<string, any> = {
  fib: {
    functions: [
      {
        params: 'i32',
        result: 'i32',
        code: 'local.get 0 i32.const 2 i32.lt_s if:i32 local.get 0 else local.get 0 i32.const 1 i32.sub call 0 local.get 0 i32.const 2 i32.sub call 0 i32.add end',
      },
      applyFunction('i32.const 27 call 0 drop'),
    ],
  },
  xorshift: {
    functions: [
      applyFunction(
        'i32.const 3000000 local.set 3 i64.const 88172645463325252 local.set 4 loop local.get 4 local.get 4 i64.const 13 i64.shl i64.xor local.tee 4 local.get 4 i64.const 7 i64.shr_u i64.xor local.tee 4 local.get 4 i64.const 17 i64.shl i64.xor local.set 4 local.get 3 i32.const 1 i32.sub local.tee 3 br_if 0 end i32.const 0 local.get 4 i64.store',
        'i32 i64',
      ),
    ],
  },
  sieve: {
    functions: [
      applyFunction(
        `i32.const 2 local.set 3 loop
      local.get 3 i32.load8_u i32.eqz if local.get 3 local.get 3 i32.add local.set 4 block loop local.get 4 i32.const 60000 i32.ge_u br_if 1 local.get 4 i32.const 1 i32.store8 local.get 4 local.get 3 i32.add local.set 4 br 0 end end end
      local.get 3 i32.const 1 i32.add local.tee 3 i32.const 60000 i32.lt_u br_if 0 end`,
        'i32 i32',
      ),
    ],
  },
  matmul: {
    functions: [
      applyFunction(
        `i32.const 40 local.set 6 loop i32.const 0 local.set 3 loop i32.const 0 local.set 4 loop f64.const 0 local.set 7 i32.const 0 local.set 5 loop
      local.get 3 i32.const 40 i32.mul local.get 5 i32.add i32.const 3 i32.shl f64.load  local.get 5 i32.const 40 i32.mul local.get 4 i32.add i32.const 3 i32.shl f64.load+12800 f64.mul local.get 7 f64.add local.set 7
      local.get 5 i32.const 1 i32.add local.tee 5 i32.const 40 i32.lt_u br_if 0 end
      local.get 3 i32.const 40 i32.mul local.get 4 i32.add i32.const 3 i32.shl local.get 7 f64.store+25600
      local.get 4 i32.const 1 i32.add local.tee 4 i32.const 40 i32.lt_u br_if 0 end local.get 3 i32.const 1 i32.add local.tee 3 i32.const 40 i32.lt_u br_if 0 end local.get 6 i32.const 1 i32.sub local.tee 6 br_if 0 end`,
        'i32 i32 i32 i32 f64',
      ),
    ],
  },
  stencil: {
    functions: [
      applyFunction(
        `i32.const 200 local.set 4 loop i32.const 8 local.set 3 loop local.get 3 local.get 3 i32.const 8 i32.sub f64.load local.get 3 f64.load+8 f64.add f64.const 0.5 f64.mul local.get 3 f64.load f64.sub f64.const 0.25 f64.mul local.get 3 f64.load f64.add f64.store local.get 3 i32.const 8 i32.add local.tee 3 i32.const 60000 i32.lt_u br_if 0 end local.get 4 i32.const 1 i32.sub local.tee 4 br_if 0 end`,
        'i32 i32',
      ),
    ],
  },
  calls: {
    functions: [
      { params: 'i32 i32', result: 'i32', code: 'local.get 0 local.get 1 i32.xor i32.const 5 i32.rotl' },
      applyFunction(
        'i32.const 2000000 local.set 3 loop local.get 4 local.get 3 call 0 local.set 4 local.get 3 i32.const 1 i32.sub local.tee 3 br_if 0 end i32.const 0 local.get 4 i32.store',
        'i32 i32',
      ),
    ],
  },
  host: {
    imports: { note32: 'i32>' },
    functions: [
      applyFunction(
        'i32.const 300000 local.set 3 loop local.get 3 call 0 local.get 3 i32.const 1 i32.sub local.tee 3 br_if 0 end',
        'i32',
      ),
    ],
  },
};
for (const [name, p] of Object.entries(progs)) {
  const code = assemble({ memory: { initial: 1, maximum: undefined }, ...p });
  const host = new TestHost();
  (host.notes as any).push = () => 0;
  const env = Object.fromEntries(host.functions);
  const plain = new W.Instance(new W.Module(code), { env }).exports.apply;
  const prep = prepareModule(code, defaultWasmLimits, testImports);
  const inst = new ContractInstance(prep, host, env);
  host.activate(inst.memory);
  let a = Infinity,
    b = Infinity,
    gas = 0;
  for (let i = 0; i < 25; i++) {
    let t = performance.now();
    plain(1n, 2n, 3n);
    a = Math.min(a, performance.now() - t);
    t = performance.now();
    gas = 1e12 - inst.run(1e12, 1n, 2n, 3n);
    b = Math.min(b, performance.now() - t);
  }
  console.log(
    name.padEnd(10),
    a.toFixed(2),
    b.toFixed(2),
    'x' + (b / a).toFixed(2),
    'ns/gas',
    ((b * 1e6) / gas).toFixed(3),
  );
}
