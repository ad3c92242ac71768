/** `contract build`: sources into code and ABI, once or whenever they change. */
import { relative } from 'node:path';
import type { ContractAbi, ContractCompiler, ContractProject } from '@snapscale/contracts/compiler';
import type { Handler } from '../program/command.js';
import { describeFailure } from '../program/failures.js';
import type { Session } from '../program/session.js';
import type { Values } from '../program/values.js';
import { bytesText, fields } from '../terminal/layout.js';
import type { Style } from '../terminal/style.js';
import { type BuiltContract, buildInto, withCompiler } from './building.js';
import { compilerPackage, contractsOf, openProject } from './project.js';
import { SourceChanges } from './source-changes.js';

export const buildCommand: Handler = async (session, values) => {
  const directory = values.optionalArgument('directory') ?? '.';
  await withCompiler(session, async (compiler) => {
    if (values.flag('watch')) return watchAndBuild(session, values, compiler, directory);
    const project = await openProject(directory);
    const results = await buildProject(session, values, compiler, project);
    if (session.output.json) session.output.result(results, () => []);
    const [first] = project.contracts;
    session.output.next('contract test', `contract deploy ${first?.name} --create`);
  });
};

async function buildProject(
  { output }: Session,
  values: Values,
  compiler: ContractCompiler,
  project: ContractProject,
): Promise<unknown[]> {
  const results: unknown[] = [];
  for (const contract of contractsOf(project, values.text('contract'))) {
    const built = await buildInto(compiler, project, contract, output);
    const files = [built.paths.wasm, built.paths.abi, built.paths.record];
    const { record, abi, milliseconds } = built;
    const names = (list: readonly { readonly name: string }[]) => list.map(({ name }) => name);
    const times = { milliseconds: Math.round(milliseconds) };
    results.push({ ...record, actions: names(abi.actions), tables: names(abi.tables), files, ...times });
    if (!output.json) output.lines(builtLines(built, files, output.style));
  }
  return results;
}

function builtLines(
  { contract, record, abi, milliseconds }: BuiltContract,
  files: readonly string[],
  style: Style,
): string[] {
  const seconds = (milliseconds / 1000).toFixed(1);
  return [
    `${style.green('✓')} ${style.bold(contract.name)} built in ${seconds} s`,
    ...fields(
      [
        ['code', `${bytesText(record.code_bytes)} · ${bytesText(record.code_bytes * 10)} of RAM when deployed`],
        ['sha256', record.code_hash],
        ['source', record.source_hash],
        ['compiler', record.compiler],
        ['actions', signatures(abi).join('\n')],
        ['tables', abi.tables.map(({ name }) => name).join(', ') || 'none'],
        ['files', files.map((file) => relative('.', file)).join('\n')],
      ],
      style,
    ),
  ];
}

/** `greet(user: name, text: string) → uint32`, one for each action. */
export function signatures(abi: ContractAbi): string[] {
  return abi.actions.map(({ name, type }) => {
    const struct = abi.structs.find((one) => one.name === type);
    const taken = struct?.fields.map((field) => `${field.name}: ${field.type}`).join(', ') ?? type;
    const result = abi.action_results.find((one) => one.name === name)?.result_type;
    return `${name}(${taken})${result === undefined ? '' : ` → ${result}`}`;
  });
}

/** Builds again whenever a file of the project changes, until the user stops it. */
async function watchAndBuild(
  session: Session,
  values: Values,
  compiler: ContractCompiler,
  directory: string,
): Promise<void> {
  const { output, signal, url, options } = session;
  const project = await openProject(directory);
  const { buildFolderName } = await compilerPackage();
  const changes = new SourceChanges(project.directory, buildFolderName, signal);
  while (!signal.aborted) {
    try {
      // Read again: the project file may be what changed.
      const results = await buildProject(session, values, compiler, await openProject(directory));
      if (output.json) output.event(results, () => '');
    } catch (error) {
      if (signal.aborted) return;
      output.failure(describeFailure(error, url), options.verbose);
    }
    output.note('Waiting for changes. Ctrl-C ends it.');
    if (!(await changes.next())) return;
  }
}
