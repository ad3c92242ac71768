import { afterAll, describe, expect, test } from 'vitest';
import { ContractCompiler } from './build-contract.js';
import { BuildError } from './frontend/diagnostics.js';

const buildMsMax = 240_000;
const compiler = new ContractCompiler({ stepMsMax: buildMsMax });

afterAll(() => compiler.close());

async function errorsOf(files: Readonly<Record<string, string>>, sources = ['/a.cpp']): Promise<string[]> {
  const readFile = (path: string): string | undefined => files[path];
  try {
    await compiler.build({ name: 'a', sources, includeDirs: ['/include'], readFile });
  } catch (cause) {
    if (cause instanceof BuildError) return cause.message.split('\n');
    throw cause;
  }
  throw new Error('the build succeeded');
}

/** A contract with `body` inside of its class, from line 3 on. */
function contract(body: string): Record<string, string> {
  return { '/a.cpp': `#include <eosio/eosio.hpp>\nclass [[eosio::contract]] a : public eosio::contract { public: using contract::contract;\n${body}\n};\n` };
}

describe('errors name the file, line and column of the user’s text', () => {
  test.each([
    ['in a declaration', '[[eosio::action]] void f(missing x);', ['/a.cpp:3:26: error: unknown type name \'missing\'']],
    ['behind two attributes', '[[eosio::action, eosio::read_only]] void f() { g(); }', ['/a.cpp:3:48: error: use of undeclared identifier \'g\'']],
    ['behind letters of more than one byte', '/* größe */ [[eosio::action]] void f(missing x);', ['/a.cpp:3:38: error: unknown type name \'missing\'']],
    ['of a bad name', '[[eosio::action("Bad")]] void f();', ["/a.cpp:3:31: error: 'Bad' is no name for an action: use at most 12 of the characters .12345a-z"]],
    ['of a private action', 'private: [[eosio::action]] void f() {}', ["/a.cpp:3:33: error: the action 'f' must be public"]],
    ['of a second action of one name', '[[eosio::action]] void f() {} [[eosio::action("f")]] void g() {}', ["/a.cpp:3:59: error: the contract has another action named 'f'"]],
    ['of a bad notification', '[[eosio::on_notify("token")]] void f() {}', ['/a.cpp:3:36: error: on_notify takes "account::action" or "*::action", not "token"']],
    ['of a type without a counterpart in an ABI', '[[eosio::action]] void f(const char* p) {}', ["/a.cpp:3:38: error: parameter 'p': the type 'const char *' has no counterpart in an ABI"]],
    ['of a name literal', 'eosio::name f() { constexpr auto n = "UPPER"_n; return n; }', ["/a.cpp:3:34: error: constexpr variable 'n' must be initialized by a constant expression"]],
  ])('%s', async (_, body, expected) => {
    expect(await errorsOf(contract(body))).toEqual(expected);
  }, buildMsMax);

  test('of a field whose type has no packed form, at the action that needs it', async () => {
    const errors = await errorsOf(contract('struct s { int* p; };\n[[eosio::action]] s f() { return {}; }'));
    expect(errors[0]).toBe("/a.cpp:4:21: error: result of 'f': field 'p' of a::s: the type 'int *' has no counterpart in an ABI");
  }, buildMsMax);

  test('in a header that is included upwards', async () => {
    const errors = await errorsOf({
      '/x/src/a.cpp': '#include "../include/deep/a.hpp"\n',
      '/x/include/deep/a.hpp': '#include "../b.hpp"\n#include <eosio/eosio.hpp>\nclass [[eosio::contract]] a : public eosio::contract {};\n',
      '/x/include/b.hpp': '\n  wrong;\n',
    }, ['/x/src/a.cpp']);
    expect(errors[0]).toBe('/x/include/b.hpp:2:3: error: a type specifier is required for all declarations');
  }, buildMsMax);
});

describe('errors without a place', () => {
  test('a missing source', async () => {
    expect(await errorsOf({})).toEqual(['error: no such source file: /a.cpp']);
  });

  test('sources without a contract', async () => {
    expect(await errorsOf({ '/a.cpp': 'int x;' })).toEqual(['error: none of the sources has a class with the attribute [[snapscale::contract("a")]]']);
  }, buildMsMax);

  test('a function that neither the contract nor the host has', async () => {
    const errors = await errorsOf(contract('[[eosio::action]] void f() { g(); }\nvoid g();'));
    expect(errors).toEqual(['error: undefined symbol: a::g()']);
  }, buildMsMax);
});

test('a step that takes too long is stopped, and the next build works', async () => {
  const hasty = new ContractCompiler({ stepMsMax: 1 });
  const files = contract('[[eosio::action]] void f() {}');
  const options = { name: 'a', sources: ['/a.cpp'], readFile: (path: string) => files[path] };
  await expect(hasty.build(options)).rejects.toThrow('compiling took longer than 1 ms and was stopped');
  hasty.close();
  const { wasm } = await compiler.build(options);
  expect(wasm.length).toBeLessThan(2000);
}, buildMsMax);

test('equal sources give equal bytes, wherever they lie, and with constructors before each action', async () => {
  const text = '#include "a.hpp"\nstatic std::string text = std::string(40, \'x\');\nvoid a::f() { eosio::check(text.size() == 40, __FILE__); }\n';
  const header = '#include <eosio/eosio.hpp>\nclass [[eosio::contract]] a : public eosio::contract { public: using contract::contract;\n[[eosio::action]] void f(); };\n';
  const build = async (dir: string) => {
    const files: Record<string, string> = { [`${dir}/a.cpp`]: text, [`${dir}/a.hpp`]: header };
    return (await compiler.build({ name: 'a', sources: [`${dir}/a.cpp`], readFile: (path) => files[path] })).wasm;
  };
  const first = await build('/one');
  expect(Buffer.from(await build('/another/place'))).toEqual(Buffer.from(first));
}, buildMsMax);
