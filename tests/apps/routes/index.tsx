import type { ReactElement } from 'react'
import { bodyRoutes } from './body'
import { browserRoute } from './browser'
import { copiesTold } from './copies'
import { counted, countsRoute } from './counts'
import { echoRoute } from './echo'
import { failureRoutes } from './failures'
import { html } from './html'
import { lateRoutes } from './late'
import type { Route } from './route'
import { selfRoute } from './self'
import { slowRoute } from './slow'
import { streamRoute } from './stream'

/** Everything both apps answer; only the home page is an app's own, so that a test can save into a copy of it. */
export function routesWith(Home: () => ReactElement): Route[] {
  const home: Route = { method: 'GET', path: '/', handle: () => html(<Home />) }
  const routes = [
    home,
    ...lateRoutes,
    ...bodyRoutes,
    browserRoute,
    streamRoute,
    echoRoute,
    selfRoute,
    slowRoute,
    ...failureRoutes,
  ]
  return [...routes.map(copiesTold).map(counted), countsRoute]
}
