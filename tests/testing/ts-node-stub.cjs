// proton-asc registers ts-node, which does not run on this TypeScript; tsx, preloaded before this, does its work.
const id = require.resolve('ts-node');
require.cache[id] = { id, filename: id, loaded: true, exports: { register() {} } };
