import { describe, expect, test } from 'vitest';
import { scanSource } from './attributes.js';
import { nameOfNumber, numberOfName } from './contract-model.js';
import { formatCppType, parseCppType } from './cpp-type.js';
import { parseClangOutput } from './diagnostics.js';
import { loadProject } from './project.js';
import { originalPosition, rewriteSource } from './rewrite.js';
import { parseRicardianClauses, parseRicardianContracts } from './ricardian.js';

const rewritten = (text: string): string => rewriteSource(text, scanSource(text).edits).text;

describe('attributes become annotations', () => {
  test.each([
    ['[[eosio::action]] void f();', '[[clang::annotate("snapscale","action")]] void f();'],
    ['[[ snapscale :: action("a.b") , nodiscard]]', '[[ clang::annotate("snapscale","action","a.b") , nodiscard]]'],
    [
      '[[eosio::table, eosio::contract("x")]]',
      '[[clang::annotate("snapscale","table"), clang::annotate("snapscale","contract","x")]]',
    ],
    ['[[eosio::on_notify("*::transfer")]]', '[[clang::annotate("snapscale","on_notify","*::transfer")]]'],
    ['__attribute__((eosio_notify("a::b")))', '__attribute__((annotate("snapscale","on_notify","a::b")))'],
    ['__attribute__((noinline, eosio_action)) x', '__attribute__((noinline, annotate("snapscale","action"))) x'],
    ['[[eosio::action(\n"a"\n)]] x', '[[clang::annotate("snapscale","action","a"\n\n)]] x'],
    ['[[eosio::table(")]]")]]', '[[clang::annotate("snapscale","table",")]]")]]'],
    ['#define ACT [[eosio::action]] void', '#define ACT [[clang::annotate("snapscale","action")]] void'],
  ])('%s', (text, expected) => {
    expect(rewritten(text)).toBe(expected);
  });

  test.each([
    '// [[eosio::action]]\n',
    '/* [[eosio::action]] */',
    '"[[eosio::action]]"',
    'R"x([[eosio::action]] )" )x"',
    '\'"\' "[[eosio::action]]"',
    '[[nodiscard]] [[other::action]]',
    '"\\"[[eosio::action]]"',
    'int eosio::action;',
    '[[eosio::action',
  ])('but not in %s', (text) => {
    expect(rewritten(text).replace('[[clang::annotate("snapscale","action")', '[[eosio::action')).toBe(text);
  });

  test('digit separators do not open a literal', () => {
    expect(rewritten("1'000 [[eosio::action]] 2'000")).toContain('clang::annotate');
  });
});

test('includes are found with their places, quoted or not', () => {
  const text = '#include "a.hpp"\n  # include <b/../c.hpp> // "d"\n// #include "e"\n';
  expect(scanSource(text).includes).toEqual([
    { path: 'a.hpp', quoted: true, offset: 10 },
    { path: 'b/../c.hpp', quoted: false, offset: 30 },
  ]);
});

test('positions go back to the original text, in characters', () => {
  const text = 'ä [[eosio::action]] x;\n[[eosio::action]] y;';
  const source = rewriteSource(text, scanSource(text).edits);
  const bytesBefore = (line: number, mark: string): number =>
    Buffer.byteLength(source.text.split('\n')[line - 1]!.split(mark)[0]!) + 1;
  expect(originalPosition(source, 1, bytesBefore(1, 'x;'))).toEqual({ line: 1, column: 21 });
  expect(originalPosition(source, 2, bytesBefore(2, 'y;'))).toEqual({ line: 2, column: 19 });
  expect(originalPosition(source, 2, bytesBefore(2, 'annotate'))).toEqual({ line: 2, column: 3 });
  expect(originalPosition(source, 1, 1)).toEqual({ line: 1, column: 1 });
});

