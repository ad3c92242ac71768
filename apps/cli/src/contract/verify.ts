/** `contract verify`: whether the contract of an account is what a source builds into. */

import type { ContractProject } from '@snapscale/contracts/compiler';
import { abiBytes, type ContractComparison, compareContract } from '@snapscale/sdk';
import type { Handler } from '../program/command.js';
import { CommandError, exitCodes } from '../program/failures.js';
import { bytesText, fields } from '../terminal/layout.js';
import type { Style } from '../terminal/style.js';
import { type BuiltContract, compile, lastBuild, withCompiler } from './building.js';
import { namesText } from './deploy-plan.js';
import { contractFor, openProject } from './project.js';

export const verifyCommand: Handler = async (session, values) => {
  const { output } = session;
  const account = values.argument('account');
  const project = await openProject(values.text('source'));
  const contract = contractFor(project, values.text('contract'), account);
  const client = await session.client();
  const compare = (files: Parameters<typeof compareContract>[2]) => compareContract(client, account, files);
  // Asked first: whether there is a contract at all should not take a build.
  const deployed = await compare({});
  if (deployed.code.before === undefined) {
    throw new CommandError(
      'contract_differs',
      exitCodes.failed,
      `${account} has no code, so there is nothing to verify`,
    );
  }
  const built = await withCompiler(session, (compiler) => compile(compiler, contract, output));
  const compared = await compare({ wasm: built.wasm, abi: abiBytes(built.abi as never) });
  const verified = !compared.code.changed && !compared.abi.changed;
  const json = verificationJson(compared, built, verified);
  if (verified) {
    return output.result(json, () => [
      `${output.style.green('✓')} verified: the contract of ${account} is what this source builds into`,
      ...comparisonLines(compared, built, output.style),
    ]);
  }
  if (!output.json) output.lines(comparisonLines(compared, built, output.style));
  throw new CommandError(
    'contract_differs',
    exitCodes.failed,
    `the ${differing(compared)} of ${account} differs from what this source builds into`,
    undefined,
    { lines: await causes(compared, built, project), values: json },
  );
};

function differing({ code, abi }: ContractComparison): string {
  return code.changed && abi.changed ? 'contract (code and ABI)' : code.changed ? 'code' : 'ABI';
}

function comparisonLines({ account, code, abi }: ContractComparison, built: BuiltContract, style: Style): string[] {
  const part = ({ before, after, changed }: ContractComparison['code']) => {
    const size = (one: typeof before) => (one === undefined ? 'none' : `${one.hash} (${bytesText(one.bytes)})`);
    return changed
      ? `${style.red('differs')}\nchain  ${size(before)}\nsource ${size(after)}`
      : `${style.green('equal')}\n${size(before)}`;
  };
  return fields(
    [
      ['account', account],
      ['contract', built.contract.name],
      ['code', part(code)],
      ['abi', part(abi)],
      ['actions', namesText(abi.actions, style)],
      ['tables', namesText(abi.tables, style)],
      ['source', built.record.source_hash],
      ['compiler', `${built.record.compiler}, ${built.record.standard}`],
    ],
    style,
  );
}

/** What may be the reason, the likeliest first. */
async function causes(
  { code, abi }: ContractComparison,
  { contract, record }: BuiltContract,
  project: ContractProject,
): Promise<string[]> {
  const before = await lastBuild(project, contract.name);
  if (!code.changed) {
    return [
      'The code is equal, so only what describes it differs: the texts for signers (NAME.contracts.md), or an ABI that was',
      'set by hand or made by another tool.',
    ];
  }
  const list = [];
  if (before !== undefined && before.code_hash === code.before?.hash) {
    list.push(
      before.compiler === record.compiler
        ? `The last build in build/ (${before.code_hash.slice(0, 12)}…) is what is deployed: the source was changed since.`
        : `The last build in build/ is what is deployed, and was made by another compiler: ${before.compiler}.`,
    );
  } else {
    list.push('It may have been built from another version of the source, or by another compiler or standard of C++.');
  }
  if (!abi.changed) list.push('The ABI is equal: actions and tables are the same, only what they do differs.');
  return list;
}

function verificationJson(
  { account, code, abi }: ContractComparison,
  { contract, record }: BuiltContract,
  verified: boolean,
): Record<string, unknown> {
  const part = ({ before, after, changed }: ContractComparison['code']) => ({
    equal: !changed,
    chain: before ?? null,
    source: after ?? null,
  });
  return {
    verified,
    account,
    contract: contract.name,
    compiler: record.compiler,
    standard: record.standard,
    source_hash: record.source_hash,
    code: part(code),
    abi: { ...part(abi), actions: abi.actions, tables: abi.tables },
  };
}
