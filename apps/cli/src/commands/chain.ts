/** `get info`, `get block`, `get schedule`, `get producers` and what else concerns the chain as a whole. */

import { keyText } from '../keys/key-text.js';
import type { Handler } from '../program/command.js';
import { usageError } from '../program/failures.js';
import type { Session } from '../program/session.js';
import { fields, outline, table } from '../terminal/layout.js';
import { printable } from '../terminal/style.js';
import { actionLine } from '../transacting/trace-view.js';

export const getInfo: Handler = async (session) => {
  const info = await session.api().chain.getInfo();
  session.output.result(info, () => outline(info, session.output.style));
};

export const getBlock: Handler = async (session, values) => {
  const api = session.api();
  const id = await blockName(session, values.argument('block'));
  const form = ['headerState', 'header', 'info', 'raw'].find((name) => values.flag(name));
  if (form === undefined) return showBlock(session, id);
  const answers = {
    headerState: () => api.chain.getBlockHeaderState({ block_num_or_id: id }),
    header: () => api.chain.getBlockHeader({ block_num_or_id: id, include_extensions: values.flag('withExtensions') }),
    raw: () => api.chain.getRawBlock({ block_num_or_id: id }),
    info: () => api.chain.getBlockInfo({ block_num: blockNumber(id) }),
  };
  const answer = await answers[form as keyof typeof answers]();
  session.output.result(answer, () => outline(answer, session.output.style));
};

async function showBlock(session: Session, id: string): Promise<void> {
  const { style } = session.output;
  const block = await session.api().chain.getBlock({ block_num_or_id: id });
  session.output.result(block, () => [
    ...fields(
      [
        ['block', String(block.block_num)],
        ['id', block.id],
        ['previous', block.previous],
        ['time', `${block.timestamp.replace('T', ' ')} UTC`],
        ['producer', block.producer],
        ['transactions', String(block.transactions.length)],
      ],
      style,
    ),
    ...block.transactions.flatMap(({ status, cpu_usage_us, trx }) => {
      if (typeof trx === 'string') return ['', `${trx}  ${style.dim(status)}`];
      return [
        '',
        `${trx.id}  ${style.dim(`${status} · ${cpu_usage_us} µs`)}`,
        ...trx.transaction.actions.map((act) => `  ${actionLine({ act }, style)}`),
      ];
    }),
  ]);
}

/** A block's number or id; `head` and `final` stand for the newest ones. */
async function blockName(session: Session, text: string): Promise<string> {
  if (text === 'head' || text === 'final') {
    const info = await session.api().chain.getInfo();
    return String(text === 'head' ? info.head_block_num : info.last_irreversible_block_num);
  }
  if (/^\d{1,10}$/.test(text) || /^[0-9a-f]{64}$/i.test(text)) return text;
  throw usageError(`${JSON.stringify(text)} is not a block`, 'Give its number, its id, head or final.');
}

function blockNumber(id: string): number {
  return id.length === 64 ? Number.parseInt(id.slice(0, 8), 16) : Number(id);
}

export const getSchedule: Handler = async (session) => {
  const { style } = session.output;
  const [schedule, textOf] = await Promise.all([session.api().chain.getProducerSchedule(), keyText()]);
  session.output.result(schedule, () =>
    (['active', 'pending', 'proposed'] as const).flatMap((stage) => {
      const part = schedule[stage];
      if (part === null) return [];
      const rows = part.producers.map(({ producer_name, authority: [, { keys }] }) => [
        producer_name,
        keys.map(({ key }) => textOf(key)).join(', '),
      ]);
      return [
        `${style.bold(stage)} schedule, version ${part.version}`,
        ...table([{ title: 'producer' }, { title: 'key' }], rows, style).map((line) => `  ${line}`),
      ];
    }),
  );
};

export const getProducers: Handler = async (session, values) => {
  const { style } = session.output;
  const limit = values.integer('limit', 1, 1000) ?? 50;
  const lower = values.text('lower');
  const answer = await session
    .api()
    .chain.getProducers({ json: true, limit, ...(lower === undefined ? {} : { lower_bound: lower }) });
  const textOf = await keyText();
  session.output.result(answer, () => {
    const rows = (answer.rows as readonly Record<string, unknown>[]).map((row) => [
      String(row.owner),
      typeof row.producer_key === 'string' ? textOf(row.producer_key) : '',
      Number(row.total_votes ?? 0).toFixed(4),
      printable(String(row.url ?? '')),
    ]);
    const columns = [{ title: 'producer' }, { title: 'key' }, { title: 'votes', right: true }];
    const hasUrls = rows.some(([, , , url]) => url !== '');
    return table([...columns, ...(hasUrls ? [{ title: 'url' }] : [])], rows, style);
  });
  if (answer.more !== '') session.output.note(`More: -L ${answer.more}`);
};

export const getFinalizers: Handler = async (session) => {
  const answer = await session.api().chain.getFinalizerInfo();
  session.output.result(answer, () => outline(answer, session.output.style));
};

export const getConsensusParameters: Handler = async (session) => {
  const answer = await session.api().chain.getConsensusParameters();
  session.output.result(answer, () => outline(answer, session.output.style));
};

export const getFeatures: Handler = async (session) => {
  const { style } = session.output;
  const answer = await session.api().chain.getActivatedProtocolFeatures({ limit: 1000 });
  session.output.result(answer, () => {
    const rows = answer.activated_protocol_features.map(({ specification, activation_block_num, feature_digest }) => [
      specification.find(({ name }) => name === 'builtin_feature_codename')?.value ?? '',
      String(activation_block_num),
      feature_digest,
    ]);
    return table([{ title: 'feature' }, { title: 'since block', right: true }, { title: 'digest' }], rows, style);
  });
};
