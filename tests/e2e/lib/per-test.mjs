import { afterEach } from 'node:test'
import { startApp } from './app.mjs'

/** For a file whose tests each have servers of their own: what a test starts ends with it. */
export function perTest() {
  const steps = []
  const cleanUp = (step) => steps.push(step)
  afterEach(async () => {
    for (const step of steps.splice(0).reverse()) await step()
  })
  async function start(options) {
    const app = await startApp(options)
    cleanUp(() => app.stop())
    return app
  }
  return { cleanUp, start }
}
