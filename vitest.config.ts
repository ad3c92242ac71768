import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const conditions = ['source', 'node', 'import', 'default'];

/** Files that take more than 20 seconds, the longest first: whatever begins last must be short. */
const slowFiles = [
  'contracts/compiler/rebuild.test.ts',
  'tests/crash/crash.test.ts',
  'contracts/compiler/attacks.test.ts',
  'apps/cli/src/contract.e2e.test.ts',
  'tests/network/network.test.ts',
  'contracts/examples/examples.test.ts',
  'tests/hostile/node.test.ts',
  'apps/cli/src/e2e.test.ts',
  'apps/cli/src/contract/templates.test.ts',
  'tests/drills/drills.test.ts',
  'apps/node/src/store/state-store.test.ts',
  'apps/node/src/launcher/launcher.test.ts',
  'tests/light-client/snapshot-sync.test.ts',
  'tests/contracts/assemblyscript.test.ts',
  'contracts/compiler/build-errors.test.ts',
];

class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const at = slowFiles.findIndex((file) => moduleId.endsWith(file));
      return at < 0 ? slowFiles.length : at;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

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
    sequence: { sequencer: SlowFirst },
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
