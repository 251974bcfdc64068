export type { EvenkeelOptions } from './options.js'
export { evenkeel, evenkeel as default } from './plugin.js'
