/** `contract test`: builds the contracts and runs their tests, on the real execution in memory. */
import type { InstrumentedCode } from '@snapscale/contracts/compiler';
import type { CoverageSummary, GasDifference, TestOutcome, TestSummary } from '@snapscale/contracts/testing';
import type { Handler } from '../program/command.js';
import { CommandError, configurationError, exitCodes, usageError } from '../program/failures.js';
import { withSnakeCaseNames } from '../program/json-names.js';
import { bytesText, counted, table } from '../terminal/layout.js';
import { printable, type Style } from '../terminal/style.js';
import { buildInto, withCompiler } from './building.js';
import { compilerPackage, openProject } from './project.js';

export const testCommand: Handler = async (session, values) => {
  const { output } = session;
  const pattern = values.optionalArgument('pattern');
  const project = await openProject(values.text('directory'));
  const { runContractTests, testFiles } = await import('@snapscale/contracts/testing');
  if (testFiles(project, pattern).length === 0) throw await nothingToRun(pattern, testFiles(project).length);
  const debugBuilds = new Map<string, InstrumentedCode>();
  await withCompiler(session, async (compiler) => {
    for (const contract of project.contracts) {
      await buildInto(compiler, project, contract, output);
      if (!values.flag('coverage')) continue;
      const stop = output.progress(`Compiling ${contract.name} for coverage`);
      debugBuilds.set(contract.name, await compiler.buildDebug(contract).finally(stop));
    }
  });
  const began = performance.now();
  let file = '';
  const summary = await runContractTests(project, {
    pattern,
    debugBuilds,
    updateGas: values.flag('updateGas'),
    printed: (text) => output.talk(text),
    ended: (test) => {
      if (output.json) return;
      if (test.file !== file) output.lines([output.style.bold(test.file)]);
      file = test.file;
      output.lines(outcomeLines(test, output.style));
    },
  });
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  report(summary, seconds, output);
};

/** Ends with the gas report, and the counts; fails when a test did. */
function report(summary: TestSummary, seconds: string, output: Parameters<Handler>[0]['output']): void {
  const { tests, gas, coverage, compared } = summary;
  const count = (outcome: TestOutcome['outcome']) => tests.filter((test) => test.outcome === outcome).length;
  const [passed, failed, skipped] = [count('passed'), count('failed'), count('skipped')];
  const json = withSnakeCaseNames({ passed, failed, skipped, tests, gas, coverage, compared }) as Record<
    string,
    unknown
  >;
  if (failed > 0) {
    throw new CommandError(
      'tests_failed',
      exitCodes.failed,
      `${counted(failed, 'test')} of ${tests.length} failed`,
      undefined,
      { values: json },
    );
  }
  output.result(json, () => [
    ...(gas.length === 0 ? [] : ['', ...gasLines(gas, compared, output.style)]),
    ...(coverage.length === 0 ? [] : ['', ...coverageLines(coverage, output.style)]),
    '',
    `${output.style.green('✓')} ${counted(passed, 'test')} passed in ${seconds} s${skipped > 0 ? `, ${skipped} skipped` : ''}`,
  ]);
  if (!compared && gas.length > 0) {
    output.note(
      'Keep what actions cost, to see what changes: snapscale contract test --update-gas, and commit gas-report.json.',
    );
  }
}

function outcomeLines({ outcome, path, message, place, durationMs }: TestOutcome, style: Style): string[] {
  const marks = { passed: style.green('✓'), failed: style.red('✗'), skipped: style.yellow('-') };
  const milliseconds = durationMs >= 100 ? style.dim(`  ${Math.round(durationMs)} ms`) : '';
  const line = `  ${marks[outcome]} ${path.map(printable).join(' › ')}${milliseconds}`;
  if (outcome !== 'failed') return [line];
  const said = printable(message ?? 'no message').split('\n');
  return [line, ...said.map((text) => `      ${text}`), ...(place === undefined ? [] : [`      ${place}`])];
}

function gasLines(gas: readonly GasDifference[], compared: boolean, style: Style): string[] {
  const change = ({ percent }: GasDifference): string => {
    if (percent === undefined) return style.dim('new');
    const text = `${percent >= 0 ? '+' : ''}${percent.toFixed(1)} %`;
    return Math.abs(percent) < 0.05 ? style.dim('same') : percent > 0 ? style.yellow(text) : style.green(text);
  };
  return table(
    [
      { title: 'action' },
      { title: 'runs', right: true },
      { title: 'gas (median)', right: true },
      { title: 'RAM (most)', right: true },
      ...(compared ? [{ title: 'since the last commit', right: true }] : []),
    ],
    gas.map((difference) => [
      difference.row.action,
      String(difference.row.count),
      difference.row.gasMedian.toLocaleString('en-US'),
      bytesText(difference.row.ramMax),
      ...(compared ? [change(difference)] : []),
    ]),
    style,
  );
}

function coverageLines(coverage: readonly CoverageSummary[], style: Style): string[] {
  return table(
    [{ title: 'file' }, { title: 'lines run', right: true }, { title: '', right: true }, { title: 'not run' }],
    coverage.map(({ file, hit, total, missed }) => [
      printable(file),
      `${hit} of ${total}`,
      `${Math.floor((100 * hit) / total)} %`,
      missed === '' ? style.dim('none') : style.yellow(missed),
    ]),
    style,
  );
}

async function nothingToRun(pattern: string | undefined, all: number): Promise<CommandError> {
  const { testFolderName } = await compilerPackage();
  if (pattern !== undefined && all > 0) {
    return usageError(
      `no test file has ${JSON.stringify(pattern)} in its name`,
      `There are ${all} in ${testFolderName}/.`,
    );
  }
  return configurationError(
    `the project has no tests: there is no file *.test.ts in ${testFolderName}/`,
    'See what tests look like: snapscale contract new example',
  );
}
