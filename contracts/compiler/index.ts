/** The contract compiler: C++ sources in, code and ABI out. */
export { type BuildOptions, type BuildResult, buildContract, ContractCompiler } from './build-contract.js';
export { contractsRoot } from './contracts-root.js';
export type { InstrumentedCode } from './debug/instrument.js';
export { type ContractAbi, formatAbi } from './frontend/abi.js';
export { BuildError, type Diagnostic, formatDiagnostic } from './frontend/diagnostics.js';
export {
  buildFolderName,
  type ContractProject,
  contractNameProblem,
  loadContractProject,
  type OutputPaths,
  outputPaths,
  type ProjectContract,
  ProjectFileError,
  parseProjectFile,
  projectFileName,
  testFolderName,
} from './project-file.js';
export { compilerId, compilerVersion } from './toolchain.js';
