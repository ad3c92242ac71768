/** The contract project that a command works on. */
import type { ContractProject, ProjectContract } from '@snapscale/contracts/compiler';
import { configurationError, usageError } from '../program/failures.js';

/** What the contracts package offers, loaded when the first command needs it. */
export const compilerPackage = () => import('@snapscale/contracts/compiler');

/** The project in a folder, or in the nearest one above. @throws CommandError */
export async function openProject(directory = '.'): Promise<ContractProject> {
  const { loadContractProject, ProjectFileError } = await compilerPackage();
  try {
    return loadContractProject(directory);
  } catch (error) {
    if (error instanceof ProjectFileError) throw configurationError(error.message, error.hint);
    throw error;
  }
}

/** All contracts of a project, or the one that is named. @throws CommandError */
export function contractsOf(project: ContractProject, name: string | undefined): readonly ProjectContract[] {
  if (name === undefined) return project.contracts;
  const found = project.contracts.filter((contract) => contract.name === name);
  if (found.length > 0) return found;
  throw usageError(`the project has no contract ${name}`, `It has ${namesOf(project)}.`);
}

/**
 * The one contract that a command is about: the one that is named, the only one, or the one that is called as `account`.
 * @throws CommandError
 */
export function contractFor(project: ContractProject, name: string | undefined, account: string): ProjectContract {
  const [first, ...more] = contractsOf(project, name);
  if (more.length === 0) return first!;
  const same = project.contracts.find((contract) => contract.name === account);
  if (same !== undefined) return same;
  throw usageError(
    `the project has several contracts, and none is called ${account}`,
    `Say which one: --contract NAME, of ${namesOf(project)}.`,
  );
}

function namesOf({ contracts }: ContractProject): string {
  return contracts.map(({ name }) => name).join(', ');
}
