export { bridge, type BridgeOptions } from './bridge.js'
export type { EvenkeelOptions } from './options.js'
export { evenkeel, evenkeel as default, type EvenkeelApi } from './plugin.js'
export { rwsdk } from './rwsdk.js'
