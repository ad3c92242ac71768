/** What may be asked for: forms of names, roles that the organisation gives, lives. */
import { keyTypeOf, type PublicKey } from '@snapscale/crypto';
import type { IssuingPolicy, SubjectNames } from '@snapscale/sdk/certificates';
import { Refusal } from '../failures.js';
import type { Grant } from './application.js';

const nodeForm = /^[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?$/;
const accountForm = /^(?=.{1,12}$)[a-z1-5]+(?:\.[a-z1-5]+)*$/;
const hostForm = /^[A-Za-z0-9](?:[A-Za-z0-9.:-]{0,252})$/;
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

/** What an invitation says goes before what is asked for. */
export function invitedGrant(invitation: Grant, asked: Grant): Grant {
  return {
    roles: invitation.roles.length > 0 ? invitation.roles : asked.roles,
    node: invitation.node ?? asked.node,
    account: invitation.account ?? asked.account,
    hosts: invitation.hosts ?? asked.hosts,
  };
}

/** DNS names and addresses, without the name of the node itself. */
export function hostsOf({ dns, addresses, nodes }: SubjectNames): readonly string[] | undefined {
  const hosts = [...dns, ...addresses].filter((host) => host !== nodes[0]);
  return hosts.length === 0 ? undefined : hosts;
}

/** Checks a grant by the organisation's policy. @throws Refusal naming what is wrong and what is allowed */
export function checkGrant(grant: Grant, policy: IssuingPolicy): void {
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
