/** `status` and `version`: where the chain is, and which programs these are. */
import { isDevelopmentNetwork } from '../keys/development.js';
import type { Handler } from '../program/command.js';
import { programVersion } from '../program/version.js';
import { counted, fields } from '../terminal/layout.js';

/** A newest block that is older than this says that production has stopped. */
const HEAD_AGE_MAX_MS = 5000;

export const status: Handler = async (session) => {
  const { url, output } = session;
  const api = session.api();
  const [info, health, schedule, development] = await Promise.all([
    api.chain.getInfo(),
    api.node.getHealth().catch(() => undefined),
    api.chain.getProducerSchedule(),
    isDevelopmentNetwork(api),
  ]);
  const producers = schedule.active?.producers.map(({ producer_name }) => producer_name) ?? [];
  const ageMs = Date.now() - Date.parse(`${info.head_block_time}Z`);
  const behind = info.head_block_num - info.last_irreversible_block_num;
  const result = { url, development_network: development, ...info, producers, health: health ?? null };
  const { style } = output;
  output.result(result, () => {
    const late = ageMs > HEAD_AGE_MAX_MS;
    const head = `block ${info.head_block_num} by ${info.head_block_producer}, ${ageText(ageMs)}`;
    const final = `block ${info.last_irreversible_block_num}${behind === 0 ? '' : `, ${counted(behind, 'block')} behind`}`;
    const ill = health?.checks.filter(({ ok }) => !ok) ?? [];
    return fields(
      [
        ['node', `${url}  ${style.dim(info.server_version_string)}`],
        ['network', `${development ? 'development (its key is known to everybody)' : 'production'}`],
        ['chain id', info.chain_id],
        ['newest', late ? style.red(head) : head],
        ['final', behind > 12 ? style.yellow(final) : final],
        ['producers', producers.join(', ')],
        ['edge account', info.edge_account],
        ['health', health === undefined ? undefined : ill.length === 0 ? style.green('ok') : style.red(illText(ill))],
      ],
      style,
    );
  });
  if (development) output.next('transfer alice bob "5.0000 XST"', 'get account alice', 'watch blocks');
};

export const version: Handler = async ({ output }) => {
  output.result({ version: programVersion }, () => [programVersion]);
};

function illText(checks: readonly { readonly name: string; readonly detail: string }[]): string {
  return checks.map(({ name, detail }) => `${name}: ${detail}`).join('\n');
}

function ageText(ms: number): string {
  if (ms < 0) return 'just now';
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s ago`;
  return ms < 3_600_000 ? `${Math.round(ms / 60_000)} min ago` : `${Math.round(ms / 3_600_000)} h ago`;
}
