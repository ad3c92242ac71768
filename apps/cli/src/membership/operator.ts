/** `member invite|approve|reject`: what an operator of a CA does. */
import { formatInvitationCode, parseInvitationCode } from '@snapscale/api';
import { listed, momentForPeople, parseMoment, roleLabel, roleNames } from '../consortium/human-values.js';
import type { Handler } from '../program/command.js';
import { CommandError, exitCodes, usageError } from '../program/failures.js';
import type { Values } from '../program/values.js';
import { nodeOf } from './enrolment.js';
import { localConsortium } from './local-network.js';
import { caOf } from './which-ca.js';

export const inviteMember: Handler = async (session, values) => {
  const { output } = session;
  const { ca, organisation } = await caOf(session, values);
  const typed = values.text('node');
  const node = typed === undefined ? undefined : nodeOf(session, organisation, typed);
  const given = roleNames(values.list('role')).map(roleLabel);
  const roles = given.length > 0 ? given : [node === undefined ? 'client' : 'observer'];
  const account = values.text('account');
  const hosts = listed(values.list('host'));
  const uses = values.integer('uses', 1, 1_000_000);
  const { code, expires } = await ca.invite(organisation, {
    roles,
    expires: expiryOf(values),
    ...(node === undefined ? {} : { node }),
    ...(account === undefined ? {} : { account }),
    ...(hosts.length === 0 ? {} : { hosts }),
    ...(uses === undefined ? {} : { uses }),
  });
  const whole = node === undefined ? withoutPeers(code) : withPeers(code, values);
  output.result({ code: whole, organisation, roles, node, account, expires }, () => [whole]);
  output.note(
    `For ${roles.join(', ')} of ${organisation}, until ${momentForPeople(expires, Date.now())}. Whoever has the code gets the certificate: hand it over in private.`,
  );
  output.note(
    node === undefined
      ? 'It is used with: snapscale member apply CODE'
      : 'It is used on the machine of the node, with: snapscale node join CODE --data DIR',
  );
};

export const approveMember: Handler = async (session, values) => {
  const { output } = session;
  const { ca, organisation } = await caOf(session, values);
  const id = values.argument('id');
  const roles = roleNames(values.list('role')).map(roleLabel);
  const answer = await ca.decide(organisation, id, 'approve', roles.length === 0 ? {} : { roles });
  if (answer.status !== 'issued') {
    throw new CommandError(
      'not_issued',
      exitCodes.failed,
      `request ${id} was approved, but is ${answer.status}${answer.reason === undefined ? '' : `: ${answer.reason}`}`,
    );
  }
  output.result(answer, () => [`${output.style.green('✓')} request ${id} approved; its certificate is issued`]);
};

export const rejectMember: Handler = async (session, values) => {
  const { output } = session;
  const id = values.optionalArgument('id');
  const [reason, from] = [values.text('reason'), values.text('from')];
  const isMany = values.flag('all') || from !== undefined;
  if ((id !== undefined) === isMany) {
    throw usageError(
      'reject what? Name the ID of a request, or --all, or --from ADDRESS',
      'Those that wait: snapscale member list --waiting',
    );
  }
  const { ca, organisation } = await caOf(session, values);
  if (id === undefined) {
    const order = { ...(reason === undefined ? {} : { reason }), ...(from === undefined ? {} : { address: from }) };
    const { rejected } = await ca.rejectAll(organisation, order);
    output.result({ rejected }, () => [`${output.style.green('✓')} ${rejected} requests rejected`]);
    return;
  }
  const answer = await ca.decide(organisation, id, 'reject', reason === undefined ? {} : { reason });
  output.result(answer, () => [`${output.style.green('✓')} request ${id} rejected`]);
};

/** When an invitation ends, as RFC 3339. */
export function expiryOf(values: Values): string {
  return `${parseMoment(values.text('expires') ?? '7d', '--expires', Date.now())}Z`;
}

/** A code without the addresses of nodes, which only nodes need. */
function withoutPeers(code: string): string {
  const read = parseInvitationCode(code);
  return read === undefined ? code : formatInvitationCode({ ...read, peers: [] });
}

/** A code with the addresses of nodes in it: those that are given, else those that the CA knows, else of the local network. */
export function withPeers(code: string, values: Values): string {
  const given = listed(values.list('peers'));
  for (const peer of given) {
    if (!/^(?:\[[\da-f:]+\]|[^:\s]+):\d{1,5}$/i.test(peer)) {
      throw usageError(`--peers ${peer}: expected host:port`, 'As 10.0.0.7:9876.');
    }
  }
  const read = parseInvitationCode(code);
  if (read === undefined) return code;
  const local = localConsortium(values);
  const known = read.peers.length === 0 && read.url === local?.caUrl ? local.peers : read.peers;
  const peers = given.length > 0 ? given : known;
  return formatInvitationCode({ ...read, peers });
}
