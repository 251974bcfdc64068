/** Evaluated when it is asked for, with modules that are of that moment. */
export { whereabouts } from './state'
