/** Sources that want more than to be compiled: to read the machine, or to hold it. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BuildOptions, ContractCompiler } from './build-contract.js';
import { BuildError } from './frontend/diagnostics.js';

const secret = 'a line that no build may show';
/** Long enough for an ordinary build on a busy machine, far below what the attacks would take. */
const stepMsMax = 20_000;
const testMsMax = 120_000;
const compiler = new ContractCompiler({ stepMsMax });
let outside: string;
let project: string;

beforeAll(async () => {
  outside = mkdtempSync(join(tmpdir(), 'snapscale-attack-'));
  project = join(outside, 'project');
  mkdirSync(project);
  writeFileSync(join(outside, 'secret.hpp'), `${secret}\n`);
  // The first build of a machine precompiles the SDK, which takes longer than these tests allow.
  const patient = new ContractCompiler();
  await patient.build({
    name: 'a',
    sources: ['/a.cpp'],
    readFile: (path) => (path === '/a.cpp' ? contract('') : undefined),
  });
  patient.close();
}, 240_000);

afterAll(() => {
  compiler.close();
  rmSync(outside, { recursive: true, force: true });
});

function contract(body: string, before = ''): string {
  return `#include <snapscale/snapscale.hpp>\n${before}\nclass [[snapscale::contract]] a : public snapscale::contract {
 public: using contract::contract; [[snapscale::action]] void f() { ${body} } };\n`;
}

/** What a build of these files says; fails the test when it succeeds. */
async function refusal(
  files: Readonly<Record<string, string | Uint8Array>>,
  options: Partial<BuildOptions> = {},
): Promise<string> {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(project, name, '..'), { recursive: true });
    writeFileSync(join(project, name), text);
  }
  try {
    await compiler.build({ name: 'a', root: project, sources: [join(project, 'a.cpp')], ...options });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    expect(message).not.toContain(secret);
    if (error instanceof BuildError) return message;
    return `stopped: ${message}`;
  }
  throw new Error('the build succeeded');
}

