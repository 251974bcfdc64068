import { measure } from './measure.mjs'
const [name, mode, saves = '4', slow] = process.argv.slice(2)
const env = { ...(mode === 'bare' ? {} : { EVENKEEL_OPTIONS: '{}' }), ...(slow ? { SLOW_TRANSFORM_MS: slow } : {}) }
const { log, ...f } = await measure(name, { env, saves: Number(saves) })
if (process.env.LOG) console.log(log)
console.log(name, mode, JSON.stringify(f))
