import { AsyncLocalStorage } from 'node:async_hooks'

const context = new AsyncLocalStorage<string>()
const evaluation = Math.random()
let counted = 0

export const count = () => ++counted
/** The same as long as this module is not evaluated anew. */
export const evaluated = () => evaluation
export const inContext = <T>(name: string, work: () => T): T => context.run(name, work)
export const whereabouts = () => context.getStore() ?? 'nowhere'
