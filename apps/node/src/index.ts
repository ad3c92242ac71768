export { type NodeConfig, parseConfig, UsageError } from './config.js';
export { type RunningNode, startNode } from './node.js';
