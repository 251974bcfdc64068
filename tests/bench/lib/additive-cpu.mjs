import path from 'node:path'
import { startClientApp } from '../../e2e/lib/client-app.mjs'
import { lateDependencies } from '../../additive/client/late-dependencies.mjs'
import { folderOf } from '../../versions/lib/stacks.mjs'
import { costOf, cpuOf, fetchWithDeps, untilIdle } from './vite-work.mjs'

/** A late `zustand` in an app that has two large libraries already. */
export async function lateDependency(env) {
  const app = await startClientApp({ env: { ...env, INCLUDE: 'antd,@mui/material' } })
  try {
    await firstRun(app)
    return await costOf(app, () => fetchWithDeps(app, '/src/pages/zustand.jsx'))
  } finally {
    await app.stop()
  }
}

/** A start with a cold cache and all dependencies known, from the beginning of the process. */
export const coldStart = (env) => startCold({ env })

/** The same on Vite 7. Its bundler is a process of its own, whose processor time is not in the figure. */
export function coldStartOnVite7(env) {
  const installed = (file) => path.join(folderOf({ name: '7.3' }), 'node_modules', file)
  const command = [installed('vite/bin/vite.js'), '--host', '127.0.0.1', '--strictPort']
  return startCold({ command, env: { ...env, ESBUILD: '1', EVENKEEL_PACKAGE: installed('evenkeel/dist/index.js') } })
}

async function startCold({ env, ...options }) {
  const startedAt = performance.now()
  const app = await startClientApp({ ...options, env: { ...env, INCLUDE: lateDependencies.map(({ dep }) => dep).join(',') } })
  try {
    await fetchWithDeps(app, '/src/main.jsx')
    const wall = performance.now() - startedAt
    await untilIdle(app)
    return { wall, cpu: await cpuOf(app) }
  } finally {
    await app.stop()
  }
}

async function firstRun(app) {
  await fetchWithDeps(app, '/src/main.jsx')
  await untilIdle(app)
}
