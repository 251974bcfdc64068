import { pages } from 'virtual:pages'
import { browserPage, keyOf } from '../pages/table.mjs'
import { base } from './base'
import { html } from './html'
import type { Route } from './route'

/** The client script is what lets Vite reload the page: without it a browser hears of nothing. */
export const browserRoute: Route = {
  ...browserPage,
  async handle() {
    const { default: Page } = await pages[keyOf(browserPage)]()
    return html(
      <html lang="en">
        <head>
          <title>Evenkeel fixture</title>
          <link rel="icon" href="data:," />
          <script type="module" src={`${base}/@vite/client`} />
        </head>
        <body>
          <Page />
        </body>
      </html>,
    )
  },
}