describe('projects', () => {
  const files: Readonly<Record<string, string>> = {
    '/w/p/src/a.cpp': '#include "../inc/x/a.hpp"\n#include <lib.hpp>\n#include <vector>\n',
    '/w/p/inc/x/a.hpp': '#include "../b.hpp"\n',
    '/w/p/inc/b.hpp': '#include "x/a.hpp"\n',
    '/w/lib/lib.hpp': '',
  };
  const load = () =>
    loadProject(
      ['/w/p/src/a.cpp'],
      ['/w/lib'],
      (path) => files[path],
      (path) => path,
    );

  test('hold what the sources include, under paths from their common folder', () => {
    const project = load();
    expect([...project.files.keys()]).toEqual([
      '/project/p/src/a.cpp',
      '/project/p/inc/x/a.hpp',
      '/project/lib/lib.hpp',
      '/project/p/inc/b.hpp',
    ]);
    expect(project.includeDirs).toEqual(['/project/lib']);
    expect(project.sources).toEqual(['/project/p/src/a.cpp']);
  });

  test('include upwards by the full path, since the compiler’s file tree has no ..', () => {
    expect(load().files.get('/project/p/src/a.cpp')!.text.split('\n')[0]).toBe('#include "/project/p/inc/x/a.hpp"');
    expect(load().files.get('/project/p/inc/b.hpp')!.text).toBe('#include "x/a.hpp"\n');
  });

  test('place messages in the user’s files', () => {
    expect(load().locate({ file: '/project/p/src/a.cpp', line: 2, columnBytes: 3 })).toEqual({
      file: '/w/p/src/a.cpp',
      line: 2,
      column: 3,
    });
    expect(load().locate({ file: '/usr/include/c++/v1/vector', line: 2, columnBytes: 3 })).toBeUndefined();
  });
});

describe('C++ types', () => {
  test.each([
    ['const std::vector<unsigned long long> &', 'std::vector<unsigned long long>'],
    ['long unsigned int', 'unsigned long'],
    ['std::map<std::string, std::variant<int, a::b>>', 'std::map<std::string, std::variant<int, a::b>>'],
    ['std::array<char, 33UL>', 'std::array<char, 33>'],
    ['struct (anonymous namespace)::thing', 'thing'],
    ['uint16_t[3][4]', 'uint16_t[3][4]'],
    ['outer<int>::inner', 'outer<int>::inner'],
    [
      'snapscale::indexed_by<1, const_mem_fun<row, unsigned long long, &row::by>>',
      'snapscale::indexed_by<1, const_mem_fun<row, unsigned long long, &row::by>>',
    ],
    ['long double', 'long double'],
    ['unsigned __int128', 'unsigned __int128'],
  ])('%s is %s', (text, expected) => {
    expect(formatCppType(parseCppType(text)!)).toBe(expected);
  });

  test.each(['const char *', 'void (int)', 'std::vector<', ''])('%s is none that values have', (text) => {
    expect(parseCppType(text)).toBeUndefined();
  });
});

test('names and their numbers', () => {
  expect(numberOfName('eosio.token')).toBe(6138663591592764928n);
  for (const name of ['', 'a', 'eosio.token', 'zzzzzzzzzzzzj', 'a.b.c.d.e.f'])
    expect(nameOfNumber(numberOfName(name))).toBe(name);
});

test('errors inside of the toolchain are reported where the user’s code led there', () => {
  const stderr = [
    '/project/a.cpp:3:4: warning: unused variable',
    '/sdk/x.hpp:9:9: error: no such member',
    '/sdk/y.hpp:1:1: note: in instantiation of one',
    '/project/a.cpp:7:5: note: in instantiation of another',
    '/project/a.cpp:8:5: note: and more',
    '/project/b.cpp:1:2: fatal error: no file',
    '/sdk/x.hpp:1:1: error: lonely',
    'wasm-ld: error: /contract0.o: undefined symbol: f()',
    '3 errors generated.',
  ].join('\n');
  const locate = (place: { file: string; line: number; columnBytes: number }) =>
    place.file.startsWith('/project/')
      ? { file: place.file.slice(9), line: place.line, column: place.columnBytes }
      : undefined;
  const nowhere = { severity: 'error', file: undefined, line: 0, column: 0 };
  expect(parseClangOutput(stderr, locate)).toEqual([
    { severity: 'warning', file: 'a.cpp', line: 3, column: 4, message: 'unused variable' },
    { severity: 'error', file: 'a.cpp', line: 7, column: 5, message: 'no such member (in /sdk/x.hpp)' },
    { severity: 'error', file: 'b.cpp', line: 1, column: 2, message: 'no file' },
    { ...nowhere, message: 'lonely (in /sdk/x.hpp)' },
    { ...nowhere, message: 'undefined symbol: f()' },
  ]);
});

test('ricardian texts are cut at their headings', () => {
  const text =
    'intro\n<h1 class="contract">a</h1>\r\n\r\n---\r\ntitle: A\r\n---\r\n\n<h1 class="contract"> b.c </h1>\nB\n';
  expect(parseRicardianContracts(text)).toEqual([
    { id: 'a', body: '---\ntitle: A\n---' },
    { id: 'b.c', body: 'B' },
  ]);
  expect(parseRicardianClauses(text)).toEqual([]);
});
