// Reporter of node:test for the runner: one line of JSON for each test that ends, and nothing else on its destination.
export default async function* report(source) {
  // Suites around a test are named before it, by their depth.
  const path = [];
  for await (const { type, data } of source) {
    if (type === 'test:start') path[data.nesting] = data.name;
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    const { name, nesting, skip, todo, details, file, line } = data;
    const error = details?.error;
    const cause = error?.cause ?? error;
    yield `${JSON.stringify({
      passed: type === 'test:pass',
      path: [...path.slice(0, nesting), name],
      skipped: skip !== undefined || todo !== undefined,
      suite: details?.type === 'suite',
      durationMs: details?.duration_ms ?? 0,
      // A suite fails because of a test in it, which has said so itself.
      inherited: error?.failureType === 'subtestsFailed',
      message: type === 'test:fail' ? String(cause?.message ?? cause) : undefined,
      stack: type === 'test:fail' && typeof cause?.stack === 'string' ? cause.stack : undefined,
      file,
      line,
    })}\n`;
  }
}
