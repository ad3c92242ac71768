/** Tests of contracts in TypeScript, on the execution that nodes run. */
export type { ActionResult } from './action-result.js';
export { type BuiltContract, buildForTest, loadBuilt, systemContract } from './built-contract.js';
export {
  ContractTest,
  type Row,
  type Snapshot,
  type Span,
  type TestOptions,
  type TestPrices,
} from './contract-test.js';
export type { CoverageSummary } from './coverage.js';
export { editorPaths } from './editor-paths.js';
export { type Actors, type Attempt, ContractTestError, type Expected } from './expectation.js';
export type { GasDifference, GasRow } from './gas-report.js';
export {
  type RunOptions,
  runContractTests,
  type TestOutcome,
  type TestSummary,
  testFiles,
} from './runner/run-tests.js';
