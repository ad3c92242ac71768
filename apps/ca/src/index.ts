/** The certificate authority of an organisation, as a library for the program and for tests. */
export {};
