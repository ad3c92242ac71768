/** The consortium's profile of certificates: what a member's must say of its holder, whatever the chain says of it. */
import type { PublicKey } from '@snapscale/crypto';
import { formatName, type Name, parseName } from '@snapscale/protocol';
import { type Certificate, checkIssuing, checkMember, type MemberNames } from '@snapscale/sdk/certificates';
import { checkName } from '../p2p/node-name.js';
import type { TrustedChain } from './trust.js';
import { type AdmissionNeed, type Refusal, refused } from './verdict.js';

/** What a member's certificate says of its holder. */
export type Profile = {
  readonly organisation: string;
  readonly account: string | undefined;
  readonly node: string | undefined;
  readonly roles: readonly string[];
  readonly publicKey: PublicKey;
};

/** Roles that may hold a connection between nodes where the chain does not say what roles allow. */
const connectable: readonly string[] = ['producer', 'edge', 'observer'];
const ROLES_MAX = 8;

/** What the certificate of a chain says, if it may come through a door that needs this. */
export function checkProfile({ leaf, issuer, root }: TrustedChain, need: AdmissionNeed): Profile | Refusal {
  try {
    const profile = profileOf(leaf);
    // A root that signs members itself is that of a network without a consortium.
    const owner = issuer === root ? undefined : checkIssuing(issuer);
    if (owner !== undefined && owner !== profile.organisation) {
      return refused(
        'wrong_profile',
        `the certificate names ${profile.organisation}, its issuing CA is that of ${owner}`,
      );
    }
    return need === 'node' ? (nodeRefusal(profile) ?? profile) : (roleRefusal(profile) ?? profile);
  } catch (error) {
    return refused('wrong_profile', error instanceof Error ? error.message : String(error));
  }
}

/**
 * What a member's certificate says. Nodes are known by their names alone, so that `checkMember` sees to it that they are those of
 * its organisation. @throws Error when it is not one
 */
export function profileOf(certificate: Certificate): Profile {
  const member = checkMember(certificate);
  requireAccount('organisation', member.organisation);
  if (member.account !== undefined) requireAccount('account', member.account);
  if (member.node !== undefined) checkName(member.node);
  if (member.roles.length > ROLES_MAX) throw new Error(`the certificate has ${member.roles.length} roles`);
  return { ...member, publicKey: certificate.publicKey };
}

/** Why a member is no node, by its certificate. */
export function nodeRefusal({ node, roles }: Pick<MemberNames, 'node' | 'roles'>): Refusal | undefined {
  if (node === undefined) return refused('wrong_role', 'the certificate is not that of a node');
  if (roles.some((role) => connectable.includes(role))) return undefined;
  const has = `the certificate of ${node} gives it the roles [${roles.join(', ').slice(0, 80)}]`;
  return refused('wrong_role', `${has}: nodes need one of ${connectable.join(', ')}`);
}

function roleRefusal({ roles }: Profile): Refusal | undefined {
  return roles.length > 0 ? undefined : refused('wrong_role', 'the certificate gives no role');
}

function requireAccount(what: string, text: string): void {
  if (accountOf(text) !== undefined) return;
  throw new Error(`the ${what} ${JSON.stringify(text.slice(0, 40))} in the certificate is not the name of an account`);
}

/** The account that a text names, if it does. */
export function accountOf(text: string): Name | undefined {
  try {
    const account = parseName(text);
    return text !== '' && formatName(account) === text ? account : undefined;
  } catch {
    return undefined;
  }
}
