/** The part of consensus that clients need: what is final, by headers and certificates alone. */
export {
  finalCountOf,
  finalHeaderProblem,
  genesisTrust,
  isProvenFinal,
  type LightClientPorts,
  type LightTrust,
  trustProblem,
} from './chain/light-client.js';
export {
  type FinalHeader,
  finalHeaderSchema,
  followSteps,
  type LightStep,
  lightStepSchema,
} from './chain/light-update.js';
export { oldestHeaderNeeded, rootProblem, type TrustedSchedule, trustedSchedules } from './chain/root-check.js';
