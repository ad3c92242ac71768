/**
 * `org join`: a new organisation, from the invitation to its producer. One command for it, and one for each organisation
 * that approves. Every step looks first at what is there, on disk and on the chain.
 */
import { resolve } from 'node:path';
import { listed, parseSpan } from '../consortium/human-values.js';
import { givenCode, readCode } from '../membership/code-input.js';
import { publicCa } from '../membership/which-ca.js';
import type { Handler } from '../program/command.js';
import { usageError } from '../program/failures.js';
import type { Session } from '../program/session.js';
import type { Values } from '../program/values.js';
import { fields } from '../terminal/layout.js';
import { Admission } from './admission.js';
import { genesisStep, nodeStep, peersStep, urlOf } from './node-join.js';
import { OrganisationDirectory } from './organisation-directory.js';
import { accountName } from './organisations.js';
import { Production } from './production.js';
import { commandLine, processes, publicHost, type Starter } from './programs.js';
import { takeSteps, WalkMemory, type WalkStep } from './walk.js';

/** What is remembered between calls. */
export type JoinState = {
  readonly code: string;
  readonly organisation: string;
  readonly title: string;
  readonly caPort: number;
  readonly caTlsPort: number;
  /** Where others reach the CA. */
  readonly caUrl: string;
  readonly port: number;
  readonly peerPort: number;
  readonly peers: readonly string[];
  readonly hosts: readonly string[];
};

const PATIENCE_DEFAULT = '7d';

export const joinOrganisation: Handler = (session, values) => walkOrganisation(session, values, processes);

/** The walk. @param starter how CA and node are started */
export async function walkOrganisation(session: Session, values: Values, starter: Starter): Promise<void> {
  const path = resolve(needed(values, 'data'));
  const memory = new WalkMemory<JoinState>(path, 'joining.json');
  const state = await stateOf(values, memory, starter);
  const directory = new OrganisationDirectory(path, state.organisation);
  const code = readCode(state.code);
  // `--no-wait` is about other people: what this command sends has to be final before the next step.
  const steady = values.with({ wait: true });
  const admission = new Admission(session, steady, directory, state, publicCa(session, code.url));
  const production = new Production(session, steady, directory, state, starter, admission);
  const starts = values.unlessNot('start');
  const steps: WalkStep[] = [
    { label: 'keys', run: () => admission.keys() },
    { label: 'account', run: () => admission.account() },
    { label: 'issuing CA', run: () => admission.signed() },
    { label: 'proposal', run: () => admission.proposed() },
    { label: 'approval', run: () => admission.admitted() },
    { label: 'authority of the CA', run: () => admission.authority() },
    { label: 'CA', run: () => production.startCa() },
    { label: 'node certificate', run: () => production.certificate() },
    { label: 'genesis', run: () => genesisStep(session, directory.node) },
    { label: 'peers', run: async () => peersStep(state.peers) },
    { label: 'registration', run: () => production.registered() },
    ...(starts ? [{ label: 'node', run: () => nodeStep(session, production.nodeProgram(), state.port, starter) }] : []),
  ];
  const othersMs = values.unlessNot('wait')
    ? parseSpan(values.text('patience') ?? PATIENCE_DEFAULT, '--patience') * 1000
    : 0;
  await takeSteps(session, steps, { othersMs, programsMs: starter.answerMs }, `snapscale org join --data ${path}`);
  const { output } = session;
  const result = {
    organisation: state.organisation,
    data: path,
    ca: state.caUrl,
    node: urlOf(state.port),
    commands: [commandLine(production.caProgram()), commandLine(production.nodeProgram())],
  };
  output.result(result, () => [
    `${output.style.green('✓')} ${state.organisation} is an organisation of the consortium`,
    ...fields(
      [
        ['CA', `${state.caUrl}, log ${production.caProgram().log}`],
        ['node', starts ? `${urlOf(state.port)}, log ${production.nodeProgram().log}` : undefined],
        ['start the CA', commandLine(production.caProgram())],
        ['start the node', commandLine(production.nodeProgram())],
      ],
      output.style,
    ),
  ]);
  output.note(
    `It makes blocks when it has votes: snapscale push action eosio voteproducer '["VOTER","",["${state.organisation}"]]' -p VOTER`,
  );
}

async function stateOf(values: Values, memory: WalkMemory<JoinState>, starter: Starter): Promise<JoinState> {
  const known = memory.read();
  const text = (await givenCode(values.optionalArgument('code'))) ?? known?.code;
  if (text === undefined) {
    throw usageError(
      'CODE is missing: the invitation of a member',
      'A member of the consortium prints one: snapscale org invite NAME',
    );
  }
  const code = readCode(text);
  const named = values.text('name') ?? known?.organisation;
  if (named === undefined) {
    throw usageError(
      '--name is missing: the account of your organisation',
      'It is the one that the invitation is for.',
    );
  }
  const organisation = accountName(named);
  if (known !== undefined && known.organisation !== organisation) {
    throw usageError(`this directory is of ${known.organisation}, not of ${organisation}`, 'Give another --data.');
  }
  const port = async (name: string, before: number | undefined) =>
    values.integer(name, 1, 65_535) ?? before ?? (await starter.freePort());
  const caPort = await port('caPort', known?.caPort);
  const caTlsPort = await port('caTlsPort', known?.caTlsPort);
  const peers = listed(values.list('peers'));
  const given = listed(values.list('host'));
  const hosts = given.length > 0 ? given : (known?.hosts ?? ['127.0.0.1']);
  const host = publicHost(hosts);
  const state: JoinState = {
    code: text,
    organisation,
    title: values.text('title') ?? known?.title ?? organisation,
    caPort,
    caTlsPort,
    caUrl:
      values.text('caUrl') ??
      known?.caUrl ??
      (host === undefined ? `http://localhost:${caPort}` : `https://${host}:${caTlsPort}`),
    port: await port('port', known?.port),
    peerPort: await port('peerPort', known?.peerPort),
    peers: peers.length > 0 ? peers : (known?.peers ?? code.peers),
    hosts,
  };
  memory.write(state);
  return state;
}

function needed(values: Values, name: string): string {
  const value = values.text(name);
  if (value !== undefined) return value;
  throw usageError(`--${name} is missing: where the organisation keeps its keys and data`, 'As --data ./mycompany.');
}
