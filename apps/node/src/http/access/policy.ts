/** What a request needs, by the node's policy and by what the chain says (ACC-13, ACC-14). */
import type { AdmissionPolicy, RouteAccess } from '@snapscale/api';
import type { ReadPolicy } from '@snapscale/execution';

/**
 * `nothing`: anybody; `member`: any member; `read`, `write`: a member whose roles allow it; `write or sponsor`: the same, or
 * transactions that a member pays for.
 */
export type Requirement = 'nothing' | 'member' | 'read' | 'write' | 'write or sponsor';

/**
 * What a request needs.
 * @param reads who may read by chain state; undefined where no consortium was founded
 */
export function requirementOf(
  access: RouteAccess,
  isLocal: boolean,
  policy: AdmissionPolicy,
  reads: ReadPolicy | undefined,
): Requirement {
  if (access === 'open' || (access === 'local' && isLocal) || policy === 'open') return 'nothing';
  // A chain without a consortium says nothing about who may do what.
  if (policy === 'chain' && reads === undefined) return 'nothing';
  if (access === 'write') return policy === 'members' ? 'write' : 'write or sponsor';
  if (reads === 'roles') return 'read';
  return policy === 'members' || reads === 'members' ? 'member' : 'nothing';
}
