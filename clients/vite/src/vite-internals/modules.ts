import type { DevEnvironment } from 'vite'
import { intercept } from './intercept.js'

type Fetch = DevEnvironment['fetchModule']
type Transform = DevEnvironment['transformRequest']

/** Every module that a runner fetches. Read in Vite 6.4.6, 7.3.8, 8.0.16, 8.3.8 and 8.4.0: `DevEnvironment.fetchModule`. */
export function interceptFetches(
  environment: DevEnvironment,
  inFront: (fetch: Fetch, args: Parameters<Fetch>) => ReturnType<Fetch>,
): void {
  intercept(environment, 'fetchModule', inFront)
}

/**
 * Every module that is transformed, for whomever. Returns the method as it was, for transforms that nobody is to hear of. Up to
 * Vite 7.3.1 and 8.0.4 a second argument, which its types do not tell of, says which files a browser may read. Read in Vite 6.4.6,
 * 7.3.0, 7.3.8, 8.0.4, 8.0.16, 8.3.8 and 8.4.0: `DevEnvironment.transformRequest`, `transformMiddleware`.
 */
export function interceptTransforms(
  environment: DevEnvironment,
  inFront: (transform: Transform, args: Parameters<Transform>) => ReturnType<Transform>,
): Transform {
  return intercept(environment, 'transformRequest', inFront)
}

/**
 * Every time that an environment forgets its modules, as it does before it reloads. `prepare` is called before, and what it returns
 * after. Read in Vite 6.4.6, 7.3.8, 8.0.16, 8.3.8 and 8.4.0: `EnvironmentModuleGraph.invalidateAll`.
 */
export function aroundInvalidateAll({ moduleGraph }: DevEnvironment, prepare: () => () => void): void {
  intercept(moduleGraph, 'invalidateAll', (invalidateAll, args) => {
    const restore = prepare()
    invalidateAll(...args)
    restore()
  })
}
