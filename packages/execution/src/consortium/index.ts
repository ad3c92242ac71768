/** The consortium alone, for threads that judge certificates and execute nothing: loading all of this package takes its time. */
export * from './consortium.js';
export * from './membership.js';
export { memberPermissions } from './permissions.js';
export { type Authority, getAuthority, getMember, getOrganisation, keyOfSerial, listAuthorities } from './rows.js';
