/** `node join`: a node of an organisation that is in the consortium already, from the invitation to the running process. */
import { resolve } from 'node:path';
import type { InvitationCode } from '@snapscale/api';
import { describeCertificate, parseCertificates } from '@snapscale/sdk/certificates';
import { listed, momentForPeople, parseSpan } from '../consortium/human-values.js';
import type { CaClient } from '../membership/ca-client.js';
import { givenCode, readCode } from '../membership/code-input.js';
import { applyAt, publicKeyText } from '../membership/enrolment.js';
import { localConsortium } from '../membership/local-network.js';
import { publicCa } from '../membership/which-ca.js';
import type { Handler } from '../program/command.js';
import { usageError } from '../program/failures.js';
import type { Session } from '../program/session.js';
import type { Values } from '../program/values.js';
import { fields } from '../terminal/layout.js';
import {
  certificateOf,
  hasCertificate,
  identityKey,
  startOptions,
  writeCertificate,
  writeGenesis,
  writeNoProducerKeys,
} from './node-directory.js';
import { commandLine, lastLines, type Program, processes, reachableOptions, type Starter } from './programs.js';
import { type Outcome, takeSteps, WalkMemory, type WalkStep } from './walk.js';

/** What is remembered between calls. */
type State = {
  readonly code: string;
  readonly port: number;
  readonly peerPort: number;
  readonly peers: readonly string[];
  readonly hosts: readonly string[];
  /** Where the node renews its certificate. */
  readonly renewAt?: string;
  /** Id of the request at the CA. */
  readonly request?: string;
};

const PATIENCE_DEFAULT = '10m';

export const joinNode: Handler = (session, values) => walkNode(session, values, processes);

/** The walk. @param starter how the node is started */
export async function walkNode(session: Session, values: Values, starter: Starter): Promise<void> {
  const directory = resolve(needed(values, 'data'));
  const memory = new WalkMemory<State>(directory, 'joining.json');
  const state = await stateOf(values, memory, starter);
  const code = readCode(state.code);
  const program = () => nodeProgram(directory, state);
  const steps: WalkStep[] = [
    { label: 'keys', run: async () => keysStep(directory) },
    { label: 'certificate', run: () => certificateStep(directory, memory, publicCa(session, code.url), code) },
    { label: 'genesis', run: async () => genesisStep(session, directory) },
    { label: 'peers', run: async () => peersStep(state.peers) },
    ...(values.flag('start') ? [{ label: 'node', run: () => nodeStep(session, program(), state.port, starter) }] : []),
  ];
  const othersMs = values.unlessNot('wait')
    ? parseSpan(values.text('patience') ?? PATIENCE_DEFAULT, '--patience') * 1000
    : 0;
  await takeSteps(
    session,
    steps,
    { othersMs, programsMs: starter.answerMs },
    `snapscale node join --data ${directory}`,
  );
  const { output } = session;
  const described = describeCertificate(parseCertificates(certificateOf(directory))[0]!, Date.now());
  const { log } = program();
  const command = commandLine(program());
  output.result({ data: directory, ...described, url: urlOf(state.port), command, log }, () =>
    fields(
      [
        ['node', `${described.node} of ${described.organisation}`],
        ['roles', described.roles.join(', ')],
        ['certificate', `until ${momentForPeople(described.not_after, Date.now())}`],
        ...(values.flag('start')
          ? ([
              ['address', urlOf(state.port)],
              ['log', log],
            ] as const)
          : ([['start it', command]] as const)),
      ],
      output.style,
    ),
  );
  if (memory.read()?.renewAt === undefined) {
    output.note('Nobody renews its certificate by itself: name the CA with --renew-at https://…');
  }
  if (!values.flag('start')) output.note('In the background: the same command with --start.');
}

async function stateOf(values: Values, memory: WalkMemory<State>, starter: Starter): Promise<State> {
  const known = memory.read();
  const text = (await givenCode(values.optionalArgument('code'))) ?? known?.code;
  if (text === undefined) {
    throw usageError(
      'CODE is missing: the invitation for this node',
      'An operator of the organisation prints one: snapscale member invite --role observer --node NAME',
    );
  }
  const code = readCode(text);
  const peers = listed(values.list('peers'));
  const hosts = listed(values.list('host'));
  const local = localConsortium(values);
  const renewAt = values.text('renewAt') ?? known?.renewAt ?? (local?.caUrl === code.url ? local.caTlsUrl : undefined);
  const state: State = {
    ...known,
    ...(renewAt === undefined ? {} : { renewAt }),
    code: text,
    port: values.integer('port', 1, 65_535) ?? known?.port ?? (await starter.freePort()),
    peerPort: values.integer('peerPort', 1, 65_535) ?? known?.peerPort ?? (await starter.freePort()),
    peers: peers.length > 0 ? peers : (known?.peers ?? code.peers),
    hosts: hosts.length > 0 ? hosts : (known?.hosts ?? ['127.0.0.1']),
  };
  memory.write(state);
  return state;
}

