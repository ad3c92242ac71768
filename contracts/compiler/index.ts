/** The contract compiler: C++ sources in, code and ABI out. */
export { type BuildOptions, type BuildResult, buildContract, ContractCompiler } from './build-contract.js';
export { formatAbi } from './frontend/abi.js';
export { BuildError, type Diagnostic, formatDiagnostic } from './frontend/diagnostics.js';
export { compilerVersion } from './toolchain.js';
