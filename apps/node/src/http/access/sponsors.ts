/** Whether a transaction of somebody who is no member may come in, because a member pays for it (ACC-15). */
import { accountMembership, memberPermissions, type StateReader, sponsorshipAt } from '@snapscale/execution';
import { msToSlot, type Name } from '@snapscale/protocol';

/**
 * True when `payer` has a sponsor whose account is a member's that may write. The sponsorship may be of a block that is not
 * final yet; membership counts as it is final. Cost: reads by key, some twenty at most.
 */
export function hasMemberAsSponsor(head: StateReader, final: StateReader, payer: Name, nowMs: number): boolean {
  const sponsorship = sponsorshipAt(head, payer, msToSlot(nowMs));
  if (sponsorship === undefined) return false;
  const member = accountMembership(final, sponsorship.sponsor, Math.floor(nowMs / 1000));
  return member?.permissions.includes(memberPermissions.write) === true;
}