describe('files of the machine are not read', () => {
  test.each([
    [
      'by an absolute path',
      '#include "/etc/passwd"',
      /a\.cpp:1:11: error: \/etc\/passwd lies outside of the project's folder/,
    ],
    ['upwards', '#include "../secret.hpp"', /a\.cpp:1:11: error: .*secret\.hpp lies outside/],
    ['far upwards', `#include "${'../'.repeat(40)}etc/passwd"`, /lies outside/],
    ['in angle brackets', '#include </etc/passwd>', /error: '\/etc\/passwd' file not found/],
    ['by a macro', '#define F "/etc/passwd"\n#include F', /a\.cpp:2:10: error: '\/etc\/passwd' file not found/],
    [
      'by __has_include',
      '#if __has_include("/etc/passwd")\n#error it is there\n#else\n#error nothing there\n#endif',
      /nothing there/,
    ],
    ['by #embed', 'const char text[] = {\n#embed "/etc/passwd"\n};', /'\/etc\/passwd' file not found/],
    ['by the assembler', 'asm(".incbin \\"/etc/passwd\\"");', /error/],
    ['by a #line that claims it', '#line 1 "/etc/passwd"\nwrong', /error: (unknown type name|a type specifier)/],
    ['by a module', 'import "/etc/passwd";', /error/],
  ])(
    '%s',
    async (_, text, expected) => {
      expect(await refusal({ 'a.cpp': `${text}\n${contract('')}` })).toMatch(expected);
    },
    testMsMax,
  );

  test('through a symbolic link', async () => {
    symlinkSync(join(outside, 'secret.hpp'), join(project, 'link.hpp'));
    expect(await refusal({ 'a.cpp': '#include "link.hpp"\n' })).toMatch(/a\.cpp:1:11: error: .*link\.hpp lies outside/);
  });

  test('through a linked folder', async () => {
    symlinkSync(outside, join(project, 'folder'));
    expect(await refusal({ 'a.cpp': '#include "folder/secret.hpp"\n' })).toMatch(/folder\/secret\.hpp lies outside/);
  });

  test('as a source', async () => {
    const message = await refusal({}, { sources: [join(outside, 'secret.hpp')] });
    expect(message).toMatch(/secret\.hpp lies outside of the project's folder/);
  });

  test(
    'as a text for signers',
    async () => {
      symlinkSync(join(outside, 'secret.hpp'), join(project, 'a.contracts.md'));
      expect(await refusal({ 'a.cpp': contract('') })).toMatch(/a\.contracts\.md lies outside/);
      rmSync(join(project, 'a.contracts.md'));
    },
    testMsMax,
  );

  test('folders and pipes are no sources', async () => {
    mkdirSync(join(project, 'folder.cpp'));
    expect(await refusal({}, { sources: [join(project, 'folder.cpp')] })).toMatch(/no such source file/);
  });
});

describe('what would take without end is bounded', () => {
  test.each([
    ['a file that includes itself', { 'a.cpp': '#include "a.cpp"\n' }, /nested too deeply/],
    [
      'two files that include each other',
      { 'a.cpp': '#include "b.hpp"\n', 'b.hpp': '#include "a.cpp"\n' },
      /nested too deeply/,
    ],
    [
      'templates that need each other for ever',
      { 'a.cpp': contract('', 'template <int N> struct t : t<N + 1> {}; t<0> x;') },
      /recursive template instantiation exceeded|nests more deeply/,
    ],
    [
      'a constant that is never computed',
      { 'a.cpp': contract('', 'constexpr int f() { for (;;) {} return 1; }\nconstexpr int x = f();') },
      /constexpr evaluation hit maximum step limit|never produces a constant/,
    ],
    [
      'an array of four gigabytes',
      { 'a.cpp': contract('', 'char data[0xffffffffu] = {1};\nchar* use() { return data; }') },
      /error|stopped/,
    ],
    [
      'a class in a class, ten thousand times',
      { 'a.cpp': contract('', `${'struct a {'.repeat(10_000)}${'};'.repeat(10_000)}`) },
      /bracket nesting level exceeded|error/,
    ],
    [
      'an expression of a hundred thousand brackets',
      { 'a.cpp': contract(`int x = ${'('.repeat(100_000)}1${')'.repeat(100_000)};`) },
      /bracket nesting level exceeded|nests more deeply/,
    ],
    [
      'more errors than anybody reads',
      { 'a.cpp': contract('', 'wrong;\n'.repeat(500)) },
      /too many errors|a type specifier is required/,
    ],
  ])(
    '%s',
    async (_, files, expected) => {
      expect(await refusal(files)).toMatch(expected);
    },
    testMsMax,
  );

  test(
    'includes that double at each level',
    async () => {
      const files: Record<string, string> = { 'a.cpp': '#include "l0.hpp"\n' };
      for (let i = 0; i < 60; i++) files[`l${i}.hpp`] = `#include "l${i + 1}.hpp"\n#include "l${i + 1}.hpp"\n`;
      files['l60.hpp'] = 'int x;\n';
      const quick = new ContractCompiler({ stepMsMax: 2_000 });
      for (const [name, text] of Object.entries(files)) writeFileSync(join(project, name), text);
      await expect(quick.build({ name: 'a', root: project, sources: [join(project, 'a.cpp')] })).rejects.toThrow(
        /took longer than 2000 ms/,
      );
      quick.close();
    },
    testMsMax,
  );

  test(
    'macros that double at each level',
    async () => {
      const lines = ['#define M0 1+1'];
      for (let i = 1; i < 40; i++) lines.push(`#define M${i} M${i - 1}+M${i - 1}`);
      const quick = new ContractCompiler({ stepMsMax: 2_000 });
      writeFileSync(join(project, 'a.cpp'), contract('return (void)(M39);', lines.join('\n')));
      await expect(quick.build({ name: 'a', root: project, sources: [join(project, 'a.cpp')] })).rejects.toThrow(
        /took longer|of memory|error/,
      );
      quick.close();
    },
    testMsMax,
  );

  test('a hundred megabytes of source', async () => {
    const line = Buffer.from(`// ${'x'.repeat(1020)}\n`);
    const huge = Buffer.alloc(100 * 1024 * 1024);
    for (let at = 0; at + line.length <= huge.length; at += line.length) line.copy(huge, at);
    expect(await refusal({ 'a.cpp': huge })).toMatch(/has 104857600 bytes: a project may have at most/);
    rmSync(join(project, 'a.cpp'));
  });

  test('too many files', async () => {
    const files: Record<string, string> = {};
    let includes = '';
    for (let i = 0; i < 1001; i++) {
      files[`many/f${i}.hpp`] = '';
      includes += `#include "many/f${i}.hpp"\n`;
    }
    expect(await refusal({ ...files, 'a.cpp': includes })).toMatch(/include more than 1000 files/);
  });

  test(
    'noise, zeros and broken letters',
    async () => {
      const noise = Uint8Array.from({ length: 20_000 }, (_, i) => (i * 7919 + (i >> 3)) & 0xff);
      expect(await refusal({ 'a.cpp': noise })).toMatch(/error/);
      expect(await refusal({ 'a.cpp': new Uint8Array(20_000) })).toMatch(/error/);
      expect(
        await refusal({
          'a.cpp': Buffer.concat([Buffer.from([0xff, 0xfe, 0xc0, 0x80]), Buffer.from(contract('wrong'))]),
        }),
      ).toMatch(/error/);
    },
    testMsMax,
  );

  test(
    'and the next build works',
    async () => {
      writeFileSync(join(project, 'a.cpp'), contract(''));
      const { wasm } = await compiler.build({ name: 'a', root: project, sources: [join(project, 'a.cpp')] });
      expect(wasm.length).toBeGreaterThan(100);
    },
    testMsMax,
  );
});

describe('the result depends on the text alone', () => {
  test('one source in two folders, with and without the precompiled SDK, gives one hash', async () => {
    const hashes = new Set<string>();
    const sources = new Set<string>();
    for (const usePrecompiled of [true, false]) {
      const own = new ContractCompiler({ usePrecompiled });
      for (const name of usePrecompiled ? ['here', 'elsewhere/deep'] : ['here']) {
        const folder = join(outside, name);
        mkdirSync(folder, { recursive: true });
        // Not to be found among what earlier runs have compiled.
        const body = `/* ${outside} */ std::string s = __FILE__; snapscale::print(s, __LINE__);`;
        writeFileSync(
          join(folder, 'a.cpp'),
          contract(body, '#include <map>\n#include <cmath>\nstatic std::map<int, double> m;'),
        );
        const { codeHash, sourceHash } = await own.build({ name: 'a', sources: [join(folder, 'a.cpp')] });
        hashes.add(codeHash);
        sources.add(sourceHash);
      }
      own.close();
    }
    expect(hashes.size).toBe(1);
    expect(sources.size).toBe(1);
  }, 400_000);
});
