/** Options that several commands share. */
import type { Option } from '../program/command.js';

const group = 'Transaction options:';

/** Who acts, how the transaction is made, and how far it goes. */
export const transactionOptions: readonly Option[] = [
  { flags: '-p, --permission <actor@perm>', description: 'who does it, as alice or alice@owner', many: true, group },
  { flags: '--dry-run', description: 'show what it would do, send nothing', group },
  { flags: '--no-wait', description: 'do not wait until it is final', group },
  { flags: '--timeout <seconds>', description: 'how long to wait until it is final (default: 30)', group },
  { flags: '-x, --expiration <seconds>', description: 'how long it may take to enter a block (default: 60)', group },
  { flags: '-f, --force-unique', description: 'let it differ from an equal one', group },
  { flags: '-s, --skip-sign', description: 'do not sign', group },
  { flags: '-d, --dont-broadcast', description: 'print it instead of sending it', group },
  { flags: '--return-packed', description: 'with -d: in packed form', group },
  { flags: '-r, --ref-block <block>', description: 'block that it refers to (default: the final one)', group },
  { flags: '--sign-with <keys>', description: 'public keys to sign with, with commas', group },
  { flags: '--max-cpu-usage-ms <ms>', description: 'most CPU time it may use', group },
  { flags: '--max-net-usage <bytes>', description: 'most bytes it may have', group },
  { flags: '--delay-sec <seconds>', description: 'refused by this chain unless 0', hidden: true },
  { flags: '-t, --return-failure-trace', description: 'failures are always explained', hidden: true },
  { flags: '--retry-irreversible', description: 'what happens anyhow, without --no-wait', hidden: true },
  { flags: '--use-old-rpc', description: 'makes no difference', hidden: true },
  { flags: '--use-old-send-rpc', description: 'makes no difference', hidden: true },
];

/** Which part of a list to read. */
export const rangeOptions: readonly Option[] = [
  { flags: '-l, --limit <rows>', description: 'most rows (default: 10)' },
  { flags: '-L, --lower <key>', description: 'first key' },
  { flags: '-U, --upper <key>', description: 'last key' },
  { flags: '-r, --reverse', description: 'from the last key downwards' },
];
