/** What simulations of whole nodes share with this package's own tests. */
export { mutants, withoutJointElectorate } from '../model/mutants.js';
export * from './fake-signatures.js';
export { Chance } from './random.js';
