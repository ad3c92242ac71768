import { afterAll, describe, expect, test } from 'vitest';
import { MockHost, pack } from '../tests/mock-host.js';
import { buildContract, ContractCompiler } from './build-contract.js';
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
  return {
    '/a.cpp': `#include <eosio/eosio.hpp>\nclass [[eosio::contract]] a : public eosio::contract { public: using contract::contract;\n${body}\n};\n`,
  };
}

describe('errors name the file, line and column of the user’s text', () => {
  test(
    'in declarations, behind attributes and letters of more than one byte',
    async () => {
      const errors = await errorsOf(
        contract(`[[eosio::action]] void f(missing x);
[[eosio::action, eosio::read_only]] void g(missing y);
/* größe */ [[eosio::action("h.h")]] void h(missing z);`),
      );
      expect(errors).toEqual(
        ['3:26', '4:44', '5:45'].map((place) => `/a.cpp:${place}: error: unknown type name 'missing'`),
      );
    },
    buildMsMax,
  );

  test(
    'in the bodies of functions',
    async () => {
      const errors = await errorsOf(
        contract('[[eosio::action]] void f() { g(); }\neosio::name n() { constexpr auto n = "UPPER"_n; return n; }'),
      );
      expect(errors).toEqual([
        "/a.cpp:3:30: error: use of undeclared identifier 'g'",
        "/a.cpp:4:34: error: constexpr variable 'n' must be initialized by a constant expression",
      ]);
    },
    buildMsMax,
  );

  test(
    'of attributes',
    async () => {
      const errors = await errorsOf(
        contract(`[[eosio::action("Bad")]] void f();
[[eosio::action]] void g() {}
[[eosio::action("g")]] void h() {}
[[eosio::on_notify("token")]] void n() {}
private: [[eosio::action]] void p() {}`),
      );
      expect(errors).toEqual([
        "/a.cpp:3:31: error: 'Bad' is no name for an action: use at most 12 of the characters .12345a-z",
        '/a.cpp:5:29: error: the contract has another action named \'g\': give one of them a name of its own by [[snapscale::action("…")]]',
        "/a.cpp:7:33: error: the action 'p' must be public",
        '/a.cpp:6:36: error: on_notify takes "account::action" or "*::action", not "token"',
      ]);
    },
    buildMsMax,
  );

  test(
    'of types without a counterpart in an ABI',
    async () => {
      const errors = await errorsOf(
        contract(
          'struct s { int* p; };\n[[eosio::action]] void f(const char* p) {}\n[[eosio::action]] s g() { return {}; }',
        ),
      );
      expect(errors).toEqual([
        "/a.cpp:4:38: error: parameter 'p': the type 'const char *' has no counterpart in an ABI",
        "/a.cpp:5:21: error: result of 'g': field 'p' of a::s: the type 'int *' has no counterpart in an ABI",
      ]);
    },
    buildMsMax,
  );

  test(
    'in a header that is included upwards',
    async () => {
      const errors = await errorsOf(
        {
          '/x/src/a.cpp': '#include "../include/deep/a.hpp"\n',
          '/x/include/deep/a.hpp':
            '#include "../b.hpp"\n#include <eosio/eosio.hpp>\nclass [[eosio::contract]] a : public eosio::contract {};\n',
          '/x/include/b.hpp': '\n  wrong;\n',
        },
        ['/x/src/a.cpp'],
      );
      expect(errors[0]).toBe('/x/include/b.hpp:2:3: error: a type specifier is required for all declarations');
    },
    buildMsMax,
  );
});

describe('errors without a place', () => {
  test('a missing source', async () => {
    expect(await errorsOf({})).toEqual(['error: no such source file: /a.cpp']);
  });

  test(
    'sources without a contract',
    async () => {
      expect(await errorsOf({ '/a.cpp': 'int x;' })).toEqual([
        'error: none of the sources has a class with the attribute [[snapscale::contract("a")]]',
      ]);
    },
    buildMsMax,
  );

  test(
    'a function that neither the contract nor the host has',
    async () => {
      const errors = await errorsOf(contract('[[eosio::action]] void f() { g(); }\nvoid g();'));
      expect(errors).toEqual(['error: undefined symbol: a::g()']);
    },
    buildMsMax,
  );
});

test(
  'what only an operating system has is refused by name, and stdio goes to the console',
  async () => {
    const clock = {
      '/a.cpp': `#include <chrono>\n#include <cstdio>\n${contract('[[eosio::action]] void f() { printf("%d", int(std::chrono::system_clock::now().time_since_epoch().count())); }')['/a.cpp']}`,
    };
    expect(await errorsOf(clock)).toEqual([
      'error: the contract needs clock_time_get, which only an operating system has',
    ]);
  },
  buildMsMax,
);

test(
  'a contract may define apply itself',
  async () => {
    const text = `#include <eosio/eosio.hpp>
struct a : eosio::contract {
  using contract::contract;
  void hi(eosio::name user) { eosio::print("hi ", user); }
  void bye() {}
};
EOSIO_DISPATCH(a, (hi)(bye))
`;
    const { wasm, abi } = await compiler.build({
      name: 'a',
      sources: ['/a.cpp'],
      readFile: (path) => (path === '/a.cpp' ? text : undefined),
    });
    expect(abi.actions).toEqual([]);
    const outcome = new MockHost().apply(wasm, { receiver: 'a', action: 'hi', data: pack.name('bob') });
    expect(outcome.console).toBe('hi bob');
  },
  buildMsMax,
);

test(
  'a step that takes too long is stopped, and the next build works',
  async () => {
    const files = contract('[[eosio::action]] void f() {}');
    const options = { name: 'a', sources: ['/a.cpp'], readFile: (path: string) => files[path] };
    await expect(buildContract({ ...options, stepMsMax: 1 })).rejects.toThrow(
      'compiling took longer than 1 ms and was stopped',
    );
    const { wasm } = await compiler.build(options);
    expect(wasm.length).toBeLessThan(2000);
  },
  buildMsMax,
);

test(
  'equal sources give equal bytes, wherever they lie, and with constructors before each action',
  async () => {
    const text =
      '#include "a.hpp"\nstatic std::string text = std::string(40, \'x\');\nvoid a::f() { eosio::check(text.size() == 40, __FILE__); }\n';
    const header =
      '#include <eosio/eosio.hpp>\nclass [[eosio::contract]] a : public eosio::contract { public: using contract::contract;\n[[eosio::action]] void f(); };\n';
    const build = async (dir: string) => {
      const files: Record<string, string> = { [`${dir}/a.cpp`]: text, [`${dir}/a.hpp`]: header };
      return (await compiler.build({ name: 'a', sources: [`${dir}/a.cpp`], readFile: (path) => files[path] })).wasm;
    };
    const first = await build('/one');
    expect(Buffer.from(await build('/another/place'))).toEqual(Buffer.from(first));
  },
  buildMsMax,
);
