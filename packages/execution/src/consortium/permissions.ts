/**
 * What roles can allow, by the names that the table `roles` of `snap.ca` uses. Doors ask for one of these and never for a role:
 * which role has which permission is for the consortium to decide.
 */
import { name } from '@snapscale/protocol';

export const memberPermissions = {
  /** Keep a link to other nodes. */
  peer: name('peer'),
  /** Make blocks, and vote for them. */
  produce: name('produce'),
  /** Read at a node's HTTP door where reading is not open. */
  read: name('read'),
  /** Send transactions through a node's HTTP door. */
  write: name('write'),
  /** Offer an HTTP door to others, and earn the share of fees for it. */
  serve: name('serve'),
  /** Operate an organisation's CA: enter, renew and revoke its certificates. */
  issue: name('issue'),
  /** See what a node tells its operators alone: requests, sessions and refusals. */
  audit: name('audit'),
} as const;
