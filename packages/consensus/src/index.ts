/** Consensus: schedule, votes, certificates, fork choice and finality as one pure state machine. */
export {};
