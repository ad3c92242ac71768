/** The commands to a network that runs, and `network status`, which also knows one that does not. */
import type { NetworkCommand } from '@snapscale/api';
import type { Handler } from '../program/command.js';
import { usageError } from '../program/failures.js';
import type { Session } from '../program/session.js';
import type { Values } from '../program/values.js';
import { command, describedNetwork, hasLeftAddress, networkDirectory, tryCommand } from './launcher-client.js';
import { showNetwork, stoppedNetwork } from './network-view.js';
import { endLeftBehind } from './up.js';

export const statusCommand: Handler = async (session, values) => {
  const directory = networkDirectory(values.text('data'));
  const status = await tryCommand(directory, { kind: 'status' });
  if (status !== undefined) return showNetwork(status, session.output);
  const description = describedNetwork(directory);
  // Says that there is none.
  if (description === undefined) return void (await command(directory, { kind: 'status' }));
  showNetwork(stoppedNetwork(directory, description, hasLeftAddress(directory)), session.output);
  session.output.next('network up');
};

export const startCommand: Handler = (session, values) =>
  order(session, values, { kind: 'start', node: values.argument('node') }, 'Starting');

export const stopCommand: Handler = (session, values) =>
  order(session, values, { kind: 'stop', node: values.argument('node') }, 'Stopping');

export const killCommand: Handler = async (session, values) => {
  const node = values.argument('node');
  await order(session, values, { kind: 'kill', node }, 'Killing');
  session.output.next(`network start ${node}`, 'network status');
};

export const partitionCommand: Handler = async (session, values) => {
  const groups = values.rest.map((group) => group.split(',').filter((name) => name !== ''));
  if (groups.length === 0 || groups.some((group) => group.length === 0)) {
    throw usageError(
      'GROUPS: name the nodes of each side',
      'For example: snapscale network partition north,east south,west',
    );
  }
  await order(session, values, { kind: 'partition', groups }, 'Cutting links');
  session.output.next('network status', 'network heal');
};

export const healCommand: Handler = (session, values) => order(session, values, { kind: 'heal' }, 'Joining links');

export const downCommand: Handler = async (session, values) => {
  const directory = networkDirectory(values.text('data'));
  const description = describedNetwork(directory);
  const isHeld = (await tryCommand(directory, { kind: 'status' })) !== undefined;
  if (!isHeld && description !== undefined && hasLeftAddress(directory)) {
    await endLeftBehind(session, directory);
    showNetwork(stoppedNetwork(directory, description, false), session.output);
  } else await order(session, values, { kind: 'down' }, 'Stopping all nodes');
  session.output.note('Everything is stored; the next "snapscale network up" resumes.');
};

async function order(session: Session, values: Values, what: NetworkCommand, doing: string): Promise<void> {
  const { output } = session;
  const stopProgress = output.progress('node' in what ? `${doing} ${what.node}` : doing);
  try {
    showNetwork(await command(networkDirectory(values.text('data')), what), output);
  } finally {
    stopProgress();
  }
}
