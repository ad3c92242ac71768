export { startNode, type RunningNode } from './node.js';
export { parseConfig, UsageError, type NodeConfig } from './config.js';
