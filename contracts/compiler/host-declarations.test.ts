import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { importTable } from '../../packages/execution/src/host/table.js';

const hostDir = new URL('../include/snapscale/host/', import.meta.url);

/** The WebAssembly type of a parameter or result of the C declarations. */
function wasmType(type: string): string | undefined {
  if (type === 'void') return undefined;
  if (type.includes('*')) return 'i32';
  const known: Readonly<Record<string, string>> = {
    ...{ bool: 'i32', int32_t: 'i32', uint32_t: 'i32', int64_t: 'i64', uint64_t: 'i64', float: 'f32', double: 'f64' },
  };
  return known[type] ?? `unknown type ${type}`;
}

function declarations(): [name: string, signature: string][] {
  const text = readdirSync(hostDir)
    .map((file) => readFileSync(new URL(file, hostDir), 'utf8'))
    .join('\n');
  return [...text.matchAll(/^(?:\[\[noreturn\]\] )?(\w+) (\w+)\((.*)\);$/gm)].map(([, result, name, parameters]) => {
    const types =
      parameters === ''
        ? []
        : parameters!.split(', ').map((parameter) => wasmType(parameter.replace(/^const /, '').replace(/ ?\w+$/, '')));
    return [name!, `(${types.join(', ')}) -> ${wasmType(result!) ?? 'nothing'}`];
  });
}

test('every host function that the SDK declares exists with that signature', () => {
  const actual = declarations().map(([name]) => {
    const host = importTable.get(name);
    return [name, host === undefined ? 'missing' : `(${host.params.join(', ')}) -> ${host.result ?? 'nothing'}`];
  });
  expect(actual).toEqual(declarations());
});

test('the SDK declares every host function but those that compilers, old contracts and the C library use', () => {
  const declared = new Set(declarations().map(([name]) => name));
  const others = [...importTable.keys()].filter((name) => !declared.has(name) && !name.startsWith('__'));
  expect(others.sort()).toEqual([
    'abort',
    'activate_feature',
    'is_feature_active',
    'memcmp',
    'memcpy',
    'memmove',
    'memset',
  ]);
});
