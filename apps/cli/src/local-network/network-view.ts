/** A network of this machine as a table. */
import type { LocalCaStatus, LocalNodeStatus, NetworkDescription, NetworkStatus } from '@snapscale/api';
import { withSnakeCaseNames } from '../program/json-names.js';
import type { Output } from '../program/output.js';
import { type Column, table } from '../terminal/layout.js';
import { printable, type Style } from '../terminal/style.js';

/** A node whose newest block is so many behind the others' is catching up. */
const BEHIND = 6;
/** Finality that lags by more blocks than this is shown as late. */
const LAG_MAX = 12;
/** What is shown of what is wrong; JSON has all. */
const REASONS_MAX = 6;
const REASON_CHARACTERS_MAX = 240;
const NOTICES_MAX = 8;

/** Shows the network: the result of most commands. */
export function showNetwork(status: NetworkStatus, output: Output): void {
  output.result(withSnakeCaseNames(withFigures(status)), () => networkLines(status, output.style));
}

/** A network that nobody holds. @param wasKilled whoever held it has not put its nodes to rest */
export function stoppedNetwork(
  directory: string,
  { chainId, nodes, organisations = [], ca }: NetworkDescription,
  wasKilled: boolean,
): NetworkStatus {
  const titleOf = (organisation: string) =>
    organisations.find(({ account }) => account === organisation)?.title ?? organisation;
  return {
    directory,
    running: false,
    chainId,
    nodes: nodes.map(({ name, organisation, httpPort, peerPort, tlsPort }) => ({
      name,
      organisation: titleOf(organisation),
      state: 'stopped',
      url: `http://localhost:${httpPort}`,
      peerPort,
      ...(tlsPort === undefined ? {} : { tlsPort }),
    })),
    ...(ca === undefined
      ? {}
      : { ca: { state: 'stopped', url: `http://localhost:${ca.port}`, tlsUrl: `https://localhost:${ca.tlsPort}` } }),
    notices: wasKilled
      ? ['The process that held the nodes was killed; they may still run. End them with: snapscale network down']
      : [],
  };
}

/** The table, what is wrong, and what has happened. */
export function networkLines(status: NetworkStatus, style: Style): string[] {
  const { nodes, notices, directory, running } = status;
  // In a partition each side has a chain of its own.
  const newest = (of: LocalNodeStatus) =>
    Math.max(...nodes.map(({ head, side }) => (side === of.side ? (head ?? 0) : 0)));
  const isParted = nodes.some(({ side }) => side !== undefined);
  const columns: Column[] = [
    { title: 'node' },
    { title: 'organisation' },
    { title: 'pid', right: true },
    { title: 'http' },
    { title: 'peer port', right: true },
    ...['head', 'final', 'lag', 'peers'].map((title) => ({ title, right: true })),
    ...(isParted ? [{ title: 'side', right: true }] : []),
    { title: 'state' },
  ];
  const rows = nodes.map((node) => [
    node.name,
    node.organisation,
    ...[node.pid].map(number),
    node.url,
    String(node.peerPort),
    ...[node.head, node.final, lagOf(node), node.peers].map(number),
    ...(isParted ? [number(node.side)] : []),
    stateText(node, newest(node), style),
  ]);
  const reasons = nodes.flatMap(({ name, reason }) =>
    reason === undefined ? [] : [clipped(printable(`${name}: ${reason}`), REASON_CHARACTERS_MAX)],
  );
  const untold = reasons.splice(REASONS_MAX).length;
  return [
    `${style.bold(running ? 'running' : 'not running')}  ${style.dim(directory)}`,
    '',
    ...table(columns, rows, style),
    ...(status.ca === undefined ? [] : ['', caLine(status.ca, style)]),
    ...(reasons.length > 0 ? ['', ...reasons] : []),
    ...(untold > 0 ? [style.dim(`… and ${untold} more; --json shows all`)] : []),
    ...(notices.length > 0 ? ['', style.dim('lately (UTC)'), ...notices.slice(-NOTICES_MAX).map(printable)] : []),
  ];
}

function caLine({ state, reason, pid, url, tlsUrl }: LocalCaStatus, style: Style): string {
  const process = pid === undefined ? '' : `  process ${pid}`;
  const how = state === 'running' ? style.green(state) : state === 'failed' ? style.red(state) : state;
  const why = reason === undefined ? '' : `  ${clipped(printable(reason), REASON_CHARACTERS_MAX)}`;
  return `certificate authority (ca)  ${url}  EST ${tlsUrl}${process}  ${how}${why}`;
}

/** With all fields for all nodes, so that programs need not look which there are. */
function withFigures(status: NetworkStatus): unknown {
  return {
    ...status,
    pid: status.pid ?? null,
    ca: status.ca === undefined ? null : { ...status.ca, pid: status.ca.pid ?? null, reason: status.ca.reason ?? null },
    nodes: status.nodes.map((node) => ({
      ...node,
      pid: node.pid ?? null,
      side: node.side ?? null,
      tlsPort: node.tlsPort ?? null,
      reason: node.reason ?? null,
      ...{ head: node.head ?? null, final: node.final ?? null, lag: lagOf(node) ?? null, peers: node.peers ?? null },
    })),
  };
}

/** Blocks of the node that are not final yet. */
function lagOf({ head, final }: LocalNodeStatus): number | undefined {
  return head === undefined || final === undefined ? undefined : head - final;
}

function clipped(text: string, charactersMax: number): string {
  return text.length > charactersMax ? `${text.slice(0, charactersMax)} …` : text;
}

function number(value: number | undefined): string {
  return value === undefined ? '-' : String(value);
}

function stateText(node: LocalNodeStatus, newest: number, style: Style): string {
  switch (node.state) {
    case 'running':
      if (node.head === undefined) return style.red('silent');
      if (node.head < newest - BEHIND) return style.yellow('catching up');
      return (lagOf(node) ?? 0) > LAG_MAX ? style.yellow('waits for finality') : style.green('running');
    case 'failed':
      return style.red('failed');
    case 'killed':
      return style.red('killed');
    default:
      return node.state;
  }
}
