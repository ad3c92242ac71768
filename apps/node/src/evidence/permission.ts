/** The permission with which a producer's node reports cheats, so that the account's `active` key need not be on the node. */
import { type Name, name } from '@snapscale/protocol';

/** Below `active`, held by the block signing key. */
export const evidencePermission: Name = name('evidence');

/** Actions of `eosio` that are linked to it. */
export const evidenceActions = ['evidblock', 'evidvote'] as const;
