/** `get proof`: what the state holds, proved against the header of a block. */
import { verifyStateProof } from '@snapscale/sdk';
import type { Handler } from '../program/command.js';
import { CommandError, exitCodes } from '../program/failures.js';
import { fields } from '../terminal/layout.js';

export const getProof: Handler = async (session, values) => {
  const { output } = session;
  const answer = await session.api().snap.getStateProof({
    code: values.argument('code'),
    scope: values.argument('scope'),
    table: values.argument('table'),
    primary_key: values.argument('key'),
  });
  const verdict = verifyStateProof(answer);
  if (!verdict.valid) {
    throw new CommandError('proof_invalid', exitCodes.failed, `the node's proof is not valid: ${verdict.reason}`);
  }
  output.result({ ...answer, verified: true, header_checked: verdict.headerChecked }, () =>
    fields(
      [
        ['entry', verdict.member ? output.style.green('is in the state') : output.style.yellow('is not in the state')],
        ['block', `${answer.block_num}, ${answer.block_time.replace('T', ' ')} UTC`],
        ['block id', answer.block_id],
        ['state root', answer.state_root],
        ['value', answer.value ?? undefined],
        ['proof', `${answer.proof.length / 2} bytes, verified here`],
      ],
      output.style,
    ),
  );
  if (!verdict.headerChecked) output.warn('the node gave no header, so that the state root is only what it says.');
};
