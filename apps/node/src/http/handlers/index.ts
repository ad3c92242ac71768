/** All handlers, in the shape of the route table. */
import type { AllHandlers } from '../server/handler.js';
import { accessHandlers } from './access.js';
import { accountHandlers } from './accounts.js';
import { blockHandlers } from './blocks.js';
import { chainInfoHandlers } from './chain-info.js';
import { contractHandlers } from './contracts.js';
import { nodeHandlers } from './node.js';
import { proofHandlers } from './proofs.js';
import { snapHandlers } from './snap.js';
import { tableHandlers } from './tables.js';
import { historyHandlers, traceHandlers } from './traces.js';
import { transactionHandlers } from './transactions.js';

/** One handler for each route that the server does not answer by itself; the type holds the two tables together. */
export const handlers: AllHandlers = {
  chain: {
    ...chainInfoHandlers,
    ...blockHandlers,
    ...accountHandlers,
    ...contractHandlers,
    ...tableHandlers,
    ...transactionHandlers,
  },
  trace: traceHandlers,
  history: historyHandlers,
  node: nodeHandlers,
  snap: { ...snapHandlers, ...proofHandlers, ...accessHandlers },
};
