/** What may be asked for: forms of names, roles that the organisation gives, lives. */
import { isNodeOf } from '@snapscale/api';
import { keyTypeOf, type PublicKey } from '@snapscale/crypto';
import type { IssuingPolicy, SubjectNames } from '@snapscale/sdk/certificates';
import { Refusal } from '../failures.js';
import type { Grant } from './application.js';

const nodeForm = /^[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?$/;
const accountForm = /^(?=.{1,12}$)[a-z1-5]+(?:\.[a-z1-5]+)*$/;
const hostForm = /^[A-Za-z0-9:](?:[A-Za-z0-9.:-]{0,252})$/;
/** Names of the machine itself stand for nobody else's. */
const loopbackForm = /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/;
const ROLES_MAX = 8;
const HOSTS_MAX = 16;
/** Roles that say which account holds them: the chain gives them to no other. */
const accountRoles: readonly string[] = ['producer', 'ca-operator'];
/** Roles of nodes: without the name of the node they would open nothing. */
const nodeRoles: readonly string[] = ['producer', 'edge', 'observer'];

/** What is asked for, with what the request itself says where nothing else does. */
export function askedGrant(asked: Partial<Grant>, names: SubjectNames): Grant {
  return {
    roles: asked.roles ?? names.roles,
    node: asked.node ?? names.nodes[0],
    account: asked.account ?? names.accounts[0],
    hosts: asked.hosts ?? hostsOf(names),
  };
}

/** What an invitation gives, and what the bearer has chosen in it that nobody at the CA has looked at. */
export type InvitedGrant = {
  readonly grant: Grant;
  /** A name that the invitation leaves open: it must be one that nobody has. */
  readonly chosenNode: string | undefined;
  /** Addresses that the invitation does not name: whoever has them in a certificate can stand there for somebody else. */
  readonly chosenHosts: readonly string[];
};

/** What an invitation says goes before what is asked for. Roles, and what is no node's to have, are never taken from there. */
export function invitedGrant(invitation: Grant, asked: Grant): InvitedGrant {
  const { roles } = invitation;
  const isForNodes = roles.some((role) => nodeRoles.includes(role));
  const askedNode = isForNodes || roles.includes('device') ? asked.node : undefined;
  const hosts = isForNodes ? (invitation.hosts ?? asked.hosts) : undefined;
  const isChosen = invitation.hosts === undefined && hosts !== undefined;
  return {
    grant: { roles, node: invitation.node ?? askedNode, account: invitation.account ?? asked.account, hosts },
    chosenNode: invitation.node === undefined ? askedNode : undefined,
    chosenHosts: isChosen ? hosts.filter((host) => !loopbackForm.test(host)) : [],
  };
}

/** Checks what an invitation is to give. @throws Refusal */
export function checkInvitation(grant: Grant, policy: IssuingPolicy, organisation: string): void {
  const { roles, node, account } = grant;
  const isForNodes = roles.some((role) => nodeRoles.includes(role));
  const needsAccount = roles.some((role) => accountRoles.includes(role));
  // What it leaves open, the bearer chooses.
  const filled = { node: isForNodes ? organisation : undefined, account: needsAccount ? organisation : undefined };
  checkGrant({ ...grant, node: node ?? filled.node, account: account ?? filled.account }, policy, organisation);
}

/** DNS names and addresses, without the name of the node itself. */
export function hostsOf({ dns, addresses, nodes }: SubjectNames): readonly string[] | undefined {
  const hosts = [...dns, ...addresses].filter((host) => host !== nodes[0]);
  return hosts.length === 0 ? undefined : hosts;
}

/** Checks a grant by the organisation's policy. @throws Refusal naming what is wrong and what is allowed */
export function checkGrant(grant: Grant, policy: IssuingPolicy, organisation: string): void {
  const { roles, node, account, hosts = [] } = grant;
  if (roles.length === 0) throw new Refusal(400, 'roles', 'the request names no role: say which (roles)');
  if (roles.length > ROLES_MAX || new Set(roles).size < roles.length) {
    throw new Refusal(400, 'roles', `a certificate has at most ${ROLES_MAX} roles, each once`);
  }
  const refused = roles.filter((role) => !policy.roles.includes(role));
  if (refused.length > 0) {
    throw new Refusal(403, 'roles', `this CA does not give ${shown(refused)}: it gives ${policy.roles.join(', ')}`);
  }
  if (node !== undefined && !nodeForm.test(node)) throw new Refusal(400, 'node', `${shown([node])} cannot name a node`);
  if (node !== undefined && !isNodeOf(organisation, node)) {
    const example = `${organisation}-${node.slice(0, 40)}`;
    throw new Refusal(
      400,
      'node',
      `a node of ${organisation} is called ${organisation}, or begins with ${organisation}- as in ${example}`,
    );
  }
  if (account !== undefined && !accountForm.test(account)) {
    throw new Refusal(400, 'account', `${shown([account])} is not the name of an account`);
  }
  if (hosts.length > HOSTS_MAX || !hosts.every((host) => hostForm.test(host))) {
    throw new Refusal(400, 'hosts', `hosts are at most ${HOSTS_MAX} DNS names or IP addresses`);
  }
  const forNodes = roles.filter((role) => nodeRoles.includes(role));
  if (forNodes.length > 0 && node === undefined) {
    throw new Refusal(400, 'node', `${shown(forNodes)} is for nodes: name the node (node)`);
  }
  if (forNodes.length === 0 && hosts.length > 0) {
    throw new Refusal(400, 'hosts', `the roles ${shown(roles)} are not for nodes: ask without hosts`);
  }
  if (forNodes.length === 0 && node !== undefined && !roles.includes('device')) {
    throw new Refusal(400, 'node', `the roles ${shown(roles)} are not for nodes: ask without a name of a node`);
  }
  const forAccounts = roles.filter((role) => accountRoles.includes(role));
  if (forAccounts.length > 0 && account === undefined) {
    throw new Refusal(400, 'account', `${shown(forAccounts)} is for members with an account: name it (account)`);
  }
}

/** Checks that a key can do what the roles are for. @throws Refusal */
export function checkKeyFits({ roles }: Grant, publicKey: PublicKey): void {
  const forNodes = roles.filter((role) => nodeRoles.includes(role));
  if (forNodes.length === 0 || keyTypeOf(publicKey) === 'R1') return;
  throw new Refusal(400, 'weak_key', `${shown(forNodes)} needs a P-256 key: TLS has no signatures with secp256k1`);
}

/** Life of a certificate with these roles, in seconds: the shortest of policy and chain. @throws Refusal */
export function lifeOf(
  roles: readonly string[],
  policy: IssuingPolicy,
  chainLives: ReadonlyMap<string, number>,
): number {
  return Math.min(
    ...roles.map((role) => {
      const longest = chainLives.get(role);
      if (longest === undefined) throw new Refusal(403, 'roles', `the consortium does not give the role ${role}`);
      return Math.min(longest, policy.lives[role] ?? longest);
    }),
  );
}

function shown(texts: readonly string[]): string {
  return texts.map((text) => JSON.stringify(text.slice(0, 80))).join(', ');
}

/** Whether two ask for the same. */
export function isSameGrant(a: Grant, b: Grant): boolean {
  const key = ({ roles, node, account, hosts = [] }: Grant) =>
    JSON.stringify([[...roles].sort(), node ?? '', account ?? '', [...hosts].sort()]);
  return key(a) === key(b);
}

/**
 * Fields of a grant that the holder of the key has not signed: they stand beside the request alone, where anybody who has seen
 * it can write what they like.
 */
export function unsignedFields({ roles, node, account, hosts = [] }: Grant, names: SubjectNames): string[] {
  const signed = { hosts: [...names.dns, ...names.addresses], roles: names.roles };
  return [
    ...(roles.every((role) => signed.roles.includes(role)) ? [] : ['roles']),
    ...(node === undefined || names.nodes.includes(node) ? [] : ['node']),
    ...(account === undefined || names.accounts.includes(account) ? [] : ['account']),
    ...(hosts.every((host) => signed.hosts.includes(host)) ? [] : ['hosts']),
  ];
}
