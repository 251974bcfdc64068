import { renderToString } from 'react-dom/server'
import { pages } from 'virtual:pages'
import text from './text.txt?raw'
import data from './data.json'
import './style.css'
import classes from './named.module.css'

export const side = () => import.meta.env.SIDE

export async function answer(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url)
  if (pathname === '/assets') return Response.json({ text: text.trim(), data, named: typeof classes.named })
  if (pathname === '/throws') throw new Error('thrown in ssr.tsx')
  const page = pages[`GET ${pathname}`]
  if (!page) return new Response(renderToString(<p>home</p>))
  const { default: Page } = await page()
  return new Response(renderToString(<Page />), { headers: { 'content-type': 'text/html' } })
}
