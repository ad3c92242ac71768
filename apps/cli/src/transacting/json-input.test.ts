import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { jsonInput } from './json-input.js';

const folder = mkdtempSync(join(tmpdir(), 'snapscale-json-'));
const file = join(folder, 'data.json');
writeFileSync(file, '{"a":1}');
writeFileSync(join(folder, 'bad.json'), '{a}');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('written there, in a file by @ or by its path', async () => {
  expect(await jsonInput('{"a":1}', 'DATA')).toEqual({ a: 1 });
  expect(await jsonInput('[1]', 'DATA')).toEqual([1]);
  expect(await jsonInput(`@${file}`, 'DATA')).toEqual({ a: 1 });
  expect(await jsonInput(file, 'DATA')).toEqual({ a: 1 });
});

test('integers are not rounded, whatever their size; what looks like one in a text stays', async () => {
  const text = '{"id":18446744073709551615,"n":-9007199254740993,"f":0.25,"s":"\\"12345678901234567890"}';
  expect(await jsonInput(text, 'DATA')).toEqual({
    id: '18446744073709551615',
    n: '-9007199254740993',
    f: 0.25,
    s: '"12345678901234567890',
  });
});

test.each([
  ['{a:1}', 2, 'DATA is not JSON'],
  ['hello', 2, 'DATA is not JSON'],
  ['@/nowhere/x.json', 9, 'there is no such file'],
  [`@${join(folder, 'bad.json')}`, 2, 'bad.json'],
])('%s is refused', async (argument, exitCode, message) => {
  const failure = jsonInput(argument, 'DATA');
  await expect(failure).rejects.toMatchObject({ exitCode });
  await expect(failure).rejects.toThrow(message);
});
