import { ask } from './ask.mjs'

export default {
  async fetch(request) {
    const module = await request.text()
    return Response.json(await ask(() => import(/* @vite-ignore */ module)))
  },
}
