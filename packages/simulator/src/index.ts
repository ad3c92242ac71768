/** A seeded simulator of whole networks: replicas with real execution on virtual time, with faults and cheats. */

export {
  balanceOf,
  holders,
  type SimulatedContracts,
  SimulatedGenesis,
  type TokenArtifact,
  tokensInAll,
} from './genesis.js';
export { calm, type Packet, type Weather } from './network.js';
export { type Conduct, honest, SimulatedNode } from './node.js';
export type { Pace } from './pace.js';
export { type Breakage, type Scenario, type ScenarioOf, simulatedMutants } from './scenarios.js';
export {
  type CheatKind,
  cheatKinds,
  type Severity,
  type SimulationOptions,
  type SimulationResult,
  simulate,
} from './simulation.js';
export { World, type WorldOptions } from './world.js';
