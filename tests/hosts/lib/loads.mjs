import { keepBusy } from './busy.mjs'
import { measure } from './measure.mjs'

/** What a machine may have to do besides. */
export const loads = {
  idle: { saves: 4, env: {} },
  'slow transforms': { saves: 2, env: { SLOW_TRANSFORM_MS: '900' } },
  'busy processors': { saves: 4, env: {}, loops: 4 },
}

export async function measureUnder(load, name, env) {
  const { saves, loops = 0, env: loadEnv } = loads[load]
  const idle = keepBusy(loops)
  try {
    return await measure(name, { env: { ...loadEnv, ...env }, saves })
  } finally {
    idle()
  }
}
