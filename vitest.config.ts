import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';

const conditions = ['source', 'node', 'import', 'default'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    isolate: false,
    // Two processes, also on two processors: many tests wait for nodes and compilers of their own.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    include: [
      'packages/*/src/**/*.test.ts',
      'apps/*/src/**/*.test.ts',
      'contracts/**/*.test.ts',
      'tests/**/*.test.ts',
      'tools/*.test.ts',
    ],
    // Their tests are for the runner of contract tests: templates.test.ts of the CLI and examples.test.ts call it.
    exclude: [...configDefaults.exclude, 'contracts/templates/**', 'contracts/examples/*/**'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