function keysStep(directory: string): Outcome {
  writeNoProducerKeys(directory);
  return { kind: 'done', text: `${publicKeyText(identityKey(directory))}; the private key stays in ${directory}` };
}

async function certificateStep(
  directory: string,
  memory: WalkMemory<State>,
  ca: CaClient,
  code: InvitationCode,
): Promise<Outcome> {
  if (!hasCertificate(directory)) {
    const state = memory.read()!;
    const wish = { invitation: code.secret, hosts: state.hosts };
    const answer =
      state.request === undefined
        ? await applyAt(ca, code.organisation, identityKey(directory), wish)
        : await ca.request(code.organisation, state.request);
    if (answer.status === 'waiting') {
      memory.write({ ...state, request: answer.id });
      return {
        kind: 'missing',
        text: `an operator of ${code.organisation} must approve request ${answer.id}`,
        todo: `The operator says: snapscale member approve ${answer.id} --organisation ${code.organisation}`,
      };
    }
    writeCertificate(directory, answer.certificate ?? '', answer.authorities ?? []);
  }
  const { node, organisation, roles } = describeCertificate(
    parseCertificates(certificateOf(directory))[0]!,
    Date.now(),
  );
  return { kind: 'done', text: `${node ?? 'without a name'} of ${organisation}, as ${roles.join(', ')}` };
}

/** The genesis, from a node of the network. */
export async function genesisStep(session: Session, directory: string): Promise<Outcome> {
  const chainId = await writeGenesis(await session.client(), directory);
  return { kind: 'done', text: `chain ${chainId.slice(0, 16)}…, as ${session.url} has it` };
}

/** Addresses of other nodes. */
export function peersStep(peers: readonly string[]): Outcome {
  if (peers.length > 0) return { kind: 'done', text: peers.join(', ') };
  return {
    kind: 'missing',
    text: 'no node to connect to is known',
    todo: 'Name one or more with --peers HOST:PORT. Whoever gave the code knows them.',
  };
}

/** Starts the node, and waits until it answers and follows the chain. */
export async function nodeStep(session: Session, program: Program, port: number, starter: Starter): Promise<Outcome> {
  const how = starter.start(program);
  const { createApiClient } = await import('@snapscale/api');
  const api = createApiClient({ url: urlOf(port), fetch: session.plainFetch() });
  // Open to everybody, also where the node lets in members alone.
  const [here, access, there] = await Promise.all([
    api.node.getHealth().catch(() => undefined),
    api.snap.getAccess().catch(() => undefined),
    (await session.client()).api.chain.getInfo(),
  ]);
  if (here === undefined) {
    return {
      kind: 'missing',
      soon: true,
      text: `the node does not answer yet at ${urlOf(port)}`,
      todo: [`It ${how}. Its log: ${program.log}`, ...lastLines(program.log)].join('\n'),
    };
  }
  if (access !== undefined && access.chain_id !== there.chain_id) {
    return {
      kind: 'missing',
      text: `at ${urlOf(port)} answers a node of another chain`,
      todo: 'Give another port with --port.',
    };
  }
  const behind = there.head_block_num - here.head_block_num;
  if (behind > BEHIND_MAX) {
    return {
      kind: 'missing',
      soon: true,
      text: 'the node has not caught up with the chain yet',
      todo: `It is at block ${here.head_block_num} of ${there.head_block_num}. Its log: ${program.log}`,
    };
  }
  return { kind: 'done', text: `${how}, at block ${here.head_block_num}, ${urlOf(port)}` };
}

/** A node whose newest block is so many behind another's is catching up. */
const BEHIND_MAX = 12;

function nodeProgram(directory: string, { port, peerPort, peers, hosts, renewAt }: State): Program {
  return {
    kind: 'node',
    args: [
      ...[
        '--data',
        directory,
        ...startOptions(directory, hosts),
        '--port',
        String(port),
        '--peer-port',
        String(peerPort),
      ],
      ...(peers.length > 0 ? ['--peers', peers.join(',')] : []),
      ...reachableOptions(hosts),
      ...(renewAt === undefined ? [] : ['--ca', renewAt]),
    ],
    log: resolve(directory, 'node.log'),
    pidFile: resolve(directory, 'node.pid'),
  };
}

/** Where the own node answers. */
export function urlOf(port: number): string {
  return `http://localhost:${port}`;
}

function needed(values: Values, name: string): string {
  const value = values.text(name);
  if (value !== undefined) return value;
  throw usageError(`--${name} is missing: where the node keeps its data`, 'As --data ./mynode.');
}
