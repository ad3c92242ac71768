/** The route table: every endpoint of a node, once. */
import type { AnyRoute } from '../route.js';
import { accessRoutes } from './access.js';
import { chainBlockRoutes, historyRoutes, traceRoutes } from './chain-blocks.js';
import { chainInfoRoutes, nodeRoutes } from './chain-info.js';
import { chainAccountRoutes, chainTableRoutes } from './chain-state.js';
import { proofRoutes } from './proofs.js';
import { chainTransactionRoutes, snapRoutes } from './transactions.js';

/** All routes by family and name. */
export const routes = {
  chain: {
    ...chainInfoRoutes,
    ...chainBlockRoutes,
    ...chainAccountRoutes,
    ...chainTableRoutes,
    ...chainTransactionRoutes,
  },
  trace: traceRoutes,
  history: historyRoutes,
  node: nodeRoutes,
  snap: { ...snapRoutes, ...proofRoutes, ...accessRoutes },
} as const;

/** The type of the route table. */
export type Routes = typeof routes;

/** All routes in one list, in the order of the table. */
export function allRoutes(): readonly AnyRoute[] {
  return Object.values(routes).flatMap((family) => Object.values(family) as AnyRoute[]);
}
