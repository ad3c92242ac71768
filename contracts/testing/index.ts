/** Contract tests in TypeScript, against the real execution. */
export {};
