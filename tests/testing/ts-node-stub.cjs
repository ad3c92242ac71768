// proton-asc registers ts-node, which does not run on this TypeScript; tsx, preloaded before this, does its work.
const id = process.env.SNAPSCALE_STUBBED_MODULE;
require.cache[id] = { id, filename: id, loaded: true, exports: { register() {} } };
